"""Spans of days, as reports mean them: in a given offset from UTC, both days included."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from diffscope.errors import UsageError
from diffscope.source.values import Value

_WEEK = re.compile(r"(\d{4})-?W(\d{2})")
_OFFSET = re.compile(r"(?:UTC)?([+-])(\d{1,2})(?::?(\d{2}))?")


class Window(Value, frozen=True, kw_only=True):
    """A span of time, ``start`` included and ``end`` not; seconds since the epoch, UTC."""

    start: int
    end: int

    @property
    def before(self) -> Window:
        """The window of the same length that ends where this one starts."""
        return Window(start=2 * self.start - self.end, end=self.start)


def days(since: str, until: str, *, utc_offset: str = "+00:00") -> Window:
    """Return the window from the start of day ``since`` to the end of day ``until`` (``2026-03-29``).

    vLLM's published weeks are Monday to Sunday at ``+08:00``. Raises ``UsageError``.
    """
    first, last, zone = _day(since), _day(until), _zone(utc_offset)
    if last < first:
        raise UsageError(f"the window ends ({until}) before it starts ({since})", hint="--since comes first")
    return Window(start=_start(first, zone), end=_start(last, zone) + 86_400)


def week(name: str, *, utc_offset: str = "+00:00") -> Window:
    """Return the window of an ISO week (``2026-W13``), Monday to Sunday. Raises ``UsageError``."""
    match = _WEEK.fullmatch(name)
    try:
        monday = date.fromisocalendar(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        monday = None
    if monday is None:
        raise UsageError(f"{name!r} is not a week", hint="write it as 2026-W13")
    sunday = monday + timedelta(days=6)
    return days(monday.isoformat(), sunday.isoformat(), utc_offset=utc_offset)


def stamp(seconds: int) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC: ``2026-03-29T05:08:03Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a day", hint="write it as 2026-03-29") from None


def _zone(text: str) -> timezone:
    match = _OFFSET.fullmatch(text)
    minutes = int(match[2]) * 60 + int(match[3] or 0) if match else 24 * 60
    if match is None or minutes >= 24 * 60:
        raise UsageError(f"{text!r} is not an offset from UTC", hint="write it as +08:00")
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _start(day: date, zone: timezone) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
