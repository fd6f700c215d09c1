"""Check settings, lists, code frame and ledger: every problem, with where and what to do."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

import polars as pl

from loopback import customers, files, frame, people, rest
from loopback.errors import LoopbackError, Problem
from loopback.mail import record
from loopback.mail.address import ADDRESS
from loopback.mail.outside import Outside
from loopback.mail.transports import transport
from loopback.paper import Printer
from loopback.reasons.slips import slips
from loopback.settings import FILE
from loopback.steps.deliveries import journal_of, recorded, unsure_problems
from loopback.steps.oversights import oversights, thousands, unknown

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.settings import Mail
    from loopback.workspace import Workspace

SHOWN_SEGMENTS = 12


@dataclass(frozen=True)
class Checked:
    """What is wrong, how much was looked at, and the files that killed runs left behind."""

    problems: list[Problem]
    people: int = 0
    customers: int = 0
    runs: int = 0
    leftovers: tuple[str, ...] = ()
    removed: bool = False
    warnings: tuple[Problem, ...] = ()


def check(workspace: Workspace, clock: Clock, *, repair: bool) -> Checked:
    """Look at everything; with `repair`, remove what killed runs left in the ledger."""
    try:
        workspace.settings  # noqa: B018 - reading them is the check
    except LoopbackError as failed:
        return Checked(list(failed.problems))
    everyone, problems = _people(workspace)
    listed = pl.DataFrame()
    not_asked, unread = workspace.do_not_contact_lists()
    if everyone.by_id:
        listed, more = _customers(workspace, everyone)
        left_out, wrong = _left_out(workspace, everyone)
        problems += _mail(workspace, everyone) + more + wrong
        not_asked |= left_out
    problems += _paper(workspace) + unread
    problems += _rests(workspace, listed, clock) + _segments(workspace, listed)
    wrong, warnings = _frame(workspace)
    problems += wrong
    damage = workspace.ledger.damage() + journal_of(workspace.ledger).problems()
    if damage:
        return Checked(problems + damage, len(everyone.by_id), listed.height)
    return Checked(
        problems + _unsure(workspace),
        len(everyone.by_id),
        listed.height,
        workspace.ledger.runs.height,
        tuple(_leftovers(workspace, clock, repair=repair)),
        repair,
        (*_oversights(workspace, listed, not_asked), *warnings),
    )


def _oversights(
    workspace: Workspace, listed: pl.DataFrame, not_asked: dict[str, pl.Series]
) -> list[Problem]:
    """Return what in the settings and the lists is probably not meant."""
    doubtful = thousands(listed, workspace.settings.customers)
    return [*oversights(workspace), *doubtful, *unknown(not_asked, listed)]


def _people(workspace: Workspace) -> tuple[people.People, list[Problem]]:
    try:
        rows, problems = workspace.people_problems()
    except LoopbackError as failed:
        return people.People([]), list(failed.problems)
    return people.people(rows), problems or _addresses(rows, workspace.settings.people.file)


def _mail(workspace: Workspace, everyone: people.People) -> list[Problem]:
    """Return what in the settings would keep mails from going out; no server is asked."""
    settings = workspace.settings
    named = {"copies_to": settings.mail.copies_to}
    named |= {f"the escalation {rule.name!r}": rule.to for rule in settings.sheets.escalations}
    mend = f"Write a person_id of {settings.people.file}."
    strangers = [
        Problem(f"{where} names {person_id!r}, who is not there", mend, FILE)
        for where, ids in named.items()
        for person_id in sorted(set(ids) - set(everyone.by_id))
    ]
    return [*_sender(settings.mail), *_transport(workspace, settings.mail), *strangers]


def _paper(workspace: Workspace) -> list[Problem]:
    """Return what keeps sheets from coming as PDF, where they are to."""
    if workspace.settings.sheets.pdf:
        try:
            Printer()
        except LoopbackError as failed:
            return list(failed.problems)
    return []


def _sender(rules: Mail) -> list[Problem]:
    mend = 'Write [mail] sender = "Name <name@company.com>".'
    if not ADDRESS.fullmatch(parseaddr(rules.sender)[1]):
        return [Problem(f"the sender {rules.sender!r} is no address", mend, FILE)]
    if rules.transport != "outbox" and "sender" not in rules.model_fields_set:
        return [Problem("mails are to be sent, but there is no sender", mend, FILE)]
    return []


def _transport(workspace: Workspace, rules: Mail) -> list[Problem]:
    """Return what the transport lacks on this machine: its program, its password, its trust."""
    if rules.transport == "smtp" and "host" not in rules.smtp.model_fields_set:
        mend = 'Write [mail.smtp] host = "smtp.company.com".'
        return [Problem("mails are to be sent by SMTP, but there is no host", mend, FILE)]
    if rules.transport == "sendmail" and not os.access(rules.sendmail, os.X_OK):
        mend = "Install it, or name yours: [mail] sendmail."
        return [Problem(f"there is no program {rules.sendmail}", mend, FILE)]
    try:
        transport(rules, Outside().environment, workspace.folder)
    except LoopbackError as failed:
        return [replace(problem, file=FILE) for problem in failed.problems]
    return []


def _addresses(rows: pl.DataFrame, file: str) -> list[Problem]:
    """Return the people who could get no mail."""
    mend = "Owners and managers get their sheets there: write one address."
    return [
        Problem(f"{email!r} is no address" if email else "no address", mend, file, row, "email")
        for row, email in rows.select("row", "email").iter_rows()
        if not ADDRESS.fullmatch(email or "")
    ]


def _customers(workspace: Workspace, everyone: people.People) -> tuple[pl.DataFrame, list[Problem]]:
    try:
        return workspace.customer_problems(everyone)
    except LoopbackError as failed:
        return pl.DataFrame(), list(failed.problems)


def _left_out(
    workspace: Workspace, everyone: people.People
) -> tuple[dict[str, pl.Series], list[Problem]]:
    """Return the ids on the leave-out list by its name, and what is wrong with it."""
    try:
        rows, problems = workspace.leave_out_problems(everyone)
    except LoopbackError as failed:
        return {}, list(failed.problems)
    named = "customer_id" in rows.columns
    file = workspace.settings.rotation.leave_out
    return {file: rows["customer_id"]} if named else {}, problems


def _rests(workspace: Workspace, listed: pl.DataFrame, clock: Clock) -> list[Problem]:
    """Return where customers are asked too often for the rest that the settings promise."""
    rules = workspace.settings.rotation
    own = _values(listed, "asks_per_year")
    asks = {rules.asks_per_year, *rules.by_segment.values(), *own}
    return rest.contradictions(asks, rules.rest_months, rules.rest_days, clock.month)


def _segments(workspace: Workspace, listed: pl.DataFrame) -> list[Problem]:
    """Return the segments of the settings in which no customer is: slips, most likely."""
    there = sorted(_values(listed, "segment"))
    strange = sorted(set(workspace.settings.rotation.by_segment) - set(there))
    mend = f"The list has: {', '.join(there[:SHOWN_SEGMENTS]) or 'none'}. Write one, or remove it."
    return [
        Problem(f"by_segment names {segment!r}, in which no customer is", mend, FILE)
        for segment in strange
        if listed.height
    ]


def _values(listed: pl.DataFrame, column: str) -> list[Any]:  # typed as the column is
    """Return the different values of a column of the customers."""
    typed = customers.customers(listed.lazy())
    return typed.select(pl.col(column).drop_nulls().unique()).collect().to_series().to_list()


def _unsure(workspace: Workspace) -> list[Problem]:
    """Return the mails of which nobody knows whether they arrived, unless one is on its way."""
    if workspace.ledger.busy():
        return []
    open_ = record.unsure(recorded(workspace.ledger)).select("person_id", "month")
    return unsure_problems(open_.iter_rows(), workspace.people)


def _frame(workspace: Workspace) -> tuple[list[Problem], list[Problem]]:
    """Return what is wrong with the code frame, and what in it is most likely a slip."""
    try:
        return [], slips(*frame.read_with_lines(workspace.path(frame.FILE)))
    except LoopbackError as failed:
        return list(failed.problems), []


def _leftovers(workspace: Workspace, clock: Clock, *, repair: bool) -> list[str]:
    """Name what no run lists; remove it while no other run can be writing."""
    if not repair:
        return [workspace.named(path) for path in _left(workspace)]
    with workspace.ledger.run("check", clock.now):
        leftovers = _left(workspace)
        for path in leftovers:
            files.remove(path)
    return [workspace.named(path) for path in leftovers]


def _left(workspace: Workspace) -> list[Path]:
    """Return what no run lists, and files half written anywhere in the workspace."""
    half = workspace.folder.rglob(f".*{files.TEMPORARY}")
    return sorted({*workspace.ledger.leftovers(), *(p for p in half if files.abandoned(p))})
