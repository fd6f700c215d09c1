"""The rows under the header of a file, read only as far as they are needed."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import blank
from loopback.grid import (
    WORKBOOKS,
    delimited,
    distinct,
    empty,
    grid,
    parquet,
    reading_parquet,
    records,
    refuse_empty,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polars.datatypes import DataType

    from loopback.delimited import Delimited
    from loopback.grid import Grid

PARQUET = ".parquet"


@dataclass(frozen=True)
class Rows:
    """The rows of a file: `row` as a person counts them, then the cells as text.

    `columns` says by the names of the header where the cells of each stand: names that people
    write, such as `*`, are no names to compute with. `every` has the blank rows too, which are
    none: it can leave unread what is not asked for, while `full`, without them, looks into every
    cell. `uneven` has the number and the count of cells of each row that has not as many as the
    header; `decimals` the names of columns that are stored as numbers with decimals.
    """

    columns: dict[str, str]
    every: pl.LazyFrame
    full: pl.LazyFrame
    uneven: tuple[tuple[int, int], ...] = ()
    decimals: frozenset[str] = frozenset()


def rows(path: Path, name: str) -> Rows:
    """Return the rows of a file, by the ending of its name; raise where it cannot be read."""
    refuse_empty(path, name)
    ending = PurePath(name).suffix.lower()
    if ending == PARQUET:
        return _parquet(path, name)
    return _grid(grid(path, name)) if ending in WORKBOOKS else _text(delimited(path, name))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Raise what goes wrong when rows are read at last as an error that the user can mend."""
    if PurePath(name).suffix.lower() == PARQUET:
        with reading_parquet(name):
            yield
    else:
        yield


def _parquet(path: Path, name: str) -> Rows:
    table = parquet(path, name)
    kinds = table.collect_schema()
    if not kinds:
        raise empty(name)
    places = [f"column_{index}" for index in range(len(kinds))]
    placed = table.rename(dict(zip(kinds.names(), places, strict=True)))
    columns = dict(zip(distinct(kinds.names()), places, strict=True))
    decimals = {n for n, kind in zip(columns, kinds.dtypes(), strict=True) if _has_decimals(kind)}
    return _under_header(placed.select(pl.all().cast(pl.String)), columns, frozenset(decimals))


def _text(text: Delimited) -> Rows:
    cells = text.plain()
    if cells is None:
        return _grid(records(text))
    head = cells.head(1).collect()
    columns = distinct([name or "" for name in head.row(0)])
    return _under_header(cells.slice(1), dict(zip(columns, head.columns, strict=True)))


def _grid(cells: Grid) -> Rows:
    names = cells.headed().columns[2:]
    rows = cells.cells.slice(1).drop("fields").lazy()
    uneven = cells.uneven().select("row", "fields").rows()
    return Rows(dict(zip(names, cells.columns, strict=True)), rows, rows, tuple(uneven))


def _under_header(
    cells: pl.LazyFrame, columns: dict[str, str], decimals: frozenset[str] = frozenset()
) -> Rows:
    """Number the rows of cells, blank ones and all, which follow a header in row 1."""
    rows = cells.with_row_index("row", offset=2).with_columns(pl.col("row").cast(pl.Int64))
    return Rows(columns, rows, rows.filter(~blank(columns.values())), decimals=decimals)


def _has_decimals(kind: DataType) -> bool:
    return kind.is_float() or (isinstance(kind, pl.Decimal) and kind.scale > 0)
