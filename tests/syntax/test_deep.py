"""Nesting and chains of any length: an edit behind them is judged, in linear time and without recursion."""

from __future__ import annotations

import time

import pytest

from diffscope.syntax.compare.compare import compare_python
from diffscope.syntax.outline.outline import outline_python
from tests.examples import THOROUGH, one_in

LENGTH = 3000 if THOROUGH else 1500
"""Beyond what Python lets a function call itself."""

DEEP = {
    "a chain of elif": "def f(x):\n    if x:\n        a()\n" + "    elif x:\n        b()\n" * LENGTH + "    return 7\n",
    "a chain of elif around definitions": "if x:\n    def f(): return 0\n" + "elif x:\n    def f(): return 0\n" * 300 + "else:\n    def f(): return 7\n",
    "a sum": "def f(x):\n    y = " + "x + " * LENGTH + "1\n    return 7\n",
    "calls in calls": "def f(x):\n    y = " + "g(" * LENGTH + "1" + ")" * LENGTH + "\n    return 7\n",
    "calls on calls": "def f(x):\n    y = x" + ".a()" * LENGTH + "\n    return 7\n",
    "conditional expressions": "def f(x):\n    y = " + "1 if x else " * LENGTH + "1\n    return 7\n",
    "a sum of lists of exports": "__all__ = " + "['a'] + " * LENGTH + "['b']\nx = 7\n",
    "brackets around exports": "__all__ = [" + "(" * LENGTH + "'b'" + ")" * LENGTH + "]\nx = 7\n",
    "targets in targets": "(" * LENGTH + "a" + ",)" * LENGTH + " = 1\nx = 7\n",
    "an assignment to many names": "a = " * 500 + "7\n",
    "lambdas": "x = " + "lambda: " * LENGTH + "7\n",
    "negations": "def f(x):\n    y = " + "not " * LENGTH + "x\n    return 7\n",
    "blocks in blocks": "".join(" " * at + "if x:\n" for at in range(250)) + " " * 250 + "x = 7\n",
    "a sum of texts": "def f(x):\n    y = " + "'x' + " * LENGTH + "'7'\n",
    "classes in classes": "".join(" " * at + "class A:\n" for at in range(220)) + " " * 220 + "x = 7\n",
}  # fmt: skip


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_an_edit_behind_deep_nesting_is_judged(text: str) -> None:
    found = compare_python(text.encode(), text.replace("7", "8").encode())
    assert any(change.logic for change in found.symbols)
    assert outline_python(text.encode()) == found.before


@pytest.mark.parametrize(
    "line", one_in(2, ["    X{at} = auto()\n", "    f({at})\n", "    def f{at}(self): ...\n"])
)
def test_thousands_of_members_in_another_order_take_no_time(line: str) -> None:
    """Asked is of each what shares a name with it, not of every pair: four million of them took half a minute."""
    lines = [line.format(at=at) for at in range(1500)]
    before, after = (f"class A(Enum):\n{''.join(each)}".encode() for each in (lines, lines[::-1]))
    start = time.process_time()
    found = compare_python(before, after)
    assert time.process_time() - start < 10
    assert [change.name for change in found.symbols if change.logic] == ([] if "def" in line else ["A"])
