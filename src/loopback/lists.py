"""The lists a company keeps: read as text, their columns named in our words."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import LoopbackError, Problem, error, stop_at
from loopback.grid import grid
from loopback.settings import FILE, ListFile

if TYPE_CHECKING:
    from pathlib import Path

SHOWN_COLUMNS = 12
DOUBLE = re.compile(r".+ \(column \d+\)")
DOUBLE_MEND = "Rename one of them in the file, or leave it out."


def rows(
    folder: Path, listed: ListFile, needed: tuple[str, ...], known: tuple[str, ...]
) -> pl.DataFrame:
    """Return the rows of a list as text, with `row` as a person counts them.

    Raises where the file or a column is missing, or a row has not as many cells as the header.
    """
    path = folder / listed.file
    if not path.is_file():
        mend = f"Put your list there, or name another file in {FILE}."
        raise error(f"there is no file {listed.file}", mend)
    cells = grid(path.read_bytes(), listed.file)
    stop_at(_uneven(cells.uneven(), listed.file))
    headed = cells.headed().drop("fields")
    stop_at(_column_problems(headed.columns[1:], listed, needed, known))
    if headed.is_empty():
        raise LoopbackError(Problem("there are no rows", "Export it again, in full.", listed.file))
    ours = {column: name for name, column in listed.columns.items()}
    shadowed = [name for column, name in ours.items() if name != column]
    named = headed.drop(shadowed, strict=False).rename(ours)
    return named.with_columns(pl.exclude("row").str.strip_chars().replace("", None))


def in_their_words(problems: list[Problem], listed: ListFile) -> list[Problem]:
    """Name the columns as the company's own file names them."""
    return [
        Problem(p.what, p.mend, p.file, p.row, listed.columns.get(p.column or "", p.column))
        for p in problems
    ]


def _uneven(uneven: pl.DataFrame, file: str) -> list[Problem]:
    mend = "A comma too many or too few? Put text that holds one in quotes."
    return [
        Problem(f"{fields} cells, which is not as many as the header has", mend, file, row)
        for row, fields in uneven.select("row", "fields").iter_rows()
    ]


def _column_problems(
    columns: list[str], listed: ListFile, needed: tuple[str, ...], known: tuple[str, ...]
) -> list[Problem]:
    """Return what is wrong with the header of a list and the mapping of its columns."""
    unknown = [
        Problem(f"unknown name {name} in columns", f"Known: {', '.join(known)}.", FILE)
        for name in listed.columns
        if name not in known
    ]
    wanted = {name: listed.columns.get(name, name) for name in (*needed, *listed.columns)}
    missing = [
        Problem(f"there is no column {column!r}", _nearest(name, column, columns), listed.file)
        for name, column in wanted.items()
        if column not in columns
    ]
    columns_of = Counter(wanted.values())
    shared = [
        Problem(f"{column!r} is meant by more than one name", f"See columns.{name}.", FILE)
        for name, column in listed.columns.items()
        if name in known and columns_of[column] > 1
    ]
    double = [
        Problem(f"there is more than one column {column!r}", DOUBLE_MEND, listed.file)
        for column in dict.fromkeys(listed.columns.get(name, name) for name in known)
        if any(DOUBLE.fullmatch(other) and other.startswith(f"{column} (") for other in columns)
    ]
    return unknown + missing + shared + double


def _nearest(name: str, column: str, columns: list[str]) -> str:
    """Say which column was probably meant, and how to map it."""
    [near, *_] = [*difflib.get_close_matches(column, columns, n=1), "..."]
    shown = ", ".join(columns[:SHOWN_COLUMNS])
    return f'The file has: {shown}. If one is it, set columns.{name} = "{near}" in {FILE}.'
