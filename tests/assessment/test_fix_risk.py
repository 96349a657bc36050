"""The chance of a later fix, from measures and coefficients."""

from __future__ import annotations

import math

import msgspec
import pytest
from msgspec import UNSET

from diffscope.assessment.scores import judge_fix_risk
from diffscope.errors import RuleError
from diffscope.facts.model import ChangeFacts, FixMeasures
from diffscope.taxonomy.consequence import CalibrationRow, FixRiskTable, MeasureWeight
from diffscope.taxonomy.model import read_tables
from tests.fact_builders import edit
from tests.taxonomies import bundled_texts

TABLE = FixRiskTable(
    version=1,
    repository="vllm-project/vllm",
    within_days=30,
    history_days=90,
    trained="100 changes",
    base_rate=0.15,
    intercept=-2.0,
    measures=(
        MeasureWeight(measure="added", coefficient=1.0, usual=math.log(10)),
        MeasureWeight(measure="fixes", coefficient=0.5, usual=math.log(2)),
        MeasureWeight(measure="unfinished", coefficient=0.2, usual=0.0),
    ),
    calibration=(
        CalibrationRow(upto=0.2, changes=100, fixed=10),
        CalibrationRow(upto=1.0, changes=100, fixed=40),
    ),
)
USUAL = FixMeasures(added=9, moved=0.0, new=0.0, branches=0, unfinished=0, fixes=1.0, fix_commits=1)
CHANGE = edit("vllm/a.py", "x = 1\n", "x = 2\n")


def facts(measures: object = USUAL, repository: str = "vllm-project/vllm") -> ChangeFacts:
    pull = msgspec.structs.replace(CHANGE.pull, repository=repository)
    return msgspec.structs.replace(CHANGE, pull=pull, fix_measures=measures)


def test_a_usual_change_has_the_chance_of_the_intercept() -> None:
    """1 / (1 + e^2) = 11.92%, no reason; of a hundred alike ten were fixed, Wilson's interval 5.5% to 17.4%."""
    found = judge_fix_risk(facts(), TABLE)
    assert found is not None
    assert (found.probability, found.base_rate, found.formula) == (0.1192, 0.15, "fix-risk/1")
    assert found.interval == (0.0552, 0.1744)
    assert found.reasons == ()


def test_reasons_stand_by_their_weight() -> None:
    """Of 99 lines, 3 fixes a line and a mark: ln 10 = 2.30, 0.5 ln 2 = 0.35, 0.2 ln 2 = 0.14; e^0.79 / (1 + e^0.79) = 68.7%."""
    found = judge_fix_risk(
        facts(msgspec.structs.replace(USUAL, added=99, fixes=3.0, fix_commits=4, unfinished=1)), TABLE
    )
    assert found is not None
    assert found.probability == pytest.approx(0.6874, abs=1e-4)
    assert [one.en for one in found.reasons] == [
        "99 source lines added",
        "4 fixes to these files in 90 days",
        "1 added line marked as unfinished",
    ]
    assert found.interval[1] >= found.probability


def test_what_lowers_the_chance_says_so() -> None:
    """Of one line in files that nobody fixed: ln 2 / 10 lowers by 1.61, no fix by 0.35."""
    found = judge_fix_risk(facts(msgspec.structs.replace(USUAL, added=1, fixes=0.0, fix_commits=0)), TABLE)
    assert found is not None
    assert [one.en for one in found.reasons] == [
        "1 source line added (lowers it)",
        "0 fixes to these files in 90 days (lowers it)",
    ]


@pytest.mark.parametrize(
    ("measures", "repository"),
    [
        pytest.param(UNSET, "vllm-project/vllm", id="the past is not known"),
        pytest.param(None, "vllm-project/vllm", id="nothing can be fixed"),
        pytest.param(USUAL, "someone/else", id="the coefficients are another repository's"),
    ],
)
def test_what_is_not_known_is_not_said(measures: object, repository: str) -> None:
    """No number rather than a wrong one."""
    assert judge_fix_risk(facts(measures, repository), TABLE) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("version: 1", "version: 2", "is of version 2, and this diffscope reads version 1", id="another version"),
        pytest.param("  added:", "  author:", "unknown", id="a measure of a person"),
        pytest.param("base_rate: 0.", "base_rate: 7.", "a number that no fit gives", id="a rate beyond one"),
        pytest.param("{upto: 1", "{upto: 2", "does not rise to 1", id="a calibration that ends elsewhere"),
        pytest.param("intercept:", "interception:", "interception", id="a key that is none"),
        pytest.param("intercept: -", "intercept: about -", "must be a number", id="no number"),
    ],
)  # fmt: skip
def test_broken_coefficients_are_refused(old: str, new: str, message: str) -> None:
    """With the place and what is wrong."""
    texts = bundled_texts()
    assert old in texts["fix_risk.yml"]
    with pytest.raises(RuleError, match=message):
        read_tables(texts | {"fix_risk.yml": texts["fix_risk.yml"].replace(old, new, 1)})
