"""Windows of days and weeks in a given offset from UTC."""

from __future__ import annotations

import pytest

from diffscope.errors import UsageError
from diffscope.source.window import days, stamp, week


def test_both_days_are_included() -> None:
    window = days("2026-03-23", "2026-03-29")
    assert (stamp(window.start), stamp(window.end)) == ("2026-03-23T00:00:00Z", "2026-03-30T00:00:00Z")


def test_an_offset_moves_the_borders() -> None:
    window = days("2026-03-23", "2026-03-23", utc_offset="+08:00")
    assert (stamp(window.start), stamp(window.end)) == ("2026-03-22T16:00:00Z", "2026-03-23T16:00:00Z")


@pytest.mark.parametrize("offset", ["+05:30", "+0530", "UTC+5:30"])
def test_offsets_may_be_written_in_several_ways(offset: str) -> None:
    assert stamp(days("2026-03-23", "2026-03-23", utc_offset=offset).start) == "2026-03-22T18:30:00Z"


def test_west_of_greenwich_the_day_starts_later() -> None:
    assert stamp(days("2026-03-23", "2026-03-23", utc_offset="-8").start) == "2026-03-23T08:00:00Z"


def test_a_week_is_monday_to_sunday() -> None:
    assert week("2026-W13") == week("2026W13") == days("2026-03-23", "2026-03-29")


def test_the_window_before_has_the_same_length() -> None:
    assert week("2026-W13").before == week("2026-W12")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        pytest.param(
            lambda: days("2026-03-29", "2026-03-23"), "ends .* before it starts", id="the wrong way round"
        ),
        pytest.param(
            lambda: days("29.3.2026", "2026-03-30"),
            "'29.3.2026' is not a day",
            id="another way to write days",
        ),
        pytest.param(
            lambda: days("2026-02-30", "2026-03-30"),
            "'2026-02-30' is not a day",
            id="a day that is not there",
        ),
        pytest.param(lambda: week("2026-W54"), "'2026-W54' is not a week", id="a week that is not there"),
        pytest.param(lambda: week("13"), "'13' is not a week", id="no year"),
        pytest.param(
            lambda: week("2026-W13", utc_offset="CET"), "'CET' is not an offset", id="a zone's name"
        ),
        pytest.param(
            lambda: week("2026-W13", utc_offset="+25:00"), r"'\+25:00' is not an offset", id="more than a day"
        ),
    ],
)
def test_what_makes_no_sense_is_a_usage_error_with_a_hint(call: object, says: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=says) as caught:
        call()
    assert caught.value.hint
