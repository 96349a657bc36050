"""Windows by the names that a report gives them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from diffscope.report.values import Period
from diffscope.source.window import Window, days, week

OFFSET = "+08:00"
"""Days begin and end at UTC+8, as in the weeklies and daily reports that are published of vLLM."""


def period_of_week(name: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return an ISO week (``2026-W13``), Monday to Sunday. Raises ``UsageError``."""
    window = week(name, utc_offset=offset)
    monday = _day(window.start, offset)
    return _named(monday, monday + timedelta(days=6), offset), window


def period_of_days(since: str, until: str, *, offset: str = OFFSET) -> tuple[Period, Window]:
    """Return a span of days, both included. Raises ``UsageError``."""
    window = days(since, until, utc_offset=offset)
    return _named(date.fromisoformat(since), date.fromisoformat(until), offset), window


def period_before(period: Period) -> tuple[Period, Window]:
    """Return the period of the same length that ends on the day before."""
    first, last = date.fromisoformat(period.since), date.fromisoformat(period.until)
    length = last - first + timedelta(days=1)
    return period_of_days((first - length).isoformat(), (last - length).isoformat(), offset=period.offset)


def period_of_range(name: str, times: tuple[int, ...], *, offset: str = OFFSET) -> Period:
    """Return the period of a range of commits, committed at ``times``; without any, both days are empty."""
    first, last = (_day(min(times), offset), _day(max(times), offset)) if times else (None, None)
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


def _day(seconds: int, offset: str) -> date:
    # The start of day one in that offset lies as far before UTC's as the offset is east of it.
    shift = (
        datetime(1970, 1, 2, tzinfo=UTC).timestamp()
        - days("1970-01-02", "1970-01-02", utc_offset=offset).start
    )
    return datetime.fromtimestamp(seconds + shift, UTC).date()
