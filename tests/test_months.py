from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import months
from loopback.clock import clock_of
from loopback.errors import WrongUsageError

MONTH = st.dates(date(1900, 1, 1), date(2200, 12, 31)).map(months.month_of)
STEP = st.integers(-600, 600)


@pytest.mark.parametrize(
    ("month", "step", "found"),
    [
        ("2026-11", 0, "2026-11"),
        ("2026-11", 1, "2026-12"),
        ("2026-11", 2, "2027-01"),
        ("2026-01", -1, "2025-12"),
        ("2026-11", 12, "2027-11"),
        ("2026-11", -23, "2024-12"),
        ("1999-12", 1, "2000-01"),
    ],
)
def test_months_are_added_over_the_ends_of_years(month: str, step: int, found: str) -> None:
    assert months.later(month, step) == found


def test_a_span_ends_with_its_month_and_begins_with_the_oldest() -> None:
    assert months.ending("2026-02", 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert months.ending("2026-02", 1) == ["2026-02"]


def test_a_day_lies_in_its_month() -> None:
    assert months.month_of(date(2026, 11, 30)) == "2026-11"
    assert clock_of(date(2026, 1, 1)).month == "2026-01"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-1",
        "2026-00",
        "2026-13",
        "26-11",
        "2026-11-22",
        "2026/11",
        " 2026-11",
        "2026-11\n",
        "November",
        "٢٠٢٦-11",
        "\uff12\uff10\uff12\uff16-11",
    ],
)
def test_what_is_no_month_is_wrong_usage_and_says_how_one_is_written(text: str) -> None:
    with pytest.raises(WrongUsageError, match="is not a month") as refused:
        months.number(text)

    assert "2026-11" in refused.value.problems[0].mend


@settings(deadline=None)
@given(month=MONTH)
def test_a_number_names_the_month_it_counts(month: str) -> None:
    assert months.named(months.number(month)) == month


@settings(deadline=None)
@given(month=MONTH, there=STEP, back=STEP)
def test_steps_add_up(month: str, there: int, back: int) -> None:
    assert months.later(months.later(month, there), back) == months.later(month, there + back)


@settings(deadline=None)
@given(first=MONTH, second=MONTH)
def test_months_are_in_the_order_of_their_text(first: str, second: str) -> None:
    assert (first < second) == (months.number(first) < months.number(second))


@settings(deadline=None)
@given(listed=st.lists(MONTH, max_size=5))
def test_a_column_of_months_is_counted_and_named_like_each_alone(listed: list[str]) -> None:
    column = pl.DataFrame({"month": listed}, schema={"month": pl.String})

    counted = column.select(number=months.numbers("month"))

    assert counted["number"].to_list() == [months.number(month) for month in listed]
    assert counted.select(months.texts(pl.col("number")))["number"].to_list() == listed


def test_an_empty_cell_has_no_number() -> None:
    column = pl.DataFrame({"month": ["2026-11", None]})

    assert column.select(number=months.numbers("month"))["number"].to_list() == [24322, None]
