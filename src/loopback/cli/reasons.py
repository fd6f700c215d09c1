"""The commands on reasons: the tally, and what makes and tests the code frame."""

from __future__ import annotations

import typer

from loopback.options import (
    By,
    CodedFile,
    CommentsFile,
    Folder,
    FrameFile,
    Json,
    LanguageColumn,
    Last,
    Month,
    NamedColumn,
    Today,
    clock_at,
    workspace_of,
)

app = typer.Typer(
    name="reasons",
    help="Tally the reasons customers gave, with the words that say so.",
    invoke_without_command=True,
    rich_markup_mode=None,
)


@app.callback()
def tally(
    context: typer.Context,
    by: By = None,
    month: Month = None,
    last: Last = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Tally the reasons customers gave, with the words that say so."""
    context.obj = workspace or context.obj
    if context.invoked_subcommand:
        return
    from loopback import say, terminal
    from loopback.steps.reasons import tally as tallied

    upto = month or clock_at(today).month
    found = tallied(workspace_of(context, workspace), by, upto, 1 if month and not last else last)
    terminal.as_json(found) if as_json else say.tally(found)


@app.command()
def code(
    file: CommentsFile,
    frame: FrameFile,
    to: CodedFile,
    column: NamedColumn = None,
    language_column: LanguageColumn = None,
    as_json: Json = False,
) -> None:
    """Add to each comment of a file its reasons and the words that gave them."""
    from loopback import say, terminal
    from loopback.steps.coding import code as coded

    found = coded(file, frame, column, language_column, to)
    terminal.as_json(found) if as_json else say.coding(found)
