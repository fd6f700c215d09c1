from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.calls import held, shown
from loopback.customers import OPTIONAL
from loopback.escalations import DEFAULT, Escalation
from loopback.frame import CodeFrame
from loopback.languages import Languages
from loopback.pages import Pages
from loopback.people import COLUMNS, People, people
from loopback.reasons.codes import codes
from loopback.sheets import Material, Sheet, sheets
from loopback.tables import ACTIONS, FOLLOWUPS, INVITATIONS, RESPONSES
from loopback.workbooks import workbook
from tests.frames import frame, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback.calls import Call

NOWHERE = Path("nowhere")
LANGUAGES = Languages(NOWHERE)
MONTH, TODAY = "2026-11", date(2026, 11, 22)
CAME = datetime(2026, 11, 20, 18, tzinfo=UTC)
ASKED_AT = datetime(2026, 11, 1, 9, tzinfo=UTC)
# A rule that tells managers of everyone, so that what they may see can be looked at.
EVERYONE = Escalation(name="everyone", category=["detractor", "passive", "promoter"])
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
    **more: Any,  # noqa: ANN401 - what `Material` takes besides
) -> Material:
    listed = shown(completed(customers, OPTIONAL), ())
    came = responses.with_columns(pl.col("recorded_at").fill_null(CAME))
    known = held(came, listed)
    arrived = known.with_columns(new=pl.lit(value=False))
    return Material(
        MONTH,
        TODAY,
        everyone,
        listed,
        arrived,
        more.pop("late", arrived.clear()),
        known,
        invitations.with_columns(pl.col("invited_at").fill_null(ASKED_AT)),
        came,
        invitations,
        codes(arrived, FRAME),
        FRAME,
        more.pop("followups", FOLLOWUPS.empty()),
        more.pop("actions", ACTIONS.empty()),
        everywhere=frozenset(everywhere),
        **more,
    )


def drawn(
    asked: str = ASKED,
    answered: str = ANSWERED,
    customers: str = CUSTOMERS,
    everywhere: tuple[str, ...] = (),
    **more: Any,  # noqa: ANN401 - what `Material` takes besides
) -> dict[str, Sheet]:
    made = material(
        staff(PEOPLE),
        frame(customers, LISTED),
        table(INVITATIONS, asked),
        table(RESPONSES, answered),
        everywhere,
        **more,
    )
    return {sheet.person.person_id: sheet for sheet in sheets(made)}


def said(sheet: Sheet) -> set[str]:
    """Return the customers whose answers a sheet holds."""
    return {call.customer_id for call in [*sheet.calls, *told(sheet)] if call.customer_id}


def told(sheet: Sheet) -> list[Call]:
    """Return the calls of others that a manager is told of."""
    return [call for alert in (sheet.rollup.alerts if sheet.rollup else []) for call in alert.calls]


def test_everyone_who_has_a_call_or_someone_below_who_has_gets_a_sheet() -> None:
    assert list(drawn()) == ["anna", "ben", "carla", "dan", "erik"]


def test_an_owner_sees_the_own_customers_and_a_manager_those_of_all_below() -> None:
    found = drawn(rules=(EVERYONE,))

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
    found = drawn(everywhere=("fay", "ben"), rules=(EVERYONE,))

    assert said(found["fay"]) == said(found["ben"]) == {"C-1", "C-3", "C-4"}
    assert [call.customer_id for call in found["ben"].calls] == ["C-3"]
    assert found["fay"].calls == []


def test_a_response_that_matches_nobody_is_in_no_sheet() -> None:
    found = drawn(everywhere=("fay",))

    assert "stranger" not in str(found)
    assert sum(sheet.this_month.responses for sheet in found.values() if not sheet.rollup) == 3
    assert found["erik"].this_month.responses == 3


def test_nobody_gets_a_sheet_before_anyone_answers() -> None:
    assert drawn(answered="response_id | customer_id | score") == {}
    assert drawn(answered="response_id | customer_id | score\nR-1 | | 0") == {}


def test_a_manager_reads_the_owners_in_the_order_of_names_with_their_counts() -> None:
    followups = "response_id | called_on | outcome\nT-3 | 2026-11-21 | reached"
    found = drawn(followups=table(FOLLOWUPS, followups))

    rollup = found["erik"].rollup
    assert rollup
    assert [line[:1] + line[2:] for line in rollup.owners] == [
        ("Anna Berg", 2, 1, 1, 0, 0),
        ("Ben Cole", 1, 1, 1, 1, 0),
        ("Dan Holt", 1, 1, 1, 0, 0),
    ]
    assert (rollup.made, rollup.due) == (1, 3)
    assert found["anna"].rollup is None


def test_calls_that_were_made_stand_apart_and_are_not_called_again() -> None:
    followups = "response_id | called_on | outcome\nT-1 | 2026-11-21 | reached"
    anna = drawn(followups=table(FOLLOWUPS, followups), rules=(EVERYONE,))["anna"]

    assert [call.customer_id for call in anna.made] == ["C-1"]
    assert anna.calls == []


def test_a_call_that_waits_since_a_month_before_stands_with_the_calls() -> None:
    answered = "response_id | customer_id | month | score | comment | recorded_at\n"
    late = table(RESPONSES, answered + "R-1 | C-2 | 2026-10 | 5 | slow | 2026-10-20")
    customers = shown(completed(frame(CUSTOMERS, LISTED), OPTIONAL), ())
    held_late = held(late, customers).with_columns(new=pl.lit(value=False))

    found = drawn(late=held_late, rules=DEFAULT)

    assert [(c.customer_id, c.flags) for c in found["anna"].calls] == [
        ("C-2", ["overdue", "key_detractor"]),
        ("C-1", []),
    ]
    rollup = found["carla"].rollup
    assert rollup
    assert [(a.rule, [c.customer_id for c in a.calls]) for a in rollup.alerts] == [
        ("overdue", ["C-2"])
    ]
    assert [line.late for line in rollup.owners] == [1, 0]
    assert found["anna"].version == drawn(rules=DEFAULT)["anna"].version


def test_open_promises_stand_with_the_call_of_the_customer_or_by_themselves() -> None:
    followups = """
    response_id | customer_id | promise      | promised_for | kept_on
    R-1         | C-1         | mend the gate| 2026-12-01   |
    R-2         | C-2         | a new list   |              |
    R-3         | C-2         | a visit      | 2026-10-01   | 2026-10-02
    R-4         | C-3         | not Anna's   |              |
    """

    anna = drawn(followups=table(FOLLOWUPS, followups))["anna"]

    assert [[one.promise for one in call.promises] for call in anna.calls] == [["mend the gate"]]
    assert [(one.name, one.promise) for one in anna.promises] == [("Birch Tools", "a new list")]


def test_an_owner_reads_what_became_of_what_the_own_customers_raised() -> None:
    actions = ACTIONS.empty().vstack(
        ACTIONS.fitted(
            ACTIONS.empty()
            .clear(2)
            .with_columns(
                action_id=pl.Series(["A-1", "A-2"]),
                what=pl.Series(["a second van", "shorter forms"]),
                decision=pl.Series(["declined", "on"]),
                why=pl.Series(["too dear", None]),
                responses=pl.Series([["T-1", "T-3"], ["T-4", "gone"]]),
            )
        )
    )

    found = drawn(actions=actions)

    told = {person: [(i.what, i.why) for i in sheet.items] for person, sheet in found.items()}
    assert told == {
        "anna": [("a second van", "too dear")],
        "ben": [("a second van", "too dear")],
        "carla": [],
        "dan": [("shorter forms", None)],
        "erik": [],
    }


MONTHS_BEFORE = """
R-5         | C-1         | 2026-10 |       | anna  | 9     | they came on a Sunday
R-6         | C-2         | 2026-09 |       | anna  | 2     | nobody answered my letters
R-7         | C-3         | 2026-10 |       | ben   | 1     | the worst week we ever had
"""


def test_a_happy_and_an_unhappy_story_come_from_the_months_before() -> None:
    found = drawn(answered=ANSWERED.rstrip() + MONTHS_BEFORE)

    happy, unhappy = found["anna"].stories
    assert happy
    assert unhappy
    assert (happy.comment, unhappy.comment) == (
        "they came on a Sunday",
        "nobody answered my letters",
    )
    assert found["ben"].stories.happy is None


def test_managers_hear_the_customers_of_this_month_who_tell_most() -> None:
    rollup = drawn()["erik"].rollup

    assert rollup
    happy, unhappy = rollup.stories
    assert happy
    assert unhappy
    assert (happy.name, unhappy.name) == ("Cedar Foods", "Ahorn Mill")


def test_key_accounts_who_stay_silent_are_told_to_managers() -> None:
    found = drawn(quiet_days=14)

    rollup = found["carla"].rollup
    assert rollup
    assert [(one.name, one.owner) for one in rollup.quiet] == [("Birch Tools", "anna")]
    later = drawn(quiet_days=30)["carla"].rollup
    assert later
    assert later.quiet == []


def test_a_rule_brings_its_calls_to_the_people_it_names_and_nothing_else() -> None:
    rule = Escalation(name="complaint", words={"en": ["rude"]}, to=["fay"])

    found = drawn(rules=(rule,))

    fay = found["fay"]
    assert said(fay) == {"C-1"}
    assert (fay.calls, fay.silent, fay.tally) == ([], [], [])
    assert fay.rollup
    assert (fay.rollup.owners, fay.rollup.quiet) == ([], [])
    assert "fay" not in drawn(rules=(replace_words(rule, "polite"),))


def replace_words(rule: Escalation, word: str) -> Escalation:
    return rule.model_copy(update={"words": {"en": [word]}})


UNNAMED = """
response_id | customer_id | month   | token | owner | score | comment        | named
T-1         | C-1         | 2026-11 | T-1   | anna  | 3     | late and slow  | no
"""
FOUR_MORE = "".join(
    f"R-{n}         | C-2         | 2026-11 |       | anna  | 9     | fine as it is  |\n"
    for n in range(4)
)
THREE_MORE = "".join(FOUR_MORE.splitlines(keepends=True)[:3])


def test_who_is_not_to_be_named_stands_apart_without_a_name_among_five_answers() -> None:
    found = drawn(answered=UNNAMED + FOUR_MORE, rules=(EVERYONE,))

    anna = found["anna"]
    assert [(c.name, c.customer_id, c.comment) for c in anna.unnamed] == [
        (None, None, "late and slow")
    ]
    assert len(anna.calls) == 4
    assert [one.name for one in anna.silent] == ["Ahorn Mill", "Birch Tools"]
    assert "C-1" not in said(found["erik"])
    assert anna.this_month.responses == 5


def test_among_fewer_than_five_who_is_not_to_be_named_is_in_no_sheet_and_no_number() -> None:
    found = drawn(answered=UNNAMED + THREE_MORE, rules=(EVERYONE,))

    assert "late and slow" not in str(found)
    assert found["anna"].this_month.responses == found["erik"].this_month.responses == 3
    assert found["anna"].pool.detractors == 0
    assert [one.name for one in found["anna"].silent] == ["Ahorn Mill", "Birch Tools"]


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
    assert found["carla"].tally[1].words == "late, slow"


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
            rules=(EVERYONE,),
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
    made = datetime(2026, 11, 22, tzinfo=UTC)
    content = workbook(sheet, "Acme", made, LANGUAGES.of(sheet.person.language))
    book = openpyxl.load_workbook(io.BytesIO(content))
    cells = [str(cell.value) for page in book for row in page.iter_rows() for cell in row]
    return [pages.html(sheet), pages.text(sheet), "\n".join(cells)]


def holder(company: Company, number: int) -> str:
    return f"P{company.customers[number].owner}"


@settings(max_examples=15, deadline=None)
@given(company=companies())
def test_nobody_sees_a_customer_of_anyone_who_is_not_below(company: Company) -> None:
    made = company.material
    pages = Pages(NOWHERE, "Acme", 12, made.people, LANGUAGES)

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
    pages = Pages(NOWHERE, "Acme", 12, made.people, LANGUAGES)
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
        if sheet.rollup:
            assert sum(one.invited for one in sheet.rollup.owners) == len(asked)
            assert sheet.rollup.due == sum(holder(company, n) in line for n in calls)


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
