"""Observations to a backtest, and to what rule pages show."""

from __future__ import annotations

import random

import msgspec
import pytest

from diffscope.assessment.document import RiskLevel
from diffscope.products.backtest.measure import measure, observe, statistics_of
from diffscope.products.backtest.model import BacktestScope, FlagObservation, Observation, RuleName
from diffscope.rules.model import Severity, parse_statistics
from diffscope.source.model import CommitId
from tests.assessments import a_flag, an_assessment, an_empty_assessment

RULES = (
    RuleName(code="TC204", name="test-weakened", family="insufficient-tests"),
    RuleName(code="CP102", name="attention-backend", family="core-path"),
    RuleName(code="CP101", name="engine-step-path", family="core-path"),
)
FRAME = BacktestScope(
    repository="vllm-project/vllm",
    window="2026-03-01/2026-03-19",
    since="2026-03-01T00:00:00Z",
    until="2026-03-19T00:00:00Z",
    as_of="2026-04-19T16:00:00Z",
    within_days=30,
    rules_hash="cafe",
)
MEDIUM = FlagObservation(code="CP102", family="core-path", severity=Severity.MEDIUM)
LOW = FlagObservation(code="CP101", family="core-path", severity=Severity.LOW)


def observation(number: int, *flags: FlagObservation, **fields: object) -> Observation:
    made = Observation(
        number=number,
        commit=CommitId(f"{number:040x}"),
        merged_at=number,
        size=number % 50,
        importance=float(number % 10),
        flags=flags,
    )
    return msgspec.structs.replace(made, **fields)


HISTORY = [
    *(observation(number, MEDIUM, was_fixed=number % 2 == 0) for number in range(20)),
    *(observation(number, LOW, was_fixed=number % 4 == 0, unknown=("TC204",)) for number in range(20, 40)),
    *(observation(number, was_fixed=number % 10 == 0) for number in range(40, 80)),
    *(observation(number, MEDIUM, LOW) for number in range(80, 90)),
]
"""Ninety changes; 80 of them followed, of which 10 + 5 + 4 were fixed."""


def test_rates_are_counted_over_all_and_risks_over_the_followed() -> None:
    """Each number by hand from the table above."""
    found = measure(HISTORY, rules=RULES, frame=FRAME)
    assert (found.changes, found.base.count, found.base.of) == (90, 19, 80)
    assert [rule.code for rule in found.rules] == ["CP101", "CP102", "TC204"]
    low, medium, never = found.rules
    assert (low.any.fired, low.medium.fired, low.any.followed, low.any.fixed) == (30, 0, 20, 5)
    assert (medium.any.fired, medium.medium.fired, medium.any.followed, medium.any.fixed) == (30, 30, 20, 10)
    assert (never.any.fired, never.unknown, never.any.lift) == (0, 20, None)
    assert medium.any.lift is not None
    core = found.families[0]
    assert (core.code, core.any.fired, core.medium.fired, core.any.fixed) == ("core-path", 50, 30, 15)
    assert found.flags_a_change == round(30 / 90, 4)
    assert found.flags_per_100_unfixed == round(100 * 10 / 61, 4)
    assert sum(stratum.changes for stratum in found.strata) == 80


def test_levels_are_counted_with_what_became_of_them() -> None:
    """The calmest first; what was not followed counts for the level, and not for its rate; hot fixes are told apart."""
    seen = [
        observation(1, level=RiskLevel.HIGH, was_fixed=True, is_hot=True),
        observation(2, level=RiskLevel.HIGH, was_fixed=True),
        observation(3, level=RiskLevel.HIGH),
        observation(4, level=RiskLevel.NONE, was_fixed=False),
    ]
    found = measure(seen, rules=RULES, frame=FRAME)
    assert [(one.level, one.changes, one.fixed.count, one.fixed.of) for one in found.levels] == [
        (RiskLevel.NONE, 1, 0, 1),
        (RiskLevel.HIGH, 3, 2, 2),
    ]
    assert (found.base.count, found.hot.count, found.hot.of) == (2, 1, 3)


def test_the_order_of_changes_does_not_matter() -> None:
    """Same changes, same bytes."""
    shuffled = random.Random(7).sample(HISTORY, len(HISTORY))
    one, other = (measure(each, rules=RULES, frame=FRAME) for each in (HISTORY, shuffled))
    assert msgspec.json.encode(one) == msgspec.json.encode(other)


@pytest.mark.parametrize(
    "observations",
    [
        pytest.param([], id="nothing was merged"),
        pytest.param([observation(1, MEDIUM)], id="nothing can be followed"),
    ],
)
def test_without_outcomes_there_are_rates_alone(observations: list[Observation]) -> None:
    """No base rate, no AUC, no lift; nothing is divided by zero."""
    found = measure(observations, rules=RULES, frame=FRAME)
    assert (found.base.of, found.rankings, found.flags_per_100_unfixed, found.strata) == (0, None, None, ())
    assert all(rule.any.lift is None for rule in found.rules)
    assert found.rules[1].any.fired == len(observations)


def test_an_assessment_is_observed() -> None:
    """Source lines alone are its size; a waived flag was a flag."""
    seen = observe(an_assessment(), merged_at=5, was_fixed=True)
    assert (seen.merged_at, seen.was_fixed) == (5, True)
    assert seen.size == sum(
        file.additions for file in an_assessment().files if file.category in {"source", "native"}
    )
    waived = {waived.flag.code for waived in an_assessment().waived}
    assert waived
    assert waived <= {flag.code for flag in seen.flags}
    assert observe(an_empty_assessment(), merged_at=5, was_fixed=None).size == 0
    assert (
        observe(an_empty_assessment(flags=(a_flag(),)), merged_at=5, was_fixed=None).flags[0].code == "CP102"
    )


def test_statistics_are_what_rule_pages_read() -> None:
    """Through the file and back."""
    found = measure(HISTORY, rules=RULES, frame=FRAME)
    made = statistics_of(found, made_by="diffscope backtest")
    assert parse_statistics(msgspec.json.encode(made)) == made
    assert (made.window, made.changes, made.followed, made.fixed) == (
        "90 changes merged 2026-03-01 to 2026-03-19 (UTC)",
        90,
        80,
        19,
    )
    rule = made.of("CP102")
    lift = found.rules[1].any.lift
    assert rule is not None
    assert lift is not None
    assert (rule.fired, rule.at_medium, rule.lift, rule.lift_low) == (30, 30, lift.ratio, lift.low)
