from __future__ import annotations

import polars as pl
import pytest

from loopback.capacity import calls, overloads, response_rate
from loopback.tables import INVITATIONS, RESPONSES
from tests.frames import frame, table

INVITED = """
month   | token
--------+------
2025-10 | a
2025-11 | b
2025-11 | c
2026-09 | d
2026-10 | e
2026-11 | f
2026-12 | g
"""
ASKS = frame(
    """
    owner | month   | asks
    ------+---------+-----
    anna  | 2026-12 | 48
    anna  | 2027-01 | 33
    ben   | 2026-12 | 48
    cleo  | 2026-12 | 100
    """,
    pl.Schema({"asks": pl.Int64}),
)


def rate(upto: str, *answered: str, default: float | None = None) -> float | None:
    drawing = "\n".join(["token | score", *(f"{token} | 9" for token in answered)])
    invitations = table(INVITATIONS, INVITED)
    return response_rate(invitations.lazy(), table(RESPONSES, drawing).lazy(), upto, default)


def test_the_rate_is_the_share_of_invitations_answered_in_the_last_12_months() -> None:
    assert rate("2026-11", "a", "b", "d") == 2 / 4
    assert rate("2026-10", "a", "b", "d") == 3 / 4


def test_months_whose_answers_still_come_in_do_not_count() -> None:
    assert rate("2026-11", "f", "g", "b") == 1 / 4
    assert rate("2026-12", "f") == 1 / 3


def test_an_invitation_answered_twice_is_answered_once_and_an_unmatched_answer_not_at_all() -> None:
    assert rate("2026-11", "b", "b", "", "z") == 1 / 4


@pytest.mark.parametrize("default", [None, 0.25])
def test_where_no_answer_is_known_the_rate_is_the_default(default: float | None) -> None:
    assert rate("2026-11", default=default) == default
    assert rate("2026-11", "a", default=default) == default
    assert rate("2020-01", "a", default=default) == default


def test_an_owner_with_more_calls_than_can_be_made_is_overloaded() -> None:
    found = overloads(ASKS, {"anna": 10.0, "ben": 14.4, "cleo": None, "dora": 1.0}, 0.3)

    assert found.rows() == [("anna", "2026-12", 48, pytest.approx(14.4), 10.0)]


def test_an_owner_with_as_many_calls_as_can_be_made_is_not_overloaded() -> None:
    assert overloads(ASKS, {"anna": 24.0}, 0.5).is_empty()
    assert overloads(ASKS, {"anna": 23.9}, 0.5)["month"].to_list() == ["2026-12"]


def test_every_row_has_its_calls_and_capacity_where_they_are_known() -> None:
    known = calls(ASKS, {"anna": 10.0, "ben": None}, 0.5)

    assert known.columns == ["owner", "month", "asks", "calls", "capacity"]
    assert known["calls"].to_list() == [24, 16.5, 24, 50]
    assert known["capacity"].to_list() == [10, 10, None, None]


def test_without_a_rate_nobody_is_overloaded() -> None:
    assert overloads(ASKS, {"anna": 1.0}, None).is_empty()
    assert calls(ASKS, {}, None)["calls"].null_count() == 4
