"""The cells of a file as text: CSV, XLSX or Parquet, before anyone knows what they mean."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import PurePath

import polars as pl

from loopback.errors import LoopbackError, Problem

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
# How ZIP archives (and workbooks), Parquet, gzip, PDF and old workbooks begin.
NO_TEXT = (b"PK\x03\x04", b"PAR1", b"\x1f\x8b", b"%PDF", b"\xd0\xcf\x11\xe0")
DELIMITERS = (",", ";", "\t", "|")
SNIFFED_RECORDS = 50
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
CSV_CELL_LIMIT = 2**27


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
        return rows.rename(dict(zip(self.columns, _distinct(names), strict=True)))

    def uneven(self, header_rows: int = 1) -> pl.DataFrame:
        """Return the rows that do not have as many fields as the header."""
        width = int(self.cells["fields"].head(header_rows).max() or 0)  # type: ignore[arg-type]
        return self.cells.slice(header_rows).filter(pl.col("fields") != width)


def grid(content: bytes, name: str) -> Grid:
    """Return the cells of a file, by the ending of its name; raise where it cannot be read."""
    readers = dict.fromkeys(WORKBOOKS, _workbook) | {".parquet": _parquet}
    read = readers.get(PurePath(name).suffix.lower(), _text)
    cells = read(content, name) if content.strip() else None
    if cells is None or cells.cells.is_empty():
        raise _unreadable("the file is empty", "Export it again, with a header row.", name)
    return cells


def _text(content: bytes, name: str) -> Grid:
    if content.startswith(NO_TEXT):
        mend = "Unpack it or open it in your spreadsheet program, and export it as CSV."
        raise _unreadable("this is not a text file", mend, name)
    text, encoding = _decoded(content)
    delimiter = _delimiter(text)
    csv.field_size_limit(CSV_CELL_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records = []
    try:
        records.extend(reader)
    except csv.Error:
        what = f"a quote is not closed, or stands inside a cell, near line {reader.line_num}"
        mend = "Export the file again, or mend the quotes of that line."
        raise LoopbackError(Problem(what, mend, name, row=len(records) + 1)) from None
    return Grid(name, _cells(records), encoding, delimiter)


def _decoded(content: bytes) -> tuple[str, str]:
    """Return the text and the encoding that gave it."""
    for mark, encoding in BOMS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        # Five bytes mean nothing in Windows-1252; Latin-1 gives every byte a letter.
        try:
            return content.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            return content.decode("latin-1"), "latin-1"


def _delimiter(text: str) -> str:
    """Return the delimiter that splits the first records alike, into the most fields."""
    return max(DELIMITERS, key=lambda mark: _evenness(text, mark))


def _evenness(text: str, delimiter: str) -> tuple[float, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = [fields for _, fields in zip(range(SNIFFED_RECORDS), reader, strict=False) if fields]
    width = len(records[0]) if records else 0
    alike = sum(len(fields) == width for fields in records)
    return (alike / len(records) if width > 1 else 0.0, width)


def _workbook(content: bytes, name: str) -> Grid:
    import fastexcel

    try:
        sheet = fastexcel.read_excel(content).load_sheet(
            0, header_row=None, skip_rows=0, dtypes="string"
        )
        cells = sheet.to_polars()
    except fastexcel.FastExcelError:
        mend = "Open it in your spreadsheet program and save it again as XLSX or CSV."
        raise _unreadable("not a workbook that can be read", mend, name) from None
    return Grid(name, _numbered(cells))


def _parquet(content: bytes, name: str) -> Grid:
    try:
        table = pl.read_parquet(io.BytesIO(content))
        rows = table.select(pl.all().cast(pl.String))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        mend = "Write the file again: simple columns of text, numbers and dates."
        raise _unreadable("not a Parquet file that can be read", mend, name) from None
    header = pl.DataFrame([[column] for column in rows.columns], schema=rows.schema)
    return Grid(name, _numbered(pl.concat([header, rows])))


def _cells(records: list[list[str]]) -> pl.DataFrame:
    """Lay records of any length out as a frame; an empty cell is null, a blank line no row."""
    width = max((len(fields) for fields in records), default=0)
    numbered = [(row, fields) for row, fields in enumerate(records, start=1) if any(fields)]
    columns = {
        f"column_{index}": [
            (fields[index] or None) if index < len(fields) else None for _, fields in numbered
        ]
        for index in range(width)
    }
    counts = {"row": [row for row, _ in numbered], "fields": [len(f) for _, f in numbered]}
    schema = {"row": pl.Int64, "fields": pl.Int64} | dict.fromkeys(columns, pl.String)
    return pl.DataFrame(counts | columns, schema=schema)


def _numbered(cells: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of a sheet from 1 and drop the blank ones."""
    plain = cells.rename({column: f"column_{i}" for i, column in enumerate(cells.columns)})
    full = plain.with_columns(pl.all().replace("", None))
    return (
        full.with_row_index("row", offset=1)
        .filter(~pl.all_horizontal(pl.exclude("row").is_null()))
        .select(
            pl.col("row").cast(pl.Int64),
            pl.lit(cells.width, pl.Int64).alias("fields"),
            pl.exclude("row"),
        )
    )


def _distinct(names: list[str]) -> list[str]:
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
