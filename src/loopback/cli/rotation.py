"""The commands that ask."""

from __future__ import annotations

import os

import typer

from loopback.options import (
    Add,
    Ahead,
    Back,
    BreachesFile,
    ByBook,
    DryRun,
    Folder,
    Json,
    Month,
    RowsFile,
    Today,
    clock_at,
    workspace_of,
)

# Polars gives freed memory back after half a second; a draw needs it again at once.
HOLD_FREED = ("_RJEM_MALLOC_CONF", "dirty_decay_ms:20000,muzzy_decay_ms:20000")


def sample(
    context: typer.Context,
    month: Month = None,
    add: Add = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Draw the month's cohort and write the invitation list for the survey tool."""
    os.environ.setdefault(*HOLD_FREED)  # before Polars is loaded
    from loopback import say, terminal
    from loopback.steps.sample import sample as draw

    opened, clock = workspace_of(context, workspace), clock_at(today)
    drawn = draw(opened, month, clock, add=add, dry_run=dry_run)
    terminal.as_json(drawn.summary) if as_json else say.cohort(drawn, dry_run=dry_run)


def plan(
    context: typer.Context,
    months: Ahead = 12,
    by: ByBook = None,
    to: RowsFile = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Show whom the coming months will ask, and where that is more than an owner can call."""
    from loopback import say, terminal
    from loopback.steps.plan import plan as planned

    found = planned(workspace_of(context, workspace), months, by, to, clock_at(today))
    terminal.as_json(found) if as_json else say.plan(found)


def verify(
    context: typer.Context,
    last: Back = 24,
    to: BreachesFile = None,
    as_json: Json = False,
    workspace: Folder = None,
) -> None:
    """Recompute every guarantee of the rotation from the ledger alone."""
    from loopback import say, terminal
    from loopback.steps.verify import verify as verified

    found = verified(workspace_of(context, workspace), last, to)
    terminal.as_json(found.summary) if as_json else say.verified(found)
    raise typer.Exit(1 if found.broken else 0)
