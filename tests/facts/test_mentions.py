"""Names that a change concerns: definitions inside functions, and what is called anew or no more."""

from __future__ import annotations

import pytest

from tests.fact_builders import edit, facts

PATH = "vllm/v1/worker/pool_utils.py"
HEAD = "from vllm.v1.worker.block import get_groups\nimport torch\n\n\n"


def mentions(before: str, after: str, path: str = PATH) -> list[tuple[str, str, str]]:
    """Return name, kind and aspect of each mention of one file's change."""
    return [(one.name, one.kind, one.aspect) for one in edit(path, before, after).mention]


def body(*lines: str) -> str:
    """Return a function of these lines behind the imports."""
    return HEAD + "def run(x):\n" + "".join(f"    {line}\n" for line in lines)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(body("return x"), body("return get_groups(x)"), [("get_groups", "function", "called")], id="an import of the repository"),
        pytest.param(body("return get_groups(x)"), body("return x"), [("get_groups", "function", "no-longer-called")], id="no longer called"),
        pytest.param(body("return get_groups(x)"), body("return get_groups(x, 1)"), [], id="called as before with another argument"),
        pytest.param(body("return x"), body("return torch.empty(x)"), [], id="another project's function"),
        pytest.param(body("return x"), body("return unknown(x)"), [], id="a name that the file does not tell"),
        pytest.param(body("return x"), body("return x.step()"), [], id="a method of who knows what"),
        pytest.param(body("return x"), body("# get_groups(x)", "return x"), [], id="a comment calls nothing"),
        pytest.param(HEAD + "def cut(x):\n    return x\n\n\ndef run(x):\n    return x\n", HEAD + "def cut(x):\n    return x\n\n\ndef run(x):\n    return cut(x)\n", [("cut", "function", "called")], id="a function of the same file"),
        pytest.param(HEAD + "def run(x):\n    return x\n", HEAD + "def cut(x):\n    return x\n\n\ndef run(x):\n    return cut(x)\n", [], id="what the change adds itself is a symbol already"),
        pytest.param("class Pool:\n    def cut(self): ...\n    def run(self):\n        return 1\n", "class Pool:\n    def cut(self): ...\n    def run(self):\n        return self.cut()\n", [("Pool.cut", "method", "called")], id="a method of the same class"),
        pytest.param("class Pool:\n    def run(self):\n        return 1\n", "class Pool:\n    def run(self):\n        return self.inherited()\n", [], id="a method of a base that the file does not show"),
        pytest.param("from .block import get_groups as groups\n\n\ndef run(x):\n    return x\n", "from .block import get_groups as groups\n\n\ndef run(x):\n    return groups(x)\n", [("get_groups", "function", "called")], id="a relative import under another name"),
        pytest.param("from vllm import pool\n\n\ndef run(x):\n    return x\n", "from vllm import pool\n\n\ndef run(x):\n    return pool.drain(x)\n", [("drain", "function", "called")], id="a function of an imported module"),
        pytest.param(body("return x"), body("def scale(y):", "    return y * 2", "return scale(x)"), [("run.scale", "function", "added")], id="a definition inside a function"),
    ],
)  # fmt: skip
def test_mentions_of_one_change(before: str, after: str, expected: list[tuple[str, str, str]]) -> None:
    """A call counts where the file alone tells that its target belongs to the repository."""
    assert mentions(before, after) == expected


def test_tests_mention_nothing() -> None:
    """A new test calls what it tests: that is what it is for."""
    assert mentions(body("return x"), body("return get_groups(x)"), "tests/v1/worker/test_pool.py") == []


def test_calls_of_changed_functions_come_before_those_of_new_ones() -> None:
    """Beyond sixty the rest is left out, and a large new function does not crowd out what an old one calls anew."""
    names = [f"f{n}" for n in range(80)]
    head = f"from vllm.v1.worker.block import {', '.join(names)}, old\n\n\n"
    before = head + "def run(x):\n    return x\n"
    after = head + "def big(x):\n" + "".join(f"    {name}(x)\n" for name in names)
    found = facts({PATH: before}, {PATH: after + "\n\ndef run(x):\n    return old(x)\n"}).mention
    assert len(found) == 60
    assert "old" in {one.name for one in found}
