"""The terminal: tables and JSON on stdout, messages on stderr, colour where it is one."""

from __future__ import annotations

import errno
import json
import re
import sys
import traceback
import webbrowser
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WIDE = 160  # columns of a line where no terminal says how many there are
PROBLEMS_SHOWN = 20
OUR_MISTAKE = 70
NO_ROOM = ("there is no room left on the disk", "Make room, then run the command again.")
NOT_ALLOWED = ("this may not be read or written", "Check who owns it and its permissions.")
SYSTEM_WORDS = {
    errno.ENOSPC: NO_ROOM,
    errno.EDQUOT: NO_ROOM,
    errno.EFBIG: NO_ROOM,
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EROFS: NOT_ALLOWED,
    errno.ENOTDIR: ("a file stands where a folder should be", "Move it away."),
    errno.EISDIR: ("a folder stands where a file should be", "Move it away."),
}
RIGHT = (pl.Int64, pl.Float64, pl.UInt32)
PLAIN = {pl.String, pl.Boolean, pl.Int64, pl.UInt32, pl.Float64}  # as in JSON everywhere
NOT_ASCII = re.compile(r"[^\x00-\x7f]+")


def out() -> Console:
    """Return the console for tables."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, emoji=False, highlight=False)


def err() -> Console:
    """Return the console for messages."""
    width = None if sys.stderr.isatty() else WIDE
    return Console(stderr=True, width=width, markup=False, emoji=False, highlight=False)


def failure(failed: BaseException) -> int:
    """Say what went wrong, in words a user can act on; return the exit code."""
    if isinstance(failed, LoopbackError):
        problems(failed.problems)
        return failed.exit_code
    if isinstance(failed, OSError):
        problems([_of_the_system(failed)])
        return LoopbackError.exit_code
    problems([_of_ours(failed)])
    return OUR_MISTAKE


def _of_the_system(failed: OSError) -> Problem:
    what, mend = SYSTEM_WORDS.get(
        failed.errno or 0, (failed.strerror or "the system refused", "Try again.")
    )
    file = str(failed.filename) if failed.filename else None
    return Problem(what, mend + " Nothing was left half written.", file)


def _of_ours(failed: BaseException) -> Problem:
    """Name the place in the program, and never the message: it may quote a customer's data."""
    steps = traceback.extract_tb(failed.__traceback__)
    ours = [f"{Path(s.filename).name}:{s.lineno}" for s in steps if "loopback" in s.filename]
    what = f"a mistake in loopback itself: {type(failed).__name__} at {' > '.join(ours)}"
    return Problem(what, "Please report this line; your data is as it was before the command.")


def message(text: str) -> None:
    """Say what was done, to a person; a machine that reads along is left in peace."""
    if sys.stderr.isatty():
        err().print(printable(text))


def line(text: str) -> None:
    """Print a line of a result."""
    out().print(printable(text))


def warning(text: str) -> None:
    """Say what the user should know in any case."""
    err().print(printable(text))


def printable(text: str, style: str = "") -> Text:
    """Return a text for the terminal; a control character in it is shown, not obeyed."""
    shown = (c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return Text("".join(shown), style)


def problems(found: Iterable[Problem], label: str = "error") -> None:
    """Say what is wrong, where, and what to do about it."""
    listed = list(found)
    console = err()
    for problem in listed[:PROBLEMS_SHOWN]:
        place = f" ({problem.where})" if problem.where else ""
        said = printable(f"{label}: ", "bold red") + printable(problem.what + place)
        console.print(said, soft_wrap=not console.is_terminal)
        console.print(printable(f"  {problem.mend}", "dim"), soft_wrap=not console.is_terminal)
    if len(listed) > PROBLEMS_SHOWN:
        console.print(f"... and {len(listed) - PROBLEMS_SHOWN} more of the kind")


def opened(page: Path) -> bool:
    """Show a page in the browser, where a person watches and there is one."""
    if not sys.stdout.isatty():
        return False
    try:
        return webbrowser.open(page.absolute().as_uri())
    except webbrowser.Error:
        return False


def as_json(value: object) -> None:
    """Print a result as JSON, each row of a table on a line of its own.

    Tables of numbers and texts are written by Polars: Python takes long for many rows.
    """
    encoded = json.JSONEncoder(default=_plain, ensure_ascii=False).encode
    whole = _plain(value) if is_dataclass(value) else value
    if isinstance(whole, dict):
        entries = [f"  {encoded(name)}: {_rows(entry, encoded)}" for name, entry in whole.items()]
        written = "{\n" + ",\n".join(entries) + "\n}\n" if entries else "{}\n"
    else:
        written = _rows(whole, encoded) + "\n"
    encoding = (sys.stdout.encoding or "").lower()
    sys.stdout.write(written if encoding.startswith("utf") else _escaped(written))


def _escaped(written: str) -> str:
    """Return JSON of the same meaning for a terminal that knows few letters."""
    return NOT_ASCII.sub(lambda letters: json.dumps(letters[0])[1:-1], written)


def _rows(value: object, encoded: Callable[[object], str]) -> str:
    """Return a value as JSON; a table or list with something in it takes a line a row."""
    if isinstance(value, pl.DataFrame) and value.height and PLAIN.issuperset(value.dtypes):
        lines = value.write_ndjson().rstrip("\n")
        return "[\n    " + lines.replace("\n", ",\n    ") + "\n  ]"
    rows = value.to_dicts() if isinstance(value, pl.DataFrame) else value
    if not isinstance(rows, list) or not rows:
        return encoded(rows)
    return "[\n    " + ",\n    ".join(map(encoded, rows)) + "\n  ]"


def _plain(value: Any) -> object:  # noqa: ANN401 - whatever JSON does not know
    if isinstance(value, pl.DataFrame):
        return value.to_dicts()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


@contextmanager
def progress(title: str) -> Iterator[Callable[[Iterable[Any]], Iterable[Any]]]:
    """Give a function that shows how far a loop has come; silent where nobody watches."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    console = err()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield lambda steps: bar.track(list(steps), description=title)


def table(frame: pl.DataFrame, title: str, columns: dict[str, Callable[[Any], str]]) -> None:
    """Print the named columns of a frame, each cell worded by its function."""
    grid = Table(title=title, title_justify="left", title_style="bold", header_style="dim")
    for name in columns:
        number = name in frame.columns and frame.schema[name] in RIGHT
        grid.add_column(name, justify="right" if number else "left")
    for row in frame.iter_rows(named=True):
        grid.add_row(*(printable(word(row.get(name, row))) for name, word in columns.items()))
    out().print(grid)


def text(value: object) -> str:
    """Return a cell as text; what is empty stays empty."""
    return "" if value is None else str(value)
