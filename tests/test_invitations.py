from __future__ import annotations

import re
from datetime import UTC, datetime

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.invitations import FROZEN, invitations, tokens
from loopback.tables import INVITATIONS
from tests.frames import frame

KEY = b"a secret of the workspace"
MORNING = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
IDS = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30, unique=True)
MONTHS = ("2026-11", "2026-12", "2027-11")
CUSTOMERS = pl.Schema({name: INVITATIONS.columns[name] for name in FROZEN} | {"phone": pl.String})
COHORT = """
    customer_id | owner | region | segment | value | language | email            | phone
    C-2         | ben   |        |         |       |          | eve@elm.example  | +44 5
    007         | anna  | North  | large   | 90000 | de       | ida@ahorn.example| +49 1
    """


def test_an_invitation_freezes_what_is_known_of_the_customer_on_the_day() -> None:
    invited = invitations(frame(COHORT, CUSTOMERS), "2026-11", KEY, MORNING)

    assert invited.drop("token").rows() == [
        *[("007", "2026-11", "anna", "North", "large", 90000.0, "de", "ida@ahorn.example", MORNING)],
        *[("C-2", "2026-11", "ben", None, None, None, None, "eve@elm.example", MORNING)],
    ]
    assert invited["token"].to_list() == tokens(["007", "C-2"], "2026-11", KEY).to_list()


def test_invitations_have_the_columns_of_their_table() -> None:
    for cohort in (frame(COHORT, CUSTOMERS), pl.DataFrame(schema=CUSTOMERS)):
        invited = invitations(cohort, "2026-11", KEY, MORNING)

        assert invited.schema == INVITATIONS.columns
        assert invited.height == cohort.height


def test_the_order_of_the_cohort_is_immaterial() -> None:
    cohort = frame(COHORT, CUSTOMERS)

    one, other = (invitations(c, "2026-11", KEY, MORNING) for c in (cohort, cohort.reverse()))

    assert one.equals(other)


@settings(max_examples=50, deadline=None)
@given(ids=IDS)
def test_tokens_differ_by_customer_and_month_and_key(ids: list[str]) -> None:
    found = [
        token for month in MONTHS for key in (KEY, KEY[1:]) for token in tokens(ids, month, key)
    ]

    assert len(set(found)) == len(ids) * len(MONTHS) * 2
    assert all(re.fullmatch("[0-9a-f]{32}", token) for token in found)


@settings(max_examples=50, deadline=None)
@given(ids=IDS)
def test_the_same_key_gives_a_customer_the_same_token_in_any_company(ids: list[str]) -> None:
    together = tokens(ids, "2026-11", KEY).to_list()

    assert together == [tokens([customer_id], "2026-11", KEY).item() for customer_id in ids]


def test_a_token_is_the_same_for_ever() -> None:
    assert tokens(["C-1", "Ærø-7"], "2026-11", KEY).to_list() == [
        "",
        "",
    ]


def test_a_token_does_not_contain_the_id() -> None:
    ids = [f"{number:04}" for number in range(2_000)] + ["c0ffee", "C-1", "anna@example.com"]
    shown = [c for c, token in zip(ids, tokens(ids, "2026-11", KEY), strict=True) if c in token]

    assert len(shown) <= 2  # four given digits stand somewhere in one of 2,000 tokens by chance
    assert tokens(["C-1"], "2026-11", KEY).item()[:8] != tokens(["C-2"], "2026-11", KEY).item()[:8]


def test_month_and_id_cannot_be_cut_in_another_place() -> None:
    parts = [("2026-1", "1C-1"), ("2026-11", "C-1"), ("2026-11C", "-1")]

    assert len({tokens([customer_id], month, KEY).item() for month, customer_id in parts}) == 3
