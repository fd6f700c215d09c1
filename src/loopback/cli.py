"""The commands: each reads its options, calls a step, and says what came of it."""

from __future__ import annotations

import io
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopback.options import (
    WORKSPACE_HELP,
    By,
    CommentColumn,
    CompanySize,
    CustomerColumn,
    DayFirst,
    DryRun,
    ExcelSafe,
    Files,
    Folder,
    History,
    Json,
    Last,
    Month,
    Months,
    NewFolder,
    Repair,
    ScaleOption,
    ScoreColumn,
    Seed,
    TableName,
    TimeColumn,
    Today,
    ToFile,
    TokenColumn,
)

if TYPE_CHECKING:
    from loopback.clock import Clock
    from loopback.workspace import Workspace

WITH_REJECTS = 3
PRIVATE = 0o077

app = typer.Typer(
    name="loopback",
    help="Ask a slice of your customers every month; send each answer to the one who can act.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; whatever goes wrong is worded for a person."""
    os.umask(PRIVATE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a letter that the output lacks stops nothing
    try:
        app(arguments)
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as failed:  # noqa: BLE001 - caught once, here; Polars panics are no Exception
        from loopback import terminal

        sys.exit(terminal.failure(failed))


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"loopback {version('loopback-nps')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option("--workspace", "-w", envvar="LOOPBACK_WORKSPACE", help=WORKSPACE_HELP),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Take the options that stand before the command."""
    context.obj = workspace


def _opened(context: typer.Context, folder: Path | None) -> Workspace:
    from loopback.workspace import Workspace

    return Workspace(folder or context.obj or Path())


def _clock(today: datetime | None) -> Clock:
    from loopback.clock import clock_of

    return clock_of(today.date() if today else None)


@app.command()
def init(folder: NewFolder, as_json: Json = False) -> None:
    """Make a workspace with commented settings and example rows."""
    from loopback import say, terminal
    from loopback.steps.init import init as make

    made = make(folder)
    terminal.as_json({"folder": folder, "files": made}) if as_json else say.made(folder, made)


@app.command()
def demo(
    folder: NewFolder,
    seed: Seed = 1,
    months: Months = 12,
    customers: CompanySize = 12_000,
    today: Today = None,
    as_json: Json = False,
) -> None:
    """Make up a company and live a year of the loop with it."""
    from loopback import say, terminal
    from loopback.demo.year import demo as live

    with terminal.progress("living the months") as watched:
        lived = live(folder, seed, months, customers, _clock(today), watched)
    terminal.as_json(lived) if as_json else say.lived(lived)


@app.command()
def check(
    context: typer.Context,
    repair: Repair = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Find every problem in settings, lists, code frame and ledger."""
    from loopback import say, terminal
    from loopback.steps.check import check as find

    found = find(_opened(context, workspace), _clock(today), repair=repair)
    terminal.as_json(found) if as_json else say.checked(found)
    raise typer.Exit(1 if found.problems else 0)


@app.command()
def sample(
    context: typer.Context,
    month: Month = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Draw the month's cohort and write the invitation list for the survey tool."""
    from loopback import say, terminal
    from loopback.steps.sample import sample as draw

    drawn = draw(_opened(context, workspace), month, _clock(today), dry_run=dry_run)
    terminal.as_json(drawn.summary) if as_json else say.cohort(drawn, dry_run=dry_run)


@app.command()
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

    opened = _opened(context, workspace)
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
        taken = take(opened, files, chosen, _clock(today), dry_run=dry_run, watched=watched)
    terminal.as_json(taken) if as_json else say.ingested(taken, dry_run=dry_run)
    raise typer.Exit(WITH_REJECTS if taken.rejects.height else 0)


@app.command()
def score(
    context: typer.Context,
    by: By = None,
    month: Month = None,
    last: Last = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Show the NPS with its interval, by owner, region, segment or month."""
    from loopback import say, terminal
    from loopback.steps.score import score as scored

    upto = month or _clock(today).month
    found = scored(_opened(context, workspace), by, upto, 1 if month and not last else last)
    terminal.as_json(found) if as_json else say.scores(found)


@app.command()
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

    upto = month or _clock(today).month
    found = tally(_opened(context, workspace), by, upto, 1 if month and not last else last)
    terminal.as_json(found) if as_json else say.tally(found)


@app.command()
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

    opened = _opened(context, workspace)
    with terminal.progress("sheets") as watched:
        routed = send(opened, month, _clock(today), dry_run=dry_run, watched=watched)
    terminal.as_json(routed) if as_json else say.routed(routed, dry_run=dry_run)
    raise typer.Exit(WITH_REJECTS if routed.failures else 0)


@app.command()
def status(
    context: typer.Context,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Show what happened, what is open, and what to do next."""
    from loopback import say, terminal
    from loopback.steps.status import status as state

    found = state(_opened(context, workspace), _clock(today))
    terminal.as_json(found) if as_json else say.status(found)


@app.command()
def export(
    context: typer.Context,
    table: TableName,
    to: ToFile,
    history: History = False,
    excel_safe: ExcelSafe = False,
    as_json: Json = False,
    workspace: Folder = None,
) -> None:
    """Write a table of the ledger to a CSV, XLSX or Parquet file."""
    from loopback import say, terminal
    from loopback.steps.export import export as write

    opened = _opened(context, workspace)
    rows = write(opened, table, to, history=history, excel_safe=excel_safe)
    written = {"table": table, "file": to, "rows": rows}
    terminal.as_json(written) if as_json else say.exported(rows, table, to)
