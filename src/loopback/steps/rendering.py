"""Rendering: the sheets of a month in all their forms, written to `out/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import calls, files, frame
from loopback.pages import Pages
from loopback.reasons.codes import codes
from loopback.sheets import Material, Sheet, sheets
from loopback.span import span
from loopback.tables import DELIVERIES, INVITATIONS, RESPONSES
from loopback.workbooks import workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopback.clock import Clock
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Rendered:
    """A sheet in all its forms, and the name of its files."""

    sheet: Sheet
    name: str
    html: str
    text: str
    workbook: bytes | None


def month_sheets(workspace: Workspace, month: str) -> list[Sheet]:
    """Return the sheets of a month, from the ledger and the lists as they are today."""
    rules = workspace.settings.scores
    pool = span(workspace.ledger, month, rules.months)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    responses = workspace.ledger.current(RESPONSES)
    came = calls.held(arrived(responses, month), workspace.customers)
    return sheets(
        Material(
            month,
            workspace.people,
            workspace.customers,
            _marked_new(came, workspace.ledger.rows(DELIVERIES), month),
            responses,
            workspace.ledger.current(INVITATIONS),
            pool.responses,
            pool.invitations,
            codes(came, code_frame),
            code_frame,
            rules.confidence,
            frozenset(workspace.settings.mail.copies_to),
        )
    )


def arrived(responses: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the responses that were ingested in a month, whenever their customers were asked."""
    return responses.filter(pl.col("recorded_at").dt.strftime("%Y-%m") == month)


def _marked_new(came: pl.DataFrame, deliveries: pl.DataFrame, month: str) -> pl.DataFrame:
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
    marked = came.join(sent, "current_owner", how="left")
    return marked.with_columns(new=(pl.col("run") > seen).fill_null(value=False))


def rendered(workspace: Workspace, made: Iterable[Sheet], clock: Clock) -> Iterator[Rendered]:
    """Render the sheets one after the other, each written as soon as it is made."""
    settings = workspace.settings
    company = settings.company.name
    pages = Pages(workspace.path("templates"), company, settings.scores.months, workspace.people)
    for sheet in made:
        forms = Rendered(
            sheet,
            workspace.file_name(sheet.person.person_id, sheet.person.name),
            pages.html(sheet),
            pages.text(sheet),
            workbook(sheet, company, clock.now) if sheet.calls else None,
        )
        _write(workspace, forms)
        yield forms


def _write(workspace: Workspace, forms: Rendered) -> None:
    """Write a sheet to `out/`, from where it can always be made again."""
    folder = workspace.path("out", forms.sheet.month, "sheets")
    files.replace(folder / f"{forms.name}.html", forms.html.encode())
    files.replace(folder / f"{forms.name}.txt", forms.text.encode())
    if forms.workbook:
        files.replace(folder / f"{forms.name}.xlsx", forms.workbook)
