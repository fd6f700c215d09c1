"""Delimited text (CSV and its kin): its encoding, its marks, its cells."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import islice, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import plain
from loopback.errors import LoopbackError, Problem
from loopback.letters import UTF_8, Letters, letters, marked, rows_named, unmarked
from loopback.records import Flaw, Marks, Record, mended, width

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO, TextIO

FLAW_MEND = "Export the file again, or mend the quotes of that line."
DELIMITERS = (",", ";", "\t", "|")
SNIFFED_RECORDS, SNIFFED_LINES, SNIFFED_BYTES = 50, 500, 2**12
RECORDS_AT_ONCE = 2**13  # few enough that what Python makes of them stays in the cache
BLOCK = 2**20
DECLARED = re.compile(r"\s*\"?sep=(.)\"?\s*$", re.IGNORECASE)
LEAST = 3  # columns of a table that may begin below other lines
BEFORE = 20  # lines that may stand before a table
BELOW = 0.9  # so much less likely is a delimiter that the first line does not have


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
        top = self.lines(SNIFFED_LINES)
        said = DECLARED.match(top[0]) if top else None
        delimiter = said[1] if said else max(DELIMITERS, key=partial(_evenness, top))
        first = next((line for line in top if line.strip()), "").strip("\r\n")
        cells = first.split(delimiter)
        single = len(cells) > 1 and all(re.fullmatch("'[^']*'", cell) for cell in cells)
        return Marks(delimiter, "'" if single else '"')

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
        for marks in _ways(lines, self.marks):
            if records := _even(lines, marks):
                break
        else:
            marks = self.marks
            records, flaws = mended(lines, marks, width(marks.read(lines)))
        return Cells(_framed(records), flaws, [*_said(marks), *_odd(lines, records, marks)])

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
        with opened(self.source) as file:
            file.seek(-1, io.SEEK_END)
            ended = file.read(1) in (b"\n", b"\r", b"\0")
        cut = "the last line has no line end: if the file was cut short, its last row may be too"
        return [*(self.letters.notes() if self._unicode is None else []), *([] if ended else [cut])]

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


def _ways(lines: Sequence[str], usual: Marks) -> Iterator[Marks]:
    """Yield the ways in which cells may be marked, the likeliest first."""
    delimiter = usual.delimiter
    escaped = re.compile(rf"\\(?![\"\\{re.escape(delimiter)}])")
    escapes = Marks(delimiter, escape="\\") if any("\\" in line for line in lines) else None
    escapes = None if any(escaped.search(line) for line in lines) else escapes
    if escapes and not _bare("".join(lines).replace('\\"', ""), usual):
        yield escapes
    yield usual
    if delimiter == "\t" and any('"' in line for line in lines):
        yield Marks(delimiter, None)
    if any(f'{delimiter} "' in line for line in lines):
        yield Marks(delimiter, spaced=True)
    if escapes:
        yield escapes
    begins = re.compile(rf'(?:^|{re.escape(delimiter)})"')
    if any("'" in line for line in lines) and not any(begins.search(line) for line in lines):
        yield Marks(delimiter, "'")


def _said(marks: Marks) -> list[str]:
    """Say how cells are marked, where that is not as usual."""
    said = {
        f"cells stand in {marks.quote} instead of quotes": marks.quote == "'",
        "quotes are letters: cells do not stand in them": marks.quote is None,
        "a backslash stands before a quote in a cell": marks.escape is not None,
        "a space stands before the cells": marks.spaced,
    }
    return [note for note, true in said.items() if true]


def _odd(lines: Sequence[str], records: Sequence[Record], marks: Marks) -> list[str]:
    """Say in which rows there are letters that may be none: quotes inside cells, NULs, marks."""
    text = {r.row: "".join(lines[r.row - 1 : r.row - 1 + r.lines]) for r in records}
    found = {
        "a quote inside a cell was kept": [
            n for n, record in text.items() if '"' in record and _bare(record, marks)
        ],
        "a NUL was kept": [n for n, line in enumerate(lines, 1) if "\0" in line],
        "bytes without meaning were kept as \ufffd": [
            n for n, line in enumerate(lines, 1) if "\ufffd" in line
        ],
    }
    return [f"{what} in {rows_named(rows)}" for what, rows in found.items() if rows]


def _bare(record: str, marks: Marks) -> bool:
    """Say whether a quote stands inside a cell that is in no quotes."""
    d = re.escape(marks.delimiter)
    quoted = rf'(?<![^{d}\r\n])"(?:[^"]|"")*"(?=[{d}\r\n]|$)'
    return marks == Marks(marks.delimiter) and '"' in re.sub(quoted, "", record)


def _even(lines: Sequence[str], marks: Marks) -> list[Record] | None:
    """Return the records of lines, where all have as many cells, at least below the first ones."""
    try:
        records = list(marks.records(lines))
    except csv.Error:
        return None
    filled = [record for record in records if any(record.fields)]
    wide = width(filled)
    begins = next((n for n, record in enumerate(filled) if len(record.fields) == wide), 0)
    below = filled[begins if begins <= BEFORE and wide >= LEAST else 0 :]
    return records if all(len(record.fields) == wide for record in below) else None


def _evenness(top: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Say how many of the first records a delimiter splits alike, and into how many cells.

    A table of two columns begins in the first line: else any text with a comma would be one.
    """
    try:
        found = csv.reader(top, delimiter=delimiter)
        records = [len(fields) for fields in islice(found, SNIFFED_RECORDS) if any(fields)]
    except csv.Error:
        return 0.0, 0
    counted = Counter(records)
    wide = max(counted, key=lambda n: (counted[n], n == records[0], n), default=0)
    begins = records.index(wide) if wide else 0
    if wide < 2 or (begins and (wide < LEAST or begins > BEFORE)):  # noqa: PLR2004 - one is no table
        return 0.0, 0
    share = counted[wide] / (len(records) - begins)
    return share * (BELOW if begins else 1), wide


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
