from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.exports.values import SCORE, STARTS_AT_ONE, STARTS_AT_ZERO, times

NO_BREAK = "\N{NO-BREAK SPACE}"
EN_DASH = "\N{EN DASH}"


def score(text: str) -> int | None:
    return pl.DataFrame({"score": [text]}).select(SCORE).item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("7", 7),
        ("10", 10),
        (" 9 ", 9),
        (f"9{NO_BREAK}", 9),
        ("9.0", 9),
        ("9.00", 9),
        ("09", 9),
        ("9/10", 9),
        ("10 / 10", 10),
        ("10 - Extremely likely", 10),
        ("0 - Not at all likely", 0),
        ("8 - fine", 8),
    ],
)
def test_these_are_scores(text: str, value: int) -> None:
    assert score(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "11",
        "100",
        "-1",
        "9.5",
        "9,5",
        "9,0",
        "1e1",
        "0x9",
        "9+",
        "9/11",
        "9/5",
        "9 of 10",
        "8-9",
        "8 - 9",
        "8 9",
        "10 - 10 of 10",
        "Extremely likely",
        "nine",
        "IX",
        "NaN",
        "true",
        "007",
        "\N{ARABIC-INDIC DIGIT NINE}",
        "\N{SUPERSCRIPT NINE}",
        "\N{FULLWIDTH DIGIT NINE}",
        "9" + "0" * 400,
        "=9",
        "'9",
        "-",
        " ",
    ],
)
def test_these_are_not_scores(text: str) -> None:
    assert score(text) is None


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="0123456789.,/- +e\t", max_size=6))
def test_whatever_is_read_as_a_score_says_that_number(text: str) -> None:
    value = score(text)

    assert value is None or value == int(re.split(r"\D", text.strip())[0])


@pytest.mark.parametrize(
    "header",
    [
        "1 = not at all, 10 = very",
        "from 1 to 10",
        "von 1 bis 10",
        "fra 1 til 10",
        "scale 1-10",
        f"scale 1{EN_DASH}10",
        "1 - strongly disagree",
    ],
)
def test_a_header_may_say_that_the_scale_starts_at_one(header: str) -> None:
    assert STARTS_AT_ONE.search(header)
    assert not STARTS_AT_ZERO.search(header)


@pytest.mark.parametrize("header", ["from 0 to 10", "0-10", "0 = not at all", "von 0 bis 10"])
def test_a_header_may_say_that_the_scale_starts_at_zero(header: str) -> None:
    assert STARTS_AT_ZERO.search(header)


@pytest.mark.parametrize(
    "header", ["Q1 - How likely?", "How likely?", "1. How likely?", "11 to 10", "10 to 1"]
)
def test_a_number_in_a_header_is_not_yet_a_scale(header: str) -> None:
    assert not STARTS_AT_ONE.search(header)


def read(*texts: str | None, day_first: bool | None = None) -> list[str | None] | None:
    """Return the times of texts as `2026-11-20 09:01:02`, or None where nothing is decided."""
    found = times(pl.Series("text", texts, dtype=pl.String), day_first=day_first)
    return None if found is None else found.dt.strftime("%Y-%m-%d %H:%M:%S").to_list()


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
    ],
)
def test_these_are_times(text: str, time: str) -> None:
    assert read(text) == [time]


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "42075",
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
        "",
        " ",
        None,
    ],
)
def test_these_are_not_times_and_left_empty(text: str | None) -> None:
    assert read(text) == [None]


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
