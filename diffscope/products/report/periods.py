"""Windows by the names that a report gives them."""

from __future__ import annotations

from datetime import date, timedelta

from diffscope.products.report.model import Period
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
