"""Route: the sheets of a month, and each person's mail, once."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.calls import held
from loopback.errors import LoopbackError, Problem, WrongUsageError, error
from loopback.mail import record
from loopback.mail.outside import Outside
from loopback.steps.deliveries import (
    event_rows,
    journal_of,
    left_behind,
    recorded,
    unsure_problems,
)
from loopback.steps.delivery import Delivered, address, deliver
from loopback.steps.rendering import arrived, month_sheets, rendered, subjects
from loopback.tables import ACCEPTED, DELIVERIES, RESPONSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.journal import Event
    from loopback.runs import Run
    from loopback.sheets import Sheet
    from loopback.workspace import Workspace

BY_NAME = "answers of employees are confidential: nobody gets them by name, so nothing is routed"
SAID = "said to have arrived"
HERE = Outside()


@dataclass(frozen=True)
class Wish:
    """Which mails a run is asked for, beyond those that are new."""

    only: frozenset[str] = frozenset()
    everyone: bool = False
    resend_unsure: bool = False
    unsure_arrived: bool = False


@dataclass(frozen=True)
class Addressed:
    """A mail that went, or would go."""

    person_id: str
    name: str
    address: str
    subject: str


@dataclass(frozen=True)
class Routed:
    """What a run of route did: who got a mail, who got nothing new, what went wrong.

    `unsure` counts the mails of any month that may or may not have arrived.
    """

    month: str
    transport: str
    sheets: int
    calls: int
    mails: list[str]
    letters: list[Addressed]
    unchanged: int
    unmatched: int
    ownerless: int
    unsure: int
    failures: list[Problem]


@dataclass(frozen=True)
class _Plan:
    """The sheets of a month, and who is due a mail: by what is new, and by what was wished."""

    made: list[Sheet]
    due: set[str]
    unsure: pl.DataFrame


def route(
    workspace: Workspace,
    month: str | None,
    clock: Clock,
    *,
    dry_run: bool,
    wish: Wish = Wish(),
    outside: Outside = HERE,
    watched: Callable[[list[Sheet]], Iterable[Sheet]] = iter,
) -> Routed:
    """Write the sheets of a month, and one mail to each person whose sheet holds anything new."""
    _refuse(workspace, wish)
    month = month or clock.month
    if dry_run:
        plan = _plan(workspace, month, wish, clock)
        failures = _unaddressed(plan)
        sent = plan.due - set(failures)
        return _routed(workspace, plan, sent, [*failures.values()], month, clock)
    with workspace.ledger.run("route", clock.now, month=month) as run:
        plan = _plan(workspace, month, wish, clock)
        left = left_behind(workspace.ledger)
        forms = rendered(workspace, watched(plan.made), clock)
        delivered = deliver(workspace, run, forms, plan.due, clock, outside)
        _append(
            workspace,
            run,
            left,
            [*_said_to_have_arrived(plan, month, wish, clock), *delivered.events],
        )
    return _finished(workspace, plan, delivered, month, clock)


def preview(workspace: Workspace, month: str | None, clock: Clock, wish: Wish) -> list[Path]:
    """Write the sheets of a month, without any mail; return their pages, the fullest first."""
    _refuse(workspace, wish)
    made = _chosen(month_sheets(workspace, month or clock.month, clock), wish)
    fullest = sorted(made, key=lambda sheet: -len(sheet.calls))
    return [
        workspace.path("out", forms.sheet.month, "sheets", f"{forms.name}.html")
        for forms in rendered(workspace, fullest, clock)
    ]


def _refuse(workspace: Workspace, wish: Wish) -> None:
    """Raise where nothing may be routed, or to someone who is not there."""
    if workspace.settings.audience == "employees":
        raise error(BY_NAME, "Show groups of them: loopback score and loopback reasons, by owner.")
    known = workspace.people.by_id
    for stranger in sorted(wish.only - set(known)):
        near = difflib.get_close_matches(stranger, known, n=1)
        mend = f"Did you mean {near[0]}?" if near else "Write a person_id of the people list."
        raise WrongUsageError(Problem(f"there is nobody with the id {stranger!r}", mend))


def _chosen(made: list[Sheet], wish: Wish) -> list[Sheet]:
    return [sheet for sheet in made if not wish.only or sheet.person.person_id in wish.only]


def _plan(workspace: Workspace, month: str, wish: Wish, clock: Clock) -> _Plan:
    """Return the sheets, and to whom they go: those who have not got them, or as wished."""
    made = _chosen(month_sheets(workspace, month, clock), wish)
    events = recorded(workspace.ledger)
    unsure = record.unsure(events)
    sent, open_ = record.keys(record.accepted(events)), record.keys(unsure)
    if wish.resend_unsure:
        open_ = set()
    keys = {sheet.person.person_id: _key(sheet) for sheet in made}
    due = {
        who for who, key in keys.items() if key not in open_ and (wish.everyone or key not in sent)
    }
    return _Plan(made, due, unsure)


def _key(sheet: Sheet) -> tuple[str, str, str]:
    return (sheet.person.person_id, sheet.month, sheet.version)


def _unaddressed(plan: _Plan) -> dict[str, Problem]:
    """Return the people who are due a mail that can go nowhere, each with why."""
    found: dict[str, Problem] = {}
    for sheet in plan.made:
        try:
            address(sheet.person)
        except LoopbackError as failed:
            found[sheet.person.person_id] = failed.problems[0]
    return {who: problem for who, problem in found.items() if who in plan.due}


def _said_to_have_arrived(plan: _Plan, month: str, wish: Wish, clock: Clock) -> list[Event]:
    """Return the events by which the user settles what was unsure."""
    if not wish.unsure_arrived:
        return []
    told = {"event": ACCEPTED, "reply": SAID, "at": clock.now.isoformat()}
    rows = plan.unsure.filter(pl.col("month") == month).to_dicts()
    return [row | told for row in rows if not wish.only or row["person_id"] in wish.only]


def _append(workspace: Workspace, run: Run, left: pl.DataFrame, events: list[Event]) -> None:
    """Commit the events, those of a killed run first; their journal has then done its work."""
    rows = pl.concat([left, event_rows(events)])
    run.append(DELIVERIES, rows.with_row_index("row", offset=1))
    journal = journal_of(workspace.ledger)
    if journal.path.exists():
        run.read.append(journal.content().digest)
        run.spent = [journal.path]


def _finished(
    workspace: Workspace, plan: _Plan, delivered: Delivered, month: str, clock: Clock
) -> Routed:
    """Return what a run did, with what is unsure once it is committed."""
    unsure = record.unsure(recorded(workspace.ledger))
    open_ = unsure.select("person_id", "month").iter_rows()
    failures = [*delivered.failures, *unsure_problems(open_, workspace.people)]
    after = _Plan(plan.made, plan.due, unsure)
    return _routed(workspace, after, delivered.accepted, failures, month, clock)


def _routed(
    workspace: Workspace,
    plan: _Plan,
    sent: set[str],
    failures: list[Problem],
    month: str,
    clock: Clock,
) -> Routed:
    responses = arrived(workspace.ledger.current(RESPONSES), month)
    unmatched = responses["customer_id"].null_count()
    holders = held(responses, workspace.customers)["current_owner"]
    ownerless = int((~holders.is_in(list(workspace.people.by_id))).sum())
    to_call = sum(len(sheet.calls) for sheet in plan.made)
    went = [sheet for sheet in plan.made if sheet.person.person_id in sent]
    words = subjects(workspace, went, clock) if went else {}
    letters = [
        Addressed(
            sheet.person.person_id,
            sheet.person.name,
            sheet.person.email or "",
            words[sheet.person.person_id],
        )
        for sheet in went
    ]
    return Routed(
        month,
        workspace.settings.mail.transport,
        sheets=len(plan.made),
        calls=to_call,
        mails=sorted(letter.name for letter in letters),
        letters=sorted(letters, key=lambda letter: (letter.name, letter.person_id)),
        unchanged=len(plan.made) - len(plan.due),
        unmatched=unmatched,
        ownerless=ownerless,
        unsure=plan.unsure.height,
        failures=failures,
    )
