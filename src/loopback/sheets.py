"""Sheets: what each owner and manager gets for a month; calls first, numbers last.

An owner sees the customers of the own book, a manager those of everyone below, and nobody else's.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from loopback import rollups, score
from loopback.actions import Item, items
from loopback.alerts import flagged, worded
from loopback.calls import UNNAMED, Call, calls, hidden
from loopback.figures import Lines, Numbers, Tallied, numbers, tallies
from loopback.followups import Promise, promises
from loopback.reasons.kinds import telling
from loopback.rollups import RollUp, Silent
from loopback.stories import Pair, Story, pair, stories

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date
    from typing import TypeVar

    from loopback.escalations import Escalation
    from loopback.frame import CodeFrame
    from loopback.people import People, Person

    Owned = TypeVar("Owned", Call, Silent, Promise, Item, Story)

TALLIED = 6
VERSION_BYTES = 8


@dataclass(frozen=True)
class Sheet:
    """Everything one person gets for one month.

    `calls` are those still to be made of the own book, `made` those that were, `unnamed` what
    customers said who are not to be named; then what else the own book holds. `rollup` is there
    for whoever has someone below, or gets the calls of a rule. `version` names the answers that
    the sheet holds.
    """

    person: Person
    month: str
    today: date
    copies: list[str]
    calls: list[Call]
    made: list[Call]
    unnamed: list[Call]
    promises: list[Promise]
    silent: list[Silent]
    items: list[Item]
    stories: Pair
    tally: list[Tallied]
    rollup: RollUp | None
    this_month: Numbers
    pool: Numbers
    version: str


@dataclass(frozen=True)
class Material:
    """What the sheets of a month are made from.

    `arrived` are the responses that came in this month, marked `new` where they were not sent yet,
    `late` those of the months before whose customers still wait for a call; `responses` are all
    current ones. All three are held by today's owners (`calls.held`). `customers` bear what is
    shown of them (`calls.shown`). `pooled` and `asked` are the responses and invitations behind
    the NPS; `everywhere` names people who see all owners.
    """

    month: str
    today: date
    people: People
    customers: pl.DataFrame
    arrived: pl.DataFrame
    late: pl.DataFrame
    responses: pl.DataFrame
    invitations: pl.DataFrame
    pooled: pl.DataFrame
    asked: pl.DataFrame
    codes: pl.DataFrame
    frame: CodeFrame
    followups: pl.DataFrame
    actions: pl.DataFrame
    rules: Sequence[Escalation] = ()
    within: int = 3
    quiet_days: int = 14
    confidence: float = score.CONFIDENCE
    everywhere: frozenset[str] = field(default=frozenset())


@dataclass(frozen=True)
class _Shares:
    """What everyone's sheet is cut from, by person or by owner."""

    lines: Lines
    calls: dict[str, list[Call]]
    late: dict[str, list[Call]]
    promises: dict[str, list[Promise]]
    silent: dict[str, list[Silent]]
    items: dict[str, list[Item]]
    stories: dict[str, list[Story]]
    tallies: dict[str, list[Tallied]]
    by_owner: dict[str, Numbers]
    this_month: dict[str, Numbers]
    pool: dict[str, Numbers]

    def below(self, owners: Iterable[str]) -> list[Call]:
        """Return the calls of some owners: those of the month, then those that are late."""
        line = sorted(owners)
        return [c for held in (self.calls, self.late) for o in line for c in held.get(o, [])]


def sheets(material: Material) -> list[Sheet]:
    """Return the sheet of everyone who has a call to make, or gets to see one of someone else."""
    seen = _seen(material)
    shares = _shares(seen, material.responses)
    return [
        _sheet(person, seen, shares)
        for person_id, person in seen.people.by_id.items()
        if shares.lines[person_id] & set(shares.calls) or _passed_on(person_id, seen, shares)
    ]


def _seen(material: Material) -> Material:
    """Return the material without the responses that nobody may get."""
    gone = pl.col("response_id").is_in(hidden(material.responses).implode())
    return replace(
        material,
        arrived=material.arrived.filter(~gone),
        late=material.late.filter(~gone),
        responses=material.responses.filter(~gone),
        pooled=material.pooled.filter(~gone),
    )


def _shares(material: Material, every: pl.DataFrame) -> _Shares:
    lines = _lines(material)
    of_month = pl.col("month") == material.month
    answers, asked = material.responses.filter(of_month), material.invitations.filter(of_month)
    single = {owner: {owner} for owner in material.people.by_id}
    open_promises = promises(material.followups, material.customers)
    words = worded(pl.concat([material.arrived, material.late]), material.rules)
    told = material.responses.filter(pl.col("month").is_in(material.pooled["month"].implode()))
    return _Shares(
        lines,
        _owned(_made(material, material.arrived, open_promises, words)),
        _owned(_made(material, material.late, open_promises, words)),
        _owned(open_promises),
        _owned(_silent(material, every)),
        _owned(items(material.actions, material.responses)),
        _owned(stories(told, material.customers)),
        tallies(material.arrived, material.codes, material.frame, lines),
        numbers(answers, asked, single, material.confidence),
        numbers(answers, asked, lines, material.confidence),
        numbers(material.pooled, material.asked, lines, material.confidence),
    )


def _made(
    material: Material,
    responses: pl.DataFrame,
    open_promises: list[Promise],
    words: dict[str, set[str]],
) -> list[Call]:
    """Return the calls of responses, with the promises to each customer and the rules that hold."""
    promised: dict[str, list[Promise]] = {}
    for one in open_promises:
        promised.setdefault(one.customer_id, []).append(one)
    found = calls(
        responses,
        material.responses,
        material.customers,
        telling(material.codes, material.frame.general),
        material.frame.labels,
        followups=material.followups,
        within=material.within,
    )
    known = [call._replace(promises=promised.get(call.customer_id or "", [])) for call in found]
    return [
        call if call.closed else flagged(call, material.rules, words, material.today)
        for call in known
    ]


def _sheet(person: Person, material: Material, shares: _Shares) -> Sheet:
    person_id = person.person_id
    own = [*shares.late.get(person_id, []), *shares.calls.get(person_id, [])]
    named = [call for call in own if not call.unnamed]
    to_call = [call for call in named if not call.closed]
    called = {call.customer_id for call in to_call}
    elsewhere = _passed_on(person_id, material, shares)
    leads = len(shares.lines[person_id]) > 1
    held = shares.calls
    below = [c for owner in sorted(shares.lines[person_id]) for c in held.get(owner, [])]
    return Sheet(
        person,
        material.month,
        material.today,
        [boss.name for boss in material.people.managers(person_id)],
        to_call,
        [call for call in named if call.closed],
        [call for call in own if call.unnamed],
        [p for p in shares.promises.get(person_id, []) if p.customer_id not in called],
        shares.silent.get(person_id, []),
        shares.items.get(person_id, []),
        _own_stories(person_id, material.month, shares),
        shares.tallies.get(person_id, [])[:TALLIED],
        _rollup(person_id, material, shares, elsewhere) if leads or elsewhere else None,
        shares.this_month.get(person_id, Numbers()),
        shares.pool.get(person_id, Numbers()),
        _version([*below, *elsewhere]),
    )


def _own_stories(person_id: str, month: str, shares: _Shares) -> Pair:
    """Return two stories of the own book from before this month, whose words are in the calls."""
    return pair(s for s in shares.stories.get(person_id, []) if s.month != month)


def _rollup(person_id: str, material: Material, shares: _Shares, elsewhere: list[Call]) -> RollUp:
    people, line = material.people, shares.lines[person_id]
    leads = len(line) > 1
    below = shares.below(line) if leads else []
    open_calls = [call for call in below if not call.closed]
    silent = [one for owner in line for one in shares.silent.get(owner, [])] if leads else []
    waiting = rollups.quiet(silent, material.today - timedelta(material.quiet_days))
    told = [s for o in line for s in shares.stories.get(o, []) if s.month == material.month]
    lines = _owner_lines(line, material, shares) if leads else []
    heads = people.reports(person_id) if person_id not in material.everywhere else people.tops()
    return RollUp(
        rollups.alerts([*open_calls, *elsewhere], [rule.name for rule in material.rules]),
        waiting[: rollups.SHOWN],
        len(waiting[rollups.SHOWN :]),
        lines,
        rollups.teams(lines, [*heads], people),
        pair(told) if leads else Pair(),
    )


def _passed_on(person_id: str, material: Material, shares: _Shares) -> list[Call]:
    """Return the open calls outside the own line that a rule gives to a person by name."""
    rules = {rule.name for rule in material.rules if person_id in rule.to}
    if not rules:
        return []
    outside = shares.below(set(material.people.by_id) - shares.lines[person_id])
    return [call for call in outside if not call.closed and rules & set(call.flags)]


def _lines(material: Material) -> Lines:
    """Return whose customers each person may see: the own, and those of everyone below."""
    everyone = set(material.people.by_id)
    return {
        person_id: everyone
        if person_id in material.everywhere
        else material.people.below(person_id)
        for person_id in material.people.by_id
    }


def _silent(material: Material, every: pl.DataFrame) -> list[Silent]:
    """Return the customers asked this month who have not answered under a name.

    Whoever answered without one stays among them: who is missing would be the one.
    """
    asked = material.invitations.filter(pl.col("month") == material.month)
    answered = every.filter(~UNNAMED).drop_nulls("token").select("token")
    quiet = asked.join(answered, "token", how="anti").select(
        "customer_id", invited_on=pl.col("invited_at").dt.date()
    )
    rows = quiet.join(material.customers, "customer_id").sort("name", "customer_id")
    return [Silent(*row) for row in rows.select(Silent._fields).iter_rows()]


def _owner_lines(line: set[str], material: Material, shares: _Shares) -> list[rollups.OwnerLine]:
    owners = line & (set(shares.by_owner) | set(shares.calls) | set(shares.late))
    return sorted(
        rollups.owner_line(
            owner,
            material.people.name(owner),
            shares.by_owner.get(owner, Numbers()),
            [call for call in shares.below({owner}) if not call.unnamed],
            material.today,
        )
        for owner in owners
    )


def _owned(things: Iterable[Owned]) -> dict[str, list[Owned]]:
    """Return the things of each owner, in their order."""
    found: dict[str, list[Owned]] = {}
    for thing in things:
        found.setdefault(thing.owner, []).append(thing)
    return found


def _version(calls: list[Call]) -> str:
    """Return a name for the answers a sheet holds: it changes when one is added or edited."""
    content = sorted((c.response_id, c.score, c.comment or "") for c in calls)
    return hashlib.blake2b(repr(content).encode(), digest_size=VERSION_BYTES).hexdigest()
