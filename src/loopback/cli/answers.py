"""The commands on what customers answered."""

from __future__ import annotations

import typer

from loopback.options import (
    By,
    CommentColumn,
    CustomerColumn,
    DayFirst,
    DryRun,
    Files,
    Folder,
    Json,
    Last,
    Month,
    ScaleOption,
    ScoreColumn,
    TimeColumn,
    Today,
    TokenColumn,
    clock_at,
    workspace_of,
)

WITH_REJECTS = 3


def ingest(
    context: typer.Context,
    files: Files,
    score: ScoreColumn = None,
    comment: CommentColumn = None,
    customer: CustomerColumn = None,
    token: TokenColumn = None,
    responded_at: TimeColumn = None,
    scale: ScaleOption = None,
    day_first: DayFirst = None,
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
        scale=scale,
        day_first=day_first,
    )
    with terminal.progress("reading") as watched:
        taken = take(opened, files, chosen, clock_at(today), dry_run=dry_run, watched=watched)
    terminal.as_json(taken) if as_json else say.ingested(taken, dry_run=dry_run)
    raise typer.Exit(WITH_REJECTS if taken.rejects.height else 0)


def reasons(
    context: typer.Context,
    by: By = None,
    month: Month = None,
    last: Last = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Tally the reasons customers gave, with the words that say so."""
    from loopback import say, terminal
    from loopback.steps.reasons import tally

    upto = month or clock_at(today).month
    found = tally(workspace_of(context, workspace), by, upto, 1 if month and not last else last)
    terminal.as_json(found) if as_json else say.tally(found)


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
