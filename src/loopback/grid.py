"""The cells of a file as text: CSV, XLSX or Parquet, before anyone knows what they mean."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import BLOCK, FLAW_MEND, Delimited, blank, filled, opened
from loopback.errors import LoopbackError, Problem, stop_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loopback.records import Flaw

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
# How ZIP archives (and workbooks), Parquet, gzip, PDF and old workbooks begin.
NO_TEXT = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")


@dataclass(frozen=True)
class Grid:
    """A file's cells: `row` (as a person counts them), `fields`, then one text column a column.

    Where only the first rows of a large file were asked for, `cells` has those, and `stream` all of
    them, blank ones too, to be read when they are needed. `flaws` are lines that are no records,
    and `notes` what else a person should know of how the file was read.
    """

    name: str
    cells: pl.DataFrame
    encoding: str | None = None
    delimiter: str | None = None
    stream: pl.LazyFrame | None = None
    flaws: tuple[Flaw, ...] = ()
    notes: tuple[str, ...] = ()

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
        return self.cells.slice(header_rows).filter(pl.col("fields") != self.width(header_rows))

    def width(self, header_rows: int = 1) -> int:
        """Return how many fields the header has."""
        return int(self.cells["fields"].head(header_rows).max() or 0)  # type: ignore[arg-type]


def grid(
    source: Path | bytes, name: str, first: int | None = None, *, flawed: bool = False
) -> Grid:
    """Return the cells of a file, by the ending of its name; raise where it cannot be read.

    With `first`, only so many rows are read of a file that can be read bit by bit. Lines that are
    no records are kept as `flaws` if asked for, else raised.
    """
    refuse_empty(source, name)
    ending = PurePath(name).suffix.lower()
    if ending in WORKBOOKS:
        return _filled(_workbook(source, name))
    if ending == ".parquet":
        return _filled(_parquet(source, name, first))
    return _filled(_text(source, name, first, flawed=flawed))


def records(text: Delimited, *, flawed: bool = False) -> Grid:
    """Return the cells of text that need not be plain, read record by record.

    Raises for lines whose quotes make them no records, where they are not to be kept as `flaws`.
    """
    cells, flaws, notes = text.cells()
    hopeless = cells.height <= 1
    stop_at([_flaw(text.name, flaw) for flaw in flaws if hopeless or not flawed])
    said = (*text.notes(), *notes)
    return _filled(Grid(text.name, cells, text.encoding, text.delimiter, None, tuple(flaws), said))


def _flaw(name: str, flaw: Flaw) -> Problem:
    return Problem(f"{flaw.why}, near line {flaw.row}", FLAW_MEND, name, flaw.row)


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


def _text(source: Path | bytes, name: str, first: int | None, *, flawed: bool) -> Grid:
    text = delimited(source, name)
    plain = text.plain()
    if plain is None:
        return records(text, flawed=flawed)
    read = _begun(plain, name, first)
    notes = tuple(text.notes())
    return replace(read, encoding=text.encoding, delimiter=text.delimiter, notes=notes)


def _begun(cells: pl.LazyFrame, name: str, first: int | None) -> Grid:
    """Return the first rows of cells that can be read bit by bit, and the rest where there is."""
    every = _numbered(cells)
    if first is None:
        return Grid(name, every.filter(~blank(every.collect_schema().names()[2:])).collect())
    top = every.head(first + 1).collect()
    shown = top.head(first).filter(~blank(top.columns[2:]))
    return Grid(name, shown, stream=every if top.height > first else None)


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
    return _begun(cells.lazy(), name, None)


def _parquet(source: Path | bytes, name: str, first: int | None) -> Grid:
    rows = parquet(source, name).select(pl.all().cast(pl.String))
    with reading_parquet(name):
        schema = rows.collect_schema()
        header = pl.DataFrame([[column] for column in schema], schema=schema).lazy()
        return _begun(pl.concat([header, rows]), name, first)


def _numbered(cells: pl.LazyFrame) -> pl.LazyFrame:
    """Number the rows of a sheet from 1, blank ones too."""
    names = cells.collect_schema().names()
    columns = [f"column_{index}" for index in range(len(names))]
    plain = cells.rename(dict(zip(names, columns, strict=True))).with_row_index("row", offset=1)
    fields = pl.lit(len(columns), pl.Int64).alias("fields")
    return plain.select(pl.col("row").cast(pl.Int64), fields, *filled(columns))


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
