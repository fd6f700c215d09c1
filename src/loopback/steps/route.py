"""Route: render the sheets of a month and hand each person's mail to the outbox, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import calls, files, frame, mail, reasons
from loopback.errors import LoopbackError, Problem, error
from loopback.mail import Letter
from loopback.pages import Pages
from loopback.sheets import Material, Sheet, sheets
from loopback.span import span
from loopback.tables import DELIVERIES, INVITATIONS, RESPONSES
from loopback.workbooks import workbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopback.clock import Clock
    from loopback.workspace import Workspace

BY_NAME = "answers of employees are confidential: nobody gets them by name, so nothing is routed"
WRITTEN = "written to the outbox"


@dataclass(frozen=True)
class Routed:
    """What a run of route did: who got a mail, who got nothing new, what could not be composed."""

    month: str
    sheets: int
    calls: int
    mails: list[str]
    unchanged: int
    unmatched: int
    ownerless: int
    failures: list[Problem]


@dataclass(frozen=True)
class _Rendered:
    """A sheet in all its forms, and the name of its files."""

    sheet: Sheet
    name: str
    html: str
    text: str
    workbook: bytes | None


def route(
    workspace: Workspace,
    month: str | None,
    clock: Clock,
    *,
    dry_run: bool,
    watched: Callable[[list[Sheet]], Iterable[Sheet]] = iter,
) -> Routed:
    """Write the sheets of a month, and one mail to each person whose sheet holds anything new."""
    if workspace.settings.audience == "employees":
        raise error(BY_NAME, "Show groups of them: loopback score and loopback reasons, by owner.")
    month = month or clock.month
    if dry_run:
        made = _sheets(workspace, month)
        return _routed(workspace, month, made, _not_sent(made, workspace), [])
    with workspace.ledger.run("route", clock.now, month=month) as run:
        made = _sheets(workspace, month)
        new = _not_sent(made, workspace)
        deliveries, failures = _deliver_all(workspace, watched(made), new, clock)
        if deliveries:
            files.sync_folder(workspace.path("outbox"))
        run.append(DELIVERIES, pl.DataFrame(deliveries, DELIVERIES.columns, orient="row"))
    sent = {delivery[0] for delivery in deliveries}
    return _routed(workspace, month, made, sent, failures)


def _sheets(workspace: Workspace, month: str) -> list[Sheet]:
    """Return the sheets of a month, from the ledger and the lists as they are today."""
    rules = workspace.settings.scores
    pool = span(workspace.ledger, month, rules.months)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    responses = workspace.ledger.current(RESPONSES)
    arrived = calls.held(_arrived(responses, month), workspace.customers)
    return sheets(
        Material(
            month,
            workspace.people,
            workspace.customers,
            _marked_new(arrived, workspace.ledger.rows(DELIVERIES), month),
            responses,
            workspace.ledger.current(INVITATIONS),
            pool.responses,
            pool.invitations,
            reasons.codes(arrived, code_frame),
            code_frame,
            rules.confidence,
            frozenset(workspace.settings.mail.copies_to),
        )
    )


def _arrived(responses: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the responses that were ingested in a month, whenever their customers were asked."""
    return responses.filter(pl.col("recorded_at").dt.strftime("%Y-%m") == month)


def _marked_new(arrived: pl.DataFrame, deliveries: pl.DataFrame, month: str) -> pl.DataFrame:
    """Mark the responses that the last mail of this month to their owner did not carry yet.

    Where nothing waits, those that the last mail was the first to carry stay marked, so that the
    same sheet comes out however often it is rendered.
    """
    runs = pl.col("run").unique().sort(descending=True)
    sent = (
        deliveries.filter(pl.col("month") == month)
        .group_by(current_owner="person_id")
        .agg(last=runs.get(0, null_on_oob=True), before=runs.get(1, null_on_oob=True))
    )
    waits = (pl.col("run") > pl.col("last")).any().over("current_owner")
    seen = pl.when(waits).then("last").otherwise("before")
    marked = arrived.join(sent, "current_owner", how="left")
    return marked.with_columns(new=(pl.col("run") > seen).fill_null(value=False))


def _not_sent(made: list[Sheet], workspace: Workspace) -> set[str]:
    """Return the people whose sheet holds answers that no mail has carried to them."""
    deliveries = workspace.ledger.rows(DELIVERIES)
    sent = set(deliveries.select(DELIVERIES.key).iter_rows())
    return {
        sheet.person.person_id
        for sheet in made
        if (sheet.person.person_id, sheet.month, sheet.version) not in sent
    }


def _deliver_all(
    workspace: Workspace, made: Iterable[Sheet], new: set[str], clock: Clock
) -> tuple[list[tuple[str, ...]], list[Problem]]:
    """Write every sheet; return the deliveries of the new ones, and those that failed."""
    settings = workspace.settings
    pages = Pages(
        workspace.path("templates"), settings.company.name, settings.scores.months, workspace.people
    )
    deliveries: list[tuple[str, ...]] = []
    failures: list[Problem] = []
    for sheet in made:
        rendered = _rendered(workspace, sheet, pages, clock)
        _write(workspace, rendered)
        if sheet.person.person_id in new:
            try:
                deliveries.append(_deliver(workspace, rendered, clock))
            except LoopbackError as failed:
                failures.extend(failed.problems)
    return deliveries, failures


def _rendered(workspace: Workspace, sheet: Sheet, pages: Pages, clock: Clock) -> _Rendered:
    company = workspace.settings.company.name
    return _Rendered(
        sheet,
        workspace.file_name(sheet.person.person_id, sheet.person.name),
        pages.html(sheet),
        pages.text(sheet),
        workbook(sheet, company, clock.now) if sheet.calls else None,
    )


def _write(workspace: Workspace, rendered: _Rendered) -> None:
    """Write a sheet to `out/`, from where it can always be made again."""
    folder = workspace.path("out", rendered.sheet.month, "sheets")
    files.replace(folder / f"{rendered.name}.html", rendered.html.encode())
    files.replace(folder / f"{rendered.name}.txt", rendered.text.encode())
    if rendered.workbook:
        files.replace(folder / f"{rendered.name}.xlsx", rendered.workbook)


def _deliver(workspace: Workspace, rendered: _Rendered, clock: Clock) -> tuple[str, ...]:
    """Write a mail to the outbox; return its row in the delivery record."""
    sheet, sender = rendered.sheet, workspace.settings.mail.sender
    letter = _letter(rendered, workspace.settings.company.name)
    file = f"{sheet.month}-{rendered.name}-{sheet.version}.eml"
    content = mail.compose(letter, sender, clock.now)
    files.replace(workspace.path("outbox", file), content, durable=True)
    identity = mail.message_id(letter, sender)
    return (sheet.person.person_id, sheet.month, sheet.version, identity, WRITTEN, file)


def _letter(rendered: _Rendered, company: str) -> Letter:
    sheet, person = rendered.sheet, rendered.sheet.person
    if person.email is None:
        mend = "Add the address to the people list, then run `loopback route` again."
        raise error(f"{person.name} has no e-mail address and got no mail", mend)
    workbooks = {f"{rendered.name}.xlsx": rendered.workbook} if rendered.workbook else {}
    count = len(sheet.calls)
    subject = {0: "what your customers said", 1: "1 customer to call"}
    return Letter(
        person.name,
        person.email,
        f"{company}: {subject.get(count, f'{count} customers to call')} ({sheet.month})",
        rendered.text,
        rendered.html,
        workbooks,
        f"{person.person_id} {sheet.month} {sheet.version}",
    )


def _routed(
    workspace: Workspace, month: str, made: list[Sheet], sent: set[str], failures: list[Problem]
) -> Routed:
    responses = _arrived(workspace.ledger.current(RESPONSES), month)
    unmatched = responses["customer_id"].null_count()
    to_call = sum(len(sheet.calls) for sheet in made)
    return Routed(
        month,
        sheets=len(made),
        calls=to_call,
        mails=sorted(workspace.people.name(person_id) for person_id in sent),
        unchanged=len(made) - len(sent) - len(failures),
        unmatched=unmatched,
        ownerless=responses.height - unmatched - to_call,
        failures=failures,
    )
