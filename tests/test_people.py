from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.people import COLUMNS, People, Person, people, problems
from tests.frames import frame

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Bosses = dict[str, str | None]

COMPANY = """
row | person_id | name  | email           | reports_to
----+-----------+-------+-----------------+-----------
2   | anna      | Anna  | anna@co.example | carla
3   | ben       | Ben   | ben@co.example  | carla
4   | carla     | Carla |                 | dora
5   | dora      | Dora  |                 |
6   | emil      | Emil  |                 | dora
"""


def rows(drawing: str) -> pl.DataFrame:
    """Return the rows of a drawn people list; columns that are not drawn are empty."""
    drawn = frame(drawing, pl.Schema({"row": pl.Int64}))
    absent = [pl.lit(None, pl.String).alias(c) for c in COLUMNS if c not in drawn.columns]
    return drawn.with_columns(absent)


def company(bosses: Bosses) -> People:
    """Return the people who report to each other so."""
    return People(
        Person(person, person.title(), None, boss, None, None, None)
        for person, boss in bosses.items()
    )


def ids(persons: list[Person]) -> list[str]:
    """Return who they are."""
    return [person.person_id for person in persons]


def trees() -> SearchStrategy[Bosses]:
    """Return companies in which everyone reports to nobody or to someone listed before."""
    bosses = st.lists(st.integers(-1, 8), min_size=1, max_size=9)
    return bosses.map(
        lambda above: {
            f"p{i}": f"p{boss}" if 0 <= boss < i else None for i, boss in enumerate(above)
        }
    )


def tangles() -> SearchStrategy[Bosses]:
    """Return companies in which everyone reports to nobody or to anyone, circles and all."""
    names = [f"p{number}" for number in range(7)]
    boss = st.none() | st.sampled_from(names)
    return st.lists(boss, min_size=7, max_size=7).map(
        lambda above: dict(zip(names, above, strict=True))
    )


def circles(bosses: Bosses) -> set[frozenset[str]]:
    """Return the circles, found by walking from everyone as many steps as there are people."""
    found = set()
    for person in bosses:
        walk: list[str] = [person]
        for _ in bosses:
            boss = bosses[walk[-1]]
            if boss is None:
                break
            walk.append(boss)
            if boss == person:
                found.add(frozenset(walk))
                break
    return found


def test_managers_are_those_above_the_nearest_first() -> None:
    everyone = people(rows(COMPANY))

    assert ids(everyone.managers("anna")) == ["carla", "dora"]
    assert ids(everyone.managers("emil")) == ["dora"]
    assert ids(everyone.managers("dora")) == []


def test_below_a_person_is_everyone_who_reports_there_at_any_depth_and_the_person() -> None:
    everyone = people(rows(COMPANY))

    assert everyone.below("dora") == {"anna", "ben", "carla", "dora", "emil"}
    assert everyone.below("carla") == {"anna", "ben", "carla"}
    assert everyone.below("anna") == {"anna"}


def test_who_leads_has_someone_below() -> None:
    everyone = people(rows(COMPANY))

    assert [person for person in everyone.by_id if everyone.leads(person)] == ["carla", "dora"]


def test_a_name_is_that_of_the_person_or_the_id_where_nobody_bears_it() -> None:
    everyone = people(rows(COMPANY))

    assert everyone.name("anna") == "Anna"
    assert everyone.name("gone") == "gone"
    assert everyone.name(None) == ""


def test_a_capacity_is_a_number_of_calls_a_month_and_may_be_missing() -> None:
    everyone = people(
        rows(
            """
            row | person_id | name | capacity
            2   | anna      | Anna | 40
            3   | ben       | Ben  | 12.5
            4   | cleo      | Cleo |
            """
        )
    )

    assert [person.capacity for person in everyone.by_id.values()] == [40.0, 12.5, None]
    assert people(rows(COMPANY)).by_id["anna"].capacity is None


@pytest.mark.parametrize("cell", ["0", "-3", "many", "nan", "inf", "-inf", "1,5", "40 calls"])
def test_a_capacity_that_is_no_number_above_0_is_named(cell: str) -> None:
    listed = rows(f"row | person_id | name | capacity\n7 | anna | Anna | {cell}")

    [problem] = problems(listed, "people.csv")

    assert (problem.what, problem.row, problem.column) == (
        f"{cell!r} is not a number above 0",
        7,
        "capacity",
    )
    assert problem.mend
    assert people(listed).by_id["anna"].capacity is None


def test_a_sound_list_has_no_problems() -> None:
    assert problems(rows(COMPANY), "people.csv") == []


@pytest.mark.parametrize(
    ("drawing", "what", "row", "column"),
    [
        (
            """
            row | person_id | name | reports_to
            2   |           | Anna |
            """,
            "person_id is empty",
            2,
            "person_id",
        ),
        (
            """
            row | person_id | name | reports_to
            7   | anna      |      |
            """,
            "name is empty",
            7,
            "name",
        ),
        (
            """
            row | person_id | name | reports_to
            2   | anna      | Anna |
            3   | ben       | Ben  |
            4   | anna      | Anna |
            """,
            "'anna' stands twice",
            4,
            "person_id",
        ),
        (
            """
            row | person_id | name | reports_to
            2   | anna      | Anna | zoe
            """,
            "reports to 'zoe', who is not in the list",
            2,
            "reports_to",
        ),
        (
            """
            row | person_id | name | reports_to
            2   | anna      | Anna | anna
            """,
            "a circle: anna reports to anna",
            2,
            "reports_to",
        ),
        (
            """
            row | person_id | name | reports_to
            2   | dora      | Dora | anna
            3   | anna      | Anna | ben
            4   | ben       | Ben  | anna
            """,
            "a circle: anna reports to ben reports to anna",
            3,
            "reports_to",
        ),
        (
            """
            row | person_id | name | reports_to
            2   | dora      | Dora | ben
            3   | anna      | Anna | ben
            4   | ben       | Ben  | anna
            """,
            "a circle: anna reports to ben reports to anna",
            3,
            "reports_to",
        ),
    ],
)
def test_a_mistake_in_the_list_is_named_once_with_its_row_and_column(
    drawing: str, what: str, row: int, column: str
) -> None:
    [problem] = problems(rows(drawing), "people.csv")

    assert (problem.what, problem.file, problem.row, problem.column) == (
        what,
        "people.csv",
        row,
        column,
    )
    assert problem.mend


def test_ids_that_differ_in_case_or_zeros_are_different_people() -> None:
    listed = rows(
        """
        row | person_id | name
        2   | 007       | James
        3   | 7         | Seven
        4   | Anna      | Anna
        5   | anna      | Another
        """
    )

    assert problems(listed, "people.csv") == []
    assert set(people(listed).by_id) == {"007", "7", "Anna", "anna"}


@settings(deadline=None)
@given(bosses=trees())
def test_who_is_below_has_that_person_above_and_nobody_else_does(bosses: Bosses) -> None:
    everyone = company(bosses)

    for person in bosses:
        under = {other for other in bosses if person in ids(everyone.managers(other))}
        assert everyone.below(person) == under | {person}
        assert everyone.leads(person) == bool(under)


@settings(deadline=None)
@given(bosses=trees())
def test_nobody_is_above_and_below_the_same_person(bosses: Bosses) -> None:
    everyone = company(bosses)

    for person in bosses:
        assert not set(ids(everyone.managers(person))) & everyone.below(person)


@settings(deadline=None)
@given(bosses=tangles())
def test_every_circle_is_found_once_and_nothing_else(bosses: Bosses) -> None:
    listed = pl.DataFrame(
        [
            (row, person, person, None, boss, None, None, None, None)
            for row, (person, boss) in enumerate(bosses.items(), start=2)
        ],
        schema={"row": pl.Int64, **COLUMNS},
        orient="row",
    )

    found = problems(listed, "people.csv")

    said = [
        frozenset(problem.what.removeprefix("a circle: ").split(" reports to "))
        for problem in found
    ]
    assert len(said) == len(set(said))
    assert set(said) == circles(bosses)


@settings(deadline=None)
@given(bosses=tangles())
def test_even_in_circles_every_walk_ends(bosses: Bosses) -> None:
    everyone = company(bosses)

    for person in bosses:
        assert len(everyone.managers(person)) <= len(bosses)
        assert person in everyone.below(person)
