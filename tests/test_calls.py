from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.calls import calls, held, hidden, mark, shown
from loopback.customers import OPTIONAL
from loopback.tables import FOLLOWUPS, RESPONSES
from tests.frames import frame, table

if TYPE_CHECKING:
    from loopback.calls import Call

NO_CODES = pl.DataFrame(schema={"response_id": pl.String, "reason": pl.String, "term": pl.String})
LABELS = {"speed": "Speed", "people": "People", "price": "Price"}
LISTED = pl.Schema({"value": pl.Float64})
CUSTOMERS = """
customer_id | owner | name        | person    | role  | phone | email              | value | Route
------------+-------+-------------+-----------+-------+-------+--------------------+-------+------
C-1         | anna  | Ahorn Mill  | Ida Ahorn | buyer | +49 1 | mill@ahorn.example | 900   | 7
C-2         | anna  | Birch Tools |           |       |       |                    | 1200  |
C-3         | ben   | Cedar Foods |           |       |       |                    |       |
C-4         | ben   | Dahlia      |           |       |       |                    | 500   |
"""
FRIDAY = datetime(2026, 11, 20, 18, tzinfo=UTC)


def listed(drawing: str = CUSTOMERS, show: tuple[str, ...] = ()) -> pl.DataFrame:
    drawn = frame(drawing, LISTED)
    absent = [pl.lit(None, pl.String).alias(c) for c in OPTIONAL if c not in drawn.columns]
    return shown(drawn.with_columns(absent), show)


def answered(drawing: str) -> pl.DataFrame:
    """Return drawn responses, which came in on a Friday where it is not drawn when."""
    came = pl.col("recorded_at").fill_null(FRIDAY)
    return table(RESPONSES, drawing).with_columns(came)


def made(
    drawing: str,
    codes: pl.DataFrame = NO_CODES,
    earlier: str | None = None,
    followups: str = "response_id",
    **options: Any,  # noqa: ANN401 - what `shown` and `calls` take
) -> list[Call]:
    customers = listed(show=options.get("show", ()))
    responses = held(answered(drawing), customers).with_columns(new=pl.lit(value=False))
    before = answered(earlier) if earlier else responses
    called = table(FOLLOWUPS, followups)
    within = options.get("within", 3)
    return calls(responses, before, customers, codes, LABELS, followups=called, within=within)


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


def test_who_wishes_to_be_called_comes_first_and_promoters_last() -> None:
    found = made(
        """
        response_id | customer_id | score | contact | recorded_at
        R-1         | C-1         | 10    |         | 2026-11-18
        R-2         | C-2         | 8     |         | 2026-11-20
        R-3         | C-3         | 2     |         | 2026-11-20
        R-4         | C-4         | 10    | yes     | 2026-11-20
        R-5         | C-9         | 7     | no      | 2026-11-18
        """
    )

    assert [call.response_id for call in found] == ["R-4", "R-5", "R-3", "R-2", "R-1"]
    assert [call.contact for call in found] == [True, False, False, False, False]


def test_a_customer_is_called_within_some_working_days() -> None:
    found = made(
        """
        response_id | customer_id | score | recorded_at
        R-1         | C-1         | 3     | 2026-11-19
        R-2         | C-2         | 3     | 2026-11-20
        R-3         | C-3         | 3     | 2026-11-22
        """,
        within=2,
    )

    days = {call.response_id: call.call_by for call in found}
    tuesday = date(2026, 11, 24)
    assert days == {"R-1": date(2026, 11, 23), "R-2": tuesday, "R-3": tuesday}


def test_what_was_said_the_time_before_is_shown_with_the_score() -> None:
    [call] = made(
        "response_id | customer_id | month | score\nR-1 | C-1 | 2026-11 | 3",
        earlier="""
        response_id | customer_id | month   | score | comment
        R-8         | C-1         | 2025-11 | 7     | fine
        """,
    )

    assert (call.previous, call.previous_comment, call.previous_month) == (7, "fine", "2025-11")


def test_what_was_said_without_a_name_is_never_shown_beside_it() -> None:
    [call] = made(
        "response_id | customer_id | month | score\nR-1 | C-1 | 2026-11 | 3",
        earlier="""
        response_id | customer_id | month   | score | comment | named
        R-8         | C-1         | 2026-05 | 1     | ouch    | no
        R-7         | C-1         | 2025-11 | 7     | fine    | yes
        """,
    )

    assert (call.previous, call.previous_comment) == (7, "fine")


def test_of_who_is_not_to_be_named_only_the_words_are_there() -> None:
    [call] = made(
        """
        response_id | customer_id | score | comment | segment | contact | named
        R-1         | C-1         | 3     | so late | large   | yes     | no
        """,
        earlier="response_id | customer_id | month | score\nR-8 | C-1 | 2025-11 | 7",
        followups="response_id | customer_id | note\nR-1 | C-1 | spoke to Ida",
        show=("Route",),
    )

    told = {name for name, value in call._asdict().items() if value}
    assert told == {
        *("response_id", "mark", "owner", "score", "category", "comment"),
        *("arrived", "call_by", "unnamed"),
    }


def test_a_call_that_was_tried_is_open_and_one_that_reached_someone_closed() -> None:
    found = made(
        """
        response_id | customer_id | score
        R-1         | C-1         | 3
        R-2         | C-2         | 3
        R-3         | C-3         | 3
        """,
        followups="""
        response_id | customer_id | called_on  | outcome     | note
        R-1         | C-1         | 2026-11-21 | reached     | a broken lift
        R-2         | C-2         | 2026-11-21 | not_reached |
        """,
    )

    closed = {call.response_id: (call.closed, call.called_on, call.note) for call in found}
    saturday = date(2026, 11, 21)
    assert closed == {
        "R-1": (True, saturday, "a broken lift"),
        "R-2": (False, saturday, None),
        "R-3": (False, None, None),
    }


def test_columns_of_the_own_list_are_shown_where_the_settings_name_them() -> None:
    answers = "response_id | customer_id | score\nR-1 | C-1 | 3"

    assert made(answers, show=("Route", "not there"))[0].more == {"Route": "7"}
    assert made(answers)[0].more == {}


def test_the_most_valuable_fifth_are_class_a() -> None:
    drawing = "customer_id | owner | name | value\n" + "\n".join(
        f"C-{n} | anna | Customer | {n or ''}" for n in range(11)
    )

    classes = dict(listed(drawing).select("customer_id", "value_class").iter_rows())

    assert classes == {
        "C-0": None,
        **{f"C-{n}": "C" for n in range(1, 6)},
        **{f"C-{n}": "B" for n in range(6, 9)},
        **{f"C-{n}": "A" for n in (9, 10)},
    }


def test_a_mark_says_nothing_of_the_token_by_which_a_response_goes() -> None:
    [call] = made("response_id | customer_id | score\nT-secret | C-1 | 3")

    assert call.mark == mark("T-secret")
    assert "secret" not in call.mark
    assert mark("T-1") != mark("T-2")


@pytest.mark.parametrize(("others", "gone"), [(3, ["R-9"]), (4, [])])
def test_among_too_few_who_answered_nobody_stands_without_a_name(
    others: int, gone: list[str]
) -> None:
    rows = [f"R-{n} | C-{n} | anna | 5 |" for n in range(others)]
    elsewhere = [f"S-{n} | D-{n} | ben | 5 |" for n in range(9)]
    drawing = "\n".join(
        ["response_id | customer_id | current_owner | score | named", *rows, *elsewhere]
    )

    responses = answered(f"{drawing}\nR-9 | C-9 | anna | 5 | no")

    assert hidden(responses).to_list() == gone


def test_no_responses_give_no_calls() -> None:
    assert made("response_id | customer_id | score") == []


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
