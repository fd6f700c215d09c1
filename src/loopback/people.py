"""Owners and managers: who reports to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

# As the file has them; `people` makes a number of the capacity.
COLUMNS = pl.Schema(
    {
        "person_id": pl.String,
        "name": pl.String,
        "email": pl.String,
        "reports_to": pl.String,
        "role": pl.String,
        "region": pl.String,
        "language": pl.String,
        "capacity": pl.String,
    }
)
NEEDED = ("person_id", "name")
IDS = ("person_id", "reports_to")

_READ = pl.col("capacity").str.strip_chars().cast(pl.Float64, strict=False)
_CAPACITY = pl.when(_READ.is_finite() & (_READ > 0)).then(_READ)


class Person(NamedTuple):
    """One row of `people.csv`."""

    person_id: str
    name: str
    email: str | None
    reports_to: str | None
    role: str | None
    region: str | None
    language: str | None
    capacity: float | None = None  # calls a month


class People:
    """Everyone who owns customers or leads those who do."""

    def __init__(self, persons: Iterable[Person]) -> None:
        self.by_id = {person.person_id: person for person in persons}
        self._reports: dict[str | None, list[str]] = {}
        for person in self.by_id.values():
            self._reports.setdefault(person.reports_to, []).append(person.person_id)

    def name(self, person_id: str | None) -> str:
        """Return the name of a person, or the id where nobody bears it."""
        person = self.by_id.get(person_id or "")
        return person.name if person else person_id or ""

    def managers(self, person_id: str) -> list[Person]:
        """Return those above a person, the nearest first."""
        above: dict[str, Person] = {}
        boss = self.by_id.get(self.by_id[person_id].reports_to or "")
        while boss and boss.person_id not in above:
            above[boss.person_id] = boss
            boss = self.by_id.get(boss.reports_to or "")
        return list(above.values())

    def below(self, person_id: str) -> set[str]:
        """Return the ids of a person and of everyone who reports to that person, at any depth."""
        found = {person_id}
        fresh = [person_id]
        while fresh:
            reports = [other for boss in fresh for other in self._reports.get(boss, [])]
            fresh = [other for other in reports if other not in found]
            found.update(fresh)
        return found

    def reports(self, person_id: str) -> list[str]:
        """Return the ids of those who report to a person straight."""
        return self._reports.get(person_id, [])

    def tops(self) -> list[str]:
        """Return the ids of those who report to nobody in the list."""
        return [one for boss, ids in self._reports.items() if boss not in self.by_id for one in ids]

    def leads(self, person_id: str) -> bool:
        """Say whether anyone reports to a person."""
        return person_id in self._reports


def people(rows: pl.DataFrame) -> People:
    """Return the people of the rows of `people.csv`; a row without an id names nobody.

    A capacity that `problems` complains of is empty here.
    """
    named = rows.drop_nulls("person_id").select(COLUMNS.names()).with_columns(capacity=_CAPACITY)
    return People(Person(*row) for row in named.iter_rows())


def problems(rows: pl.DataFrame, file: str) -> list[Problem]:
    """Return what is wrong with the rows of `people.csv`."""
    return [
        *_nameless(rows, file),
        *_twice(rows, file),
        *_unled(rows, file),
        *_circles(rows, file),
        *_uncounted(rows, file),
    ]


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
    named = rows.drop_nulls(["person_id", "reports_to"])
    bosses = dict(named.select("person_id", "reports_to").iter_rows())
    first: dict[str, int] = dict(named.select("person_id", "row").reverse().iter_rows())
    seen: set[str] = set()
    circles = [circle for person_id in bosses if (circle := _circle(person_id, bosses, seen))]
    mend = "Someone must be at the top: empty one reports_to."
    told = []
    for circle in circles:
        turn = circle.index(min(circle, key=first.__getitem__))
        walk = " reports to ".join([*circle[turn:], *circle[: turn + 1]])
        told.append(Problem(f"a circle: {walk}", mend, file, first[circle[turn]], "reports_to"))
    return sorted(told, key=lambda problem: problem.row or 0)


def _circle(person_id: str, bosses: dict[str, str | None], seen: set[str]) -> list[str]:
    """Walk up from a person, adding to `seen`, until where someone went; return a new circle."""
    walk: list[str] = []
    at: str | None = person_id
    while at in bosses and at not in seen:
        seen.add(at)
        walk.append(at)
        at = bosses[at]
    return walk[walk.index(at) :] if at in walk else []


def _uncounted(rows: pl.DataFrame, file: str) -> list[Problem]:
    wrong = rows.filter(pl.col("capacity").is_not_null(), _CAPACITY.is_null())
    mend = "Write the calls a month, such as 40, or leave the cell empty."
    return [
        Problem(f"{capacity!r} is not a number above 0", mend, file, row, "capacity")
        for row, capacity in wrong.select("row", "capacity").iter_rows()
    ]
