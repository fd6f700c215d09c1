"""Delimited text (CSV and its kin): its encoding, its delimiter, its cells."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice, zip_longest
from typing import TYPE_CHECKING

import polars as pl

from loopback import plain
from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO, TextIO

    Records = list[tuple[int, list[str]]]

DELIMITERS = (",", ";", "\t", "|")
SNIFFED_RECORDS = 50
RECORDS_AT_ONCE = 2**13  # few enough that what Python makes of them stays in the cache
BLOCK = 2**20
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Five bytes mean nothing in Windows-1252; Latin-1 gives every byte a letter.
ENCODINGS = ("utf-8", "cp1252", "latin-1")


@dataclass(frozen=True)
class Delimited:
    """A file of delimited text, by its path or its bytes."""

    source: Path | bytes
    name: str

    @cached_property
    def encoding(self) -> str:
        """The encoding, by the mark at the beginning or by what can be read in it."""
        with opened(self.source) as file:
            begins = file.read(4)
        marked = (encoding for mark, encoding in BOMS if begins.startswith(mark))
        return next(marked, None) or next(e for e in ENCODINGS if self._reads_in(e))

    @cached_property
    def delimiter(self) -> str:
        """The delimiter that splits the first records alike, into the most fields."""
        csv.field_size_limit(plain.CELL_LIMIT)
        return max(DELIMITERS, key=self._evenness)

    def plain(self) -> pl.LazyFrame | None:
        """Return the cells as `plain.cells` does, whatever the encoding; None if not plain."""
        return plain.cells(self._in_utf8(), self.delimiter)

    def cells(self) -> pl.DataFrame:
        """Return `row`, `fields` and the cells, read record by record; a blank line is no row.

        Raises where a quote is not closed, or stands inside a cell.
        """
        return pl.concat(self.frames(), how="diagonal")

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the cells as `cells` gives them, many records at once."""
        with self._text() as text:
            for records in self._records(text):
                yield _laid_out(records)

    def _records(self, text: TextIO) -> Iterator[Records]:
        """Yield numbered records, many at once; the last may be none."""
        reader = csv.reader(text, delimiter=self.delimiter, strict=True)
        row = 0
        records: Records = []
        try:
            for row, fields in enumerate(reader, start=1):
                records.append((row, fields))
                if len(records) == RECORDS_AT_ONCE:
                    yield records
                    records = []
        except csv.Error:
            what = f"a quote is not closed, or stands inside a cell, near line {reader.line_num}"
            mend = "Export the file again, or mend the quotes of that line."
            raise LoopbackError(Problem(what, mend, self.name, row=row + 1)) from None
        yield records

    def _text(self, encoding: str | None = None, errors: str = "replace") -> TextIO:
        """Open the text, its line ends as they are; what has no letter becomes a mark of it."""
        known = encoding or self.encoding
        return io.TextIOWrapper(opened(self.source), known, errors, newline="")

    def _reads_in(self, encoding: str) -> bool:
        try:
            with self._text(encoding, "strict") as text:
                return all(True for _ in iter(partial(text.read, BLOCK), ""))
        except UnicodeDecodeError:
            return False

    def _in_utf8(self) -> Path | bytes:
        if self.encoding.startswith("utf-8"):
            return self.source
        with self._text() as text:
            blocks = iter(partial(text.read, BLOCK), "")
            # Without a mark before it, a first letter like a mark would be taken for one.
            return b"".join([codecs.BOM_UTF8, *(block.encode() for block in blocks)])

    def _evenness(self, delimiter: str) -> tuple[float, int]:
        with self._text() as text:
            reader = csv.reader(text, delimiter=delimiter)
            try:
                records = [fields for fields in islice(reader, SNIFFED_RECORDS) if fields]
            except csv.Error:
                return 0.0, 0
        width = len(records[0]) if records else 0
        alike = sum(len(fields) == width for fields in records)
        return (alike / len(records) if width > 1 else 0.0, width)


def opened(source: Path | bytes) -> BinaryIO:
    """Open a file, or bytes as one."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _laid_out(records: Records) -> pl.DataFrame:
    """Lay records of any length out as a frame; an empty cell is null, a blank line no row."""
    columns = {
        f"column_{index}": cells
        for index, cells in enumerate(zip_longest(*(fields for _, fields in records)))
    }
    counts = {"row": [row for row, _ in records], "fields": [len(f) for _, f in records]}
    schema = {"row": pl.Int64, "fields": pl.Int64} | dict.fromkeys(columns, pl.String)
    rows = pl.DataFrame(counts | columns, schema=schema).with_columns(filled(columns))
    return rows.filter(~blank(columns))


def filled(columns: Iterable[str]) -> list[pl.Expr]:
    """Return columns of text in which a cell without letters is null."""
    return [pl.when(pl.col(column) != "").then(column) for column in columns]


def blank(columns: Iterable[str]) -> pl.Expr:
    """Say which rows have a letter in none of their cells."""
    return ~pl.any_horizontal(
        pl.lit(value=False), *(pl.col(c).fill_null("") != "" for c in columns)
    )
