"""Read one good table, spoiled in thousands of ways, beside plain Polars and the csv module.

    python -m benchmarks.pollution

After the Pollock benchmark: each file is right, refused, flagged with its row, or silently
different. The last must not happen.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
from tests.polluted import DIFFERENT, FLAGGED, REFUSED, RIGHT, Spoiled, compared, outcome, spoiled

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = (RIGHT, FLAGGED, REFUSED, DIFFERENT)


def by_polars(file: Spoiled) -> str:
    """Return what `read_csv` makes of a file, all columns text."""
    try:
        table = pl.read_csv(file.content, infer_schema=False)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return REFUSED
    rows = [(False, tuple(cell or "" for cell in row)) for row in table.iter_rows()]
    return compared(tuple(table.columns), rows, file)


def by_csv(file: Spoiled) -> str:
    """Return what `csv.reader` makes of a file."""
    try:
        read = list(csv.reader(io.StringIO(file.content.decode(), newline="")))
    except (csv.Error, UnicodeDecodeError):
        return REFUSED
    header, *rows = read or [[]]
    return compared(tuple(header), [(False, tuple(row)) for row in rows], file)


READERS: dict[str, Callable[[Spoiled], str]] = {
    "loopback": outcome,
    "polars.read_csv": by_polars,
    "csv.reader": by_csv,
}


def main() -> int:
    """Print how often each reader was right; fail where loopback was silently different."""
    files = list(spoiled())
    counts = {name: Counter(map(read, files)) for name, read in READERS.items()}
    print(f"{len(files)} files".ljust(18), *(column.rjust(20) for column in COLUMNS), sep="")
    for name, counted in counts.items():
        print(name.ljust(18), *(str(counted[column]).rjust(20) for column in COLUMNS), sep="")
    return int(counts["loopback"][DIFFERENT] > 0)


if __name__ == "__main__":
    sys.exit(main())
