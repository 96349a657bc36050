"""Observations -> ``Backtest``: ``measure``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from diffscope.assessment.document import Assessment
from diffscope.products.backtest.lift import Outcome, lift, share, stratify
from diffscope.products.backtest.ranking import rankings
from diffscope.products.backtest.values import (
    Backtest,
    FlagSeen,
    Frame,
    Measure,
    Observation,
    RuleMeasure,
    RuleName,
    Stratum,
)
from diffscope.rules.families import FAMILIES
from diffscope.rules.statistics import RuleStatistics, Statistics
from diffscope.rules.values import Severity
from diffscope.source.model import CommitId, Gap

PRODUCT: Final = frozenset({"source", "native"})
_Test = Callable[[FlagSeen], bool]


def observe(assessment: Assessment, *, merged_at: int, was_fixed: bool | None) -> Observation:
    """Return what a backtest needs of an assessment and of what came after."""
    flags = (*assessment.flags, *(waived.flag for waived in assessment.waived))
    seen = (FlagSeen(code=flag.code, family=flag.family, severity=flag.severity) for flag in flags)
    pull = assessment.change.pull
    return Observation(
        number=pull.number or 0,
        commit=pull.head or CommitId(""),
        merged_at=merged_at,
        size=sum(file.additions for file in assessment.files if file.category in PRODUCT),
        importance=assessment.importance.value,
        flags=tuple(sorted(seen, key=lambda flag: flag.code)),
        unknown=tuple(sorted(rule.code for rule in assessment.unknown)),
        was_fixed=was_fixed,
    )


def measure(
    observations: Sequence[Observation],
    *,
    rules: Sequence[RuleName],
    frame: Frame,
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
    return Backtest(
        frame=frame,
        changes=len(ordered),
        flags_a_change=_rate(sum(_is_heavy(flag) for each in ordered for flag in each.flags), len(ordered)),
        base=share(sum(fixed), len(fixed)),
        flags_per_100_unfixed=_rate(100 * sum(heavy), len(heavy)) if heavy else None,
        strata=_strata(followed, strata),
        rankings=rankings([each.importance for each in followed], [each.size for each in followed], fixed),
        rules=tuple(table.rule(rule) for rule in sorted(rules, key=lambda rule: rule.code)),
        families=tuple(
            table.family(family) for family in FAMILIES if any(rule.family == family for rule in rules)
        ),
        gaps=tuple(gaps),
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
        name = RuleName(code=family, name=FAMILIES[family].en, family=family)
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


def _is_heavy(flag: FlagSeen) -> bool:
    return flag.severity.rank >= Severity.MEDIUM.rank


def _rate(count: float, of: int) -> float:
    return round(count / of, 4) if of else 0.0
