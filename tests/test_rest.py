from __future__ import annotations

from datetime import date
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.customers import TIMES_A_YEAR
from loopback.rest import contradictions
from loopback.settings import Asks

MONTH = "2026-11"


def said(*asks: int, months: int = 0, days: int = 0, month: str = MONTH) -> list[tuple[str, str]]:
    """Return what is wrong with a rest, and what to do."""
    found = contradictions(asks, months, days, month)
    assert {problem.file for problem in found} <= {"loopback.toml"}
    return [(problem.what, problem.mend) for problem in found]


def test_a_quarterly_plan_and_a_strict_rule_of_90_days_contradict_each_other_in_february() -> None:
    [(what, mend)] = said(4, days=90)

    assert what == (
        "asking 4 times a year leaves 89 days from 2027-02 to 2027-05, "
        "fewer than the 90 of rest_days (and so in 2029-02, 2030-02)"
    )
    assert mend == "Write rest_days = 89 in [rotation], or ask 3 times a year."
    assert said(4, days=89) == []


def test_in_a_leap_year_february_is_long_enough() -> None:
    [(what, _)] = said(12, days=29, month="2028-01")

    assert "28 days from 2029-02 to 2029-03" in what


def test_a_rest_of_more_months_than_lie_between_two_asks_contradicts_them() -> None:
    assert said(4, months=3) == []
    assert said(4, months=4) == [
        (
            "asking 4 times a year leaves 3 months, fewer than the 4 of rest_months",
            "Write rest_months = 3 in [rotation], or ask 3 times a year.",
        )
    ]
    assert said(12, months=12) == [
        (
            "asking 12 times a year leaves 1 month, fewer than the 12 of rest_months",
            "Write rest_months = 1 in [rotation], or ask once a year.",
        )
    ]


def test_each_way_of_asking_is_held_against_the_rest_once() -> None:
    whats = [what for what, _ in said(12, 1, 4, 12, 2, months=6)]

    assert [what.partition(" leaves ")[0] for what in whats] == [
        "asking 4 times a year",
        "asking 12 times a year",
    ]


def test_to_ask_less_often_is_only_proposed_where_it_leaves_the_whole_rest() -> None:
    assert [mend for _, mend in said(12, months=2, days=100)] == [
        "Write rest_months = 1 in [rotation], or ask 3 times a year.",
        "Write rest_days = 28 in [rotation], or ask 3 times a year.",
    ]
    assert [mend for _, mend in said(1, days=366)] == ["Write rest_days = 365 in [rotation]."]


def test_of_many_months_in_which_it_bites_the_first_are_named_and_the_rest_counted() -> None:
    [(what, _)] = said(1, days=366)

    assert what == (
        "asking once a year leaves 365 days from 2026-11 to 2027-11, fewer than the 366 of "
        "rest_days (and so in 2026-12, 2027-01, 2027-02, 2028-03, 2028-04, 2028-05 "
        "and 29 more)"
    )


@pytest.mark.parametrize("month", ["0000-01", "9999-12"])
def test_the_calendar_has_no_end(month: str) -> None:
    assert len(said(4, days=90, month=month)) == 1


def test_how_often_customers_can_be_asked_is_the_same_in_the_list_and_in_the_settings() -> None:
    assert get_args(Asks) == TIMES_A_YEAR


@settings(deadline=None)
@given(
    times=st.sampled_from(TIMES_A_YEAR),
    days=st.integers(0, 366),
    start=st.dates(date(1900, 1, 1), date(2200, 1, 1)),
)
def test_a_rest_in_days_contradicts_where_some_month_of_four_years_leaves_fewer(
    times: int, days: int, start: date
) -> None:
    between = 12 // times
    firsts = [
        date(start.year + (start.month - 1 + step) // 12, (start.month - 1 + step) % 12 + 1, 1)
        for step in range(48 + between)
    ]
    left = [(firsts[i + between] - firsts[i]).days for i in range(48)]

    found = said(times, days=days, month=f"{start:%Y-%m}")

    assert bool(found) == (min(left) < days)
    for what, mend in found:
        first = next(i for i in range(48) if left[i] < days)
        until = firsts[first + between]
        assert f" {left[first]} days from {firsts[first]:%Y-%m} to {until:%Y-%m}," in what
        assert f"rest_days = {min(left)} " in mend
        assert said(times, days=min(left), month=f"{start:%Y-%m}") == []
