from __future__ import annotations

import polars as pl

from loopback.books import latest, with_book, with_bounds
from loopback.score import scores
from loopback.tables import INVITATIONS, RESPONSES
from tests.frames import frame, table

ANSWERED = table(
    RESPONSES,
    """
    response_id | customer_id | month   | owner | score | responded_at
    ------------+-------------+---------+-------+-------+-------------
    R-1         | C-1         | 2026-10 | anna  | 3     | 2026-10-02
    R-2         | C-1         | 2026-11 | anna  | 10    | 2026-11-02
    R-3         | C-2         | 2026-11 | anna  | 9     | 2026-11-03
    R-4         | C-5         | 2026-11 | ben   | 7     | 2026-11-03
    R-5         |             | 2026-11 |       | 7     | 2026-11-03
    """,
)
LISTED = frame(
    """
    customer_id | owner
    ------------+------
    C-1         | anna
    C-2         | anna
    C-3         | anna
    C-5         | ben
    """
)


def test_only_the_last_answer_of_a_customer_is_of_the_book() -> None:
    assert sorted(latest(ANSWERED, "owner")["response_id"]) == ["R-2", "R-3", "R-4"]


def test_a_book_is_scored_by_its_own_customers() -> None:
    rows = with_book(
        scores(ANSWERED, INVITATIONS.empty(), "owner"), ANSWERED, LISTED, "owner", 0.95
    )
    anna, ben, nobody = (rows.filter(pl.col("owner").eq_missing(o)) for o in ("anna", "ben", None))

    assert anna.select("book", "book_nps").row(0) == (3, 100)
    assert 33 < anna["book_lower"].item() < anna["book_upper"].item() == 100
    assert ben.select("book", "book_nps", "book_lower", "book_upper").row(0) == (1, 0, 0, 0)
    assert nobody.select("book", "book_nps").row(0) == (0, None)


def test_who_answered_and_left_the_list_still_counts_in_the_book() -> None:
    found = scores(ANSWERED, INVITATIONS.empty(), "owner")

    rows = with_book(found, ANSWERED, LISTED.head(1), "owner", 0.95).drop_nulls("owner")

    assert rows.select("book", "book_lower", "book_upper").rows() == [(2, 100, 100), (1, 0, 0)]


def test_silence_could_move_the_score_this_far() -> None:
    found = scores(ANSWERED, INVITATIONS.empty(), "owner").with_columns(customers=pl.lit(4))

    rows = with_bounds(found, ANSWERED, "owner").drop_nulls("owner")

    # anna: two promoters of four; ben: one passive of four
    assert rows.select("owner", "lowest", "highest").rows() == [
        ("anna", 0.0, 100.0),
        ("ben", -75.0, 75.0),
    ]
