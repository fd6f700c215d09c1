"""Look at exports without taking anything in: what they are, what they would give, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback import remembered
from loopback.errors import LoopbackError, Problem
from loopback.exports.preview import explanation, preview, unreadable
from loopback.settings import FILE, Exports
from loopback.steps.ingest import summed
from loopback.steps.reports import completed
from loopback.steps.take import Desk, export_of
from loopback.tables import REJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.steps.ingest import Ingested
    from loopback.steps.reports import Report
    from loopback.steps.take import Export, Taken
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Looked:
    """A report a file, the rejects of all, and what is wrong with the files that are refused.

    `ingested` says what the ledger would gain, where there is a workspace that knows customers.
    """

    reports: list[dict[str, Any]]
    rejects: pl.DataFrame
    problems: list[Problem]
    ingested: Ingested | None = None


class _File(NamedTuple):
    """One file that was looked at: what is wrong with it, or what would be taken of it."""

    report: Report
    rejects: pl.DataFrame
    problems: tuple[Problem, ...] = ()
    taken: Taken | None = None


def look(workspace: Workspace, paths: Iterable[Path], choices: Exports, clock: Clock) -> Looked:
    """Return what exports would give; those that are refused do not hide the others."""
    desk = Desk(workspace, choices, clock.month)
    peopled = _peopled(workspace)
    if peopled:
        desk.run = workspace.ledger.runs.height + 1
    found = [_looked(desk, export_of(path), peopled=peopled) for path in paths]
    problems = [problem for file in found for problem in file.problems]
    taken = summed([file.taken for file in found if file.taken]) if peopled else None
    every = [taken.rejects] if taken else [file.rejects for file in found]
    rejects = pl.concat([REJECTS.empty().clear(), *every], how="diagonal_relaxed")
    return Looked([asdict(file.report) for file in found], rejects, problems, taken)


def explain(workspace: Workspace, paths: Iterable[Path], choices: Exports) -> list[dict[str, Any]]:
    """Return, of each export, what was recognised and why."""
    desk = Desk(workspace, choices, "")
    return [_explained(desk, path) for path in paths]


def _explained(desk: Desk, path: Path) -> dict[str, Any]:
    export = export_of(path)
    try:
        read = desk.reading(export)
    except LoopbackError as refused:
        shown: dict[str, Any] = asdict(unreadable(path.name, refused))
        return shown | {"columns": list[dict[str, Any]](), "remembered": {}}
    known = {"remembered": desk.remembered_for(read), "remembered_in": remembered.FILE}
    return asdict(preview(read)) | explanation(read) | known


def _looked(desk: Desk, export: Export, *, peopled: bool) -> _File:
    try:
        read = desk.reading(export)
    except LoopbackError as refused:
        shown = completed(unreadable(export.name, refused))
        return _File(shown, REJECTS.empty(), refused.problems)
    shown = preview(read)
    rejects = read.answers.rejects.with_columns(file=pl.lit(export.name))
    if read.refused or not peopled:
        problems = read.refused.problems if read.refused else ()
        report = completed(shown, taken=shown.scores, unmatched=shown.scores)
        return _File(report, rejects, problems)
    taken = desk.taken(export, read)
    again = completed(shown, source=export.source, already=True, rejects=0)
    return _File(again if taken.report.already else taken.report, rejects, taken=taken)


def _peopled(workspace: Workspace) -> bool:
    """Say whether the folder is a workspace with the lists of customers and people in it."""
    if not workspace.path(FILE).is_file():
        return False
    listed = (workspace.settings.customers.file, workspace.settings.people.file)
    return all(workspace.path(name).is_file() for name in listed)
