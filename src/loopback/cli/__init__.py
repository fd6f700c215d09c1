"""The command line: its commands, one file a group; each reads, calls a step, says what came."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from loopback.cli import answers, reasons, rotation, scores, workspace
from loopback.options import WORKSPACE_HELP

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


for command in (
    workspace.init,
    workspace.demo,
    workspace.check,
    rotation.sample,
    rotation.plan,
    rotation.verify,
    answers.ingest,
    scores.score,
    answers.route,
    workspace.status,
    workspace.export,
):
    app.command()(command)
app.add_typer(reasons.app)
