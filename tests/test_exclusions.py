from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.exclusions import Rules, counts, do_not_contact, judged, marks, removals
from loopback.grid import grid
from loopback.leave_out import COLUMNS as LEFT_OUT
from loopback.mail.address import ADDRESS
from loopback.workspace import Workspace
from tests.frames import frame

if TYPE_CHECKING:
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

    from loopback.errors import Problem

TODAY = date(2026, 11, 22)
RULES = Rules(TODAY, settle_days=30, rest_days=90, one_row_a_person=True)
CUSTOMER = pl.Schema({"opted_out": pl.Boolean, "joined": pl.Date})
BOUNCED = pl.DataFrame(schema={"customer_id": pl.String, "email": pl.String})
RESTING = "2026-10"  # whoever was asked in this month still rests


def listed(drawing: str) -> pl.DataFrame:
    """Return drawn customers; a column that is not drawn is empty, and nobody opted out."""
    drawn = frame(drawing, CUSTOMER)
    usual = {
        "email": pl.format("{}@a.example", pl.col("customer_id")),
        "opted_out": pl.lit(value=False),
        "joined": pl.lit(None, pl.Date),
        "owner": pl.lit("anna"),
        "asked": pl.lit(None, pl.String),
    }
    return drawn.with_columns(
        value.alias(name) for name, value in usual.items() if name not in drawn.columns
    )


def never(*listed: str) -> pl.Series:
    """Return what do-not-contact lists hold."""
    return pl.Series("never", listed, dtype=pl.String)


def left(drawing: str = "customer_id | until") -> pl.DataFrame:
    """Return the customers whom an owner asked to leave out."""
    return frame(drawing, LEFT_OUT)


def why(
    customers: pl.DataFrame,
    *,
    bounced: pl.DataFrame = BOUNCED,
    never: pl.Series = never(),  # noqa: B008 - a list that nobody changes
    left_out: pl.DataFrame = left(),  # noqa: B008 - a list that nobody changes
    rules: Rules = RULES,
) -> dict[str, str | None]:
    """Return why each customer may not be asked, in the order of the rows."""
    looked_at = customers.with_columns(
        marks(bounced=bounced, never=never, left_out=left_out, today=rules.today)
    )
    resting = customers.filter(pl.col("asked") == RESTING)["customer_id"]
    found = judged(looked_at, resting=resting, rules=rules)
    assert found.select(customers.columns).equals(customers)
    return dict(found.select("customer_id", "why").iter_rows())


# Each reason


def test_who_opted_out_is_not_asked() -> None:
    customers = listed(
        """
        customer_id | opted_out
        C-1         | yes
        C-2         | no
        """
    )

    assert why(customers) == {"C-1": "opted out", "C-2": None}


def test_who_is_on_a_do_not_contact_list_is_not_asked_by_id_or_by_address() -> None:
    customers = listed(
        """
        customer_id | email
        C-1         | ann@a.example
        c-1         | bob@a.example
        C-3         | Cid@A.example
        C-4         | dan@a.example
        """
    )

    assert why(customers, never=never("C-1", "cid@a.example", "C-999")) == {
        "C-1": "on a do-not-contact list",
        "c-1": None,
        "C-3": "on a do-not-contact list",
        "C-4": None,
    }


def test_whom_an_owner_asked_to_leave_out_is_not_asked_up_to_and_on_the_last_day() -> None:
    customers = listed(
        """
        customer_id
        C-1
        C-2
        C-3
        C-4
        """
    )
    left_out = left(
        """
        customer_id | until
        C-1         |
        C-2         | 2026-11-22
        C-3         | 2026-11-21
        """
    )

    assert why(customers, left_out=left_out) == {
        "C-1": "left out at the owner's wish",
        "C-2": "left out at the owner's wish",
        "C-3": None,
        "C-4": None,
    }


def test_who_has_no_address_is_not_asked() -> None:
    customers = listed(
        """
        customer_id | email
        C-1         |
        C-2         | bob@a.example
        """
    )

    assert why(customers) == {"C-1": "no e-mail address", "C-2": None}


@pytest.mark.parametrize(
    "email", ["unknown", "a@b@c", "ann at a.example", "a..b@c", "=?x@a.example"]
)
def test_what_is_no_address_is_not_written_to(email: str) -> None:
    customers = listed("customer_id\nC-1").with_columns(email=pl.lit(email))

    assert why(customers) == {"C-1": "not an e-mail address"}


def test_an_address_that_bounced_is_not_written_to_again_but_a_newer_one_is() -> None:
    customers = listed(
        """
        customer_id | email
        C-1         | ann@a.example
        C-2         | bob@new.example
        C-3         | BOB@a.example
        """
    )
    bounced = frame(
        """
        customer_id | email
        C-1         | Ann@a.example
        C-2         | bob@a.example
        C-9         |
        """
    )

    assert why(customers, bounced=bounced) == {
        "C-1": "the address bounced",
        "C-2": None,
        "C-3": "the address bounced",
    }


def test_who_joined_a_short_while_ago_is_left_to_settle() -> None:
    customers = listed(
        """
        customer_id | joined     | asked
        C-1         | 2026-10-24 |
        C-2         | 2026-10-23 |
        C-3         | 2026-12-01 |
        C-4         |            |
        C-5         | 2026-11-20 | 2026-05
        """
    )

    assert why(customers) == {
        "C-1": "joined less than 30 days ago",
        "C-2": None,
        "C-3": "joined less than 30 days ago",
        "C-4": None,
        "C-5": None,
    }
    assert set(why(customers, rules=RULES._replace(settle_days=0)).values()) == {None}


def test_who_was_asked_a_short_while_ago_rests() -> None:
    customers = listed(
        """
        customer_id | asked
        C-1         | 2026-10
        C-2         | 2026-08
        C-3         |
        """
    )

    assert why(customers) == {"C-1": "asked less than 90 days ago", "C-2": None, "C-3": None}


def test_a_single_day_is_a_day() -> None:
    customers = listed("customer_id | joined\nC-1 | 2026-11-22")

    assert why(customers, rules=RULES._replace(settle_days=1)) == {
        "C-1": "joined less than 1 day ago"
    }


def test_a_person_behind_several_rows_is_asked_through_the_smallest_id() -> None:
    customers = listed(
        """
        customer_id | email
        C-3         | ann@a.example
        C-1         | ANN@a.example
        C-2         | ann@A.example
        C-4         | bob@a.example
        """
    )

    assert why(customers) == {
        "C-3": "same person as another customer",
        "C-1": None,
        "C-2": "same person as another customer",
        "C-4": None,
    }
    assert set(why(customers, rules=RULES._replace(one_row_a_person=False)).values()) == {None}


def test_a_person_who_was_asked_is_asked_again_through_the_same_row() -> None:
    customers = listed(
        """
        customer_id | email         | asked
        C-1         | ann@a.example |
        C-2         | ann@a.example | 2026-05
        C-3         | ann@a.example | 2025-11
        """
    )

    assert why(customers) == {
        "C-1": "same person as another customer",
        "C-2": None,
        "C-3": "same person as another customer",
    }


def test_while_the_row_that_stands_for_a_person_rests_no_other_is_asked() -> None:
    customers = listed(
        """
        customer_id | email         | asked
        C-1         | ann@a.example |
        C-2         | ann@a.example | 2026-10
        C-3         | ann@a.example | 2026-05
        C-4         | ann@a.example | 2026-10
        """
    )

    assert why(customers) == {
        "C-1": "same person as another customer",
        "C-2": "asked less than 90 days ago",
        "C-3": "same person as another customer",
        "C-4": "asked less than 90 days ago",
    }


def test_a_row_that_may_not_be_asked_does_not_stand_for_the_person() -> None:
    customers = listed(
        """
        customer_id | email         | opted_out | joined     | asked
        C-1         | ann@a.example | no        | 2026-11-20 |
        C-2         | ann@a.example | no        |            | 2026-05
        C-3         | ann@a.example | no        |            |
        """
    )

    assert why(customers, never=never("C-2")) == {
        "C-1": "joined less than 30 days ago",
        "C-2": "on a do-not-contact list",
        "C-3": None,
    }


def test_who_opted_out_through_one_row_is_not_asked_through_another() -> None:
    customers = listed(
        """
        customer_id | email         | opted_out
        C-1         | ida@a.example | no
        C-2         | IDA@a.example | yes
        C-3         | bob@a.example | no
        """
    )

    assert why(customers) == {"C-1": "opted out", "C-2": "opted out", "C-3": None}
    each_row_by_itself = why(customers, rules=RULES._replace(one_row_a_person=False))
    assert each_row_by_itself == {"C-1": None, "C-2": "opted out", "C-3": None}


def test_customers_without_an_address_are_different_people() -> None:
    customers = listed("customer_id | email\nC-1 |\nC-2 |")

    assert set(why(customers).values()) == {"no e-mail address"}


def test_addresses_that_only_share_a_mark_are_told_apart() -> None:
    customers = listed(
        """
        customer_id | opted_out | email
        C-1         | yes       | ann@a.example
        C-2         | no        | bob@a.example
        C-3         | no        | cid@a.example
        C-4         | no        | ANN@a.example
        C-5         | no        | Cid@a.example
        """
    )
    alike = customers.with_columns(
        mark=pl.lit(7, pl.UInt64), lasting=pl.when("opted_out").then(pl.lit(0, pl.UInt8))
    )

    found = judged(alike, resting=never(), rules=RULES)

    assert dict(found.select("customer_id", "why").iter_rows()) == {
        "C-1": "opted out",
        "C-2": None,
        "C-3": None,
        "C-4": "opted out",
        "C-5": "same person as another customer",
    }


# Their order


def test_of_several_reasons_the_first_is_given() -> None:
    """Each customer has one reason fewer than the one before; the last has none."""
    customers = listed(
        """
        customer_id | opted_out | email          | joined     | asked
        C-1         | yes       |                | 2026-11-20 |
        C-2         | no        |                | 2026-11-20 |
        C-3         | no        |                | 2026-11-20 |
        C-4         | no        |                | 2026-11-20 |
        C-5         | no        | nobody         | 2026-11-20 |
        C-6         | no        | gone@a.example | 2026-11-20 |
        C-7         | no        | ann@a.example  | 2026-11-20 |
        C-8         | no        | ann@a.example  | 2020-01-01 | 2026-10
        C-9         | no        | bob@a.example  | 2020-01-01 | 2025-11
        C-8b        | no        | bob@a.example  | 2020-01-01 | 2026-05
        """
    )

    found = why(
        customers,
        bounced=frame("customer_id | email\nC-6 | gone@a.example\nC-5 | nobody"),
        never=never("C-1", "C-2"),
        left_out=left("customer_id | until\nC-1 |\nC-2 |\nC-3 |"),
    )

    assert list(found.values()) == [
        "opted out",
        "on a do-not-contact list",
        "left out at the owner's wish",
        "no e-mail address",
        "not an e-mail address",
        "the address bounced",
        "joined less than 30 days ago",
        "asked less than 90 days ago",
        "same person as another customer",
        None,
    ]


def test_reasons_are_counted_in_their_order() -> None:
    found = pl.DataFrame(
        {
            "why": [
                "same person as another customer",
                *["asked less than 90 days ago"] * 3,
                None,
                "joined less than 30 days ago",
                "no e-mail address",
                "opted out",
                "opted out",
            ]
        }
    )

    assert list(counts(found).items()) == [
        ("opted out", 2),
        ("no e-mail address", 1),
        ("joined less than 30 days ago", 1),
        ("asked less than 90 days ago", 3),
        ("same person as another customer", 1),
    ]
    assert counts(found.head(0)) == {}


# Properties

PERSON = pl.col("email").str.to_lowercase()
RESTS = "asked less than 90 days ago"
EMAILS = (None, "ann@a.example", "Ann@A.example", "bob@a.example", "BOB@a.example", "nobody")


def lists() -> SearchStrategy[pl.DataFrame]:
    """Return customers of a few persons, many of whom may not be asked."""
    row = st.tuples(
        st.sampled_from(EMAILS),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([None, date(2026, 11, 1), date(2020, 1, 1)]),
        st.sampled_from([None, None, "2025-11", "2026-05", "2026-10"]),
    )
    return st.lists(row, max_size=9).map(
        lambda rows: pl.DataFrame(
            [(f"C-{number}", "anna", *row) for number, row in enumerate(rows)],
            schema={
                "customer_id": pl.String,
                "owner": pl.String,
                "email": pl.String,
                "opted_out": pl.Boolean,
                "joined": pl.Date,
                "asked": pl.String,
            },
            orient="row",
        )
    )


@settings(deadline=None)
@given(customers=lists(), seed=st.integers(0, 9))
def test_the_order_of_the_rows_is_immaterial(customers: pl.DataFrame, seed: int) -> None:
    shuffled = customers.sample(fraction=1, shuffle=True, seed=seed)

    assert why(shuffled, never=never("C-3")) == why(customers, never=never("C-3"))


@settings(deadline=None)
@given(customers=lists())
def test_of_the_rows_that_could_be_asked_exactly_one_a_person_is(customers: pl.DataFrame) -> None:
    rested = customers.with_columns(asked=pl.col("asked").replace(RESTING, "2026-09"))
    alone = why(rested, rules=RULES._replace(one_row_a_person=False))
    persons = dict(rested.select("customer_id", PERSON).iter_rows())

    asked = [customer for customer, found in why(rested).items() if found is None]

    out = set(rested.filter("opted_out")["customer_id"])
    opted_out = {persons[customer] for customer in out}
    could = {persons[customer] for customer, found in alone.items() if found is None} - opted_out
    assert sorted(persons[customer] for customer in asked) == sorted(could)


@settings(deadline=None)
@given(customers=lists())
def test_no_person_is_asked_who_was_asked_a_short_while_ago(customers: pl.DataFrame) -> None:
    """Through whichever row it was, if that row could be asked but for the rest."""
    alone = why(customers, rules=RULES._replace(one_row_a_person=False))
    persons = dict(customers.select("customer_id", PERSON).iter_rows())
    rest = {persons[customer] for customer, found in alone.items() if found == RESTS}

    asked = {persons[customer] for customer, found in why(customers).items() if found is None}

    assert not asked & rest


@settings(deadline=None, max_examples=300)
@given(
    email=st.text(alphabet="aZ9.-_@=?!é \n\u212a", min_size=1, max_size=9)
    | st.from_regex(ADDRESS, fullmatch=True)
)
def test_an_address_is_what_mails_can_be_sent_to(email: str) -> None:
    tidied = pl.lit(email.strip() or None, pl.String)  # as the cells of the list are
    customers = listed("customer_id\nC-1").with_columns(email=tidied)

    [found] = why(customers).values()

    if not email.strip():
        assert found == "no e-mail address"
    else:
        assert (found is None) == bool(ADDRESS.fullmatch(email.strip()))


# The audit


def test_the_unhappy_whom_an_owner_left_out_are_counted_beside_the_book() -> None:
    found = frame(
        """
        customer_id | owner | why
        C-1         | anna  | left out at the owner's wish
        C-2         | anna  | left out at the owner's wish
        C-3         | anna  |
        C-4         | anna  | opted out
        C-5         | ben   | left out at the owner's wish
        C-6         | ben   |
        C-7         | cleo  | opted out
        """
    )
    responses = frame(
        """
        customer_id | month   | score
        C-1         | 2026-03 | 9
        C-1         | 2026-09 | 2
        C-2         | 2026-03 | 0
        C-2         | 2026-09 | 10
        C-4         | 2026-09 | 6
        C-5         | 2026-03 | 0
        C-5         | 2026-09 |
        C-7         | 2026-09 | 0
        C-9         | 2026-09 | 0
                    | 2026-09 | 0
        """,
        pl.Schema({"score": pl.Int64}),
    )

    assert removals(found, responses).to_dicts() == [
        {"owner": "anna", "customers": 4, "detractors": 2, "left_out": 2, "left_out_detractors": 1},
        {"owner": "ben", "customers": 2, "detractors": 1, "left_out": 1, "left_out_detractors": 1},
    ]


def test_of_two_answers_in_a_month_the_less_happy_one_counts() -> None:
    found = frame("customer_id | owner | why\nC-1 | anna | left out at the owner's wish")
    responses = frame(
        """
        customer_id | month   | score
        C-1         | 2026-09 | 9
        C-1         | 2026-09 | 3
        C-1         | 2026-09 | 8
        """,
        pl.Schema({"score": pl.Int64}),
    )

    for rows in (responses, responses.reverse()):
        assert removals(found, rows)["left_out_detractors"].to_list() == [1]


def test_owners_who_left_out_the_most_unhappy_come_first() -> None:
    wish = "left out at the owner's wish"
    found = pl.DataFrame(
        [
            *[(f"A-{number}", "anna", wish) for number in range(3)],
            *[(f"B-{number}", "ben", wish) for number in range(2)],
            ("D-1", "dora", wish),
            ("C-1", "cleo", wish),
        ],
        schema=["customer_id", "owner", "why"],
        orient="row",
    )
    responses = pl.DataFrame(
        {"customer_id": ["B-0", "B-1"], "month": ["2026-09"] * 2, "score": [1, 2]}
    )

    assert removals(found, responses)["owner"].to_list() == ["ben", "anna", "cleo", "dora"]


# Do-not-contact lists


def held(content: str, name: str = "never.csv") -> set[str]:
    return set(do_not_contact(grid(content.encode(), name)))


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ("customer_id\nC-1\n007\n", {"C-1", "007"}),
        ("Email\nAnn@A.example\n", {"Ann@A.example", "ann@a.example"}),
        (
            "name,email,customer_id\nAnn,ann@a.example,C-1\nBob,,C-2\n",
            {"ann@a.example", "C-1", "C-2"},
        ),
        ("name;email;email\nAnn;a@a.example;b@a.example\n", {"a@a.example", "b@a.example"}),
        ("C-1\n C-2 \n\nann@a.example\n", {"C-1", "C-2", "ann@a.example"}),
        ("Customer number\nC-1\n", {"Customer number", "C-1"}),
        ("customer_id\n7.0\n", {"7", "7.0"}),
        ("customer_id\n", set()),
    ],
)
def test_a_do_not_contact_list_holds_ids_addresses_or_both(content: str, ids: set[str]) -> None:
    assert held(content) == ids


def refused(content: str) -> Problem:
    """Return why a do-not-contact list is not taken."""
    with pytest.raises(LoopbackError) as failed:
        held(content)
    [problem] = failed.value.problems
    return problem


def test_a_list_with_columns_of_other_names_is_not_guessed_at() -> None:
    problem = refused("name,number\nAnn,C-1\n")

    assert (problem.what, problem.where) == (
        "no column holds ids or addresses",
        "never.csv, row 1",
    )
    assert "email" in problem.mend


def test_a_row_that_is_too_long_could_hide_a_customer() -> None:
    problem = refused("name,customer_id\nMill, Ltd,C-1\n")

    assert problem.what == "3 cells, which is not as many as the header has"
    assert problem.where == "never.csv, row 2"


def rule(folder: Path, line: str) -> Workspace:
    path = folder / "loopback.toml"
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")
    return Workspace(folder)


def test_the_workspace_reads_all_its_lists_in_any_form(acme: Path) -> None:
    (acme / "never.csv").write_text("C-1\nC-2\n", encoding="utf-8")
    pl.DataFrame({"email": ["Ann@A.example"]}).write_excel(acme / "gone.xlsx")
    pl.DataFrame({"customer_id": [3, 4]}).write_parquet(acme / "old.parquet")

    found = rule(acme, 'do_not_contact = ["never.csv", "gone.xlsx", "old.parquet"]').do_not_contact

    assert set(found) == {"C-1", "C-2", "Ann@A.example", "ann@a.example", "3", "4"}


def test_without_lists_nobody_is_on_one(acme: Path) -> None:
    assert Workspace(acme).do_not_contact.to_list() == []
    assert Workspace(acme).do_not_contact.dtype == pl.String


def test_every_list_that_is_missing_or_wrong_is_named(acme: Path) -> None:
    (acme / "wrong.csv").write_text("name,number\nAnn,C-1\n", encoding="utf-8")
    workspace = rule(acme, 'do_not_contact = ["never.csv", "wrong.csv"]')

    with pytest.raises(LoopbackError) as failed:
        _ = workspace.do_not_contact

    assert [(p.what, p.where) for p in failed.value.problems] == [
        ("there is no file never.csv", "loopback.toml"),
        ("no column holds ids or addresses", "wrong.csv, row 1"),
    ]
