"""Where the marks of a page stand."""

from __future__ import annotations

import msgspec
import pytest

from diffscope.messages.model import Text
from diffscope.products.report.digest import build_digest
from diffscope.products.report.model import Digest, Link, Member, Period, Theme
from diffscope.products.report.render.marks import Marks, spark
from tests.digests import WEEK, a_pull


def a_digest(*times: str | None, since: str = "2026-03-23", until: str = "2026-03-29") -> Digest:
    """Return the digest of pull requests 1, 2 ... that were merged at these times."""
    digest = build_digest([a_pull(1 + at) for at in range(len(times))], repository="o/r", period=WEEK)
    pulls = tuple(
        msgspec.structs.replace(pull, merged_at=time) for pull, time in zip(digest.pulls, times, strict=True)
    )
    period = Period(since=since, until=until, offset="+08:00", label="week")
    return msgspec.structs.replace(digest, pulls=pulls, links=(), period=period)


def a_theme(*numbers: int) -> Theme:
    return Theme(
        key="term:x", seed="term", title=Text(en="x", zh="x"), strength=1.0, area="moe", count=len(numbers), churn=0, pulls=numbers,
        members=tuple(Member(number=number, reason="term") for number in numbers), kinds=(), leading=(), hot_files=(), risks=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("time", "day"),
    [
        pytest.param("2026-03-23T15:59:59Z", "2026-03-23", id="before midnight at the window's offset"),
        pytest.param("2026-03-23T16:00:00Z", "2026-03-24", id="after it"),
        pytest.param(None, "", id="a time that is not known"),
        pytest.param("9999-12-31T23:59:59Z", "", id="the end of the calendar"),
        pytest.param("soon", "", id="no time"),
    ],
)
def test_a_day_is_that_of_the_window(time: str | None, day: str) -> None:
    marks = Marks(a_digest(time, "2026-03-25T00:00:00Z"))
    assert (marks.day_of(1), marks.column_of(1)) == (day, day)


@pytest.mark.parametrize(
    ("since", "until", "step", "columns"),
    [
        pytest.param("2026-03-23", "2026-03-23", 1, 1, id="a day"),
        pytest.param("2026-03-23", "2026-03-29", 1, 7, id="a week"),
        pytest.param("2026-03-01", "2026-03-31", 7, 5, id="a month"),
        pytest.param("2026-01-01", "2026-12-31", 28, 14, id="a year"),
        pytest.param("0001-01-01", "9999-12-31", 228254, 16, id="all of the calendar"),
    ],
)
def test_a_strip_has_few_columns(since: str, until: str, step: int, columns: int) -> None:
    marks = Marks(a_digest("2026-03-23T01:00:00Z", since=since, until=until))
    assert (marks.step, len(marks.strip), sum(day.total for day in marks.strip)) == (step, columns, 1)


def test_a_window_without_days_has_no_strip() -> None:
    marks = Marks(a_digest(None, since="", until=""))
    assert (marks.strip, marks.lane(a_theme(1)).left_out, len(marks.scatter.marks)) == ((), 1, 1)


def test_an_arrow_leads_from_a_change_to_its_fix_below() -> None:
    """Marks of one hour stand below each other, and what follows stands below what it follows."""
    digest = a_digest("2026-03-24T01:00:00Z", "2026-03-24T01:00:00Z", "2026-03-26T01:00:00Z")
    link = Link(source=3, target=1, reason="fixes", names=("f",), weight=1.0)
    lane = Marks(msgspec.structs.replace(digest, links=(link,))).lane(a_theme(1, 2, 3))
    assert [mark.y for mark in lane.marks] == [11, 25, 25]
    (arrow,) = lane.arrows
    assert (arrow.x1, arrow.x2) == (lane.marks[0].x, lane.marks[2].x)
    assert arrow.x1 < arrow.x2


def test_a_line_through_equal_values_is_flat() -> None:
    assert spark([2, 2]) == "3.0,19.0 69.0,19.0"
