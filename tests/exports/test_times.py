from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.exports.times import is_day_first, times


def read(*texts: str | None, day_first: bool | None = None) -> list[str | None] | None:
    """Return the times of texts as `2026-11-20 09:01:02`, or None where nothing is decided."""
    written = pl.Series("text", texts, dtype=pl.String)
    decided = is_day_first(written) if day_first is None else day_first
    if decided is None:
        return None
    return times(written, day_first=decided).dt.strftime("%Y-%m-%d %H:%M:%S").to_list()


NINE = "2026-11-20 09:01:02"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-11-20 09:01:02", NINE),
        ("2026-11-20T09:01:02", NINE),
        ("2026-11-20T09:01:02Z", NINE),
        ("2026-11-20 9:01:02", NINE),
        (" 2026-11-20 09:01:02 ", NINE),
        ("2026-11-20 09:01:02.345", NINE),
        ("2026-11-20T09:01:02.345678Z", NINE),
        ("2026-11-20T10:01:02+01:00", NINE),
        ("2026-11-20T10:01:02+0100", NINE),
        ("2026-11-20 03:31:02-05:30", NINE),
        ("2026-11-21T00:01:02+15:00", NINE),
        ("2026-11-20 09:01", "2026-11-20 09:01:00"),
        ("2026-11-20T09:01", "2026-11-20 09:01:00"),
        ("2026-11-20T09:01Z", "2026-11-20 09:01:00"),
        ("2026-11-20", "2026-11-20 00:00:00"),
        ("11/20/2026 09:01:02", NINE),
        ("11/20/2026 09:01:02 AM", NINE),
        ("11/20/2026 9:01:02 AM", NINE),
        ("11/20/2026 09:01:02 PM", "2026-11-20 21:01:02"),
        ("11/20/2026 12:01:02 AM", "2026-11-20 00:01:02"),
        ("11/20/2026 12:01:02 PM", "2026-11-20 12:01:02"),
        ("11/20/2026 9:01 PM", "2026-11-20 21:01:00"),
        ("11/20/2026 09:01", "2026-11-20 09:01:00"),
        ("11/20/2026", "2026-11-20 00:00:00"),
        ("20/11/2026 09:01:02", NINE),
        ("20.11.2026 09:01:02", NINE),
        ("20.11.2026 09:01", "2026-11-20 09:01:00"),
        ("20.11.2026", "2026-11-20 00:00:00"),
        ("3.4.2026", "2026-04-03 00:00:00"),
        ("03.04.2026 09:01", "2026-04-03 09:01:00"),
        ("01.11.2026, 09:00", "2026-11-01 09:00:00"),
        ("2026/11/01 9:00:00 AM GMT+1", "2026-11-01 08:00:00"),
        ("2026/11/01 9:00:00 AM MEZ", "2026-11-01 08:00:00"),
        ("2026/07/01 9:00:00 PM MESZ", "2026-07-01 19:00:00"),
        ("2026-11-20 09:01:02 UTC", NINE),
        ("2026-11-20 03:31:02 UTC-05:30", NINE),
        ("2026-11-20 04:01:02 EST", NINE),
        ("2026-11-20 10:01:02 Europe/Berlin", NINE),
        ("2026-07-20 11:01:02 (Europe/Berlin)", "2026-07-20 09:01:02"),
        ("2026-11-20 9:01:02 a.m.", NINE),
        ("42075", "2015-03-12 00:00:00"),
        ("42075.5", "2015-03-12 12:00:00"),
        ("1795165262", NINE),
        ("1795165262000", NINE),
        ("'2026-11-20 09:01:02", NINE),
    ],
)
def test_these_are_times(text: str, time: str) -> None:
    assert read(text) == [time]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2026-13-01",
        "2026-02-30",
        "2026-11-20 25:00:00",
        "20.13.2026",
        "11/20/26",
        "20/11/26 09:01",
        "1/2/26 09:01",
        "1/2/26",
        "1.2.26",
        "11/20/2026 13:01:02 PM",
        "2026-11-20 09:01:02 IST",
        "2026-11-20 09:01:02 Europe/Nowhere",
        "12345",
        "20261120",
        "",
        " ",
        None,
    ],
)
def test_these_are_not_times_and_left_empty(text: str | None) -> None:
    assert read(text) == [None]


def test_a_time_without_a_zone_is_one_of_the_zone_that_is_known() -> None:
    texts = pl.Series(["2026-07-20 09:00:00", "2026-11-20 09:00:00", "2026-11-20", None])

    found = times(texts, day_first=True, zone="America/New_York")

    assert found is not None
    assert found.dt.strftime("%d %H:%M").to_list() == ["20 13:00", "20 14:00", "20 00:00", None]


def test_an_hour_that_the_clocks_leave_out_is_no_time() -> None:
    texts = pl.Series(["2026-03-29 02:30:00", "2026-10-25 02:30:00"])

    found = times(texts, day_first=True, zone="Europe/Berlin")

    assert found is not None
    assert found.dt.strftime("%H:%M").to_list() == [None, "00:30"]


def test_a_zone_after_a_day_written_with_slashes_is_not_dropped() -> None:
    assert read("20/11/2026 10:01:02+01:00") in ([NINE], [None])


def test_one_date_that_can_be_read_one_way_only_decides_for_the_file() -> None:
    assert read("3/4/2026", "20/4/2026") == ["2026-04-03 00:00:00", "2026-04-20 00:00:00"]
    assert read("3/4/2026", "4/20/2026") == ["2026-03-04 00:00:00", "2026-04-20 00:00:00"]


@pytest.mark.parametrize(
    "texts", [("3/4/2026",), ("12/12/2026",), (" 3/4/2026",), ("3/4/2026", None)]
)
def test_dates_that_can_be_read_both_ways_decide_nothing(texts: tuple[str | None, ...]) -> None:
    assert read(*texts) is None


def test_dates_that_contradict_each_other_decide_nothing() -> None:
    assert read("20/4/2026", "4/20/2026") is None


def test_the_user_decides_what_the_file_leaves_open() -> None:
    assert read("3/4/2026", day_first=True) == ["2026-04-03 00:00:00"]
    assert read("3/4/2026", day_first=False) == ["2026-03-04 00:00:00"]


def test_the_user_decides_for_dates_with_dots_too() -> None:
    assert read("3.4.2026", day_first=False) == ["2026-03-04 00:00:00"]


def test_a_date_that_contradicts_the_user_is_left_empty() -> None:
    assert read("4/20/2026", "3/4/2026", day_first=True) == [None, "2026-04-03 00:00:00"]


def test_a_text_that_is_no_time_does_not_disturb_the_others() -> None:
    assert read("soon", NINE, None) == [None, NINE, None]


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - the strategy wants none; UTC comes after
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@pytest.mark.parametrize(
    "pattern",
    [
        "%Y-%m-%dT%H:%M:%S%z",
        "%Y-%m-%d %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%d/%m/%Y %H:%M:%S",
        "%d/%m/%Y %I:%M:%S %p",
    ],
)
@settings(max_examples=40, deadline=None)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=5))
def test_a_time_that_is_written_is_read_again(pattern: str, moments: list[datetime]) -> None:
    texts = pl.Series("text", [moment.strftime(pattern) for moment in moments], dtype=pl.String)

    found = times(texts, day_first=True)

    assert found is not None
    assert found.to_list() == moments
