"""Ingest exports: bytes to rows to responses, with rejects listed and nothing taken twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import error
from loopback.exports import matching
from loopback.exports.reading import Reading, reading
from loopback.exports.roles import Known
from loopback.settings import FILE, Exports, Settings
from loopback.tables import BOUNCES, INVITATIONS, REJECTS, RESPONSES, RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.exports.roles import Roles
    from loopback.workspace import Workspace

KNOWN = [*RESPONSES.columns.names(), "run"]


@dataclass(frozen=True)
class Export:
    """One file given to ingest: its bytes, and the hash that names them."""

    path: Path
    content: bytes
    source: str


@dataclass
class Report:
    """What became of one file: every row is taken, known, left out or rejected."""

    file: str
    source: str
    already: bool = False
    layout: str = ""
    encoding: str | None = None
    roles: Roles = field(default_factory=dict)
    rows: int = 0
    taken: int = 0
    known: int = 0
    unmatched: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    rejects: int = 0
    notes: list[str] = field(default_factory=list)

    def count(self, fresh: pl.DataFrame, rejects: pl.DataFrame) -> None:
        """Count what is new; all other rows that count were known already."""
        self.taken = fresh.height
        self.unmatched = fresh["customer_id"].null_count()
        self.rejects = rejects.height
        self.known = self.rows - self.taken - self.rejects - sum(self.left_out.values())


@dataclass(frozen=True)
class Ingested:
    """The reports of all files, and the rejects in them."""

    reports: list[Report]
    rejects: pl.DataFrame


@dataclass(frozen=True)
class _Taken:
    """The rows of one file that go to the ledger, and its report."""

    report: Report
    responses: pl.DataFrame
    rejects: pl.DataFrame
    bounces: pl.DataFrame


def choices(workspace: Workspace, **given: object) -> Exports:
    """Return what the settings say of exports, with what the user gave this time on top."""
    return settings(workspace).exports.given(**given)


def settings(workspace: Workspace) -> Settings:
    """Return the settings of a workspace; the defaults where the folder is none."""
    return workspace.settings if workspace.path(FILE).is_file() else Settings()


def knowledge(workspace: Workspace) -> Known:
    """Return what is known before an export is read."""
    tokens = workspace.ledger.current(INVITATIONS)["token"]
    return Known(tokens, workspace.settings.customers.columns)


def ingest(
    workspace: Workspace,
    paths: Iterable[Path],
    choices: Exports,
    clock: Clock,
    *,
    dry_run: bool,
    watched: Callable[[list[Export]], Iterable[Export]] = iter,
) -> Ingested:
    """Take the responses of exports into the ledger; a file that was taken before adds nothing."""
    exports = [_export(path) for path in paths]
    if dry_run:
        return _ingested(_taken(workspace, watched(exports), choices, clock.month))
    with workspace.ledger.run("ingest", clock.now, files=[e.path.name for e in exports]) as run:
        taken = _taken(workspace, watched(exports), choices, clock.month)
        fresh = [t.report.source for t in taken if not t.report.already]
        for export in exports:
            if export.source in fresh:
                workspace.keep(export.content, export.path.suffix.lower())
        run.read.extend(fresh)
        run.append(RESPONSES, _all([t.responses for t in taken]))
        run.append(REJECTS, _all([t.rejects for t in taken]))
        run.append(BOUNCES, _all([t.bounces for t in taken]))
    return _ingested(taken)


def contents(path: Path) -> bytes:
    """Return the bytes of a file that the user named; raise where there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise error("there is no such file", "Check the name.", str(path)) from None
    except IsADirectoryError:
        raise error("this is a folder", "Name the files in it.", str(path)) from None


def _export(path: Path) -> Export:
    content = contents(path)
    return Export(path, content, hashlib.sha256(content).hexdigest())


def _taken(
    workspace: Workspace, exports: Iterable[Export], choices: Exports, month: str
) -> list[_Taken]:
    """Read every file before anything is written, so that one bad file leaves all untouched."""
    ledger = workspace.ledger
    read = set(ledger.rows(RUNS)["read"].explode(empty_as_null=False).drop_nulls())
    known, number = ledger.rows(RESPONSES).select(KNOWN), ledger.runs.height + 1
    taken: list[_Taken] = []
    for export in exports:
        if export.source in read:
            taken.append(_nothing(export))
            continue
        read.add(export.source)
        taken.append(_read(workspace, export, choices, month, known, number))
        added = taken[-1].responses.with_columns(run=pl.lit(number, pl.Int64))
        known = pl.concat([known, added.select(KNOWN)])
    return taken


def _nothing(export: Export) -> _Taken:
    report = Report(export.path.name, export.source, already=True)
    empty = pl.DataFrame()
    return _Taken(report, empty, empty, empty)


def _read(
    workspace: Workspace,
    export: Export,
    choices: Exports,
    month: str,
    known: pl.DataFrame,
    number: int,
) -> _Taken:
    """Return what one file holds that the ledger does not."""
    name = export.path.name
    read = reading(export.content, name, choices, knowledge(workspace))
    held = read.answers
    invitations = workspace.ledger.current(INVITATIONS)
    matched = matching.responses(held.answers, invitations, workspace.customers, month)
    fresh = matching.corrections(matching.fresh(matched, known), known, number)
    source = pl.lit(export.source).alias("source")
    named = held.rejects.with_columns(file=pl.lit(name))
    rejects = _new_rejects(named, workspace.ledger.rows(REJECTS))
    report = _report(export, read)
    report.count(fresh, rejects)
    return _Taken(
        report,
        fresh.with_columns(source),
        rejects.with_columns(source),
        matching.bounces(held.bounced, invitations, workspace.customers).with_columns(source),
    )


def _new_rejects(rejects: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the rejects that an export of the same name did not show before it grew."""
    cell = ["file", "row", "column", "value", "why"]
    return rejects.join(known, cell, how="anti", nulls_equal=True).sort("row")


def _report(export: Export, read: Reading) -> Report:
    held = read.answers
    return Report(
        export.path.name,
        export.source,
        layout=read.layout,
        encoding=read.cells.encoding,
        roles=read.roles,
        rows=read.height,
        left_out=held.left_out,
        notes=held.notes,
    )


def _all(frames: list[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat([frame for frame in frames if frame.width] or [pl.DataFrame()])


def _ingested(taken: list[_Taken]) -> Ingested:
    return Ingested([t.report for t in taken], _all([t.rejects for t in taken]))
