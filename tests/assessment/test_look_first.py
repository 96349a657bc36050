"""Where to look first: which of two changed places stands before the other, at which line, and why."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.assessment.document import ReadingPlace
from diffscope.assessment.scores import MOST, look_first
from diffscope.facts.classify.classify import classify_change
from diffscope.facts.model import (
    CallFact,
    ChangeFacts,
    ConditionFact,
    FileFact,
    Located,
    NativeFact,
    NumericFact,
)
from tests.taxonomies import a_file, a_pull, a_symbol, bundled

SCORES = bundled().tables.scores
CORE, TEST, KERNEL = "vllm/v1/engine/core.py", "tests/v1/test_core.py", "csrc/attention/x.cu"
CONDITION = {"what": "if", "change": "changed", "direction": "narrowed", "condition": "x > 0"}


def places_of(*facts: Located) -> tuple[ReadingPlace, ...]:
    """Return the places of a change of these symbols and facts, and of their files."""
    given = [fact for fact in facts if isinstance(fact, FileFact)]
    named = {file.path for file in given}
    files = (*given, *(a_file(path) for path in sorted({fact.path for fact in facts} - named)))
    families = {
        "symbol": "SymbolFact",
        "native": "NativeFact",
        "condition": "ConditionFact",
        "numeric": "NumericFact",
        "call": "CallFact",
    }
    known = {
        name: tuple(fact for fact in facts if type(fact).__name__ == kind) for name, kind in families.items()
    }
    pull = a_pull("x")
    change = classify_change(pull, files, known["symbol"], bundled())  # type: ignore[arg-type]
    return look_first(ChangeFacts(pull=pull, change=change, file=files, **known), SCORES)  # type: ignore[arg-type]


A, B = a_symbol(CORE, "a"), a_symbol(CORE, "b", line=50)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param((A, msgspec.structs.replace(B, code_added=20)), id="more lines"),
        pytest.param((A, msgspec.structs.replace(B, branches_added=1)), id="a branch that came"),
        pytest.param((A, B, ConditionFact(path=CORE, symbol="b", line=52, **CONDITION)), id="a condition that changed"),
        pytest.param((A, B, NumericFact(path=CORE, symbol="b", line=52, what="dtype", change="added", text="float32")), id="other numbers"),
        pytest.param((A, B, CallFact(path=CORE, symbol="b", line=52, change="removed", role="lock", callee="acquire")), id="a lock that went"),
        pytest.param((a_symbol(CORE, "_a"), B), id="public against private"),
        pytest.param((a_symbol(CORE, "a", kind="variable"), B), id="code against a variable"),
        pytest.param((a_symbol(CORE, "A.__init__"), a_symbol(CORE, "_b", line=50)), id="any function against a constructor of the same size"),
        pytest.param((a_symbol(CORE, "a", "signature", "body"), B), id="a body against a signature that follows from elsewhere"),
        pytest.param((a_symbol(CORE, "a", code_added=0, code_removed=30), B), id="what was written against what was only taken away"),
        pytest.param((a_symbol(CORE, "a", effect="tuning"), B), id="logic against a number alone"),
        pytest.param((a_symbol(CORE, "a", reached="opt_in"), B), id="what everybody runs against what is asked for"),
        pytest.param((a_symbol(TEST, "test_a", code_added=60), msgspec.structs.replace(B, code_added=1)), id="one line of the product against a test"),
        pytest.param((NativeFact(path=KERNEL, symbol="a", change="body", category="native", code_added=4), NativeFact(path=KERNEL, symbol="b", line=50, change="body", category="native", code_added=40)), id="kernels by their lines"),
        pytest.param((a_file("CMakeLists.txt", 30), msgspec.structs.replace(B, code_added=2)), id="a function against a build file"),
    ],
)  # fmt: skip
def test_first(facts: tuple[Located, ...]) -> None:
    """The last symbol of the case stands first, for the reason that the case names alone."""
    first = [fact for fact in facts if type(fact).__name__ in ("SymbolFact", "NativeFact")][-1]
    found = places_of(*facts)
    assert found[0].symbol == first.symbol
    assert found[0].score > found[1].score


def test_parts_sum_to_the_score_and_the_weightiest_is_told_first() -> None:
    condition = ConditionFact(path=CORE, symbol="b", line=52, **CONDITION)
    place = places_of(msgspec.structs.replace(B, branches_added=3), condition)[0]
    assert [(part.name, part.value, part.why.en) for part in place.parts] == [
        ("added", 0.78, "5 code lines added"),
        ("branches", 0.7, "3 branches added"),
        ("public", 0.55, "its name is public"),
        ("conditions", 0.35, "1 condition changed"),
    ]
    assert place.score == 2.38


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        pytest.param((B,), (CORE, 50, "new"), id="the symbol itself"),
        pytest.param((msgspec.structs.replace(B, changed_line=53),), (CORE, 53, "new"), id="its changed line"),
        pytest.param((B, ConditionFact(path=CORE, symbol="b", line=52, **CONDITION)), (CORE, 52, "new"), id="the condition in it that changed"),
        pytest.param((a_symbol(CORE, "b", "added", line=50), ConditionFact(path=CORE, symbol="b", line=52, **CONDITION)), (CORE, 50, "new"), id="the head of what is new"),
        pytest.param((a_symbol(CORE, "b", "removed", line=9, side="old", code_added=0),), (CORE, 9, "old"), id="where it was, of what went"),
        pytest.param((a_file("CMakeLists.txt", 3, line=7),), ("CMakeLists.txt", 7, "new"), id="the first changed line of a file without symbols"),
    ],
)  # fmt: skip
def test_line(facts: tuple[Located, ...], place: tuple[str, int, str]) -> None:
    first = places_of(*facts)[0]
    assert (first.path, first.line, first.side) == place


def test_prose_is_no_place_and_ten_are_enough() -> None:
    many = [a_symbol(CORE, f"f{number}", line=number + 1) for number in range(30)]
    assert places_of(a_file("docs/x.md", 500)) == ()
    assert [place.line for place in places_of(*many)] == list(range(1, MOST + 1))
    assert places_of(*many) == places_of(*reversed(many))
