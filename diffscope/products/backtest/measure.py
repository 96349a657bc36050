"""Observations of past changes -> ``Backtest``: lift of each rule, how well scores rank later fixes, with intervals."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from diffscope.assessment.document import Assessment, RiskLevel, report_gap
from diffscope.products.backtest.model import (
    Backtest,
    BacktestScope,
    FlagObservation,
    LevelMeasure,
    Lift,
    Measure,
    Observation,
    Ranking,
    Rankings,
    RuleMeasure,
    RuleName,
    Share,
    Stratum,
)
from diffscope.rules.model import FAMILIES, RuleStatistics, Severity, Statistics, every_flag, family_title
from diffscope.source.model import CommitId, Gap

STRATA: Final = 5


class Outcome(NamedTuple):
    """One followed change as one rule sees it."""

    stratum: int
    is_flagged: bool
    was_fixed: bool


class _LiftTable(NamedTuple):
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


def _table(outcomes: Sequence[Outcome], stratum: int) -> _LiftTable:
    flagged = [each.was_fixed for each in outcomes if each.stratum == stratum and each.is_flagged]
    other = [each.was_fixed for each in outcomes if each.stratum == stratum and not each.is_flagged]
    return _LiftTable(sum(flagged), len(flagged), sum(other), len(other))


def _rounded(value: float) -> float:
    # Four digits say more than the data does, and are the same on every machine.
    return round(value, 4)


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
        importance=_ranking(left, 0.0), added_lines=_ranking(right, 0.0), difference=_ranking(paired, -1.0)
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


PRODUCT: Final = frozenset({"source", "native"})
_Test = Callable[[FlagObservation], bool]


def observe(
    assessment: Assessment, *, merged_at: int, was_fixed: bool | None, is_hot: bool = False
) -> Observation:
    """Return what a backtest needs of an assessment and of what came after."""
    flags = (*every_flag(assessment.flags), *(waived.flag for waived in assessment.waived))
    seen = (FlagObservation(code=flag.code, family=flag.family, severity=flag.severity) for flag in flags)
    pull = assessment.change.pull
    return Observation(
        number=pull.number or 0,
        commit=pull.head or CommitId(""),
        merged_at=merged_at,
        size=sum(file.additions for file in assessment.files if file.category in PRODUCT),
        importance=assessment.importance.value,
        flags=tuple(sorted(seen, key=lambda flag: flag.code)),
        unknown=tuple(sorted(rule.code for rule in assessment.unknown)),
        level=assessment.risk.level,
        was_fixed=was_fixed,
        is_hot=is_hot,
    )


def measure(
    observations: Sequence[Observation],
    *,
    rules: Sequence[RuleName],
    frame: BacktestScope,
    gaps: Sequence[Gap] = (),
) -> Backtest:
    """Return the backtest of changes; their order does not matter."""
    ordered = sorted(observations, key=lambda each: (each.merged_at, each.number, each.commit))
    followed = [each for each in ordered if each.was_fixed is not None]
    strata = stratify([each.size for each in followed])
    table = _Table(ordered, followed, strata)
    fixed = [bool(each.was_fixed) for each in followed]
    sound = [each for each in followed if not each.was_fixed]
    heavy = [sum(map(_is_heavy, each.flags)) for each in sound]
    found = []
    for level in RiskLevel:
        of = [each for each in ordered if each.level is level]
        ends = [each.was_fixed for each in of if each.was_fixed is not None]
        if of:
            found.append(LevelMeasure(level=level, changes=len(of), fixed=share(sum(ends), len(ends))))
    return Backtest(
        frame=frame,
        changes=len(ordered),
        flags_a_change=_rate(sum(_is_heavy(flag) for each in ordered for flag in each.flags), len(ordered)),
        base=share(sum(fixed), len(fixed)),
        hot=share(sum(each.is_hot for each in followed), len(followed)),
        levels=tuple(found),
        flags_per_100_unfixed=_rate(100 * sum(heavy), len(heavy)) if heavy else None,
        strata=_strata(followed, strata),
        rankings=rankings([each.importance for each in followed], [each.size for each in followed], fixed),
        rules=tuple(table.rule(rule) for rule in sorted(rules, key=lambda rule: rule.code)),
        families=tuple(
            table.family(family) for family in FAMILIES if any(rule.family == family for rule in rules)
        ),
        gaps=tuple(map(report_gap, gaps)),
    )


def statistics_of(backtest: Backtest, *, made_by: str) -> Statistics:
    """Return what rule pages show of a backtest. ``made_by`` is the command that refreshes it."""
    frame = backtest.frame
    return Statistics(
        window=f"{backtest.changes:,} changes merged {frame.since[:10]} to {frame.until[:10]} (UTC)"
        if backtest.changes
        else "",
        changes=backtest.changes,
        followed=backtest.base.of,
        fixed=backtest.base.count,
        within_days=frame.within_days,
        rules_hash=frame.rules_hash,
        made_by=made_by,
        rules=tuple(_statistics(rule) for rule in backtest.rules),
    )


class _Table:
    """The observations, asked again and again with another question."""

    def __init__(
        self, every: Sequence[Observation], followed: Sequence[Observation], strata: Sequence[int]
    ) -> None:
        self._every = every
        self._followed = followed
        self._strata = strata

    def rule(self, rule: RuleName) -> RuleMeasure:
        unknown = sum(rule.code in each.unknown for each in self._every)
        return self._both(rule, lambda flag: flag.code == rule.code, unknown)

    def family(self, family: str) -> RuleMeasure:
        name = RuleName(code=family, name=family_title(family).en, family=family)
        return self._both(name, lambda flag: flag.family == family, 0)

    def _both(self, rule: RuleName, test: _Test, unknown: int) -> RuleMeasure:
        return RuleMeasure(
            code=rule.code,
            name=rule.name,
            family=rule.family,
            unknown=unknown,
            any=self._measure(test),
            medium=self._measure(lambda flag: test(flag) and _is_heavy(flag)),
        )

    def _measure(self, test: _Test) -> Measure:
        outcomes = [
            Outcome(stratum, any(map(test, each.flags)), bool(each.was_fixed))
            for stratum, each in zip(self._strata, self._followed, strict=True)
        ]
        return Measure(
            fired=sum(any(map(test, each.flags)) for each in self._every),
            followed=sum(each.is_flagged for each in outcomes),
            fixed=sum(each.is_flagged and each.was_fixed for each in outcomes),
            lift=lift(outcomes),
        )


def _strata(followed: Sequence[Observation], strata: Sequence[int]) -> tuple[Stratum, ...]:
    found = []
    for number in sorted(set(strata)):
        members = [each for each, at in zip(followed, strata, strict=True) if at == number]
        sizes = [each.size for each in members]
        fixed = sum(bool(each.was_fixed) for each in members)
        found.append(Stratum(smallest=min(sizes), largest=max(sizes), changes=len(members), fixed=fixed))
    return tuple(found)


def _statistics(rule: RuleMeasure) -> RuleStatistics:
    found = rule.any.lift
    return RuleStatistics(
        code=rule.code,
        fired=rule.any.fired,
        at_medium=rule.medium.fired,
        lift=found.ratio if found else None,
        lift_low=found.low if found else None,
        lift_high=found.high if found else None,
    )


def _is_heavy(flag: FlagObservation) -> bool:
    return flag.severity.rank >= Severity.MEDIUM.rank


def _rate(count: float, of: int) -> float:
    return round(count / of, 4) if of else 0.0
