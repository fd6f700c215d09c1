from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.exports import keys
from loopback.exports.events import events, fresh
from loopback.exports.identity import unmatched_ids
from loopback.exports.matching import bounces, responses
from loopback.tables import INVITATIONS, RESPONSES, TIME
from tests.frames import frame, table

MONTH = "2026-11"
ANSWERED = pl.Schema(
    {
        "row": pl.Int64,
        "token": pl.String,
        "customer": pl.String,
        "email": pl.String,
        "score": pl.Int64,
        "comment": pl.String,
        "responded_at": TIME,
        "export_id": pl.String,
        "language": pl.String,
        "contact": pl.String,
        "consent": pl.String,
        "ticked": pl.String,
        "named": pl.String,
    }
)
CUSTOMERS = frame(
    """
    customer_id | owner | region | segment | email
    ------------+-------+--------+---------+-------------------
    C-1         | anna  | North  | large   | mill@ahorn.example
    C-2         | anna  | North  | small   | tools@birch.example
    C-3         | ben   | South  | small   | shared@cedar.example
    C-4         | ben   | South  | large   | shared@cedar.example
    007         | ben   | South  |         |
    """
)
INVITED = table(
    INVITATIONS,
    """
    customer_id | month   | token | owner | region | segment | language
    ------------+---------+-------+-------+--------+---------+---------
    C-1         | 2026-05 | t-may | carla | West   | small   | de
    C-1         | 2026-11 | t-nov | anna  | North  | large   | de
    C-2         | 2026-11 | t-two | anna  | North  | small   |
    C-9         | 2026-11 | t-old | dan   | East   | large   | en
    """,
).lazy()


def completed(drawn: pl.DataFrame) -> pl.DataFrame:
    """Return answers of which only some columns are drawn; rows count from 2, as in a file."""
    numbered = drawn if "row" in drawn.columns else drawn.with_row_index("row", offset=2)
    return numbered.select(
        pl.col(name).cast(dtype) if name in numbered.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in ANSWERED.items()
    )


def answered(drawing: str) -> pl.DataFrame:
    return completed(frame(drawing, ANSWERED))


def matched(drawing: str) -> pl.DataFrame:
    return responses(answered(drawing), INVITED, CUSTOMERS, MONTH)


def customers(drawing: str) -> list[str | None]:
    return matched(drawing)["customer_id"].to_list()


def test_a_response_has_the_columns_of_the_table_and_its_row() -> None:
    found = matched("score | token\n9 | t-nov")

    assert found.columns == [*RESPONSES.columns.names(), "row"]
    words = ("month", "owner", "current_owner", "region", "segment", "language")
    kinds = {**RESPONSES.columns, **dict.fromkeys(words, pl.Categorical), "row": pl.Int64}
    assert dict(found.schema) == kinds


def test_the_token_comes_before_the_id_and_the_id_before_the_address() -> None:
    assert customers(
        """
        score | token | customer | email
        9     | t-two | C-1      | mill@ahorn.example
        9     |       | C-1      | tools@birch.example
        9     |       |          | tools@birch.example
        9     | none  | C-1      | tools@birch.example
        9     | none  | none     | tools@birch.example
        9     | none  | none     | none@x.example
        9     |       |          |
        """
    ) == ["C-2", "C-1", "C-2", "C-1", "C-2", None, None]


def test_what_customers_wish_is_read_as_yes_no_or_not_asked() -> None:
    found = matched(
        """
        score | token | contact | consent | named
        9     | t-nov | Yes     | nein    | no
        2     | t-two | perhaps |         | ja
        """
    )

    assert found.select("contact", "consent", "named").rows() == [
        (True, False, False),
        (None, None, True),
    ]


def test_an_answer_that_only_takes_its_name_back_is_a_newer_event() -> None:
    known = matched("score | token | named\n9 | t-nov | yes")
    again = matched("score | token | named\n9 | t-nov | no")

    assert fresh(again, known)["named"].to_list() == [False]
    assert fresh(known, known).is_empty()


@pytest.mark.parametrize(
    ("column", "key", "customer"),
    [
        ("token", "T-TWO", "C-2"),
        ("customer", "c-2", "C-2"),
        ("email", "TOOLS@Birch.Example", "C-2"),
        ("customer", "007", "007"),
        ("customer", "7", None),
        ("customer", "C-22", None),
        ("token", "t-tw", None),
    ],
)
def test_keys_are_compared_whole_and_without_case(
    column: str, key: str, customer: str | None
) -> None:
    assert customers(f"score | {column}\n9 | {key}") == [customer]


@pytest.mark.parametrize("column", ["token", "customer", "email"])
def test_spaces_around_a_key_do_not_count(column: str) -> None:
    key = {"token": "t-two", "customer": "C-2", "email": "tools@birch.example"}[column]
    spaced = answered("score\n9").with_columns(pl.lit(f" \t{key} ").alias(column))

    assert responses(spaced, INVITED, CUSTOMERS, MONTH)["customer_id"].to_list() == ["C-2"]


def test_a_key_that_two_customers_share_identifies_nobody() -> None:
    assert customers("score | email\n9 | shared@cedar.example") == [None]
    assert customers("score | customer | email\n9 | C-3 | shared@cedar.example") == ["C-3"]


@pytest.mark.parametrize(
    ("key", "whose"), [("k-1", "k-1"), ("K-1", "K-1"), (" K-1 ", "K-1"), ("k -1", None)]
)
def test_of_ids_that_differ_by_case_alone_only_the_very_one_is_meant(
    key: str, whose: str | None
) -> None:
    twins = frame(
        "customer_id | owner | region | segment | email\nk-1 | anna | | |\nK-1 | ben | | |"
    )
    found = responses(answered(f"score | customer\n9 | {key}"), INVITED, twins, MONTH)

    assert found["customer_id"].to_list() == [whose]


def test_an_address_in_the_place_of_the_customer_is_an_address() -> None:
    found = customers(
        """
        score | customer             | email
        9     | mill@ahorn.example   |
        9     | Tools@Birch.example  | mill@ahorn.example
        9     | who@nowhere.example  | mill@ahorn.example
        9     | C-2                  | mill@ahorn.example
        9     | shared@cedar.example |
        """
    )

    assert found == ["C-1", "C-2", "C-1", "C-2", None]


@pytest.mark.parametrize(
    ("row", "addressed"), [("C-1 |", False), ("a@b.example |", True), ("C-1 | a@b.example", True)]
)
def test_addresses_are_only_looked_for_where_there_are_some(row: str, *, addressed: bool) -> None:
    assert keys.addressed(answered(f"score | customer | email\n9 | {row}")) is addressed


def test_a_response_bears_what_the_invitation_froze_and_who_holds_the_customer_now() -> None:
    found = matched("score | token\n9 | t-may")

    frozen = found.select(
        "response_id", "month", "token", "owner", "current_owner", "region", "segment", "language"
    )
    assert frozen.rows() == [("t-may", "2026-05", "t-may", "carla", "anna", "West", "small", "de")]


def test_the_language_of_the_answer_comes_before_that_of_the_invitation() -> None:
    assert matched("score | token | language\n9 | t-may | da")["language"].to_list() == ["da"]


@pytest.mark.parametrize("written", ["DE", "de", " De ", "de_AT", "de-informal", ""])
def test_a_language_is_that_of_the_invitation_however_the_tool_writes_it(written: str) -> None:
    found = matched(f"score | token | language\n9 | t-may | {written}")

    assert found["language"].to_list() == ["de"]


def test_the_language_of_who_was_not_asked_is_in_small_letters() -> None:
    found = matched("score | customer | language\n9 | | PT_BR\n9 | | EN")

    assert found["language"].to_list() == ["pt-br", "en"]


def test_a_late_answer_belongs_to_the_invitation_it_answers() -> None:
    found = matched(
        """
        score | token | customer | responded_at
        9     | t-may |          | 2026-12-24
        9     |       | C-1      | 2026-10-31
        9     |       | C-1      | 2026-12-24
        9     |       | C-1      |
        """
    )

    assert found.select("month", "token").rows() == [
        ("2026-05", "t-may"),
        ("2026-05", "t-may"),
        ("2026-11", "t-nov"),
        ("2026-11", "t-nov"),
    ]


def test_an_answer_before_any_invitation_belongs_to_the_month_it_was_given() -> None:
    found = matched("score | customer | responded_at\n9 | C-1 | 2026-03-31")

    assert found.select("month", "token", "owner").rows() == [("2026-03", None, "anna")]


def test_a_customer_never_invited_answers_for_the_owner_of_today() -> None:
    found = matched("score | customer | responded_at\n9 | 007 | 2026-10-02")

    assert found.select("month", "token", "owner", "current_owner", "region").rows() == [
        ("2026-10", None, "ben", "ben", "South")
    ]


def test_a_customer_who_left_the_list_is_known_by_the_token() -> None:
    found = matched("score | token\n9 | t-old")

    assert found.select("customer_id", "owner", "current_owner", "region").rows() == [
        ("C-9", "dan", "dan", "East")
    ]


def test_who_matches_nobody_has_neither_owner_nor_invitation_and_the_month_of_the_answer() -> None:
    found = matched("score | customer | responded_at\n9 | who | 2026-10-02\n8 | who |")

    whose = found.select("customer_id", "owner", "current_owner", "token", "month")
    assert whose.rows() == [
        (None, None, None, None, "2026-10"),
        (None, None, None, None, "2026-11"),
    ]


def test_the_rows_keep_their_numbers_and_their_order() -> None:
    found = matched(
        """
        row | score | customer
        9   | 9     | C-2
        3   | 3     | who
        5   | 5     | C-1
        """
    )

    assert found.select("row", "score").rows() == [(3, 3), (5, 5), (9, 9)]


def test_no_answers_give_no_responses() -> None:
    found = responses(answered("score | token").clear(), INVITED, CUSTOMERS, MONTH)

    assert found.is_empty()
    assert found.columns == [*RESPONSES.columns.names(), "row"]


def test_before_anyone_is_invited_answers_are_matched_by_id() -> None:
    found = responses(
        answered("score | customer\n9 | C-1"), INVITATIONS.empty().lazy(), CUSTOMERS, MONTH
    )

    assert found.select("customer_id", "owner", "month").rows() == [("C-1", "anna", "2026-11")]


ANONYMOUS = """
score | comment | responded_at
9     | good    | 2026-11-20
9     | good    | 2026-11-20
9     | good    | 2026-11-21
3     | late    |
3     | late    |
3     |         |
"""


def test_answers_alike_to_the_letter_are_different_responses() -> None:
    found = matched(ANONYMOUS)

    assert found["response_id"].n_unique() == 6


def test_the_ids_of_responses_do_not_depend_on_the_order_of_rows() -> None:
    drawn = answered(ANONYMOUS)
    turned = drawn.reverse().with_columns(row=drawn["row"])

    ids = [
        set(responses(rows, INVITED, CUSTOMERS, MONTH)["response_id"]) for rows in (drawn, turned)
    ]

    assert ids[0] == ids[1]


def test_the_id_of_the_export_names_a_response_whatever_it_says() -> None:
    first = matched("score | export_id | comment\n9 | R_1 | good")
    edited = matched("score | export_id | comment\n2 | R_1 | bad after all")
    other = matched("score | export_id | comment\n9 | R_2 | good")

    assert first["response_id"].equals(edited["response_id"])
    assert not first["response_id"].equals(other["response_id"])


def test_who_was_not_asked_may_answer_again_and_again() -> None:
    found = matched(
        """
        score | customer | responded_at
        9     | C-3      | 2026-11-20
        2     | C-3      | 2026-11-20
        7     | C-3      | 2026-11-21
        7     | C-3      |
        6     | C-3      |
        6     | C-3      |
        """
    )

    assert found["token"].null_count() == found.height
    ids = found["response_id"].to_list()
    assert ids[0] == ids[1]  # one moment, one answer
    assert len(set(ids)) == 5


def test_an_answer_is_known_by_its_older_id_after_the_customer_is_added_to_the_list() -> None:
    drawn = answered(
        """
        score | customer | export_id | responded_at
        9     | K-7      |           | 2026-11-20
        8     | K-7      | R_1       | 2026-11-20
        """
    )
    added = frame("customer_id | owner | region | segment | email\nK-7 | anna | | |")

    before = responses(drawn, INVITED, CUSTOMERS, MONTH)
    after = responses(drawn, INVITED, pl.concat([CUSTOMERS, added]), MONTH)

    assert before["customer_id"].to_list() == [None, None]
    assert after["customer_id"].to_list() == ["K-7", "K-7"]
    moment = "2026-11-20 00:00:00.000000+00:00"
    assert after["response_id"].to_list() == [f"K-7 {moment}", before["response_id"][1]]
    assert unmatched_ids(drawn, MONTH)["loose"].to_list() == before["response_id"].to_list()


def test_what_is_known_to_the_letter_adds_nothing() -> None:
    found = matched("score | token | comment\n9 | t-nov | good\n3 | t-two | late")

    assert fresh(found, found).is_empty()
    assert fresh(found, found.head(1))["token"].to_list() == ["t-two"]
    assert fresh(found, RESPONSES.empty()).equals(found)


def test_an_answer_that_was_edited_is_a_newer_event_of_the_same_response() -> None:
    known = matched("score | token | comment | responded_at\n9 | t-nov | good | 2026-11-20")
    edited = matched("score | token | comment | responded_at\n2 | t-nov | bad  | 2026-11-21")

    events = fresh(edited, known)

    assert events.select("response_id", "score").rows() == [("t-nov", 2)]


def test_a_response_says_which_run_wrote_the_row_it_corrects() -> None:
    known = pl.concat([matched("score | token\n9 | t-nov"), matched("score | token\n8 | t-nov")])
    answers = matched("score | token\n7 | t-nov\n3 | t-two\n2 | t-two")

    told = events(answers, known.with_columns(run=pl.Series([1, 4])), run=6)

    assert told.select("response_id", "score", "corrects").rows() == [
        ("t-nov", 7, 4),
        ("t-two", 3, None),
        ("t-two", 2, 6),
    ]
    assert told.columns == answers.columns


def test_rows_that_repeat_an_invitation_to_the_letter_are_taken_once() -> None:
    found = matched(
        """
        score | token | customer | comment
        9     | t-two |          | good
        9     |       | C-2      | good
        9     | t-two | C-2      | good
        8     | t-two |          | good
        """
    )

    assert fresh(found, RESPONSES.empty()).select("row", "response_id", "score").rows() == [
        (2, "t-two", 9),
        (5, "t-two", 8),
    ]


KEYS = st.sampled_from(("t-nov", "t-two", "T-TWO ", "C-1", "c-2", "007", "who", "", None))
ROWS = st.lists(
    st.tuples(
        KEYS,
        KEYS,
        st.integers(0, 10),
        st.sampled_from(("good", "late", None)),
        st.sampled_from(("R_1", "R_2", None)),
    ),
    max_size=12,
)
Row = tuple[str | None, str | None, int, str | None, str | None]


def listed(rows: list[Row]) -> pl.DataFrame:
    names = ("token", "customer", "score", "comment", "export_id")
    schema = {name: ANSWERED[name] for name in names}
    return completed(pl.DataFrame(rows, schema=schema, orient="row"))


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_every_answer_is_one_response_and_none_is_lost(rows: list[Row]) -> None:
    found = responses(listed(rows), INVITED, CUSTOMERS, MONTH)

    assert found["row"].to_list() == list(range(2, len(rows) + 2))
    assert found["score"].to_list() == [score for _, _, score, _, _ in rows]
    assert found.select("response_id", "month").null_count().row(0) == (0, 0)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, more=ROWS)
def test_an_export_that_grew_adds_only_what_is_new(rows: list[Row], more: list[Row]) -> None:
    first = responses(listed(rows), INVITED, CUSTOMERS, MONTH)
    grown = responses(listed(rows + more), INVITED, CUSTOMERS, MONTH)

    once = fresh(first, RESPONSES.empty())
    added = fresh(grown, once)

    assert added.filter(pl.col("row") < len(rows) + 2).is_empty()
    assert fresh(grown, pl.concat([once, added])).is_empty()


BOUNCED = pl.Schema(dict.fromkeys(("token", "customer", "email"), pl.String))
MAILED = table(
    INVITATIONS,
    """
    customer_id | month   | token | email
    C-1         | 2026-05 | t-may | old@ahorn.example
    C-1         | 2026-11 | t-nov | mill@ahorn.example
    C-2         | 2026-11 | t-two | tools@birch.example
    """,
).lazy()


def bounced(drawing: str) -> list[tuple[str, ...]]:
    drawn = frame(drawing, BOUNCED).with_row_index("row", offset=2)
    missing = [pl.lit(None, pl.String).alias(c) for c in BOUNCED if c not in drawn.columns]
    found = bounces(drawn.with_columns(missing), MAILED, CUSTOMERS)
    return found.drop("row").sort("customer_id").rows()


def test_a_bounce_names_the_invitation_and_the_address_that_failed() -> None:
    assert bounced("token\nt-two\nt-nov") == [
        ("C-1", "2026-11", "mill@ahorn.example"),
        ("C-2", "2026-11", "tools@birch.example"),
    ]


def test_a_bounce_without_a_token_is_that_of_the_last_invitation() -> None:
    assert bounced("customer\nC-1") == [("C-1", "2026-11", "mill@ahorn.example")]


def test_a_bounce_of_an_old_invitation_does_not_blame_the_address_of_today() -> None:
    assert bounced("token\nt-may") == [("C-1", "2026-05", "old@ahorn.example")]


def test_a_bounce_is_counted_once_however_often_it_stands_in_the_file() -> None:
    assert bounced("token | customer\nt-two |\n | C-2\nt-two | C-2") == [
        ("C-2", "2026-11", "tools@birch.example")
    ]


def test_a_bounce_that_matches_no_invitation_is_passed_over() -> None:
    assert bounced("token | customer\nnone |\n | 007") == []
