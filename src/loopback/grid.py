"""The cells of a file as text: CSV, XLSX or Parquet, before anyone knows what they mean."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import BLOCK, Delimited, blank, filled, opened
from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
# How ZIP archives (and workbooks), Parquet, gzip, PDF and old workbooks begin.
NO_TEXT = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Grid:
    """A file's cells: `row` (as a person counts them), `fields`, then one text column a column."""

    name: str
    cells: pl.DataFrame
    encoding: str | None = None
    delimiter: str | None = None

    @property
    def columns(self) -> list[str]:
        """The names of the columns of cells."""
        return self.cells.columns[2:]

    def headed(self, header_rows: int = 1, name_rows: int | None = None) -> pl.DataFrame:
        """Return the rows under the header, named by its first `name_rows` rows, else by all.

        Names of more than one row are joined by ` - `. Columns `row` and `fields` come first. A
        header that is empty or stands twice gets the number of its column, so that every column
        can be named.
        """
        head = self.cells.head(name_rows or header_rows)
        names = [" - ".join(head[column].drop_nulls().to_list()) for column in self.columns]
        rows = self.cells.slice(header_rows)
        return rows.rename(dict(zip(self.columns, distinct(names), strict=True)))

    def uneven(self, header_rows: int = 1) -> pl.DataFrame:
        """Return the rows that do not have as many fields as the header."""
        width = int(self.cells["fields"].head(header_rows).max() or 0)  # type: ignore[arg-type]
        return self.cells.slice(header_rows).filter(pl.col("fields") != width)


def grid(source: Path | bytes, name: str) -> Grid:
    """Return the cells of a file, by the ending of its name; raise where it cannot be read."""
    refuse_empty(source, name)
    readers = dict.fromkeys(WORKBOOKS, _workbook) | {".parquet": _parquet}
    return _filled(readers.get(PurePath(name).suffix.lower(), _text)(source, name))


def records(text: Delimited) -> Grid:
    """Return the cells of text that need not be plain, read record by record."""
    return _filled(Grid(text.name, text.cells(), text.encoding, text.delimiter))


def refuse_empty(source: Path | bytes, name: str) -> None:
    """Raise where there is nothing in a file but spaces."""
    with opened(source) as file:
        if not any(block.strip() for block in iter(lambda: file.read(BLOCK), b"")):
            raise empty(name)


def empty(name: str) -> LoopbackError:
    """Return the error of a file without cells."""
    return _unreadable("the file is empty", "Export it again, with a header row.", name)


def delimited(source: Path | bytes, name: str) -> Delimited:
    """Return a file as delimited text; raise where it is something else."""
    with opened(source) as file:
        begins = file.read(8)
    if begins.startswith(NO_TEXT):
        mend = "Unpack it or open it in your spreadsheet program, and export it as CSV."
        raise _unreadable("this is not a text file", mend, name)
    return Delimited(source, name)


def parquet(source: Path | bytes, name: str) -> pl.LazyFrame:
    """Return the columns of a Parquet file as they are; what it holds is read later.

    Raises where it is none, or has columns that no cell of text can hold.
    """
    with reading_parquet(name):
        table = pl.scan_parquet(source, glob=False, hive_partitioning=False)
        if any(kind.is_nested() or kind == pl.Duration for kind in table.collect_schema().dtypes()):
            raise pl.exceptions.SchemaError
    return table


@contextmanager
def reading_parquet(name: str) -> Iterator[None]:
    """Raise what goes wrong while a Parquet file is read as an error that the user can mend."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        mend = "Write the file again: simple columns of text, numbers and dates."
        raise _unreadable("not a Parquet file that can be read", mend, name) from None


def _filled(cells: Grid) -> Grid:
    if cells.cells.is_empty():
        raise empty(cells.name)
    return cells


def _text(source: Path | bytes, name: str) -> Grid:
    text = delimited(source, name)
    plain = text.plain()
    if plain is None:
        return records(text)
    return Grid(name, _numbered(plain.collect()), text.encoding, text.delimiter)


def _workbook(source: Path | bytes, name: str) -> Grid:
    import fastexcel

    try:
        sheet = fastexcel.read_excel(source).load_sheet(
            0, header_row=None, skip_rows=0, dtypes="string"
        )
        cells = sheet.to_polars()
    except fastexcel.FastExcelError:
        mend = "Open it in your spreadsheet program and save it again as XLSX or CSV."
        raise _unreadable("not a workbook that can be read", mend, name) from None
    return Grid(name, _numbered(cells))


def _parquet(source: Path | bytes, name: str) -> Grid:
    table = parquet(source, name)
    with reading_parquet(name):
        rows = table.select(pl.all().cast(pl.String)).collect()
    header = pl.DataFrame([[column] for column in rows.columns], schema=rows.schema)
    return Grid(name, _numbered(pl.concat([header, rows])))


def _numbered(cells: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of a sheet from 1 and drop the blank ones."""
    columns = [f"column_{index}" for index in range(cells.width)]
    plain = cells.rename(dict(zip(cells.columns, columns, strict=True)))
    numbered = plain.with_row_index("row", offset=1).filter(~blank(columns))
    return numbered.select(
        pl.col("row").cast(pl.Int64),
        pl.lit(cells.width, pl.Int64).alias("fields"),
        *filled(columns),
    )


def distinct(names: list[str]) -> list[str]:
    """Return the names with the number of the column added to empty and repeated ones."""
    taken = {"row", "fields"}
    distinct = []
    for number, name in enumerate(names, start=1):
        free = name.strip() or f"column {number}"
        while free in taken:
            free = f"{free} (column {number})"
        taken.add(free)
        distinct.append(free)
    return distinct


def _unreadable(what: str, mend: str, name: str) -> LoopbackError:
    return LoopbackError(Problem(what, mend, name))
