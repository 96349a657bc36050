"""AUC of numbers that should be higher for changes that were fixed later, with DeLong's interval."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from diffscope.products.backtest.values import Ranking, Rankings

FEWEST: Final = 10
"""Fixed changes, and others, below which no AUC is given."""
_Z: Final = 1.959964


class _Placed(NamedTuple):
    """For each fixed change the share of the others that it outranks, and for each other the share that outranks it; ties count half."""

    fixed: tuple[float, ...]
    other: tuple[float, ...]

    @property
    def auc(self) -> float:
        return _mean(self.fixed)


def rankings(importance: Sequence[float], added: Sequence[float], fixed: Sequence[bool]) -> Rankings | None:
    """Return the AUC of both numbers and of their difference; ``None`` where either kind of change is too rare.

    Interval: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988). The difference is of the same changes, so its variance
    is that of the paired placements.
    """
    if min(sum(fixed), len(fixed) - sum(fixed)) < FEWEST:
        return None
    left, right = _place(importance, fixed), _place(added, fixed)
    paired = _Placed(
        tuple(a - b for a, b in zip(left.fixed, right.fixed, strict=True)),
        tuple(a - b for a, b in zip(left.other, right.other, strict=True)),
    )
    return Rankings(
        importance=_ranking(left, 0.0),
        added_lines=_ranking(right, 0.0),
        difference=_ranking(paired, -1.0),
    )


def _ranking(placed: _Placed, lowest: float) -> Ranking:
    error = math.sqrt(
        _variance(placed.fixed) / len(placed.fixed) + _variance(placed.other) / len(placed.other)
    )
    auc, reach = placed.auc, _Z * error
    return Ranking(
        auc=round(auc, 4), low=round(max(auc - reach, lowest), 4), high=round(min(auc + reach, 1.0), 4)
    )


def _place(values: Sequence[float], fixed: Sequence[bool]) -> _Placed:
    high = sorted(value for value, was_fixed in zip(values, fixed, strict=True) if was_fixed)
    low = sorted(value for value, was_fixed in zip(values, fixed, strict=True) if not was_fixed)
    above = [
        _below(low, value) / len(low) for value, was_fixed in zip(values, fixed, strict=True) if was_fixed
    ]
    under = [
        1 - _below(high, value) / len(high)
        for value, was_fixed in zip(values, fixed, strict=True)
        if not was_fixed
    ]
    return _Placed(tuple(above), tuple(under))


def _below(ordered: Sequence[float], value: float) -> float:
    return (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _variance(values: Sequence[float]) -> float:
    middle = _mean(values)
    return math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1)
