"""Look at exports without taking anything in: what they are, what they would give, and why."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback import remembered
from loopback.errors import LoopbackError, Problem
from loopback.exports.preview import Preview, explanation, preview, unreadable
from loopback.settings import FILE, Exports
from loopback.steps.ingest import ingest
from loopback.steps.take import Desk, export_of
from loopback.tables import REJECTS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.steps.ingest import Ingested, Report
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
    """One file that was looked at."""

    path: Path
    shown: Preview
    problems: list[Problem]
    rejects: pl.DataFrame


def look(workspace: Workspace, paths: Iterable[Path], choices: Exports, clock: Clock) -> Looked:
    """Return what exports would give; those that are refused do not hide the others."""
    desk = Desk(workspace, choices, clock.month)
    found = [_looked(desk, path) for path in paths]
    good = [file.path for file in found if not file.problems]
    taken = ingest(workspace, good, choices, clock, dry_run=True) if _peopled(workspace) else None
    matched = iter(taken.reports if taken else ())
    reports = [_report(f.shown, None if f.problems else next(matched, None)) for f in found]
    problems = [problem for file in found for problem in file.problems]
    every = [taken.rejects] if taken else [file.rejects for file in found]
    rejects = pl.concat([REJECTS.empty().clear(), *every], how="diagonal_relaxed")
    return Looked(reports, rejects, problems, taken)


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


def _looked(desk: Desk, path: Path) -> _File:
    export = export_of(path)
    try:
        read = desk.reading(export)
    except LoopbackError as refused:
        nothing = REJECTS.empty()
        return _File(path, unreadable(path.name, refused), list(refused.problems), nothing)
    rejects = read.answers.rejects.with_columns(file=pl.lit(path.name))
    problems = [] if read.refused is None else list(read.refused.problems)
    return _File(path, preview(read), problems, rejects)


def _peopled(workspace: Workspace) -> bool:
    """Say whether the folder is a workspace with the lists of customers and people in it."""
    if not workspace.path(FILE).is_file():
        return False
    listed = (workspace.settings.customers.file, workspace.settings.people.file)
    return all(workspace.path(name).is_file() for name in listed)


def _report(shown: Preview, taken: Report | None) -> dict[str, Any]:
    """Return what a file is, with what would become of its rows."""
    if taken is None:
        return asdict(shown) | {"taken": shown.scores, "known": 0, "unmatched": shown.scores}
    return asdict(shown) | {"rejects": taken.rejects} | _becoming(taken)


def _becoming(taken: Report) -> dict[str, Any]:
    shown = Preview.__dataclass_fields__
    return {name: value for name, value in asdict(taken).items() if name not in shown}
