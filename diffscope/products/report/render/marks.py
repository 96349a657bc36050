"""Where the marks of a page's charts stand: the strip of a window, a lane for each theme, importance by risk, the lines on tiles.

Across, places are hundredths of the width, so that a chart is as wide as there is room; down, they are pixels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Final

from diffscope.products.report.link_model import Link, LinkReason
from diffscope.products.report.model import Digest, PullSummary, Theme
from diffscope.source.model import Value
from diffscope.source.window import zone_of

GROUPS: Final = {
    "bugfix": ("bugfix",),
    "feature": ("feature", "model"),
    "performance": ("performance",),
    "refactor": ("refactor",),
    "revert": ("revert",),
    "upkeep": (),
}
"""Colour -> the kinds of change that have it; all others have the last."""
ARROWS: Final[tuple[LinkReason, ...]] = ("fixes", "reverts", "reapplies", "removes", "builds-on")
"""The links that are drawn: from a change to what became of it."""
_BANDS: Final = (("critical",), ("high",), ("medium",), ("low",), ("none", "unknown"))
_STEPS: Final = (1, 7, 14, 28, 91, 364)
"""Days that one column of the strip may take."""
_COLUMNS: Final = 16
_STRIP: Final = 130
_ROW, _EDGE = 14, 11
"""Pixels from one row of marks to the next, and from the edge to the first."""
_APART: Final = 3.6
"""Hundredths between two marks of a row: those of a telephone, which is 300 pixels wide, do not touch."""
_MOST_MARKS: Final = 60
_MOST_ROWS: Final = 24
"""Of one level of risk; what is beyond lies over them."""


class Mark(Value, frozen=True, kw_only=True):
    """One pull request on a chart."""

    pull: PullSummary
    x: float
    y: float
    group: str

    @property
    def is_serious(self) -> bool:
        """Whether it is of high risk or worse."""
        return self.pull.level in ("high", "critical")


class Arrow(Value, frozen=True, kw_only=True):
    """From a change to what fixes it, takes it back or builds on it."""

    link: Link
    x1: float
    y1: float
    x2: float
    y2: float


class Lane(Value, frozen=True, kw_only=True):
    """The marks of one theme over the window."""

    height: int
    marks: tuple[Mark, ...]
    arrows: tuple[Arrow, ...]
    left_out: int
    """Pull requests of the theme that have no mark, because there are too many or their day is not known."""


class Part(Value, frozen=True, kw_only=True):
    """The pull requests of one colour in a column: a rectangle in pixels from the top."""

    group: str
    count: int
    y: float
    height: float


class Column(Value, frozen=True, kw_only=True):
    """One day of the strip, or as many days as one column takes."""

    first: date
    last: date
    total: int
    top: float
    parts: tuple[Part, ...]
    serious: tuple[PullSummary, ...]


class Tick(Value, frozen=True, kw_only=True):
    """A line of an axis: where, and the day that begins there."""

    x: float
    width: float
    first: date


class Band(Value, frozen=True, kw_only=True):
    """A row of the scatter: one level of risk."""

    level: str
    y: int
    height: int
    count: int


class Scatter(Value, frozen=True, kw_only=True):
    """Importance across, risk upwards."""

    height: int
    top: float
    """The importance at the right edge."""
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]


class Marks:
    """The charts of one digest."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        here = zone_of(digest.period.offset)
        times = ((pull.number, _time(pull.merged_at, here)) for pull in digest.pulls)
        self._times = {number: time for number, time in times if time is not None}
        self._pulls = {pull.number: pull for pull in digest.pulls}

    @cached_property
    def _days(self) -> tuple[date, int] | None:
        """The first day, and how many there are; none where no day is known."""
        days = [time.date() for time in self._times.values()]
        period = self._digest.period
        if period.since and period.until:
            days += [date.fromisoformat(period.since), date.fromisoformat(period.until)]
        return (min(days), (max(days) - min(days)).days + 1) if days else None

    @cached_property
    def step(self) -> int:
        """How many days a column of the strip takes."""
        days = self._days[1] if self._days else 1
        return next((step for step in _STEPS if days <= _COLUMNS * step), -(-days // _COLUMNS))

    @cached_property
    def ticks(self) -> tuple[Tick, ...]:
        """The columns of the strip, as an axis."""
        if self._days is None:
            return ()
        first, days = self._days
        return tuple(
            Tick(
                x=round(100 * at / days, 3),
                width=round(100 * min(self.step, days - at) / days, 3),
                first=first + timedelta(days=at),
            )
            for at in range(0, days, self.step)
        )

    def column_of(self, number: int) -> str:
        """Return the first day of the column that a pull request stands in: ``2026-03-23``."""
        time = self._times.get(number)
        if time is None or self._days is None:
            return ""
        first = self._days[0]
        return str(first + timedelta(days=(time.date() - first).days // self.step * self.step))

    def day_of(self, number: int) -> str:
        """Return the day on which a pull request was merged; nothing where that is not known."""
        time = self._times.get(number)
        return str(time.date()) if time else ""

    @cached_property
    def strip(self) -> tuple[Column, ...]:
        """The columns of the window, oldest first; none where no day is known."""
        found: dict[str, list[PullSummary]] = {}
        for pull in self._digest.pulls:
            found.setdefault(self.column_of(pull.number), []).append(pull)
        found.pop("", None)
        if not found:
            return ()
        most = max(map(len, found.values()))
        return tuple(_column(tick, found.get(str(tick.first), ()), most, self.step) for tick in self.ticks)

    def lane(self, theme: Theme) -> Lane:
        """Return the marks of a theme: each where its hour is, what follows another below it."""
        known = [self._pulls[number] for number in theme.pulls if number in self._times]
        follows = [
            link
            for link in self._digest.links
            if link.reason in ARROWS and {link.source, link.target} <= set(theme.pulls)
        ]
        linked = {number for link in follows for number in (link.source, link.target)}
        chosen = sorted(known, key=lambda pull: (pull.number not in linked, -pull.importance))[:_MOST_MARKS]
        chosen.sort(key=lambda pull: (self._times[pull.number], pull.number))
        rows: list[float] = []
        placed: dict[int, tuple[float, int]] = {}
        for pull in chosen:
            x = self._across(pull.number)
            rows_before = [
                placed[one.target][1] for one in follows if one.source == pull.number and one.target in placed
            ]
            apart = 3 * _APART if rows_before else _APART  # room for the head of an arrow
            placed[pull.number] = (x, _row(rows, x, apart, max(rows_before, default=-1) + 1))
        marks = [self._mark(pull, placed[pull.number]) for pull in chosen]
        return Lane(
            height=2 * _EDGE + _ROW * max(0, len(rows) - 1),
            marks=tuple(marks),
            arrows=tuple(_arrows(follows, {mark.pull.number: mark for mark in marks})),
            left_out=theme.count - len(marks),
        )

    def _across(self, number: int) -> float:
        assert self._days is not None  # noqa: S101 - a day is known
        first, days = self._days
        time = self._times[number]
        hours = (time.date() - first).days * 24 + time.hour + time.minute / 60
        return round(1.5 + 97 * hours / (24 * days), 2)

    def _mark(self, pull: PullSummary, place: tuple[float, int]) -> Mark:
        return Mark(pull=pull, x=place[0], y=_EDGE + _ROW * place[1], group=group_of(pull.kind))

    @cached_property
    def scatter(self) -> Scatter:
        """Importance by risk: a band for each level that there is."""
        pulls = sorted(self._digest.pulls, key=lambda pull: (pull.importance, pull.number))
        top = max((math.ceil(pull.importance) for pull in pulls), default=1) or 1
        bands: list[Band] = []
        marks: list[Mark] = []
        y = 0
        for levels in _BANDS:
            own = [pull for pull in pulls if pull.level in levels]
            if not own:
                continue
            rows: list[float] = []
            for pull in own:
                x = round(2 + 96 * max(pull.importance, 0) / top, 2)
                row = _row(rows, x, 1.7, 0)
                marks.append(
                    Mark(pull=pull, x=x, y=y + 10 + 8 * (row % _MOST_ROWS), group=group_of(pull.kind))
                )
            height = max(20 + 8 * (min(len(rows), _MOST_ROWS) - 1), 28)
            bands.append(Band(level=levels[0], y=y, height=height, count=len(own)))
            y += height
        return Scatter(height=y, top=top, bands=tuple(bands), marks=tuple(marks))


def _time(merged_at: str | None, here: tzinfo) -> datetime | None:
    """Return a time where the window is; none where there is none, or it lies at the ends of the calendar."""
    try:
        return datetime.fromisoformat(merged_at).astimezone(here) if merged_at else None
    except (ValueError, OverflowError):
        return None


def group_of(kind: str) -> str:
    """Return the colour of a kind of change."""
    return next((group for group, kinds in GROUPS.items() if kind in kinds), "upkeep")


def _row(rows: list[float], x: float, apart: float, least: int) -> int:
    """Return the first row, from ``least``, whose last mark is far enough to the left, and note this one there."""
    row = next((at for at in range(least, len(rows)) if rows[at] <= x - apart), max(len(rows), least))
    rows += [-apart] * (row + 1 - len(rows))
    rows[row] = x
    return row


def _arrows(links: Iterable[Link], marks: dict[int, Mark]) -> Iterable[Arrow]:
    for link in links:
        if link.source in marks and link.target in marks:
            start, end = marks[link.target], marks[link.source]
            yield Arrow(link=link, x1=start.x, y1=start.y, x2=end.x, y2=end.y)


def _column(tick: Tick, pulls: Sequence[PullSummary], most: int, step: int) -> Column:
    counted = Counter(group_of(pull.kind) for pull in pulls)
    scale = _STRIP / most
    y, parts = 16.0 + _STRIP, []
    for group in GROUPS:
        if counted[group]:
            height = round(counted[group] * scale, 2)
            y = round(y - height, 2)
            parts.append(Part(group=group, count=counted[group], y=y, height=height))
    return Column(
        first=tick.first,
        last=date.fromordinal(min(tick.first.toordinal() + step - 1, date.max.toordinal())),
        total=len(pulls),
        top=y,
        parts=tuple(parts),
        serious=tuple(pull for pull in pulls if pull.level in ("high", "critical")),
    )


def spark(values: Sequence[float], width: int = 72, height: int = 22) -> str:
    """Return the points of a line through values, as SVG writes them; it begins at the least and ends at the greatest value."""
    low, high = min(values), max(values)
    wide = (width - 6) / max(1, len(values) - 1)
    tall = (height - 6) / ((high - low) or 1)
    return " ".join(
        f"{3 + at * wide:.1f},{height - 3 - (value - low) * tall:.1f}" for at, value in enumerate(values)
    )
