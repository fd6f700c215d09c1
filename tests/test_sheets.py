from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.calls import held
from loopback.customers import OPTIONAL
from loopback.frame import CodeFrame
from loopback.pages import Pages
from loopback.people import COLUMNS, People, people
from loopback.reasons.codes import codes
from loopback.sheets import Material, Sheet, sheets
from loopback.tables import INVITATIONS, RESPONSES
from loopback.workbooks import workbook
from tests.frames import frame, table

if TYPE_CHECKING:
    from collections.abc import Callable

MONTH = "2026-11"
FRAME = CodeFrame.model_validate(
    tomllib.loads(
        """
        [[reason]]
        id = "speed"
        label = "Speed"
        any = ["late", "slow*"]
        [[reason]]
        id = "people"
        label = "People"
        any = ["staff"]
        """
    )
)
LISTED = pl.Schema({"value": pl.Float64})
PEOPLE = """
person_id | name       | reports_to
----------+------------+-----------
anna      | Anna Berg  | carla
ben       | Ben Cole   | carla
carla     | Carla Dahl | erik
dan       | Dan Holt   | erik
erik      | Erik Moe   |
fay       | Fay Iversen|
"""
CUSTOMERS = """
customer_id | owner | name        | value
------------+-------+-------------+------
C-1         | anna  | Ahorn Mill  | 900
C-2         | anna  | Birch Tools | 1200
C-3         | ben   | Cedar Foods |
C-4         | dan   | Dahlia Inn  | 500
C-5         | erik  | Elm Garage  | 50
"""
ASKED = """
customer_id | month   | token | owner
------------+---------+-------+------
C-1         | 2026-11 | T-1   | anna
C-2         | 2026-11 | T-2   | anna
C-3         | 2026-11 | T-3   | ben
C-4         | 2026-11 | T-4   | dan
C-5         | 2026-10 | T-5   | erik
"""
ANSWERED = """
response_id | customer_id | month   | token | owner | score | comment
------------+-------------+---------+-------+-------+-------+--------------------------
T-1         | C-1         | 2026-11 | T-1   | anna  | 3     | late and slow, rude staff
T-3         | C-3         | 2026-11 | T-3   | ben   | 9     | good staff, never late
T-4         | C-4         | 2026-11 | T-4   | dan   | 6     |
R-9         |             | 2026-11 |       |       | 0     | late, says a stranger
"""
ROWS = ANSWERED.strip().splitlines()


def completed(drawn: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    missing = [pl.lit(None, pl.String).alias(c) for c in columns if c not in drawn.columns]
    return drawn.with_columns(missing)


def staff(drawing: str) -> People:
    return people(completed(frame(drawing), tuple(COLUMNS)))


def material(
    everyone: People,
    customers: pl.DataFrame,
    invitations: pl.DataFrame,
    responses: pl.DataFrame,
    everywhere: tuple[str, ...] = (),
) -> Material:
    arrived = held(responses, customers).with_columns(new=pl.lit(value=False))
    return Material(
        MONTH,
        everyone,
        completed(customers, OPTIONAL),
        arrived,
        responses,
        invitations,
        responses,
        invitations,
        codes(arrived, FRAME),
        FRAME,
        everywhere=frozenset(everywhere),
    )


def drawn(
    asked: str = ASKED,
    answered: str = ANSWERED,
    customers: str = CUSTOMERS,
    everywhere: tuple[str, ...] = (),
) -> dict[str, Sheet]:
    made = material(
        staff(PEOPLE),
        frame(customers, LISTED),
        table(INVITATIONS, asked),
        table(RESPONSES, answered),
        everywhere,
    )
    return {sheet.person.person_id: sheet for sheet in sheets(made)}


def said(sheet: Sheet) -> set[str]:
    """Return the customers whose answers a sheet holds."""
    return {call.customer_id for call in [*sheet.calls, *sheet.unhappy, *sheet.happy]}


def test_everyone_who_has_a_call_or_someone_below_who_has_gets_a_sheet() -> None:
    assert list(drawn()) == ["anna", "ben", "carla", "dan", "erik"]


def test_an_owner_sees_the_own_customers_and_a_manager_those_of_all_below() -> None:
    found = drawn()

    assert {person: said(sheet) for person, sheet in found.items()} == {
        "anna": {"C-1"},
        "ben": {"C-3"},
        "dan": {"C-4"},
        "carla": {"C-1", "C-3"},
        "erik": {"C-1", "C-3", "C-4"},
    }
    assert {person: len(sheet.calls) for person, sheet in found.items()} == {
        "anna": 1,
        "ben": 1,
        "dan": 1,
        "carla": 0,
        "erik": 0,
    }


def test_a_sheet_names_the_managers_who_see_it_the_nearest_first() -> None:
    found = drawn()

    assert found["anna"].copies == ["Carla Dahl", "Erik Moe"]
    assert found["carla"].copies == ["Erik Moe"]
    assert found["erik"].copies == []


def test_people_who_get_copies_of_all_see_all() -> None:
    found = drawn(everywhere=("fay", "ben"))

    assert said(found["fay"]) == said(found["ben"]) == {"C-1", "C-3", "C-4"}
    assert [call.customer_id for call in found["ben"].calls] == ["C-3"]
    assert found["fay"].calls == []


def test_a_response_that_matches_nobody_is_in_no_sheet() -> None:
    found = drawn(everywhere=("fay",))

    assert "stranger" not in str(found)
    assert sum(sheet.this_month.responses for sheet in found.values() if not sheet.leads) == 3
    assert found["erik"].this_month.responses == 3


def test_nobody_gets_a_sheet_before_anyone_answers() -> None:
    assert drawn(answered="response_id | customer_id | score") == {}
    assert drawn(answered="response_id | customer_id | score\nR-1 | | 0") == {}


def test_the_unhappy_are_shown_to_managers_the_most_valuable_first() -> None:
    customers = "customer_id | owner | name | value\n" + "\n".join(
        f"C-{n} | anna | Customer {n} | {n if n != 3 else ''}" for n in range(12)
    )
    answered = "response_id | customer_id | month | owner | score\n" + "\n".join(
        f"R-{n:02} | C-{n} | 2026-11 | anna | {n % 7}" for n in range(12)
    )

    found = drawn(customers=customers, answered=answered)

    assert [call.customer_id for call in found["carla"].unhappy] == [
        f"C-{n}" for n in (11, 10, 9, 8, 7, 6, 5, 4)
    ]
    assert found["anna"].unhappy == []
    assert len(found["anna"].calls) == 12


def test_managers_hear_the_promoter_who_tells_most() -> None:
    answered = """
    response_id | customer_id | month   | owner | score | comment
    R-1         | C-1         | 2026-11 | anna  | 10    | fine
    R-2         | C-2         | 2026-11 | anna  | 9     | they came on a Sunday
    R-3         | C-3         | 2026-11 | ben   | 10    |
    R-4         | C-4         | 2026-11 | dan   | 8     | a passive who tells a long story
    """

    found = drawn(answered=answered)

    assert [call.customer_id for call in found["erik"].happy] == ["C-2"]
    assert found["anna"].happy == []


def test_a_manager_reads_the_owners_in_the_order_of_names_with_their_counts() -> None:
    found = drawn()["erik"]

    lines = [
        (line.name, line.numbers.invited, line.numbers.answered, line.calls)
        for line in found.owners
    ]
    assert lines == [("Anna Berg", 2, 1, 1), ("Ben Cole", 1, 1, 1), ("Dan Holt", 1, 1, 1)]
    assert drawn()["anna"].owners == []


def test_the_numbers_of_a_manager_are_those_of_the_people_below() -> None:
    found = drawn()

    assert found["anna"].this_month[:6] == (2, 1, 1, 1, 0, 0)
    assert found["carla"].this_month[:6] == (3, 2, 2, 1, 0, 1)
    assert found["erik"].this_month[:6] == (4, 3, 3, 2, 0, 1)
    assert found["erik"].pool[:6] == (5, 3, 3, 2, 0, 1)
    assert found["carla"].this_month.nps == 0


def test_an_answer_counts_for_the_owner_at_the_invitation_and_is_called_by_the_owner_of_today() -> (
    None
):
    moved = CUSTOMERS.replace("C-1         | anna ", "C-1         | dan  ")

    found = drawn(customers=moved)

    assert "anna" not in found
    assert said(found["dan"]) == {"C-1", "C-4"}
    assert found["dan"].this_month[:3] == (1, 1, 1)
    assert found["erik"].this_month[:3] == (4, 3, 3)


def test_the_silent_are_those_asked_this_month_who_have_not_answered() -> None:
    found = drawn()

    assert [(one.customer_id, one.name) for one in found["anna"].silent] == [("C-2", "Birch Tools")]
    assert found["ben"].silent == found["carla"].silent == found["erik"].silent == []


def test_reasons_are_tallied_for_the_owner_and_for_everyone_above() -> None:
    found = drawn(everywhere=("fay",))

    tallies = {
        person: [(reason.label, reason.comments) for reason in sheet.tally]
        for person, sheet in found.items()
    }
    assert tallies == {
        "anna": [("People", 1), ("Speed", 1)],
        "ben": [("People", 1), ("Speed", 1)],
        "carla": [("People", 2), ("Speed", 2)],
        "dan": [],
        "erik": [("People", 2), ("Speed", 2)],
        "fay": [("People", 2), ("Speed", 2)],
    }
    assert found["carla"].tally[1].words == "late, slow*"


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("| 3     |", "| 4     |", {"anna", "carla", "erik"}),
        ("rude staff", "rude staff!", {"anna", "carla", "erik"}),
        ("| 6     |", "| 5     |", {"dan", "erik"}),
        ("| 0     | late", "| 1     | on time", set()),
        (
            "R-9         |             | 2026-11 |       |     ",
            "R-9         | C-3         | 2026-11 |       |     ",
            {"ben", "carla", "erik"},
        ),
    ],
)
def test_the_version_changes_for_those_who_may_see_an_answer_that_was_added_or_edited(
    before: str, after: str, changed: set[str]
) -> None:
    assert before in ANSWERED
    first, second = drawn(), drawn(answered=ANSWERED.replace(before, after))

    assert {
        person for person in first if first[person].version != second[person].version
    } == changed


@pytest.mark.parametrize(
    "again",
    [
        partial(drawn, asked=ASKED + "C-5         | 2026-11 | T-6   | erik\n"),
        partial(drawn, customers=CUSTOMERS.replace("Ahorn Mill ", "Ahorn Mills")),
        partial(drawn, everywhere=("fay",)),
        partial(drawn, answered="\n".join([*ROWS[:2], *reversed(ROWS[2:])])),
    ],
)
def test_the_version_stays_while_the_answers_stay(again: Callable[[], dict[str, Sheet]]) -> None:
    first, second = drawn(), again()

    assert all(second[person].version == sheet.version for person, sheet in first.items())


class Customer(NamedTuple):
    owner: int
    asked_by: int
    state: str
    score: int


@dataclass(frozen=True)
class Company:
    """A company made up at random: who reports to whom, whose customers said what."""

    bosses: list[int | None]
    customers: list[Customer]
    everywhere: int | None
    strangers: int = field(default=1)

    @property
    def everyone(self) -> People:
        rows = [
            (f"P{n}", f"Person {n}", None if boss is None else f"P{boss}")
            for n, boss in enumerate(self.bosses)
        ]
        names = ["person_id", "name", "reports_to"]
        drawn = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
        return people(completed(drawn, tuple(COLUMNS)))

    @property
    def material(self) -> Material:
        known = [(mark(n), f"P{c.owner}", f"Name{n:03}Y") for n, c in enumerate(self.customers)]
        names = dict.fromkeys(("customer_id", "owner", "name"), pl.String)
        customers = pl.DataFrame(known, schema=names, orient="row")
        seen = () if self.everywhere is None else (f"P{self.everywhere % len(self.bosses)}",)
        return material(
            self.everyone,
            customers.with_columns(value=pl.lit(None, pl.Float64)),
            table(INVITATIONS, "customer_id | month | token | owner\n" + self._asked()),
            table(RESPONSES, RESPONSE + self._answered() + self._unknown()),
            seen,
        )

    def _asked(self) -> str:
        return "\n".join(
            f"{mark(n)} | {MONTH} | T-{n} | P{c.asked_by}" for n, c in enumerate(self.customers)
        )

    def _answered(self) -> str:
        return "".join(
            f"T-{n} | {mark(n)} | {MONTH} | T-{n} | P{c.asked_by} | {c.score} | late {words(n)}\n"
            for n, c in enumerate(self.customers)
            if c.state == "answered"
        )

    def _unknown(self) -> str:
        rows = range(900, 900 + self.strangers)
        return "".join(f"R-{n} | | {MONTH} | | | 0 | slow {words(n)}\n" for n in rows)


RESPONSE = "response_id | customer_id | month | token | owner | score | comment\n"


def mark(number: int) -> str:
    return f"K{number:03}X"


def words(number: int) -> str:
    return f"Words{number:03}Z"


@st.composite
def companies(draw: st.DrawFn) -> Company:
    size = draw(st.integers(1, 6))
    bosses = [draw(st.none() | st.integers(0, n - 1)) if n else None for n in range(size)]
    person = st.integers(0, size - 1)
    customer = st.builds(
        Customer, person, person, st.sampled_from(("answered", "silent")), st.integers(0, 10)
    )
    customers = draw(st.lists(customer, max_size=10))
    return Company(bosses, customers, draw(st.none() | person))


def rendered(sheet: Sheet, pages: Pages) -> list[str]:
    """Return a sheet in each of its forms, as the text that can be read in it."""
    content = workbook(sheet, "Acme", datetime(2026, 11, 22, tzinfo=UTC))
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row]
    return [pages.html(sheet), pages.text(sheet), "\n".join(cells)]


def holder(company: Company, number: int) -> str:
    return f"P{company.customers[number].owner}"


@settings(max_examples=15, deadline=None)
@given(company=companies())
def test_nobody_sees_a_customer_of_anyone_who_is_not_below(company: Company) -> None:
    made = company.material
    pages = Pages(Path("nowhere"), "Acme", 12, made.people)

    for sheet in sheets(made):
        person_id = sheet.person.person_id
        below = made.people.below(person_id)
        sees_all = person_id in made.everywhere
        hidden = [
            n
            for n in range(len(company.customers))
            if holder(company, n) not in below and not sees_all
        ]
        secrets = [s for n in hidden for s in (mark(n), f"Name{n:03}Y", words(n))] + [words(900)]
        for form in rendered(sheet, pages):
            assert [secret for secret in secrets if secret in form] == []


@settings(max_examples=10, deadline=None)
@given(company=companies())
def test_every_answer_is_on_the_sheet_of_the_one_who_calls_in_all_its_forms(
    company: Company,
) -> None:
    made = company.material
    pages = Pages(Path("nowhere"), "Acme", 12, made.people)
    forms = {sheet.person.person_id: rendered(sheet, pages) for sheet in sheets(made)}

    for number, customer in enumerate(company.customers):
        if customer.state == "answered":
            for form in forms[holder(company, number)]:
                assert f"Name{number:03}Y" in form
                assert words(number) in form


@settings(max_examples=20, deadline=None)
@given(company=companies())
def test_the_numbers_add_up_along_every_line(company: Company) -> None:
    made = company.material

    for sheet in sheets(made):
        person_id = sheet.person.person_id
        line = (
            set(made.people.by_id) if person_id in made.everywhere else made.people.below(person_id)
        )
        asked = [c for c in company.customers if f"P{c.asked_by}" in line]
        calls = [n for n, c in enumerate(company.customers) if c.state == "answered"]
        assert sheet.this_month.invited == len(asked)
        assert sheet.this_month.responses == sum(c.state == "answered" for c in asked)
        assert sum(sheet.this_month[3:6]) == sheet.this_month.responses
        if sheet.leads:
            assert sum(one.numbers.invited for one in sheet.owners) == len(asked)
            assert sum(one.calls for one in sheet.owners) == sum(
                holder(company, n) in line for n in calls
            )


@settings(max_examples=20, deadline=None)
@given(company=companies(), number=st.integers(0, 9), score=st.integers(0, 10))
def test_the_version_of_a_sheet_changes_if_and_only_if_an_answer_in_it_does(
    company: Company, number: int, score: int
) -> None:
    if number >= len(company.customers):
        return
    old = company.customers[number]
    customers = list(company.customers)
    customers[number] = old._replace(state="answered", score=score)
    again = replace(company, customers=customers, strangers=2)

    before = {sheet.person.person_id: sheet.version for sheet in sheets(company.material)}
    made = again.material
    after = {sheet.person.person_id: sheet.version for sheet in sheets(made)}

    edited = old != customers[number]
    for person_id, version in after.items():
        sees = person_id in made.everywhere or holder(again, number) in made.people.below(person_id)
        assert (before.get(person_id) != version) == (edited and sees)
