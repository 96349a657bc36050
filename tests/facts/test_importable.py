"""Names that a module does not define any more: which of them can still be imported from it."""

from __future__ import annotations

import pytest

from diffscope.facts.change.changed_python import in_texts
from diffscope.facts.python.removed_api import stays_importable
from diffscope.source.model import RepoPath
from diffscope.source.text import Side, SourceText
from diffscope.syntax.compare.compare import compare_python

LAZY = "def __getattr__(name):\n    if name == 'helper':\n        from impl import helper\n        return helper\n    raise AttributeError(name)\n"
TABLE = "NAMES = {'helper': '.impl'}\ndef __getattr__(name):\n    if name in NAMES:\n        return getattr(load(NAMES[name]), name)\n    raise AttributeError(name)\n"
ANY = "def __getattr__(name):\n    return getattr(impl, name)\n"
OTHER = "def __getattr__(name):\n    if name == 'other':\n        return 1\n    raise AttributeError(name)\n"

MODULES = [
    pytest.param("", False, id="nothing gives it"),
    pytest.param("from impl import helper\n", True, id="an import gives it"),
    pytest.param("from impl import thing as helper\n", True, id="an import gives it under its old name"),
    pytest.param("from impl import helper as thing\n", False, id="an import gives it under another name alone"),
    pytest.param("from impl import *\n", True, id="a new star gives it"),
    pytest.param("__all__ = ['helper']\n", False, id="a list of exports gives nothing"),
    pytest.param(LAZY, True, id="a lazy import in the module's own lookup"),
    pytest.param(TABLE, True, id="a table that the module's own lookup reads"),
    pytest.param(ANY, True, id="a lookup that gives any name"),
    pytest.param(OTHER, False, id="a lookup that gives other names"),
    pytest.param(f"__all__ = ['helper']\n{OTHER}", False, id="a list of exports beside a lookup that gives other names"),
    pytest.param(f"# 'helper' was here\n{OTHER}", False, id="a comment that quotes it beside a lookup that gives other names"),
    pytest.param(f"TEXT = 'x: \\'helper\\''\n{OTHER}", False, id="a text that quotes it"),
    pytest.param(f"def g():\n    return 'helper'\n{OTHER}", False, id="another function that spells it"),
    pytest.param(f"def g():\n    from impl import helper\n{OTHER}", False, id="a lazy import of another function"),
    pytest.param(TABLE.replace("'helper'", "'other'"), False, id="a table without it"),
    pytest.param(TABLE.replace("NAMES = {", "if X:\n    NAMES = {"), True, id="a table under a condition"),
    pytest.param("__all__ = ['helper']\n" + TABLE.replace("NAMES = {'helper': '.impl'}\n", "").replace("NAMES", "__all__"), True, id="a list of exports that the lookup reads"),
    pytest.param("def load(name):\n    if name == 'helper':\n        return 1\ndef __getattr__(name):\n    return load(name)\n", True, id="a function that the lookup calls"),
    pytest.param("def f():\n    from impl import helper\n", False, id="an import in a function"),
    pytest.param("if TYPE_CHECKING:\n    from impl import helper\n", False, id="an import for type checkers"),
]  # fmt: skip


@pytest.mark.parametrize(("after", "expected"), MODULES)
def test_a_name_stays_where_something_still_gives_it(after: str, expected: bool) -> None:
    old = SourceText(RepoPath("vllm/a.py"), Side.BEFORE, b"def helper(x):\n    return x\n")
    new = SourceText(RepoPath("vllm/a.py"), Side.AFTER, after.encode())
    changed = in_texts(compare_python(old.data, new.data), old, new)
    assert stays_importable(changed, new, "helper") is expected
