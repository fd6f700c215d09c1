"""Owners and managers: who reports to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = pl.Schema(
    {
        "person_id": pl.String,
        "name": pl.String,
        "email": pl.String,
        "reports_to": pl.String,
        "role": pl.String,
        "region": pl.String,
        "language": pl.String,
    }
)
NEEDED = ("person_id", "name")


class Person(NamedTuple):
    """One row of `people.csv`."""

    person_id: str
    name: str
    email: str | None
    reports_to: str | None
    role: str | None
    region: str | None
    language: str | None


class People:
    """Everyone who owns customers or leads those who do."""

    def __init__(self, persons: Iterable[Person]) -> None:
        self.by_id = {person.person_id: person for person in persons}

    def name(self, person_id: str | None) -> str:
        """Return the name of a person, or the id where nobody bears it."""
        person = self.by_id.get(person_id or "")
        return person.name if person else person_id or ""

    def managers(self, person_id: str) -> list[Person]:
        """Return those above a person, the nearest first."""
        above: list[Person] = []
        boss = self.by_id[person_id].reports_to
        while boss in self.by_id and self.by_id[boss] not in above:
            above.append(self.by_id[boss])
            boss = self.by_id[boss].reports_to
        return above

    def below(self, person_id: str) -> set[str]:
        """Return the ids of a person and of everyone who reports to that person, at any depth."""
        found = {person_id}
        fresh = found
        while fresh:
            fresh = {p.person_id for p in self.by_id.values() if p.reports_to in fresh} - found
            found = found | fresh
        return found

    def leads(self, person_id: str) -> bool:
        """Say whether anyone reports to a person."""
        return any(person.reports_to == person_id for person in self.by_id.values())


def people(rows: pl.DataFrame) -> People:
    """Return the people of the rows of `people.csv`; a row without an id names nobody."""
    named = rows.drop_nulls("person_id").select(COLUMNS.names())
    return People(Person(*row) for row in named.iter_rows())


def problems(rows: pl.DataFrame, file: str) -> list[Problem]:
    """Return what is wrong with the rows of `people.csv`."""
    return [*_nameless(rows, file), *_twice(rows, file), *_unled(rows, file), *_circles(rows, file)]


def _nameless(rows: pl.DataFrame, file: str) -> list[Problem]:
    return [
        Problem(f"{column} is empty", "Fill it in.", file, row, column)
        for column in NEEDED
        for row in rows.filter(pl.col(column).is_null())["row"]
    ]


def _twice(rows: pl.DataFrame, file: str) -> list[Problem]:
    again = rows.filter(~pl.col("person_id").is_first_distinct(), pl.col("person_id").is_not_null())
    mend = "Each person stands on one row: remove one, or give it another id."
    return [
        Problem(f"{person_id!r} stands twice", mend, file, row, "person_id")
        for row, person_id in again.select("row", "person_id").iter_rows()
    ]


def _unled(rows: pl.DataFrame, file: str) -> list[Problem]:
    known = rows["person_id"].drop_nulls()
    lost = rows.filter(~pl.col("reports_to").is_in(known.implode()))
    mend = "Write the person_id of the manager, or leave the cell empty."
    return [
        Problem(f"reports to {boss!r}, who is not in the list", mend, file, row, "reports_to")
        for row, boss in lost.select("row", "reports_to").iter_rows()
    ]


def _circles(rows: pl.DataFrame, file: str) -> list[Problem]:
    """Return one problem for each circle of people who report to each other."""
    named = rows.drop_nulls("person_id")
    bosses = dict(named.select("person_id", "reports_to").iter_rows())
    found: dict[frozenset[str], Problem] = {}
    for row, person_id in named.select("row", "person_id").iter_rows():
        path = [person_id]
        while (boss := bosses.get(path[-1])) is not None and boss not in path:
            path.append(boss)
        if boss == person_id:
            circle = " reports to ".join([*path, person_id])
            mend = "Someone must be at the top: empty one reports_to."
            problem = Problem(f"a circle: {circle}", mend, file, row, "reports_to")
            found.setdefault(frozenset(path), problem)
    return list(found.values())
