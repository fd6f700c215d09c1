from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.calls import by_owner, calls, held
from loopback.tables import RESPONSES
from tests.frames import frame, table

if TYPE_CHECKING:
    from loopback.calls import Call

NO_CODES = pl.DataFrame(schema={"response_id": pl.String, "reason": pl.String, "term": pl.String})
LABELS = {"speed": "Speed", "people": "People", "price": "Price"}
LISTED = pl.Schema({"value": pl.Float64})
CUSTOMERS = frame(
    """
    customer_id | owner | name        | person    | role  | phone | email              | value
    ------------+-------+-------------+-----------+-------+-------+--------------------+------
    C-1         | anna  | Ahorn Mill  | Ida Ahorn | buyer | +49 1 | mill@ahorn.example | 900
    C-2         | anna  | Birch Tools |           |       |       |                    | 1200
    C-3         | ben   | Cedar Foods |           |       |       |                    |
    C-4         | ben   | Dahlia      |           |       |       |                    | 500
    """,
    LISTED,
)


def arrived(drawing: str) -> pl.DataFrame:
    return held(table(RESPONSES, drawing), CUSTOMERS).with_columns(new=pl.lit(value=False))


def made(drawing: str, codes: pl.DataFrame = NO_CODES, earlier: str | None = None) -> list[Call]:
    responses = arrived(drawing)
    before = table(RESPONSES, earlier) if earlier else responses
    return calls(responses, before, CUSTOMERS, codes, LABELS)


def test_the_unhappiest_are_called_first_and_of_equals_the_most_valuable() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-1         | C-1         | 9
        R-2         | C-2         | 9
        R-3         | C-3         | 9
        R-4         | C-4         | 2
        R-5         | C-9         | 9
        """
    )

    assert [call.customer_id for call in found] == ["C-4", "C-2", "C-1", "C-3", "C-9"]


def test_equal_calls_are_in_the_order_of_ids() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-2         | C-1         | 9
        R-1         | C-1         | 9
        """
    )

    assert [call.response_id for call in found] == ["R-1", "R-2"]


def test_a_call_shows_who_answered_what_and_how_to_reach_them() -> None:
    codes = frame(
        """
        response_id | reason | term
        R-1         | people | rude
        R-1         | speed  | late
        R-1         | speed  | slow
        """
    )
    [call] = made(
        """
        response_id | customer_id | month   | owner | score | comment  | responded_at | segment
        R-1         | C-1         | 2026-11 | anna  | 3     | so late  | 2026-11-20   | large
        """,
        codes,
    )

    assert (call.customer_id, call.name, call.owner) == ("C-1", "Ahorn Mill", "anna")
    assert (call.score, call.category, call.comment) == (3, "detractor", "so late")
    assert call.reasons == ["Speed", "People"]
    assert (call.person, call.role, call.phone) == ("Ida Ahorn", "buyer", "+49 1")
    assert (call.email, call.segment, call.value) == ("mill@ahorn.example", "large", 900.0)
    assert f"{call.responded_at:%Y-%m-%d}" == "2026-11-20"


def test_the_category_of_a_call_is_that_of_its_score() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-1         | C-1         | 6
        R-2         | C-2         | 7
        R-3         | C-3         | 9
        """
    )

    assert [call.category for call in found] == ["detractor", "passive", "promoter"]


def test_whoever_holds_the_customer_today_calls() -> None:
    found = made(
        """
        response_id | customer_id | owner | current_owner | score
        R-1         | C-3         | anna  | anna          | 3
        """
    )

    assert [call.owner for call in found] == ["ben"]


def test_a_customer_who_left_the_list_is_called_by_the_last_known_owner_and_by_id() -> None:
    found = made(
        """
        response_id | customer_id | owner | current_owner | score
        R-1         | C-9         | anna  | ben           | 3
        """
    )

    assert [(call.owner, call.name, call.phone) for call in found] == [("ben", "C-9", None)]


def test_a_response_that_matches_nobody_is_nobodys_call() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-1         |             | 0
        R-2         | C-1         | 9
        """
    )

    assert [call.response_id for call in found] == ["R-2"]


def test_the_score_given_the_time_before_is_shown() -> None:
    found = made(
        """
        response_id | customer_id | month   | score
        R-1         | C-1         | 2026-11 | 3
        R-2         | C-2         | 2026-11 | 4
        """,
        earlier="""
        response_id | customer_id | month   | score
        R-1         | C-1         | 2026-11 | 3
        R-8         | C-1         | 2025-11 | 7
        R-7         | C-1         | 2024-11 | 10
        R-9         | C-1         | 2026-12 | 1
        R-2         | C-2         | 2026-11 | 4
        R-6         |             | 2025-11 | 0
        """,
    )

    assert [(call.response_id, call.previous) for call in found] == [("R-1", 7), ("R-2", None)]


def test_calls_go_to_their_owners_in_their_order() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-1         | C-1         | 9
        R-2         | C-3         | 2
        R-3         | C-2         | 5
        """
    )

    books = {owner: [call.customer_id for call in book] for owner, book in by_owner(found).items()}
    assert books == {"ben": ["C-3"], "anna": ["C-2", "C-1"]}


def test_no_responses_give_no_calls() -> None:
    assert made("response_id | customer_id | score") == []
    assert by_owner([]) == {}


ROWS = st.lists(
    st.tuples(st.sampled_from(("C-1", "C-2", "C-3", "C-9", None)), st.integers(0, 10)), max_size=12
)


@settings(max_examples=30, deadline=None)
@given(rows=ROWS)
def test_everyone_who_answered_and_is_known_is_called_exactly_once(
    rows: list[tuple[str | None, int]],
) -> None:
    drawing = "\n".join(f"R-{n} | {c or ''} | {score}" for n, (c, score) in enumerate(rows))

    found = made(f"response_id | customer_id | score\n{drawing}")

    known = [f"R-{n}" for n, (customer_id, _) in enumerate(rows) if customer_id]
    assert sorted(call.response_id for call in found) == sorted(known)
    assert [call.score for call in found] == sorted(call.score for call in found)
    grouped = [call for book in by_owner(found).values() for call in book]
    assert sorted(grouped, key=str) == sorted(found, key=str)
