"""The marks of a text: which ones split it into a table, and the ways in which they may stand."""

from __future__ import annotations

import csv
import re
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from loopback.letters import rows_named
from loopback.records import Marks, Record, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DELIMITERS = (",", ";", "\t", "|")
SNIFFED = 50  # records
DECLARED = re.compile(r"\s*\"?sep=(.)\"?\s*$", re.IGNORECASE)
LEAST = 3  # columns of a table that may begin below other lines
BEFORE = 20  # lines that may stand before a table
BELOW = 0.9  # so much less likely is a delimiter that the first line does not have


def marks_of(top: Sequence[str]) -> Marks:
    """Return the marks that split the first lines of a text most evenly, into the most cells."""
    declared = DECLARED.match(top[0]) if top else None
    delimiter = declared[1] if declared else max(DELIMITERS, key=partial(_evenness, top))
    first = next((line for line in top if line.strip()), "").strip("\r\n")
    cells = first.split(delimiter)
    single = len(cells) > 1 and all(re.fullmatch("'[^']*'", cell) for cell in cells)
    return Marks(delimiter, "'" if single else '"')


def ways(lines: Sequence[str], usual: Marks) -> Iterator[Marks]:
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


def said(marks: Marks) -> list[str]:
    """Say how cells are marked, where that is not as usual."""
    notes = {
        f"cells stand in {marks.quote} instead of quotes": marks.quote == "'",
        "quotes are letters: cells do not stand in them": marks.quote is None,
        "a backslash stands before a quote in a cell": marks.escape is not None,
        "a space stands before the cells": marks.spaced,
    }
    return [note for note, true in notes.items() if true]


def odd(lines: Sequence[str], records: Sequence[Record], marks: Marks) -> list[str]:
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


def even(lines: Sequence[str], marks: Marks) -> list[Record] | None:
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
        records = [len(fields) for fields in islice(found, SNIFFED) if any(fields)]
    except csv.Error:
        return 0.0, 0
    counted = Counter(records)
    wide = max(counted, key=lambda n: (counted[n], n == records[0], n), default=0)
    begins = records.index(wide) if wide else 0
    if wide < 2 or (begins and (wide < LEAST or begins > BEFORE)):  # noqa: PLR2004 - one is no table
        return 0.0, 0
    share = counted[wide] / (len(records) - begins)
    return share * (BELOW if begins else 1), wide
