"""What both sides have alike is not looked into: results are the same, and lines are those of the change."""

from __future__ import annotations

import pytest

from diffscope.syntax.compare.compare import compare_python

ENTRY = "    {'a_type': 'k%s',\n     'b': 2},\n"

LINES = [
    pytest.param(
        "X = [\n" + ENTRY % 1 + ENTRY % 2 + "]\n", "X = [\n" + ENTRY % 1 + ENTRY % 3 + ENTRY % 2 + "]\n", ["a_type 4", "b 5", "k3 4"],
        id="an entry between others that look like it",
    ),
    pytest.param(
        "def f():\n    with a:\n        g(1)\n        h()\n", "def f():\n    with a:\n        g(1)\n        g(1)\n        h()\n", ["g 4"],
        id="a statement written twice in a block",
    ),
    pytest.param(
        "def f():\n    if a:\n        g(7)\n    else:\n        g(8)\n    g(9)\n",
        "def f():\n    if a:\n        g(7)\n    else:\n        g(8)\n        g(7)\n    g(9)\n", ["7 6", "g 6"],
        id="a call that the other branch has too",
    ),
    pytest.param("register(a)\nx = 1\nregister(b)\n", "register(a)\nx = 1\nregister(b)\nregister(c)\n", ["register 4"], id="a statement of the module"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), LINES)
def test_signals_stand_on_the_lines_that_changed(before: str, after: str, expected: list[str]) -> None:
    found = compare_python(before.encode(), after.encode())
    signals = [change for symbol in found.symbols for change in symbol.signals]
    assert [change.what for change in signals] == ["added"] * len(expected)
    assert sorted(f"{change.signal.text} {change.signal.line}" for change in signals) == expected


def test_what_stands_behind_a_changed_exit_in_a_block_is_looked_into() -> None:
    before = "def f():\n    with a:\n        if b:\n            return 1\n        g()\n    h()\n"
    [change] = compare_python(before.encode(), before.replace("return 1", "return 2").encode()).symbols
    assert change.added_lines == (4,)
    [change] = compare_python(before.encode(), before.replace("if b", "if c").encode()).symbols
    assert [(each.what, each.signal.text) for each in change.signals] == [("added", "c"), ("removed", "b")]
    [change] = compare_python(before.encode(), before.replace("return 1", "b()").encode()).symbols
    assert ("reguarded", "g", 5) in [
        (each.what, each.signal.text, each.signal.line) for each in change.signals
    ]
    assert "h" not in [each.signal.text for each in change.signals]


def test_a_new_function_with_a_body_that_others_have_is_read() -> None:
    """Two blank lines behind a function once hid that its body had not been parsed."""
    before = "class A:\n    def f(self):\n        return g(7)\n\n\nx = 1\n"
    after = "class A:\n    def f(self):\n        return g(7)\n\n\nclass B:\n    def f(self):\n        return g(7)\n\n\nx = 1\n"
    found = {change.name: change for change in compare_python(before.encode(), after.encode()).symbols}
    assert [each.signal.text for each in found["B.f"].signals] == ["g", "7"]
