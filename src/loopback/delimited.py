"""Delimited text (CSV and its kin): its encoding, its marks, its cells."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import plain
from loopback.errors import LoopbackError, Problem
from loopback.letters import UTF_8, Letters, letters, marked, unmarked
from loopback.marks import even, marks_of, odd, said, ways
from loopback.records import Flaw, Marks, Record, mended, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, TextIO

FLAW_MEND = "Export the file again, or mend the quotes of that line."
SNIFFED_LINES, SNIFFED_BYTES = 500, 2**12
RECORDS_AT_ONCE = 2**13  # few enough that what Python makes of them stays in the cache
BLOCK = 2**20
LAST_BYTES = 32
BLANK_ENDS = ("\n\n", "\n\r\n", "\r\r")
CUT = "the last line has no line end: if the file was cut short, its last row may be too"
BLANK_END = "a blank line ends the file: a row that stood there is lost"


class Cells(NamedTuple):
    """Records laid out: `row`, the first line of each, `fields` and the cells; what was odd.

    Lines whose quotes make them no records are `flaws`.
    """

    cells: pl.DataFrame
    flaws: list[Flaw]
    notes: list[str]


@dataclass(frozen=True)
class Delimited:
    """A file of delimited text, by its path or its bytes."""

    source: Path | bytes
    name: str

    @cached_property
    def encoding(self) -> str:
        """The encoding, by the mark at the beginning or by what can be read in it."""
        if self._unicode is None:
            self.in_utf8()
        return self._unicode or self.letters.name

    @cached_property
    def letters(self) -> Letters:
        """The letters of a file that is in no Unicode, and perhaps in several encodings."""
        return letters(self._bytes().splitlines(keepends=True))

    @cached_property
    def _unicode(self) -> str | None:
        """The encoding, where it is one of all letters; None where it is another."""
        with opened(self.source) as file:
            begins = file.read(SNIFFED_BYTES)
        likely = marked(begins) or unmarked(begins) or UTF_8
        if likely.startswith(UTF_8) or not marked(begins):
            return next((e for e in dict.fromkeys((likely, UTF_8)) if self._reads_in(e)), None)
        return likely

    def _bytes(self) -> bytes:
        content = self.source if isinstance(self.source, bytes) else self.source.read_bytes()
        return content.removeprefix(codecs.BOM_UTF8)

    @cached_property
    def marks(self) -> Marks:
        """The marks between and around the cells: as the first records are split most evenly."""
        csv.field_size_limit(plain.CELL_LIMIT)
        return marks_of(self.lines(SNIFFED_LINES))

    @property
    def delimiter(self) -> str:
        """The delimiter that splits the first records alike, into the most fields."""
        return self.marks.delimiter

    def plain(self) -> pl.LazyFrame | None:
        """Return the cells as `plain.cells` does, whatever the encoding; None if not plain."""
        usual = self.marks == Marks(self.delimiter)
        return plain.cells(self.in_utf8(), self.delimiter) if usual else None

    def cells(self) -> Cells:
        """Return the cells, read record by record; a blank line is no row.

        The marks are those with which the records come out even, if any do.
        """
        lines = self.lines()
        flaws: list[Flaw] = []
        for marks in ways(lines, self.marks):
            if records := even(lines, marks):
                break
        else:
            marks = self.marks
            records, flaws = mended(lines, marks, width(marks.read(lines)))
        return Cells(_framed(records), flaws, [*said(marks), *odd(lines, records, marks)])

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield the cells of many records at once; raise where the quotes are not in order."""
        found: list[Record] = []
        try:
            with self._text() as text:
                for record in self.marks.records(text):
                    found.append(record)
                    if len(found) % RECORDS_AT_ONCE == 0:
                        yield _laid_out(found)
                        found = []
                yield _laid_out(found)
        except csv.Error:
            what = "a quote is not closed, or stands inside a cell"
            raise LoopbackError(Problem(what, FLAW_MEND, self.name)) from None

    def notes(self) -> list[str]:
        """Say what a person should know of the encoding and the end of the file."""
        notes = self.letters.notes() if self._unicode is None else []
        ends = self._end()
        if not ends.endswith(("\n", "\r")):
            notes.append(CUT)
        return [*notes, BLANK_END] if ends.endswith(BLANK_ENDS) else notes

    def _end(self) -> str:
        """Return the last marks of the text; of one in UTF-16 without its NULs."""
        with opened(self.source) as file:
            file.seek(-min(LAST_BYTES, file.seek(0, io.SEEK_END)), io.SEEK_END)
            return file.read().replace(b"\0", b"").decode("latin-1")

    def lines(self, first: int | None = None) -> list[str]:
        """Return the lines, or the first ones, with their ends as they are."""
        with self._text() as text:
            return list(islice(text, first))

    def _text(self) -> TextIO:
        """Open the text, its line ends as they are; what has no letter becomes a mark of it."""
        if self._unicode is None:
            return io.TextIOWrapper(io.BytesIO(self.in_utf8_again), "utf-8-sig", newline="")
        return io.TextIOWrapper(opened(self.source), self._unicode, "replace", newline="")

    def _reads_in(self, encoding: str) -> bool:
        try:
            with io.TextIOWrapper(opened(self.source), encoding, "strict", newline="") as text:
                return all(True for _ in iter(partial(text.read, BLOCK), ""))
        except UnicodeDecodeError:
            return False

    def in_utf8(self) -> Path | bytes:
        """Return the source in UTF-8, where it is in another encoding with a mark before it."""
        known = self._unicode
        return self.source if known and known.startswith(UTF_8) else self.in_utf8_again

    @cached_property
    def in_utf8_again(self) -> bytes:
        """The bytes of the text in UTF-8, with a mark before them.

        Without it, a first letter like a mark would be taken for one.
        """
        if self._unicode is None:
            content = self._bytes().splitlines(keepends=True)
            return b"".join([codecs.BOM_UTF8, *map(str.encode, self.letters.lines(content))])
        with self._text() as text:
            blocks = iter(partial(text.read, BLOCK), "")
            return b"".join([codecs.BOM_UTF8, *(block.encode() for block in blocks)])


def _framed(records: Sequence[Record]) -> pl.DataFrame:
    starts = range(0, max(len(records), 1), RECORDS_AT_ONCE)
    frames = [_laid_out(records[at : at + RECORDS_AT_ONCE]) for at in starts]
    return pl.concat(frames, how="diagonal")


def opened(source: Path | bytes) -> BinaryIO:
    """Open a file, or bytes as one."""
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _laid_out(records: Sequence[Record]) -> pl.DataFrame:
    """Lay records of any length out as a frame; an empty cell is null, a blank line no row."""
    columns = {
        f"column_{index}": cells
        for index, cells in enumerate(zip_longest(*(record.fields for record in records)))
    }
    rows, widths = [r.row for r in records], [len(r.fields) for r in records]
    counts = {"row": rows, "fields": widths}
    schema = {"row": pl.Int64, "fields": pl.Int64} | dict.fromkeys(columns, pl.String)
    cells = pl.DataFrame(counts | columns, schema=schema).with_columns(filled(columns))
    return cells.filter(~blank(columns))


def filled(columns: Iterable[str]) -> list[pl.Expr]:
    """Return columns of text in which a cell without letters is null."""
    return [pl.when(pl.col(column) != "").then(column) for column in columns]


def blank(columns: Iterable[str]) -> pl.Expr:
    """Say which rows have a letter in none of their cells."""
    return ~pl.any_horizontal(
        pl.lit(value=False), *(pl.col(c).fill_null("") != "" for c in columns)
    )
