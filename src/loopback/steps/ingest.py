"""Ingest exports: bytes to rows to responses, with rejects listed and nothing taken twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from loopback import files, remembered
from loopback.settings import FILE, Exports, Settings
from loopback.steps.take import Desk, Export, Kept, Taken, export_of
from loopback.tables import BOUNCES, REJECTS, RESPONSES, WITHDRAWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.runs import Run
    from loopback.steps.reports import Report
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Ingested:
    """The reports of all files, the rejects in them, and the responses that match nobody."""

    reports: list[Report]
    rejects: pl.DataFrame
    unmatched: pl.DataFrame = field(default_factory=pl.DataFrame)


def choices(workspace: Workspace, **given: object) -> Exports:
    """Return what the settings say of exports, with what the user gave this time on top.

    What was chosen for earlier exports comes last.
    """
    own = settings(workspace).exports.remembering(workspace.remembered)
    return own.given(**given)


def settings(workspace: Workspace) -> Settings:
    """Return the settings of a workspace; the defaults where the folder is none."""
    return workspace.settings if workspace.path(FILE).is_file() else Settings()


def ingest(
    workspace: Workspace,
    paths: Iterable[Path],
    choices: Exports,
    clock: Clock,
    *,
    said: Mapping[str, Any] | None = None,
    watched: Callable[[list[Export]], Iterable[Export]] = iter,
) -> Ingested:
    """Take the responses of exports into the ledger; a file that was taken before adds nothing.

    What is `said` of them, the options of this time, is remembered for the next exports.
    """
    exports = [export_of(path) for path in paths]
    names = [export.name for export in exports]
    with workspace.ledger.run("ingest", clock.now, files=names) as run:
        desk = Desk(workspace, choices, clock.month, workspace.ledger.runs.height + 1)
        # Every file is read before anything is written: one bad file leaves all untouched.
        taken = [desk.taken(export) for export in watched(exports)]
        fresh = {t.report.source for t in taken if not t.report.already}
        for export in exports:
            if export.source in fresh:
                workspace.keep(export.path, export.source)
        remember(workspace, run, [t.kept for t in taken if t.kept], said or {})
        _append(run, taken)
        run.arguments |= {"month": clock.month, "named": {e.source: e.name for e in exports}}
    return summed(taken)


def _append(run: Run, taken: list[Taken]) -> None:
    run.read.extend(t.report.source for t in taken if not t.report.already)
    run.append(RESPONSES, _all([t.responses for t in taken]))
    run.append(REJECTS, _all([t.rejects for t in taken]))
    run.append(BOUNCES, _all([t.bounces for t in taken]))


def remember(workspace: Workspace, run: Run, kept: Iterable[Kept], said: Mapping[str, Any]) -> None:
    """Write what was said of exports where the next ones find it, and the run what was chosen."""
    memory, own = workspace.remembered, workspace.settings.exports
    chosen: dict[str, Any] = {}
    for export in kept:
        choices = remembered.resolved(said, export.roles)
        memory = remembered.added(memory, export.layout, choices, export.columns, own)
        standing = {k: remembered.standing(memory, export.layout, k, own) for k in choices}
        chosen[export.source] = {
            "layout": export.layout,
            "choices": choices,
            "standing": standing,
        }
    run.arguments["chosen"] = {key: one for key, one in chosen.items() if one["choices"]}
    if memory != workspace.remembered:
        path = workspace.path(remembered.FILE)
        files.replace(path, remembered.text(memory).encode(), durable=True)
        files.sync_folder(path.parent)


def _all(frames: list[pl.DataFrame]) -> pl.DataFrame:
    """Put frames together; one alone is not copied."""
    filled = [frame for frame in frames if frame.height]
    none = next((frame for frame in frames if frame.width), pl.DataFrame())
    return pl.concat(filled) if len(filled) > 1 else (filled or [none])[0]


def summed(taken: list[Taken]) -> Ingested:
    """Return what was taken of several files as one."""
    rejects, responses = (_all(list(rows)) for rows in _of(taken))
    standing = rejects.filter(pl.col(WITHDRAWN).is_null()) if rejects.width else rejects
    return Ingested([t.report for t in taken], standing, _unmatched(responses))


def _of(taken: list[Taken]) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    return [t.rejects for t in taken], [t.responses for t in taken]


def _unmatched(responses: pl.DataFrame) -> pl.DataFrame:
    if not responses.width:
        return responses
    nobody = pl.col("customer_id").is_null() & pl.col(WITHDRAWN).is_null()
    named = ("named_token", "named_customer", "named_email")
    return responses.filter(nobody).select("source", "row", "response_id", *named)
