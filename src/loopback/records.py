"""The records of delimited text: how they are split into cells, and lines that cannot be."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _csv import Reader as _Reader
    from collections.abc import Iterable, Iterator, Sequence

LONGEST = 500  # lines of one record, where a quote may be missing
LEAST = 3  # cells of a line that looks like a record by itself
OPEN = "unexpected end of data"
NOT_CLOSED = "a quote is not closed"
MISPLACED = "a quote stands inside a cell"


class Record(NamedTuple):
    """The cells of a record, and the lines of the text that it takes, the first by its number."""

    row: int
    lines: int
    fields: list[str]


class Flaw(NamedTuple):
    """A line that is no record, and why."""

    row: int
    text: str
    why: str


@dataclass(frozen=True)
class Marks:
    """The marks between the cells of a text: what stands between them, around them, before one."""

    delimiter: str
    quote: str | None = '"'
    escape: str | None = None
    spaced: bool = False

    def records(self, lines: Iterable[str], first: int = 1) -> Iterator[Record]:
        """Yield the records of lines, of which the first has that number.

        Raises the error of the csv module where a quote is not closed, or ends inside a cell.
        """
        reader = self._reader(lines, strict=True)
        before = 0
        for fields in reader:
            yield Record(first + before, reader.line_num - before, fields)
            before = reader.line_num

    def read(self, lines: Iterable[str]) -> Iterator[Record]:
        """Yield records of lines, whatever their quotes are like."""
        return (Record(0, 0, fields) for fields in self._reader(lines, strict=False))

    def _reader(self, lines: Iterable[str], *, strict: bool) -> _Reader:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            escapechar=self.escape,
            skipinitialspace=self.spaced,
            strict=strict,
        )


def width(records: Iterable[Record]) -> int:
    """Return how many cells most records have; blank lines are none."""
    counted = Counter(len(record.fields) for record in records if any(record.fields))
    return max(counted, key=lambda n: (counted[n], n), default=0)


def mended(lines: Sequence[str], marks: Marks, wide: int) -> tuple[list[Record], list[Flaw]]:
    """Return the records of lines in which quotes are missing or misplaced, and the flaws.

    A quote that is not closed spoils its own line alone: where the record that it begins has not
    as many cells as others, or holds lines that look like records, the next line begins anew.
    """
    records: list[Record] = []
    flaws: list[Flaw] = []
    at = 0
    while at < len(lines):
        record, why = _record(lines, at, marks)
        if record and not (record.lines > 1 and _swallows(record, lines, marks, wide)):
            records.append(record)
            at += record.lines
        else:
            flaws.append(Flaw(at + 1, lines[at].rstrip("\r\n"), why or NOT_CLOSED))
            at += 1
    return records, flaws


def _record(lines: Sequence[str], at: int, marks: Marks) -> tuple[Record | None, str | None]:
    """Return the record that begins with a line, or why there is none."""
    try:
        found = marks.records(islice(lines, at, at + LONGEST), at + 1)
        return next(found), None
    except csv.Error as failed:
        return None, NOT_CLOSED if OPEN in str(failed) else MISPLACED


def _swallows(record: Record, lines: Sequence[str], marks: Marks, wide: int) -> bool:
    """Say whether a record of several lines has taken others into itself."""
    if len(record.fields) != wide:
        return True
    inside = range(record.row, record.row + record.lines - 1)
    found = (_record(lines[: n + 1], n, marks)[0] for n in inside)
    return wide >= LEAST and any(one and len(one.fields) == wide for one in found)
