"""Windows of days and weeks in a given offset from UTC."""

from __future__ import annotations

import pytest

from diffscope.errors import UsageError
from diffscope.source.window import Window, days, stamp, week


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
        pytest.param(lambda: days("2026-03-29", "2026-03-23"), "ends .* before it starts", id="the wrong way round"),
        pytest.param(lambda: days("29.3.2026", "2026-03-30"), "'29.3.2026' is not a day", id="another way to write days"),
        pytest.param(lambda: days("2026-02-30", "2026-03-30"), "'2026-02-30' is not a day", id="a day that is not there"),
        pytest.param(lambda: week("2026-W54"), "'2026-W54' is not a week", id="a week that is not there"),
        pytest.param(lambda: week("13"), "'13' is not a week", id="no year"),
        pytest.param(lambda: week("2026-W13", utc_offset="CET"), "'CET' is not an offset", id="a zone's name"),
        pytest.param(lambda: week("2026-W13", utc_offset="+25:00"), r"'\+25:00' is not an offset", id="more than a day"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_usage_error_with_a_hint(call: object, says: str) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=says) as caught:
        call()
    assert caught.value.hint


@pytest.mark.parametrize(
    ("since", "until", "offset", "start", "end"),
    [
        pytest.param("0001-01-01", "0001-01-01", "+00:00", -62_135_596_800, -62_135_510_400, id="the first day"),
        pytest.param("0001-01-01", "0001-01-01", "+23:59", -62_135_683_140, -62_135_596_740, id="the first day, far east"),
        pytest.param("9999-12-31", "9999-12-31", "-23:59", 253_402_300_740, 253_402_387_140, id="the last day, far west"),
        pytest.param("1969-12-31", "1970-01-01", "+00:00", -86_400, 86_400, id="around the epoch"),
    ],
)  # fmt: skip
def test_days_reach_both_ends_of_the_calendar(
    since: str, until: str, offset: str, start: int, end: int
) -> None:
    assert days(since, until, utc_offset=offset) == Window(start=start, end=end)


@pytest.mark.parametrize(
    "name",
    [
        "0000-W01",
        "9999-W52",
        "9999-W53",
        "2026-W00",
        "2026-W54",
        "2026-W1",
        "-2026-W13",
        "\u0662026-W13",
        "2026-W13\n",
        "",
    ],
)
def test_what_is_no_week_is_refused_with_a_hint(name: str) -> None:
    with pytest.raises(UsageError, match="is not a week") as caught:
        week(name)
    assert caught.value.hint == "write it as 2026-W13"


@pytest.mark.parametrize(
    "text", ["0000-01-01", "10000-01-01", "2026-02-30", "20260301", "2026-W13-1", "2026-3-1", "", "tomorrow"]
)
def test_what_is_no_day_is_refused_with_a_hint(text: str) -> None:
    with pytest.raises(UsageError, match="is not a day") as caught:
        days(text, text)
    assert caught.value.hint == "write it as 2026-03-29"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        pytest.param(0, "1970-01-01T00:00:00Z", id="the epoch"),
        pytest.param(-1, "1969-12-31T23:59:59Z", id="a second before it"),
        pytest.param(253_402_300_799, "9999-12-31T23:59:59Z", id="the last second"),
        pytest.param(253_402_300_800, "9999-12-31T23:59:59Z", id="one after the last"),
        pytest.param(2**64, "9999-12-31T23:59:59Z", id="more than a machine counts"),
        pytest.param(-(2**64), "0001-01-01T00:00:00Z", id="before all"),
    ],
)
def test_any_second_has_a_time(seconds: int, written: str) -> None:
    assert stamp(seconds) == written
