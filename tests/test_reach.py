from __future__ import annotations

import polars as pl

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
EVER = pl.concat(
    [ANSWERED, ANSWERED.filter(response_id="R-1").with_columns(customer_id=pl.lit("C-4"))]
)


def test_each_customer_counts_once_with_the_value_of_the_last_time() -> None:
    rows = reach(ASKED, ANSWERED, EVER, "owner").rows()

    assert rows == [("anna", 2, 1, 150.2, 100.2, 1), ("ben", 2, 0, 7.0, 0.0, 1)]


def test_the_company_is_reached_as_its_owners_are() -> None:
    assert reach(ASKED, ANSWERED, EVER).rows() == [(4, 1, 157.2, 100.2, 2)]


def test_the_order_of_rows_changes_no_bit() -> None:
    values = pl.DataFrame({"customer_id": [f"C-{n}" for n in range(999)]}).with_columns(
        month=pl.lit("2026-11"), value=pl.Series([0.1 * n + 0.01 for n in range(999)])
    )

    there, back = (reach(rows, ANSWERED, EVER) for rows in (values, values.reverse()))

    assert there.equals(back)


def test_nobody_asked_is_nobody_reached() -> None:
    empty = INVITATIONS.empty(), RESPONSES.empty(), RESPONSES.empty()

    assert reach(*empty, "owner").is_empty()
