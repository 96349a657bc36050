"""Lift within size strata: large changes both earn more flags and break more, so alike is compared with alike."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from diffscope.products.backtest.values import Lift, Share

STRATA: Final = 5
FEWEST: Final = 10
"""Changes with the flag, and without it, below which nothing is said of its lift: the interval is of large samples."""
_Z: Final = 1.959964
"""Standard normal quantile of a 95% interval."""


class Outcome(NamedTuple):
    """One followed change as one rule sees it."""

    stratum: int
    is_flagged: bool
    was_fixed: bool


class _Table(NamedTuple):
    flagged_fixed: int
    flagged: int
    other_fixed: int
    other: int


def stratify(sizes: Sequence[int], *, count: int = STRATA) -> tuple[int, ...]:
    """Return the stratum of each size, 0 the smallest: quantile groups; equal sizes stay together, so there may be fewer."""
    ordered = sorted(sizes)
    cuts = [ordered[len(ordered) * number // count - 1] for number in range(1, count + 1)] if ordered else []
    edges = sorted(set(cuts))
    return tuple(bisect_left(edges, size) for size in sizes)


def lift(outcomes: Sequence[Outcome]) -> Lift | None:
    """Return the ratio of risks with the flag and without it, pooled over the strata; ``None`` where there is too little to say.

    Mantel and Haenszel's estimate for cumulative incidence: with a of n1 flagged and c of n0 other changes fixed in a stratum of
    N = n1 + n0, the ratio is R / S, R = sum(a n0 / N), S = sum(c n1 / N). The interval is Greenland and Robins' (Biometrics 41,
    1985): var(ln ratio) = sum((n1 n0 (a + c) - a c N) / N^2) / (R S).
    """
    tables = [_table(outcomes, stratum) for stratum in sorted({each.stratum for each in outcomes})]
    flagged = sum(table.flagged for table in tables)
    if min(flagged, len(outcomes) - flagged) < FEWEST:
        return None
    above = below = spread = 0.0
    for fixed, many, other_fixed, other in tables:
        whole = many + other
        above += fixed * other / whole
        below += other_fixed * many / whole
        spread += (many * other * (fixed + other_fixed) - fixed * other_fixed * whole) / whole**2
    if not above or not below:
        return None
    ratio = above / below
    reach = math.exp(_Z * math.sqrt(max(spread, 0.0) / (above * below)))
    return Lift(
        ratio=_rounded(ratio),
        low=_rounded(ratio / reach),
        high=_rounded(ratio * reach),
        flagged=flagged,
        flagged_fixed=sum(table.flagged_fixed for table in tables),
    )


def share(count: int, of: int) -> Share:
    """Return a share with Wilson's interval; of nothing it may be anything."""
    if not of:
        return Share(count=0, of=0, low=0.0, high=1.0)
    rate, square = count / of, _Z**2
    middle = rate + square / (2 * of)
    reach = _Z * math.sqrt(rate * (1 - rate) / of + square / (4 * of**2))
    low, high = ((middle - reach) / (1 + square / of), (middle + reach) / (1 + square / of))
    return Share(count=count, of=of, low=_rounded(max(low, 0.0)), high=_rounded(min(high, 1.0)))


def _table(outcomes: Sequence[Outcome], stratum: int) -> _Table:
    flagged = [each.was_fixed for each in outcomes if each.stratum == stratum and each.is_flagged]
    other = [each.was_fixed for each in outcomes if each.stratum == stratum and not each.is_flagged]
    return _Table(sum(flagged), len(flagged), sum(other), len(other))


def _rounded(value: float) -> float:
    # Four digits say more than the data does, and are the same on every machine.
    return round(value, 4)
