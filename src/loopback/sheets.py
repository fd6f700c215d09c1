"""Sheets: what each owner and manager gets for a month; calls first, numbers last.

An owner sees the customers of the own book, a manager those of everyone below, and nobody else's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import score
from loopback.calls import Call, by_owner, calls
from loopback.reasons.tally import tally

if TYPE_CHECKING:
    from loopback.frame import CodeFrame
    from loopback.people import People, Person

TALLIED = 6
UNHAPPY = 8
VERSION_BYTES = 8


class Silent(NamedTuple):
    """A customer who was invited and has not answered."""

    owner: str
    customer_id: str
    name: str


class Tallied(NamedTuple):
    """How often a reason was given, and the words that say so."""

    label: str
    comments: int
    words: str


class Numbers(NamedTuple):
    """Counts, and the NPS with its interval in points; empty where nobody answered."""

    invited: int = 0
    answered: int = 0
    responses: int = 0
    detractors: int = 0
    passives: int = 0
    promoters: int = 0
    nps: float | None = None
    lower: float | None = None
    upper: float | None = None


class OwnerLine(NamedTuple):
    """One owner in a roll-up: counts only, by name, since so few answers rank nobody."""

    name: str
    numbers: Numbers
    calls: int


@dataclass(frozen=True)
class Sheet:
    """Everything one person gets for one month.

    `calls` and `silent` are those of the own book; `unhappy`, `happy` and `owners` those of
    everyone below, for a manager. `version` names the answers the sheet holds.
    """

    person: Person
    month: str
    copies: list[str]
    calls: list[Call]
    silent: list[Silent]
    leads: bool
    unhappy: list[Call]
    happy: list[Call]
    owners: list[OwnerLine]
    tally: list[Tallied]
    this_month: Numbers
    pool: Numbers
    version: str


@dataclass(frozen=True)
class Material:
    """What the sheets of a month are made from.

    `arrived` are the responses that came in this month, held by today's owners and marked `new`
    where they were not sent yet; `responses` are all current ones, `pooled` and `asked` the
    responses and invitations behind the NPS; `everywhere` names people who see all owners.
    """

    month: str
    people: People
    customers: pl.DataFrame
    arrived: pl.DataFrame
    responses: pl.DataFrame
    invitations: pl.DataFrame
    pooled: pl.DataFrame
    asked: pl.DataFrame
    codes: pl.DataFrame
    frame: CodeFrame
    confidence: float = score.CONFIDENCE
    everywhere: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class _Shares:
    """What everyone's sheet is cut from, by person or by owner."""

    lines: dict[str, set[str]]
    calls: dict[str, list[Call]]
    silent: dict[str, list[Silent]]
    tallies: dict[str, list[Tallied]]
    by_owner: dict[str, Numbers]
    this_month: dict[str, Numbers]
    pool: dict[str, Numbers]


def sheets(material: Material) -> list[Sheet]:
    """Return the sheet of everyone who has a call to make, or someone below who has."""
    shares = _shares(material)
    return [
        _sheet(person, material, shares)
        for person_id, person in material.people.by_id.items()
        if shares.lines[person_id] & set(shares.calls)
    ]


def _shares(material: Material) -> _Shares:
    made = calls(
        material.arrived,
        material.responses,
        material.customers,
        material.codes,
        material.frame.labels,
    )
    lines = _lines(material)
    of_month = pl.col("month") == material.month
    answers, asked = material.responses.filter(of_month), material.invitations.filter(of_month)
    return _Shares(
        lines,
        by_owner(made),
        _silent(material),
        _tallies(material, lines),
        _numbers(answers, asked, {o: {o} for o in material.people.by_id}, material.confidence),
        _numbers(answers, asked, lines, material.confidence),
        _numbers(material.pooled, material.asked, lines, material.confidence),
    )


def _sheet(person: Person, material: Material, shares: _Shares) -> Sheet:
    own = shares.calls.get(person.person_id, [])
    line = shares.lines[person.person_id]
    leads = len(line) > 1
    below = [call for owner in sorted(line) for call in shares.calls.get(owner, [])]
    unhappy = [call for call in below if call.category == "detractor"] if leads else []
    happy = [call for call in below if call.category == "promoter" and call.comment]
    return Sheet(
        person,
        material.month,
        [boss.name for boss in material.people.managers(person.person_id)],
        own,
        shares.silent.get(person.person_id, []),
        leads,
        sorted(unhappy, key=_least_happy)[:UNHAPPY],
        sorted(happy, key=_story)[:1] if leads else [],
        _owner_lines(line, material.people, shares) if leads else [],
        shares.tallies.get(person.person_id, [])[:TALLIED],
        shares.this_month.get(person.person_id, Numbers()),
        shares.pool.get(person.person_id, Numbers()),
        _version(below),
    )


def _least_happy(call: Call) -> tuple[float, int, str]:
    """Order the unhappy for a manager: the most valuable customer first, then the lowest score."""
    return (-(call.value or 0), call.score, call.response_id)


def _story(call: Call) -> tuple[int, str]:
    """Order promoters by how much they tell."""
    return (-len(call.comment or ""), call.response_id)


def _lines(material: Material) -> dict[str, set[str]]:
    """Return whose customers each person may see: the own, and those of everyone below."""
    everyone = set(material.people.by_id)
    return {
        person_id: everyone
        if person_id in material.everywhere
        else material.people.below(person_id)
        for person_id in material.people.by_id
    }


def _silent(material: Material) -> dict[str, list[Silent]]:
    """Return the customers asked this month who have not answered, by the owner of today."""
    asked = material.invitations.filter(pl.col("month") == material.month)
    answered = material.responses.drop_nulls("token").select("token")
    quiet = asked.join(answered, "token", how="anti").select("customer_id")
    rows = quiet.join(material.customers, "customer_id").sort("name", "customer_id")
    found: dict[str, list[Silent]] = {}
    for row in rows.select("owner", "customer_id", "name").iter_rows():
        found.setdefault(row[0], []).append(Silent(*row))
    return found


def _owner_lines(line: set[str], people: People, shares: _Shares) -> list[OwnerLine]:
    owners = line & (set(shares.by_owner) | set(shares.calls))
    lines = [
        OwnerLine(people.name(o), shares.by_owner.get(o, Numbers()), len(shares.calls.get(o, [])))
        for o in owners
    ]
    return sorted(lines)


def _pairs(lines: dict[str, set[str]], column: str) -> pl.DataFrame:
    """Return the lines as a frame: a row for each person and owner below."""
    rows = [(person_id, owner) for person_id, owners in lines.items() for owner in owners]
    return pl.DataFrame(rows, schema={"person_id": pl.String, column: pl.String}, orient="row")


def _numbers(
    responses: pl.DataFrame,
    invitations: pl.DataFrame,
    lines: dict[str, set[str]],
    confidence: float,
) -> dict[str, Numbers]:
    """Return the numbers of each line, from the counts of its owners."""
    counts = score.scores(responses, invitations, "owner").drop("nps", "lower", "upper")
    summed = _pairs(lines, "owner").join(counts, "owner").drop("owner").group_by("person_id").sum()
    rows = score.with_interval(summed, confidence).select("person_id", *Numbers._fields)
    return {row[0]: Numbers(*row[1:]) for row in rows.iter_rows()}


def _tallies(material: Material, lines: dict[str, set[str]]) -> dict[str, list[Tallied]]:
    """Return the reasons given in each line this month, most frequent first."""
    responses = material.arrived.select("response_id", "score", "current_owner").join(
        _pairs(lines, "current_owner"), "current_owner"
    )
    table = tally(responses, material.codes, material.frame, "person_id")
    found: dict[str, list[Tallied]] = {}
    for person_id, *row in table.select("person_id", *Tallied._fields).iter_rows():
        found.setdefault(person_id, []).append(Tallied(*row))
    return found


def _version(calls: list[Call]) -> str:
    """Return a name for the answers a sheet holds: it changes when one is added or edited."""
    content = sorted((c.response_id, c.score, c.comment or "") for c in calls)
    return hashlib.blake2b(repr(content).encode(), digest_size=VERSION_BYTES).hexdigest()
