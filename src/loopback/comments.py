"""Comments of a file of any size: CSV, XLSX, JSON lines or Parquet, some rows at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback import jsonlines
from loopback.delimited import blank, filled
from loopback.errors import LoopbackError, Problem, WrongUsageError, error
from loopback.grid import WORKBOOKS, delimited, distinct, empty, grid, refuse_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback.delimited import Delimited

ROWS = 50_000  # at once
LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"
SHOWN = 12
USUAL = ("comment", "text")


@dataclass(frozen=True)
class Comments:
    """The rows of a file: their columns, and a way to go through them in order, many at once."""

    name: str
    schema: pl.Schema
    batches: Callable[[], Iterator[pl.DataFrame]]

    def column(self, wanted: str | None, usual: tuple[str, ...] = USUAL) -> str:
        """Return the column of a name or number; without one that which has a usual name."""
        names = self.schema.names()
        sought = [wanted] if wanted else usual
        alike = [n for name in sought for n in names if n.strip().casefold() == name.casefold()]
        if wanted and wanted.isdecimal() and not alike and 1 <= int(wanted) <= len(names):
            return names[int(wanted) - 1]
        if not alike or (wanted and wanted not in names and len(alike) > 1):
            raise self._no_column(wanted)
        return wanted if wanted in names else alike[0]

    def _no_column(self, wanted: str | None) -> WrongUsageError:
        named = f"there is no column {wanted!r}" if wanted else "no column is called comment"
        shown = ", ".join(map(repr, self.schema.names()[:SHOWN]))
        mend = f"Write --column with one of: {shown}."
        return WrongUsageError(Problem(named, mend, self.name))


def comments(path: Path) -> Comments:
    """Return the rows of a file, by the ending of its name; raise where it cannot be read."""
    name = path.name
    if not path.is_file():
        raise error("there is no such file", "Check the name.", str(path))
    refuse_empty(path, name)
    match PurePath(name).suffix.lower():
        case ending if ending == PARQUET:
            return _lazy(pl.scan_parquet(path, glob=False, hive_partitioning=False), name)
        case ending if ending in LINES:
            kinds, by_polars = jsonlines.schema(path)
            read = partial(jsonlines.batches, path, kinds, by_polars=by_polars, rows=ROWS)
            return Comments(name, kinds, read)
        case ending if ending in WORKBOOKS:
            rows = grid(path, name).headed().drop("row", "fields")
            return Comments(name, rows.schema, lambda: rows.iter_slices(ROWS))
        case _:
            return _text(delimited(path, name))


def _lazy(rows: pl.LazyFrame, name: str) -> Comments:
    """Return rows that Polars reads a few at a time."""

    def batches() -> Iterator[pl.DataFrame]:
        try:
            yield from rows.collect_batches(chunk_size=ROWS, maintain_order=True)
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as failed:
            raise _unreadable(name) from failed

    try:
        return Comments(name, rows.collect_schema(), batches)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise _unreadable(name) from None


def _unreadable(name: str) -> LoopbackError:
    mend = "Write the file again, or save it as CSV."
    return LoopbackError(Problem("this file cannot be read", mend, name))


def _text(text: Delimited) -> Comments:
    cells = text.plain() if text.encoding.startswith("utf-8") else None
    if cells is None:
        return _records(text)
    head = cells.head(1).collect()
    columns = head.columns
    names = distinct([name or "" for name in head.row(0)])
    rows = cells.slice(1).select(filled(columns)).filter(~blank(columns))
    return _lazy(rows.rename(dict(zip(columns, names, strict=True))), text.name)


def _records(text: Delimited) -> Comments:
    """Return rows of text that need not be plain: a cell may hold several lines."""
    first = next((frame for frame in text.frames() if frame.height), None)
    if first is None:
        raise empty(text.name)
    columns = [f"column_{index}" for index in range(first.item(0, "fields"))]
    names = distinct([name or "" for name in first.select(columns).row(0)])

    def batches() -> Iterator[pl.DataFrame]:
        for number, frame in enumerate(text.frames()):
            rows = frame.slice(1 if number == 0 else 0)
            _refuse_long(rows, len(columns), text.name)
            absent = [pl.lit(None, pl.String).alias(c) for c in columns if c not in rows.columns]
            yield (
                rows.with_columns(absent)
                .select(columns)
                .rename(dict(zip(columns, names, strict=True)))
            )

    return Comments(text.name, pl.Schema(dict.fromkeys(names, pl.String)), batches)


def _refuse_long(rows: pl.DataFrame, width: int, name: str) -> None:
    """Stop at a row with more cells than the header: which of them is the comment is not known."""
    long = rows.filter(pl.col("fields") > width).head(1)
    if long.height:
        what = f"the row has {long.item(0, 'fields')} cells, the header {width}"
        mend = "Put the comment in quotes, or export the file again."
        raise LoopbackError(Problem(what, mend, name, row=long.item(0, "row")))
