from __future__ import annotations

import polars as pl
import pytest

from loopback.reach import reach
from loopback.tables import INVITATIONS, RESPONSES
from tests.frames import table

ASKED = table(
    INVITATIONS,
    """
    customer_id | month   | owner | value
    ------------+---------+-------+------
    C-1         | 2026-10 | anna  | 100.1
    C-1         | 2026-11 | anna  | 100.2
    C-2         | 2026-11 | anna  | 50
    C-3         | 2026-11 | ben   |
    C-4         | 2026-11 | ben   | 7
    """,
)
ANSWERED = table(
    RESPONSES,
    """
    response_id | customer_id | month   | owner | score
    ------------+-------------+---------+-------+------
    R-1         | C-1         | 2026-10 | anna  | 9
    R-2         | C-1         | 2026-11 | anna  | 9
    R-3         |             | 2026-11 |       | 3
    """,
)
EARLIER = ANSWERED.filter(response_id="R-1").with_columns(
    customer_id=pl.lit("C-4"), month=pl.lit("2025-10")
)
EVER = pl.concat([ANSWERED, EARLIER])
SPAN = ["2026-10", "2026-11"]


def reached(
    invitations: pl.DataFrame, responses: pl.DataFrame, by: str | None = None, most: int = 99
) -> pl.DataFrame:
    rows = invitations.height + responses.height
    found = reach(invitations.lazy(), responses.lazy(), SPAN, by, rows=rows, most=most)
    assert found.total.equals(reach(invitations.lazy(), responses.lazy(), SPAN).total)
    return found.groups


def test_each_customer_counts_once_with_the_value_of_the_last_time() -> None:
    rows = reached(ASKED, EVER, "owner").rows()

    assert rows == [("anna", 2, 1, 150.2, 100.2, 1), ("ben", 2, 0, 7.0, 0.0, 1)]


def test_the_company_is_reached_as_its_owners_are() -> None:
    assert reached(ASKED, EVER).rows() == [(4, 1, 157.2, 100.2, 2)]


def test_the_order_of_rows_changes_no_bit() -> None:
    values = pl.DataFrame({"customer_id": [f"C-{n}" for n in range(999)]}).with_columns(
        month=pl.lit("2026-11"), value=pl.Series([0.1 * n + 0.01 for n in range(999)])
    )

    there, back = (reached(rows, EVER) for rows in (values, values.reverse()))

    assert there.equals(back)


def test_each_month_is_reached_by_itself() -> None:
    assert reached(ASKED, EVER, "month").rows() == [
        ("2026-10", 1, 1, 100.1, 100.1, 0),
        ("2026-11", 4, 1, 157.2, 100.2, 2),
    ]


@pytest.mark.parametrize("by", [None, "owner"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_looking_at_a_few_customers_at_a_time_changes_nothing(by: str | None, most: int) -> None:
    assert reached(ASKED, EVER, by, most).equals(reached(ASKED, EVER, by))


def test_an_answer_given_under_another_owner_covers_nobody_of_this_one() -> None:
    moved = ANSWERED.with_columns(owner=pl.lit("carla"))

    assert reached(ASKED, moved, "owner")["covered"].to_list() == [0, 0]
    assert reached(ASKED, moved)["covered"].to_list() == [1]


def test_an_answer_of_another_month_does_not_cover_but_was_an_answer() -> None:
    before = EVER.with_columns(month=pl.lit("2025-11"))

    assert reached(ASKED, before).select("covered", "never_answered").rows() == [(0, 2)]


def test_nobody_asked_is_nobody_reached() -> None:
    nobody = INVITATIONS.empty(), RESPONSES.empty()

    assert reached(*nobody, "owner").is_empty()
    assert reached(*nobody).rows() == [(0, 0, 0, 0, 0)]
