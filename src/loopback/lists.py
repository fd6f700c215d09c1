"""The lists a company keeps: read as text, their columns named in our words."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import filled
from loopback.errors import LoopbackError, Problem, error, stop_at
from loopback.rows import reading
from loopback.rows import rows as rows_of
from loopback.settings import FILE, ListFile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from pathlib import Path

SHOWN_COLUMNS = 12
DOUBLE = re.compile(r".+ \(column \d+\)")
DOUBLE_MEND = "Rename one of them in the file, or leave it out."


@dataclass(frozen=True)
class List:
    """The rows of a list as text: columns in our words, cells without spaces around them.

    `row` is as a person counts. `every` has blank rows too, which are none, but reads only what is
    asked for; `full`, without them, looks into every cell.
    """

    file: str
    columns: list[str]
    every: pl.LazyFrame
    full: pl.LazyFrame
    cells: pl.LazyFrame  # as they are in the file
    places: dict[str, str]  # where among the cells each column stands

    def some(self, column: str, texts: pl.Series) -> pl.LazyFrame:
        """Return the rows that have one of some texts in a column; no others are tidied."""
        wanted = pl.col(self.places[column]).str.strip_chars().is_in(texts.implode())
        return _tidied(self.cells.filter(wanted), self.places)

    def worded(self, few: Collection[str]) -> pl.LazyFrame:
        """Return the rows of `every`, some of the columns as words (Categorical), as they stand."""
        words = [place for name, place in self.places.items() if name in few]
        return _tidied(self.cells, self.places, words)

    def read(self, asked: pl.LazyFrame) -> pl.DataFrame:
        """Return what is asked of the rows; raise where the file is damaged or has no rows."""
        with reading(self.file):
            found = asked.collect(engine="streaming")
        if found.is_empty():
            raise LoopbackError(
                Problem("there are no rows", "Export it again, in full.", self.file)
            )
        return found


def scan(
    folder: Path,
    listed: ListFile,
    needed: tuple[str, ...],
    known: tuple[str, ...],
    ids: tuple[str, ...] = (),
) -> List:
    """Return a list of which the header is read; the rows are, when they are asked for.

    Raises where the file or a column is missing, a row has not as many cells as the header, or
    columns of ids hold numbers with decimals.
    """
    path = folder / listed.file
    if not path.is_file():
        mend = f"Put your list there, or name another file in {FILE}."
        raise error(f"there is no file {listed.file}", mend)
    found = rows_of(path, listed.file)
    stop_at(_uneven(found.uneven, listed.file))
    stop_at(_column_problems(list(found.columns), listed, needed, known))
    stop_at(_id_problems(found.decimals, listed, ids))
    names = _our_words(found.columns, listed)
    every, full = (_tidied(cells, names) for cells in (found.every, found.full))
    return List(listed.file, list(names), every, full, found.every, names)


def rows(
    folder: Path,
    listed: ListFile,
    needed: tuple[str, ...],
    known: tuple[str, ...],
    ids: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Return all rows of a list, as `scan` describes them; raise as it does."""
    found = scan(folder, listed, needed, known, ids)
    return found.read(found.full)


def _our_words(columns: dict[str, str], listed: ListFile) -> dict[str, str]:
    """Return the columns by our names; one that a mapping replaces makes way for it."""
    ours = {column: name for name, column in listed.columns.items()}
    return {
        ours.get(column, column): place
        for column, place in columns.items()
        if column in ours or column not in listed.columns
    }


def _tidied(
    cells: pl.LazyFrame, columns: dict[str, str], words: Collection[str] = ()
) -> pl.LazyFrame:
    """Take the spaces off the cells, make those without letters null, name the columns.

    In two steps: Polars would take the spaces off twice in one. `words` are only made words.
    """
    texts = [place for place in columns.values() if place not in words]
    stripped, coded = pl.col(texts).str.strip_chars(), pl.col(list(words)).cast(pl.Categorical)
    names = {place: name for name, place in columns.items()}
    return cells.select("row", stripped, coded).select("row", *filled(texts), *words).rename(names)


def in_their_words(problems: list[Problem], listed: ListFile) -> list[Problem]:
    """Name the columns as the company's own file names them."""
    return [
        Problem(p.what, p.mend, p.file, p.row, listed.columns.get(p.column or "", p.column))
        for p in problems
    ]


def _uneven(uneven: Iterable[tuple[int, int]], file: str) -> list[Problem]:
    mend = "A comma too many or too few? Put text that holds one in quotes."
    return [
        Problem(f"{fields} cells, which is not as many as the header has", mend, file, row)
        for row, fields in uneven
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


def _id_problems(decimals: frozenset[str], listed: ListFile, ids: tuple[str, ...]) -> list[Problem]:
    """Return the columns of ids in which 7 has become 7.0."""
    what = "the ids are stored as numbers with decimals, 7 as 7.0"
    mend = "Store the column as text, so that 7 stays 7 and 007 stays 007."
    columns = (listed.columns.get(name, name) for name in ids)
    return [Problem(what, mend, listed.file, column=c) for c in columns if c in decimals]


def _nearest(name: str, column: str, columns: list[str]) -> str:
    """Say which column was probably meant, and how to map it."""
    [near, *_] = [*difflib.get_close_matches(column, columns, n=1), "..."]
    shown = ", ".join(columns[:SHOWN_COLUMNS])
    return f'The file has: {shown}. If one is it, set columns.{name} = "{near}" in {FILE}.'
