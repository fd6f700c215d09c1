from __future__ import annotations

import pytest

from loopback.score import scores
from loopback.tables import INVITATIONS, RESPONSES
from loopback.worth import with_accounts, with_value
from tests.frames import frame, table

ASKED = table(
    INVITATIONS,
    """
    customer_id | month   | region | value
    ------------+---------+--------+------
    C-1         | 2026-11 | North  | 900
    C-2         | 2026-11 | North  | 100
    C-3         | 2026-11 | South  |
    """,
)
ANSWERED = table(
    RESPONSES,
    """
    response_id | customer_id | month   | region | score
    ------------+-------------+---------+--------+------
    R-1         | C-1         | 2026-11 | North  | 2
    R-2         | C-2         | 2026-11 | North  | 10
    R-3         | C-3         | 2026-11 | South  | 10
    """,
)
ACCOUNTS = frame(
    """
    customer_id | account
    ------------+--------
    C-1         | Ahorn
    C-2         | Ahorn
    C-3         |
    """
)
FOUND = scores(ANSWERED, ASKED, "region")


def test_answers_count_by_the_value_of_the_customer() -> None:
    rows = with_value(FOUND, ANSWERED, ASKED, "region", 0.95)

    assert rows.select("region", "nps", "value_nps").rows() == [
        ("North", 0, -80),
        ("South", 100, None),
    ]
    assert rows["value_worth"][0] == pytest.approx(1.2195, abs=1e-4)


def test_people_of_one_account_count_once_together() -> None:
    rows = with_accounts(FOUND, ANSWERED, ACCOUNTS, "region", 0.95)

    assert rows.select("region", "account_nps", "accounts").rows() == [
        ("North", 0, 1),
        ("South", None, None),
    ]
