"""Windows by name, the figures of a window beside earlier ones, and items still open since the last window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import takewhile

import msgspec

from diffscope.assessment.document import Assessment
from diffscope.products.report.counts import count, hot_files, number_of, worked_on
from diffscope.products.report.model import HotFile, Period, RiskItem, TrendPoint
from diffscope.products.report.risks import COUNTED_FROM, families_of, items_of
from diffscope.rules.model import every_flag
from diffscope.source.window import Window, day_of, days, week

OFFSET = "+08:00"
"""Days begin and end at UTC+8, as in the weeklies and daily reports that are published of vLLM."""


def period_of_week(name: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return an ISO week (``2026-W13``), Monday to Sunday. Raises ``UsageError``."""
    window = week(name, utc_offset=offset)
    monday, sunday = (day_of(second, utc_offset=offset) for second in (window.start, window.end - 1))
    return _named(monday, sunday, offset), window


def period_of_days(since: str, until: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return a span of days, both included. Raises ``UsageError``."""
    window = days(since, until, utc_offset=offset)
    return _named(date.fromisoformat(since), date.fromisoformat(until), offset), window


def period_before(period: Period) -> tuple[Period, Window]:
    """Return the period of the same length that ends on the day before."""
    first, last = date.fromisoformat(period.since), date.fromisoformat(period.until)
    length = (last - first).days + 1
    # Before the first day of the calendar there is none: what lies before is as long as there is room.
    since, until = (date.fromordinal(max(1, day.toordinal() - length)) for day in (first, last))
    return period_of_days(since.isoformat(), until.isoformat(), offset=period.offset)


def period_after(period: Period) -> tuple[Period, Window]:
    """Return the period of the same length that begins on the day after."""
    first, last = date.fromisoformat(period.since), date.fromisoformat(period.until)
    length = (last - first).days + 1
    since, until = (
        date.fromordinal(min(date.max.toordinal(), day.toordinal() + length)) for day in (first, last)
    )
    return period_of_days(since.isoformat(), until.isoformat(), offset=period.offset)


def period_of_range(name: str, times: tuple[int, ...], *, offset: str = OFFSET) -> Period:
    """Return the period of a range of commits, committed at ``times``; without any, both days are empty."""
    first, last = (
        (day_of(min(times), utc_offset=offset), day_of(max(times), utc_offset=offset))
        if times
        else (None, None)
    )
    return Period(
        since=first.isoformat() if first else "",
        until=last.isoformat() if last else "",
        offset=offset,
        label=name,
    )


def _named(first: date, last: date, offset: str) -> Period:
    year, number, weekday = first.isocalendar()
    is_week = weekday == 1 and last - first == timedelta(days=6)
    span = f"{first}/{last}" if first != last else first.isoformat()
    label = f"{year}-W{number:02}" if is_week else span
    return Period(since=first.isoformat(), until=last.isoformat(), offset=offset, label=label)


_TEST_FAMILIES = frozenset({"missing-tests", "insufficient-tests"})


_HOT = 100
"""Hot files of an earlier window: more than a report shows, so that streaks go on where the ranks change."""


def trend_point(period: Period, assessments: Sequence[Assessment], *, is_judged: bool = True) -> TrendPoint:
    """Return the figures of one window."""
    importance = [one.importance.value for one in assessments]
    return TrendPoint(
        period=period,
        source_pulls=len(assessments),
        churn=sum(one.change.additions + one.change.deletions for one in assessments),
        mean_importance=round(sum(importance) / len(importance), 2) if importance else 0.0,
        risks=count(assessments, families_of),
        levels=count(assessments, lambda one: (one.risk.level.value,)),
        kinds=count(assessments, lambda one: (one.kind,)),
        areas=count(assessments, worked_on),
        hot_files=tuple(file.path for file in hot_files(assessments, most=_HOT)),
        is_judged=is_judged,
    )


def with_streaks(files: Iterable[HotFile], trend: Sequence[TrendPoint]) -> tuple[HotFile, ...]:
    """Return hot files with how many windows in a row they are hot; ``trend`` has the earlier windows, oldest first."""
    return tuple(
        msgspec.structs.replace(
            file,
            streak=1 + sum(1 for _ in takewhile(lambda point: file.path in point.hot_files, reversed(trend))),  # noqa: B023 - used at once
        )
        for file in files
    )


def still_open(before: Iterable[Assessment], now: Iterable[Assessment]) -> tuple[RiskItem, ...]:
    """Return the test flags (medium or worse) of the window before whose pull requests nothing has followed.

    FollowUp is a pull request when this window changes one of the tests nearest to it, or a source file that it changed
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
        families = {flag.code: flag.family for flag in every_flag(one.flags)}
        found += [(item, one) for item in kept if families[item.code] in _TEST_FAMILIES][:1]
    ranked = sorted(found, key=lambda pair: (-pair[1].importance.value, number_of(pair[1])))
    return tuple(item for item, _ in ranked)
