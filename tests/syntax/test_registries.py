"""Rows of registries are told by their shape."""

from __future__ import annotations

import pytest

from diffscope.syntax.outline.outline import outline_python
from tests.builders import text

CASES = [
    pytest.param('T = {"a": ("mod", "Cls"), "b": ("x", "Y")}\n', ["dict T a mod Cls 1", "dict T b x Y 1"], id="pairs of strings"),
    pytest.param('T: dict[str, tuple] = {\n    "a": (  # why\n        "mod",  # file\n        "Cls",\n    ),\n}\n', ["dict T a mod Cls 2"], id="over lines, with comments"),
    pytest.param('T = {"a": "pkg.mod.Cls"}\n', ["dict T a pkg.mod.Cls 1"], id="a qualified path"),
    pytest.param('T = {"a": "word", "b": 1, "c": f("x.y.z")}\n', [], id="other values are no rows"),
    pytest.param('T = {"a": Cls, "b": mod.Other, "c": name}\n', ["dict T a Cls 1 names", "dict T b mod.Other 1 names"], id="names of classes"),
    pytest.param('T = Lazy({"a": ("mod", "Cls")})\n', ["dict T a mod Cls 1"], id="inside a call that builds the table"),
    pytest.param('f(table={"a": ("mod", "Cls")})\n', ["dict table a mod Cls 1"], id="as a keyword"),
    pytest.param('f({"a": ("mod", "Cls")})\n', [], id="a table without a name is none"),
    pytest.param('def f():\n    self.T = {"a": Cls, "b": Other}\n', ["dict T a Cls 2 names", "dict T b Other 2 names"], id="in a function, on an object"),
    pytest.param('class E(Enum):\n    A = "pkg.mod.Cls"\n    B = (\n        "pkg.mod."\n        "Other"\n    )\n    C = ""\n', ["enum E A pkg.mod.Cls 2", "enum E B pkg.mod.Other 4"], id="members of an enum"),
    pytest.param('class C:\n    A = "pkg.mod.Cls"\n', ["assignment A C pkg.mod.Cls 2"], id="an attribute of another class is an assignment"),
    pytest.param('def f(c):\n    c.worker_cls = "pkg.mod.W"\n', ["assignment worker_cls f pkg.mod.W 2"], id="an assignment"),
    pytest.param('def plugin():\n    return "pkg.mod.P"\n', ["return plugin  pkg.mod.P 2"], id="an answer"),
    pytest.param('R.register_x("a", "pkg.mod", "Cls")\n', ["call R.register_x a pkg.mod Cls 1"], id="a call"),
    pytest.param('R.register_x(name="a", module="pkg.mod", cls="Cls")\n', ["call R.register_x a pkg.mod Cls 1"], id="a call by keywords"),
    pytest.param('R.register("a", Cls)\n', ["call R.register a Cls 1 names"], id="a call with a class"),
    pytest.param('@R.register("a")\nclass Cls: ...\n', ["decorator R.register a Cls 1 names"], id="a decorator"),
    pytest.param("@R.register(Proc, info=Info)\nclass Cls: ...\n", ["decorator R.register Proc Cls 1 names"], id="a decorator without a string"),
    pytest.param('direct_register_custom_op(op_name="a", op_func=f)\n', ["call direct_register_custom_op a a 1"], id="an operator"),
    pytest.param('@torch.library.custom_op("ns::a", mutates_args=(), device_types="cuda")\ndef f(): ...\n', ["decorator torch.library.custom_op ns::a f 1 names"], id="an operator by decorator"),
    pytest.param('layer.register_parameter("weight", weight)\n', [], id="a parameter is no row"),
    pytest.param("ALL = (\n    First,\n    Second,\n)\n", ["sequence ALL First First 2 names", "sequence ALL Second Second 3 names"], id="a sequence of classes"),
    pytest.param("ALL = (First, second)\n", [], id="a sequence of other things"),
    pytest.param('"""\nR.register_x("a", "pkg.mod", "Cls")\n"""\n# T = {"a": ("mod", "Cls")}\n', [], id="text and comments are no rows"),
    pytest.param('T = {"a": ("mod", "Cls"', [], id="a file cut off"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), CASES)
def test_rows(source: str, expected: list[str]) -> None:
    rows = outline_python(text(source).encode()).rows
    found = [
        " ".join(
            (
                row.shape.value,
                row.table,
                row.key,
                *row.values,
                str(row.line),
                *(["names"] if row.is_names else []),
            )
        )
        for row in rows
    ]
    assert found == expected
