"""Strata, lift and shares against values worked out by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffscope.products.backtest.measure import Outcome, lift, share, stratify


def outcomes(stratum: int, flagged: tuple[int, int], other: tuple[int, int]) -> list[Outcome]:
    """Return the changes of a stratum; each pair is how many, and how many of them were fixed."""
    made = []
    for is_flagged, (count, fixed) in ((True, flagged), (False, other)):
        made += [Outcome(stratum, is_flagged, number < fixed) for number in range(count)]
    return made


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        pytest.param(range(1, 11), (0, 0, 1, 1, 2, 2, 3, 3, 4, 4), id="ten sizes make five pairs"),
        pytest.param((1, 1, 1, 1, 9), (0, 0, 0, 0, 1), id="equal sizes stay together"),
        pytest.param((7, 7, 7), (0, 0, 0), id="one size is one stratum"),
        pytest.param((3, 1, 2), (2, 0, 1), id="the order does not matter"),
        pytest.param((), (), id="nothing has no strata"),
    ],
)
def test_sizes_fall_into_quintiles(sizes: range | tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Strata are quantile groups of the sizes."""
    assert stratify(list(sizes)) == expected


@given(st.lists(st.integers(0, 50), min_size=1))
def test_larger_changes_never_fall_into_smaller_strata(sizes: list[int]) -> None:
    """Strata keep the order of sizes, and there are five at most."""
    found = stratify(sizes)
    assert [stratum for _, stratum in sorted(zip(sizes, found, strict=True))] == sorted(found)
    assert max(found) < 5


def test_lift_is_pooled_over_strata() -> None:
    """R = 4*10/20 + 3*15/20 = 4.25, S = 2*10/20 + 6*5/20 = 2.5, ratio 1.7; var = (1.1 + 0.7875) / 10.625 = 0.177647,
    exp(1.959964 * 0.421482) = 2.28443."""
    found = lift(outcomes(0, (10, 4), (10, 2)) + outcomes(1, (5, 3), (15, 6)))
    assert found is not None
    assert (found.ratio, found.flagged, found.flagged_fixed) == (1.7, 15, 7)
    assert found.low == pytest.approx(1.7 / 2.28443, abs=2e-4)
    assert found.high == pytest.approx(1.7 * 2.28443, abs=2e-4)
    assert not found.is_significant


def test_size_alone_lifts_nothing() -> None:
    """Flags that sit on large changes, which break more, look 3.3 times as bad; within strata they are even."""
    found = lift(outcomes(0, (10, 1), (90, 9)) + outcomes(1, (90, 45), (10, 5)))
    assert found is not None
    assert found.ratio == 1.0


def test_a_strong_lift_is_significant() -> None:
    """40 of 50 against 10 of 50: ratio 4, var = (2500*50 - 400*100) / 100^2 / (20*5) = 0.085, so 4 / 1.7708 is above 1."""
    found = lift(outcomes(0, (50, 40), (50, 10)))
    assert found is not None
    assert (found.ratio, found.is_significant) == (4.0, True)
    assert found.low == pytest.approx(4 / 1.7708, abs=2e-3)


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param([], id="nothing at all"),
        pytest.param(outcomes(0, (9, 5), (50, 10)), id="nine flagged changes"),
        pytest.param(outcomes(0, (50, 5), (9, 2)), id="nine changes without the flag"),
        pytest.param(outcomes(0, (20, 0), (50, 10)), id="no flagged change was fixed"),
        pytest.param(outcomes(0, (20, 4), (50, 0)), id="only flagged changes were fixed"),
        pytest.param(outcomes(0, (20, 4), (0, 0)) + outcomes(1, (0, 0), (20, 4)), id="no stratum has both"),
    ],
)
def test_too_little_gives_no_lift(seen: list[Outcome]) -> None:
    """Where a number would be made up there is none."""
    assert lift(seen) is None


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        pytest.param(0, 0, 0.0, 1.0, id="of nothing it may be anything"),
        pytest.param(0, 10, 0.0, 0.2775, id="none of ten"),
        pytest.param(20, 100, 0.1334, 0.2888, id="a fifth of a hundred"),
    ],
)
def test_share_has_the_interval_of_wilson(count: int, of: int, low: float, high: float) -> None:
    """Against the tables of Wilson's interval."""
    found = share(count, of)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
