"""The commands on the workspace as a whole."""

from __future__ import annotations

import typer

from loopback.options import (
    ByName,
    CompanySize,
    ExcelSafe,
    Folder,
    Frame,
    History,
    Json,
    Months,
    NewFolder,
    Repair,
    Seed,
    StartingFrame,
    TableName,
    Today,
    ToFile,
    clock_at,
    workspace_of,
)


def init(folder: NewFolder, frame: StartingFrame = Frame.B2B, as_json: Json = False) -> None:
    """Make a workspace with commented settings and example rows."""
    from loopback import say, terminal
    from loopback.steps.init import init as make

    made = make(folder, frame)
    terminal.as_json({"folder": folder, "files": made}) if as_json else say.made(folder, made)


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
        lived = live(folder, seed, months, customers, clock_at(today), watched)
    terminal.as_json(lived) if as_json else say.lived(lived)


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

    found = find(workspace_of(context, workspace), clock_at(today), repair=repair)
    terminal.as_json(found) if as_json else say.checked(found)
    raise typer.Exit(1 if found.problems else 0)


def status(
    context: typer.Context,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Show what happened, what is open, and what to do next."""
    from loopback import say, terminal
    from loopback.steps.status import status as state

    found = state(workspace_of(context, workspace), clock_at(today))
    terminal.as_json(found) if as_json else say.status(found)


def export(
    context: typer.Context,
    table: TableName,
    to: ToFile,
    history: History = False,
    excel_safe: ExcelSafe = False,
    by_name: ByName = False,
    as_json: Json = False,
    workspace: Folder = None,
) -> None:
    """Write a table of the ledger to a CSV, XLSX or Parquet file."""
    from loopback import say, terminal
    from loopback.steps.export import export as write

    opened = workspace_of(context, workspace)
    rows = write(opened, table, to, history=history, excel_safe=excel_safe, by_name=by_name)
    written = {"table": table, "file": to, "rows": rows}
    terminal.as_json(written) if as_json else say.exported(rows, table, to)
