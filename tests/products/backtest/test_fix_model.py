"""Samples to coefficients, in time order: what they are worth, what is refused, and what is written."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest

from diffscope.errors import DiffscopeError
from diffscope.facts.model import FixMeasures
from diffscope.products.backtest.fix_model import USED, Fit, Sample, Weights, evaluate_fit, fit
from diffscope.products.backtest.render import write_card, write_table
from diffscope.source.model import CommitId
from diffscope.taxonomy.consequence import FixRiskTable
from diffscope.yaml.typed import read_file

DAY = 86_400


def sample(number: int, *, added: int, fixes: float, was_fixed: bool) -> Sample:
    measures = FixMeasures(
        added=added, moved=0.0, new=0.0, branches=0, unfinished=0, fixes=fixes, fix_commits=round(fixes)
    )
    return Sample(
        CommitId(f"{number:040x}"), number * DAY // 4, measures, was_fixed, was_fixed and number % 2 == 0
    )


def samples(count: int = 800, *, fixes_tell: bool = True) -> list[Sample]:
    """Return changes whose chance of a fix rises with their lines, and with the fixes before if these tell."""
    chance = random.Random(7)
    made = []
    for number in range(count):
        added, fixes = chance.randrange(1, 300), chance.choice([0.0, 1.0, 6.0])
        odds = 0.6 * math.log1p(added) + (1.5 * math.log1p(fixes) if fixes_tell else 0.0) - 4.5
        made.append(
            sample(number, added=added, fixes=fixes, was_fixed=chance.random() < 1 / (1 + math.exp(-odds)))
        )
    return made


def descend(rows: Sequence[Sequence[float]], fixed: Sequence[bool]) -> Weights:
    """Fit a logistic regression by plain descent: a trainer without a library."""
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    centred = [[value - mean for value, mean in zip(row, means, strict=True)] for row in rows]
    weights = [0.0] * (len(means) + 1)
    for _ in range(60):
        slopes = [0.0] * len(weights)
        for row, was_fixed in zip(centred, fixed, strict=True):
            missed = was_fixed - 1 / (1 + math.exp(-weights[-1] - sum(map(float.__mul__, weights, row))))
            slopes = [slope + missed * value for slope, value in zip(slopes, [*row, 1.0], strict=True)]
        weights = [weight + 1.5 * slope / len(rows) for weight, slope in zip(weights, slopes, strict=True)]
    return Weights(weights[-1], tuple(weights[:-1]), tuple(means))


def by_lines(rows: Sequence[Sequence[float]], fixed: Sequence[bool]) -> Weights:
    """Know nothing but added lines."""
    return Weights(-1.0, (1.0, *[0.0] * (len(USED) - 1)), tuple(0.0 for _ in USED))


def fitted(some: list[Sample]) -> Fit:
    return fit(some, descend, repository="vllm-project/vllm", within_days=30, trained="800 changes")


@pytest.fixture(scope="module")
def found() -> Fit:
    return fitted(samples())


def test_what_tells_gets_a_coefficient_and_chances_come_true(found: Fit) -> None:
    """Fixes before lift the odds, beyond lines; the mean chance of each tenth is near its rate."""
    weights = {one.measure: one.coefficient for one in found.table.measures}
    assert weights["fixes"] > 0.5
    assert found.worth.rankings.difference.low > 0
    assert found.worth.error < 0.12
    assert sum(row.changes for row in found.table.calibration) == found.worth.changes == 480


def test_the_riskiest_half_meets_more_than_half(found: Fit) -> None:
    """Of a twentieth, a tenth and a half, each meets as many as are fixed among them."""
    assert [gate.changes for gate in found.worth.gates] == [24, 48, 240]
    for gate in found.worth.gates:
        assert gate.caught == gate.fixed / found.worth.fixed > gate.share


def test_nothing_of_the_future_is_used() -> None:
    """A change is judged by coefficients of changes whose days were over before it was merged."""
    seen: list[int] = []

    def spy(rows: Sequence[Sequence[float]], fixed: Sequence[bool]) -> Weights:
        seen.append(len(rows))
        return descend(rows, fixed) if len(seen) == 7 else by_lines(rows, fixed)

    with pytest.raises(DiffscopeError, match="no better than added lines"):
        fit(samples(), spy, repository="r", within_days=30, trained="")
    # Four changes a day: 320 less the 120 of thirty days.
    assert seen == [200 + 80 * fold for fold in range(6)]


@pytest.mark.parametrize(
    ("some", "message"),
    [
        pytest.param(samples(499), "only 499 changes of source can be followed, and 500 are needed", id="too few"),
        pytest.param([], "only 0 changes", id="none"),
        pytest.param([one._replace(was_fixed=False) for one in samples()], "0 of 800 changes were fixed", id="one class"),
        pytest.param([one._replace(was_fixed=True) for one in samples()], "800 of 800 changes were fixed", id="the other class"),
        pytest.param(samples(fixes_tell=False), "no better than added lines do", id="only lines tell"),
    ],
)  # fmt: skip
def test_what_cannot_be_fitted_is_refused(some: list[Sample], message: str) -> None:
    """Says why, and what may help."""
    with pytest.raises(DiffscopeError, match=message) as told:
        fitted(some)
    assert told.value.hint


def test_equal_chances_make_a_calibration_all_the_same() -> None:
    """The rows still rise to 1."""
    found = evaluate_fit(samples(200), [0.3] * 200)
    assert [row.upto for row in found.tenths] == sorted({row.upto for row in found.tenths})
    assert found.tenths[-1].upto == 1.0


def test_the_file_reads_back_as_it_was(found: Fit) -> None:
    """With the head that says what made it."""
    text = write_table(found.table, command="diffscope backtest --fit x")
    assert text.startswith("# The chance")
    assert read_file(FixRiskTable, text, at="fix_risk.yml") == found.table


def test_the_card_says_what_it_is_worth(found: Fit) -> None:
    """Data, coefficients, AUC, gates, calibration, and what it is not."""
    card = write_card(found, command="diffscope backtest --fit x")
    for said in (
        "480 changes merged",
        "difference, paired",
        "| 50% |",
        "Expected calibration error",
        "lines, not causes",
    ):
        assert said in card
