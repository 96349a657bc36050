"""Windows by name: weeks, days, the one before, offsets."""

from __future__ import annotations

import pytest

from diffscope.errors import UsageError
from diffscope.products.report.counts import period_before, period_of_days, period_of_range, period_of_week

DAY = 86_400


def test_a_week_goes_from_monday_to_sunday_at_the_offset() -> None:
    """2026-W13 at UTC+8 begins on Sunday at 16:00 UTC."""
    period, window = period_of_week("2026-W13")
    assert (period.since, period.until, period.label) == ("2026-03-23", "2026-03-29", "2026-W13")
    assert (window.start, window.end - window.start) == (1774195200, 7 * DAY)


@pytest.mark.parametrize(
    ("since", "until", "label"),
    [
        pytest.param("2026-03-23", "2026-03-29", "2026-W13", id="seven days from a Monday are a week"),
        pytest.param(
            "2026-03-24", "2026-03-30", "2026-03-24/2026-03-30", id="seven days from a Tuesday are not"
        ),
        pytest.param("2025-12-29", "2026-01-04", "2026-W01", id="a week belongs to the year of its Thursday"),
        pytest.param("2026-03-23", "2026-03-23", "2026-03-23", id="one day"),
    ],
)
def test_label(since: str, until: str, label: str) -> None:
    """A label names the window as the command line takes it."""
    assert period_of_days(since, until)[0].label == label


def test_the_window_before_ends_where_this_one_starts() -> None:
    """Same length, no gap, across a year's end."""
    period, window = period_of_week("2026-W01")
    earlier, other = period_before(period)
    assert (earlier.label, other.end) == ("2025-W52", window.start)


@pytest.mark.parametrize(
    ("offset", "day"),
    [("+08:00", "2026-03-30"), ("+00:00", "2026-03-29"), ("-07:00", "2026-03-29"), ("+05:30", "2026-03-29")],
)
def test_a_range_has_the_days_of_its_commits_at_the_offset(offset: str, day: str) -> None:
    """2026-03-29T16:00Z is the 30th in UTC+8 and the 29th further west."""
    assert period_of_range("a..b", (1774800000,), offset=offset).since == day


def test_a_range_without_commits_has_no_days() -> None:
    """Nothing is made up."""
    assert (period_of_range("a..a", ()).since, period_of_range("a..a", ()).until) == ("", "")


@pytest.mark.parametrize("name", ["2026-W54", "2026W", "W13", "2026-13"])
def test_what_is_no_week_is_refused(name: str) -> None:
    """With the form that is wanted."""
    with pytest.raises(UsageError, match="not a week"):
        period_of_week(name)


def test_before_the_first_days_of_the_calendar_there_is_as_much_as_there_is() -> None:
    first, _ = period_of_week("0001-W01")
    before, _ = period_before(first)
    assert (before.since, before.until) == ("0001-01-01", "0001-01-01")
