"""The commands on reasons: the tally, and what makes and tests the code frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from loopback.errors import Problem, WrongUsageError
from loopback.options import (
    AddTerm,
    Audit,
    By,
    CodedFile,
    Coders,
    CommentsFile,
    Folder,
    FrameFile,
    Json,
    Label,
    Labelled,
    LanguageColumn,
    Last,
    Month,
    NamedColumn,
    OfLanguage,
    ReasonId,
    ReasonsColumn,
    SampleSize,
    SeedText,
    Today,
    Top,
    Who,
    clock_at,
    workspace_of,
)

NAMES = {"file": "a file", "as_json": "--json"}  # what of the options is called otherwise

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
        mend = "Write it after the command, if the command has it."
        before = f"before {context.invoked_subcommand}"
        _refuse(context, ("by", "month", "last", "as_json", "today"), before, mend)
        return
    from loopback import reasoncard, terminal
    from loopback.steps.reasons import tally as tallied

    upto = month or clock_at(today).month
    found = tallied(workspace_of(context, workspace), by, upto, 1 if month and not last else last)
    terminal.as_json(found) if as_json else reasoncard.tally(found)


@app.command()
def show(context: typer.Context, who: Who, as_json: Json = False, workspace: Folder = None) -> None:
    """Explain one comment: every match in it, and the term that made it."""
    from loopback import reasoncard, terminal
    from loopback.steps.show import show as shown

    found = shown(workspace_of(context, workspace), who)
    if as_json:
        terminal.as_json([{**vars(s), "matches": [m._asdict() for m in s.matches]} for s in found])
    else:
        reasoncard.shown(found)


@app.command()
def discover(
    context: typer.Context,
    month: Month = None,
    last: Last = None,
    top: Top = 10,
    add: AddTerm = None,
    reason: ReasonId = None,
    label: Label = None,
    language: OfLanguage = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Find what comments speak of and the code frame lacks; --add writes terms into it."""
    from loopback import reasoncard, terminal
    from loopback.steps.discover import add as added
    from loopback.steps.discover import discover as discovered

    opened = workspace_of(context, workspace)
    if add or reason:
        if not add or not reason:
            mend = 'Write loopback reasons discover --add "password*" --reason account.access.'
            raise WrongUsageError(Problem("--add needs a --reason, and the other way round", mend))
        _refuse(context, ("month", "last", "top", "today"), "with --add")
        wrote = added(opened, add, reason, language, label)
        terminal.as_json(wrote) if as_json else reasoncard.added(wrote)
        return
    _refuse(context, ("label", "language"), "without --add")
    upto = month or clock_at(today).month
    found = discovered(opened, upto, 1 if month and not last else last, top)
    terminal.as_json(reasoncard.plain(found)) if as_json else reasoncard.discovered(found)


@app.command()
def code(
    context: typer.Context,
    to: CodedFile,
    file: CommentsFile = None,
    frame: FrameFile = None,
    column: NamedColumn = None,
    language_column: LanguageColumn = None,
    sample: SampleSize = None,
    coders: Coders = 1,
    seed: SeedText = "1",
    as_json: Json = False,
    workspace: Folder = None,
) -> None:
    """Add to each comment of a file its reasons; or write a --sample to be coded by hand."""
    from loopback import reasoncard, terminal
    from loopback.steps.coding import code as coded
    from loopback.steps.handsheet import handsheet

    if sample:
        mend = "Leave it out: a sample is of the comments and the frame of the workspace."
        of_a_file = ("file", "frame", "column", "language_column")
        _refuse(context, of_a_file, "with --sample", mend)
        files, rows = handsheet(workspace_of(context, workspace), sample, seed, coders, to)
        wrote = {"files": files, "comments": rows}
        terminal.as_json(wrote) if as_json else reasoncard.handsheet(files, rows)
        return
    mend = "Leave it out, or write --sample N to draw comments of the workspace."
    _refuse(context, ("coders", "seed"), "without --sample", mend)
    if file is None:
        mend = "Write loopback reasons code COMMENTS.csv --frame reasons.toml --to coded.csv."
        raise WrongUsageError(Problem("name a file of comments", mend))
    known = _frame(context, frame, workspace)
    found = coded(file, known, column, language_column, to)
    terminal.as_json(found) if as_json else reasoncard.coding(found)


def _refuse(
    context: typer.Context, names: Sequence[str], where: str, mend: str = "Leave it out."
) -> None:
    """Stop at the first option that is given where it would do nothing."""
    for name in names:
        source = context.get_parameter_source(name)
        if source and source.name == "COMMANDLINE":
            option = NAMES.get(name, f"--{name.replace('_', '-')}")
            raise WrongUsageError(Problem(f"{option} does nothing {where}", mend))


def _frame(context: typer.Context, frame: Path | None, workspace: Path | None) -> Path:
    """Return the code frame that is named, or that of the workspace."""
    from loopback.frame import FILE

    if frame:
        _refuse(context, ("workspace",), "with --frame", "Leave one of the two out.")
        return frame
    return workspace_of(context, workspace).path(FILE)


@app.command("test")
def trial(
    context: typer.Context,
    labelled: Labelled,
    frame: FrameFile = None,
    column: NamedColumn = None,
    language_column: LanguageColumn = None,
    codes: ReasonsColumn = None,
    audit: Audit = False,
    as_json: Json = False,
    workspace: Folder = None,
) -> None:
    """Hold the code frame against reasons that people gave, worst first."""
    from loopback import reasoncard, terminal
    from loopback.steps.trial import Columns
    from loopback.steps.trial import trial as held

    columns = Columns(column, language_column, codes)
    tried = held(labelled, _frame(context, frame, workspace), columns)
    terminal.as_json(tried) if as_json else reasoncard.tried(tried, audit=audit)
