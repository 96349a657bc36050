"""What of a change reaches code that ran before: members in the place of inherited ones, values, code that has to be asked for."""

from __future__ import annotations

import pytest

from diffscope.facts.model import ChangeFacts, SymbolFact
from tests.fact_builders import edit, facts

PACKAGE = {"vllm/__init__.py": "", "vllm/pools/__init__.py": "", "vllm/v1/__init__.py": ""}
BASE = "class Pool:\n    def take(self):\n        return 1\n"
CHILD = "from vllm.pools.base import Pool\n\n\nclass Fast(Pool):\n    size = 1\n"


def symbol(found: ChangeFacts, name: str) -> SymbolFact:
    return next(one for one in found.symbol if one.symbol == name)


@pytest.mark.parametrize(
    ("before", "method", "expected"),
    [
        pytest.param(CHILD, "take", True, id="the base has that method"),
        pytest.param(CHILD, "give", False, id="the base has no such method"),
        pytest.param("", "take", False, id="the class is new itself"),
    ],
)
def test_a_new_method_may_take_the_place_of_an_inherited_one(
    before: str, method: str, expected: bool
) -> None:
    after = f"{CHILD}\n    def {method}(self):\n        return 2\n"
    found = facts(
        {"vllm/pools/fast.py": before} if before else {},
        {"vllm/pools/fast.py": after},
        tree={**PACKAGE, "vllm/pools/base.py": BASE},
    )
    made = symbol(found, f"Fast.{method}")
    assert (made.inherited, made.part_of_new) == (expected, not before)


def test_a_variable_tells_its_value_on_both_sides() -> None:
    found = edit("vllm/a.py", "class A:\n    size = 1\n", "class A:\n    size = B.two\n")
    assert (symbol(found, "A.size").value_before, symbol(found, "A.size").value_after) == ("1", "B.two")


@pytest.mark.parametrize(
    ("path", "default", "expected"),
    [
        pytest.param(
            "vllm/v1/worker/gpu/states.py", "False", "VLLM_USE_V2_MODEL_RUNNER", id="off by default"
        ),
        pytest.param("vllm/v1/worker/gpu/states.py", "None", None, id="the engine decides"),
        pytest.param("vllm/v1/worker/states.py", "False", None, id="another place"),
    ],
)
def test_code_that_has_to_be_asked_for_names_its_variable(
    path: str, default: str, expected: str | None
) -> None:
    found = facts(
        {path: "def f():\n    return 1\n"},
        {path: "def f():\n    return 2\n"},
        tree={**PACKAGE, "vllm/envs.py": f"VLLM_USE_V2_MODEL_RUNNER: bool = {default}\n"},
    )
    assert symbol(found, "f").asked_for == expected


@pytest.mark.parametrize(
    ("before", "after", "conditions"),
    [
        pytest.param("if a:", "if a and b > 1:", 1, id="one asks something else"),
        pytest.param("if a:", "while b(a):", 1, id="of a loop"),
        pytest.param("if a:", "if a:\n        a.mark()\n    if a:", 1, id="asked once more"),
        pytest.param("if a:", "if a:\n        a.mark()", 0, id="only what stands under it"),
        pytest.param("if a:\n        return 0\n    if b:", "if b:", 0, id="one goes"),
    ],
)
def test_an_edited_function_tells_its_new_conditions(before: str, after: str, conditions: int) -> None:
    shape = "def run(a, b):\n    {}\n        b += 2\n    return b\n"
    found = edit("vllm/v1/runner.py", shape.format(before), shape.format(after))
    assert symbol(found, "run").conditions_new == conditions


def test_a_new_function_has_no_new_conditions() -> None:
    found = edit(
        "vllm/v1/runner.py", "A = 1\n", "A = 1\n\n\ndef run(a):\n    if a:\n        return 1\n    return 2\n"
    )
    assert symbol(found, "run").conditions_new == 0


def test_what_does_not_apply_is_not_unknown() -> None:
    """Only a method has a class with subclasses: a function, a class and a method of a test have none, with or without a tree."""
    before = "def f(x):\n    return x\n\n\nclass A:\n    def g(self):\n        return 1\n"
    after = before.replace("return x", "return x + 1").replace("return 1", "return 2")
    found = {one.symbol: one.subclasses for one in edit("vllm/pools/base.py", before, after).symbol}
    assert found == {"f": None, "A.g": 0}
    assert {one.subclasses for one in edit("tests/test_base.py", before, after).symbol} == {None}
