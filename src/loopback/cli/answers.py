"""The commands on what customers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from loopback.errors import LoopbackError
from loopback.options import (
    CommentColumn,
    CustomerColumn,
    DayFirst,
    DryRun,
    EncodingOption,
    Explain,
    Files,
    Folder,
    Json,
    LayoutOption,
    Month,
    ScaleOption,
    ScoreColumn,
    SheetOption,
    TimeColumn,
    Today,
    TokenColumn,
    WordOption,
    clock_at,
    words_of,
    workspace_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.settings import Exports
    from loopback.workspace import Workspace

WITH_REJECTS = 3


def ingest(
    context: typer.Context,
    files: Files,
    score: ScoreColumn = None,
    comment: CommentColumn = None,
    customer: CustomerColumn = None,
    token: TokenColumn = None,
    responded_at: TimeColumn = None,
    layout: LayoutOption = None,
    sheet: SheetOption = None,
    scale: ScaleOption = None,
    word: WordOption = None,
    encoding: EncodingOption = None,
    day_first: DayFirst = None,
    explain: Explain = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Take the answers of survey exports into the ledger; the same file twice adds nothing."""
    from loopback import say, terminal
    from loopback.steps.ingest import choices
    from loopback.steps.ingest import ingest as take

    opened = workspace_of(context, workspace)
    chosen = choices(
        opened,
        score=score,
        comment=comment,
        customer=customer,
        token=token,
        responded_at=responded_at,
        layout=layout,
        sheet=sheet,
        scale=scale,
        words=words_of(word),
        encoding=encoding,
        day_first=day_first,
    )
    if explain:
        _explain(opened, files, chosen, as_json=as_json)
        return
    if dry_run:
        _look(opened, files, chosen, clock_at(today), as_json=as_json)
        return
    with terminal.progress("reading") as watched:
        taken = take(opened, files, chosen, clock_at(today), dry_run=False, watched=watched)
    terminal.as_json(taken) if as_json else say.ingested(taken, dry_run=False)
    raise typer.Exit(WITH_REJECTS if taken.rejects.height else 0)


def _explain(opened: Workspace, files: list[Path], chosen: Exports, *, as_json: bool) -> None:
    from loopback import say, terminal
    from loopback.steps.look import explain

    found = explain(opened, files, chosen)
    terminal.as_json({"reports": found}) if as_json else say.explained(found)


def _look(
    opened: Workspace, files: list[Path], chosen: Exports, clock: Clock, *, as_json: bool
) -> None:
    """Say what files would give; end as a run without `--dry-run` would."""
    from loopback import say, terminal
    from loopback.steps.look import look

    looked = look(opened, files, chosen, clock)
    if as_json:
        terminal.as_json({"reports": looked.reports, "rejects": looked.rejects})
    else:
        say.looked(looked)
    if looked.problems:
        raise LoopbackError(*looked.problems)
    raise typer.Exit(WITH_REJECTS if looked.rejects.height else 0)


def route(
    context: typer.Context,
    month: Month = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Write each owner's sheet and each manager's roll-up; mail what is new, once."""
    from loopback import say, terminal
    from loopback.steps.route import route as send

    opened = workspace_of(context, workspace)
    with terminal.progress("sheets") as watched:
        routed = send(opened, month, clock_at(today), dry_run=dry_run, watched=watched)
    terminal.as_json(routed) if as_json else say.routed(routed, dry_run=dry_run)
    raise typer.Exit(WITH_REJECTS if routed.failures else 0)
