"""Definitions inside functions: which of them a change touches."""

from __future__ import annotations

import pytest

from diffscope.syntax.compare.compare import compare_python

OUTER = "def outer(x):\n    def scale(y):\n        return y * 2\n    y = scale(x)\n    return y\n"


def inner(before: str | None, after: str | None) -> list[tuple[str, str, str, int]]:
    """Return the inner changes of every symbol: whose, name, aspect, line."""
    sides = (side.encode() if side is not None else None for side in (before, after))
    return [
        (symbol.name, change.name, change.aspect.value, change.line)
        for symbol in compare_python(*sides).symbols
        for change in symbol.inner
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param("def outer(x):\n    return x\n", OUTER, [("outer", "scale", "added", 2)], id="comes with its use"),
        pytest.param(OUTER, "def outer(x):\n    return x\n", [("outer", "scale", "removed", 2)], id="goes, on the line of the old side"),
        pytest.param(OUTER, OUTER.replace("y * 2", "y * 3"), [("outer", "scale", "body", 2)], id="its body changes"),
        pytest.param(OUTER, OUTER.replace("return y\n", "return y + 1\n"), [], id="what changes stands outside it"),
        pytest.param(OUTER, OUTER.replace("scale", "stretch"), [("outer", "scale", "removed", 2), ("outer", "stretch", "added", 2)], id="another name is another definition"),
        pytest.param(None, OUTER, [("outer", "scale", "added", 2)], id="in a new file"),
        pytest.param(OUTER, OUTER.replace("# ", ""), [], id="nothing changes"),
        pytest.param(OUTER, OUTER.replace("    y = scale", "    # why\n    y = scale"), [], id="a comment is no change"),
        pytest.param("class A:\n    def f(self):\n        return 1\n", "class A:\n    def f(self):\n        return 2\n", [], id="a method is a symbol, not an inner definition"),
        pytest.param("class A:\n    def f(self):\n        pass\n", "class A:\n    def f(self):\n        @wraps\n        async def g():\n            class B: ...\n        return g\n", [("A.f", "g", "added", 4), ("A.f", "B", "added", 5)], id="decorated, asynchronous, and a class inside it"),
        pytest.param("def f():\n    if a:\n        def g():\n            return 1\n", "def f():\n    if a:\n        def g():\n            return 2\n", [("f", "g", "body", 3)], id="under a condition"),
        pytest.param("def f():\n    x = 1\n    s = 'def g(): class '\n", "def f():\n    x = 2\n    s = 'def g(): class '\n", [], id="a string that reads like one"),
    ],
)  # fmt: skip
def test_inner_definitions(
    before: str | None, after: str | None, expected: list[tuple[str, str, str, int]]
) -> None:
    """They are told by name, where they come, go, or hold a line that differs."""
    assert inner(before, after) == expected
