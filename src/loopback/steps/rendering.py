"""Rendering: the sheets of a month in all their forms, written to `out/`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from loopback import calls, files, followups, frame, months
from loopback.languages import Languages
from loopback.mail import record
from loopback.pages import Pages
from loopback.paper import Printer
from loopback.reasons.codes import codes
from loopback.sheets import Material, Sheet, sheets
from loopback.span import span
from loopback.steps.deliveries import recorded
from loopback.tables import ACTIONS, FOLLOWUPS, INVITATIONS, RESPONSES
from loopback.workbooks import workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from loopback.clock import Clock
    from loopback.workspace import Workspace

LATE_MONTHS = 3  # how far back a call that was not made still is asked for
FIRST_DAYS = 7  # how old an answer may be that the first mail of all still carries


@dataclass(frozen=True)
class Rendered:
    """A sheet in all its forms, and the name of its files."""

    sheet: Sheet
    name: str
    subject: str
    html: str
    text: str
    workbook: bytes | None
    pdf: bytes | None

    @property
    def attachments(self) -> dict[str, bytes]:
        """What comes with the mail, by the names of the files."""
        kinds = {"xlsx": self.workbook, "pdf": self.pdf}
        return {f"{self.name}.{kind}": content for kind, content in kinds.items() if content}


def month_sheets(workspace: Workspace, month: str, clock: Clock) -> list[Sheet]:
    """Return the sheets of a month, from the ledger and the lists as they are today."""
    return sheets(material(workspace, month, clock))


def material(workspace: Workspace, month: str, clock: Clock) -> Material:
    """Return what the sheets of a month are made from."""
    settings, ledger = workspace.settings, workspace.ledger
    pool = span(ledger, month, settings.scores.months)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    customers = calls.shown(workspace.customers, settings.sheets.show)
    responses = calls.held(ledger.current(RESPONSES), customers)
    events, called = recorded(ledger), ledger.current(FOLLOWUPS)
    left = _left(responses, record.accepted(events), month, clock.today)
    came = pl.concat([arrived(responses, month), left])
    late = _late(responses, called, month).join(came, "response_id", how="anti")
    return Material(
        month,
        clock.today,
        workspace.people,
        customers,
        _marked_new(came, events, month),
        late,
        responses,
        ledger.current(INVITATIONS),
        pool.responses,
        pool.invitations,
        codes(pl.concat([came, late.drop("new")]), code_frame),
        code_frame,
        called,
        ledger.current(ACTIONS),
        settings.sheets.escalations,
        settings.sheets.call_within,
        settings.sheets.quiet_days,
        settings.scores.confidence,
        frozenset(settings.mail.copies_to),
    )


def _left(responses: pl.DataFrame, gone: pl.DataFrame, month: str, today: date) -> pl.DataFrame:
    """Return the responses of the months before that no mail of those months has carried.

    They came after the last one, or it went nowhere. What lay there before the first mail of all
    is history, but for the last days.
    """
    before = gone.filter(pl.col("month") < month)
    begun = pl.lit(before["month"].min(), pl.String) <= calls.ARRIVED
    recent = pl.col("recorded_at").dt.date() >= today - timedelta(FIRST_DAYS)
    lately = calls.ARRIVED.is_between(
        pl.lit(months.later(month, -LATE_MONTHS)), pl.lit(months.later(month, -1))
    )
    waits = responses.filter(lately, begun.fill_null(value=False) | recent)
    return record.uncarried(waits, before, calls.ARRIVED)


def _late(responses: pl.DataFrame, called: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the responses of the months before whose customers still wait for a call.

    Only since calls are recorded: before that nobody knows which were made.
    """
    first = followups.begun(called)
    closed = called.filter(followups.CLOSED)["response_id"]
    since = months.later(month, -LATE_MONTHS) if first is None else months.month_of(first)
    waits = calls.ARRIVED.is_between(
        pl.lit(max(since, months.later(month, -LATE_MONTHS))), pl.lit(months.later(month, -1))
    )
    late = responses.filter(waits, ~pl.col("response_id").is_in(closed.implode()))
    return (late if first else late.clear()).with_columns(new=pl.lit(value=False))


def arrived(responses: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the responses that were ingested in a month, whenever their customers were asked."""
    return responses.filter(calls.ARRIVED.eq(month))


def _marked_new(came: pl.DataFrame, deliveries: pl.DataFrame, month: str) -> pl.DataFrame:
    """Mark the responses that the last mail of this month to their owner did not carry yet.

    Where nothing waits, those that the last mail was the first to carry stay marked, so that the
    same sheet comes out however often it is rendered, or sent.
    """
    newest = pl.col("version").sort_by("as_of").last()
    earlier = pl.col("version") != newest
    sent = (
        record.accepted(deliveries)
        .filter(pl.col("month") == month)
        .group_by(current_owner="person_id")
        .agg(last=pl.col("as_of").max(), before=pl.col("as_of").filter(earlier).max())
    )
    waits = (pl.col("run") > pl.col("last")).any().over("current_owner")
    seen = pl.when(waits).then("last").otherwise("before")
    marked = came.join(sent, "current_owner", how="left")
    return marked.with_columns(new=(pl.col("run") > seen).fill_null(value=False)).drop(
        "last", "before"
    )


def rendered(workspace: Workspace, made: Iterable[Sheet], clock: Clock) -> Iterator[Rendered]:
    """Render the sheets one after the other, each written as soon as it is made."""
    forms = _Forms(workspace, clock)
    for sheet in made:
        whole = forms.of(sheet)
        _write(workspace, whole)
        yield whole


def subjects(workspace: Workspace, made: Iterable[Sheet], clock: Clock) -> dict[str, str]:
    """Return the subjects of the mails that carry the sheets, by person."""
    forms = _Forms(workspace, clock)
    return {sheet.person.person_id: forms.subject(sheet) for sheet in made}


class _Forms:
    """The templates and words of a workspace, read once, and the sheets made with them."""

    def __init__(self, workspace: Workspace, clock: Clock) -> None:
        self._workspace, self._clock = workspace, clock
        settings, templates = workspace.settings, workspace.path("templates")
        self._company = settings.company.name
        self._languages = Languages(templates)
        self._printer = Printer() if settings.sheets.pdf else None
        self._pages = Pages(
            templates, self._company, settings.scores.months, workspace.people, self._languages
        )

    def subject(self, sheet: Sheet) -> str:
        """Return the subject of the mail that carries a sheet."""
        return self._pages.subject(sheet)

    def of(self, sheet: Sheet) -> Rendered:
        """Return a sheet in all its forms."""
        html, language = self._pages.html(sheet), self._languages.of(sheet.person.language)
        return Rendered(
            sheet,
            self._workspace.file_name(sheet.person.person_id, sheet.person.name),
            self._pages.subject(sheet),
            html,
            self._pages.text(sheet),
            self._workbook(sheet),
            self._printer.pdf(html, language.code) if self._printer else None,
        )

    def _workbook(self, sheet: Sheet) -> bytes | None:
        if not (sheet.calls or sheet.made or (sheet.rollup and sheet.rollup.owners)):
            return None
        language = self._languages.of(sheet.person.language)
        causes = self._workspace.settings.sheets.causes
        return workbook(sheet, self._company, self._clock.now, language, causes)


def _write(workspace: Workspace, forms: Rendered) -> None:
    """Write a sheet to `out/`, from where it can always be made again."""
    folder = workspace.path("out", forms.sheet.month, "sheets")
    files.replace(folder / f"{forms.name}.html", forms.html.encode())
    files.replace(folder / f"{forms.name}.txt", forms.text.encode())
    for name, content in forms.attachments.items():
        files.replace(folder / name, content)
