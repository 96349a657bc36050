"""Spans of days, as reports mean them: in a given offset from UTC, both days included."""

from __future__ import annotations

from datetime import date, timedelta, timezone

from diffscope.errors import UsageError
from diffscope.patterns import lazy_regex
from diffscope.source.model import Value

_WEEK = lazy_regex(r"([0-9]{4})-?W([0-9]{2})")
_DAY = lazy_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_OFFSET = lazy_regex(r"(?:UTC)?([+-])([0-9]{1,2})(?::?([0-9]{2}))?")
_EPOCH = date(1970, 1, 1).toordinal()
_SECONDS = 86_400


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
    first, last, zone = _day(since), _day(until), zone_of(utc_offset)
    if last < first:
        raise UsageError(f"the window ends ({until}) before it starts ({since})", hint="--since comes first")
    return Window(start=_start(first, zone), end=_start(last, zone) + _SECONDS)


def week(name: str, *, utc_offset: str = "+00:00") -> Window:
    """Return the window of an ISO week (``2026-W13``), Monday to Sunday. Raises ``UsageError``."""
    match = _WEEK.fullmatch(name)
    try:
        monday, sunday = (
            [date.fromisocalendar(int(match[1]), int(match[2]), weekday) for weekday in (1, 7)]
            if match
            else (None, None)
        )
    except (ValueError, OverflowError):
        monday = sunday = None
    if monday is None or sunday is None:
        raise UsageError(f"{name!r} is not a week", hint="write it as 2026-W13")
    return days(monday.isoformat(), sunday.isoformat(), utc_offset=utc_offset)


def stamp(seconds: int) -> str:
    """Return seconds since the epoch as ISO 8601 in UTC: ``2026-03-29T05:08:03Z``.

    git knows times beyond the years 1 to 9999, this form does not: they are given as its nearest end.
    """
    whole, rest = divmod(seconds, _SECONDS)
    if not 1 <= _EPOCH + whole <= date.max.toordinal():
        return f"{day_of(seconds).isoformat()}T{'00:00:00' if seconds < 0 else '23:59:59'}Z"
    return f"{day_of(seconds).isoformat()}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}Z"


def day_of(seconds: int, *, utc_offset: str = "+00:00") -> date:
    """Return the day in which a second since the epoch lies; the nearest end of the calendar for one outside of it."""
    ordinal = _EPOCH + (seconds + _seconds(zone_of(utc_offset))) // _SECONDS
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None:
        raise UsageError(f"{text!r} is not a day", hint="write it as 2026-03-29")
    return found


def zone_of(text: str) -> timezone:
    """Return an offset from UTC as a time zone. Raises ``UsageError``."""
    match = _OFFSET.fullmatch(text)
    minutes = int(match[2]) * 60 + int(match[3] or 0) if match else 24 * 60
    if match is None or minutes >= 24 * 60:
        raise UsageError(f"{text!r} is not an offset from UTC", hint="write it as +08:00")
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _start(day: date, zone: timezone) -> int:
    # By counting: a datetime at the first or last day of the calendar has no time in another zone.
    return (day.toordinal() - _EPOCH) * _SECONDS - _seconds(zone)


def _seconds(zone: timezone) -> int:
    return int(zone.utcoffset(None).total_seconds())
