"""How a window stands beside earlier ones: figures a window, and what stayed open since the one before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from diffscope.assessment.document import Assessment
from diffscope.products.report.counts import count, number_of
from diffscope.products.report.model import Period, RiskItem, TrendPoint
from diffscope.products.report.risks import COUNTED_FROM, families_of, items_of

_TEST_FAMILIES = frozenset({"missing-tests", "insufficient-tests"})


def trend_point(period: Period, assessments: Sequence[Assessment]) -> TrendPoint:
    """Return the figures of one window."""
    importance = [one.importance.value for one in assessments]
    return TrendPoint(
        period=period,
        source_pulls=len(assessments),
        churn=sum(one.change.additions + one.change.deletions for one in assessments),
        mean_importance=round(sum(importance) / len(importance), 2) if importance else 0.0,
        risks=count(assessments, families_of),
        levels=count(assessments, lambda one: (one.risk.level.value,)),
    )


def still_open(before: Iterable[Assessment], now: Iterable[Assessment]) -> tuple[RiskItem, ...]:
    """Return the test flags (medium or worse) of the window before whose pull requests nothing has followed.

    Followed is a pull request when this window changes one of the tests nearest to it, or a source file that it changed
    together with some test.
    """
    tests: set[str] = set()
    tested: set[str] = set()
    for one in now:
        tests.update(one.tests.changed)
        if one.tests.changed:
            tested.update(file.path for file in one.files)
    found = []
    for one in before:
        near = (
            set() if not isinstance(one.tests.nearest, tuple) else {each.path for each in one.tests.nearest}
        )
        sources = {file.path for file in one.files if file.category in ("source", "native")}
        if near & tests or sources & tested:
            continue
        kept = (item for item in items_of(one) if item.severity.rank >= COUNTED_FROM.rank)
        families = {flag.code: flag.family for flag in one.flags}
        found += [(item, one) for item in kept if families[item.code] in _TEST_FAMILIES][:1]
    ranked = sorted(found, key=lambda pair: (-pair[1].importance.value, number_of(pair[1])))
    return tuple(item for item, _ in ranked)
