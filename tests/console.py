"""The commands of a document: lines that start with `$ ` in its `console` blocks."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from loopback import cli

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
ENDS_WITH = re.compile(r"#.*\bends with (\d+)")


class Command(NamedTuple):
    """A command of a document, and the code that the document says it ends with."""

    words: list[str]
    code: int


def commands(document: Path) -> list[Command]:
    """Return the commands of a document, in order."""
    blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
    lines = [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]
    return [_command(line) for line in lines]


def perform(command: Command, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of a document in a folder; it must end as the document says."""
    words = command.words
    if words[0] == "loopback":
        words = [str(Path(sys.executable).with_name("loopback")), *words[1:]]
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert ended.returncode == command.code, (command, ended)
    return ended


def perform_inside(command: Command, folder: Path) -> None:
    """Run a command as `perform` does, but in this process, which need not start."""
    assert command.words[0] == "loopback"
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        cli.main(command.words[1:])
    said = (command, ended.value.code, out.getvalue(), err.getvalue())
    assert (ended.value.code or 0) == command.code, said
    assert "Traceback" not in err.getvalue(), said


def _command(line: str) -> Command:
    ends = ENDS_WITH.search(line)
    return Command(shlex.split(line, comments=True), int(ends[1]) if ends else 0)
