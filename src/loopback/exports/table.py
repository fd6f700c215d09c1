"""The table in an export: where it begins, and what in its rows is none of it."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import LoopbackError, Problem, error
from loopback.exports.times import LIKE_A_TIME
from loopback.letters import rows_named

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.grid import Grid

BEFORE = 20  # rows that may stand before a table
LEAST = 3  # columns of a table that may begin below other rows
FILLED = 0.6  # of the cells of a header
TYPED = 0.9  # of the cells of a column that holds numbers, times or addresses
MOST = 0.9  # of the rows have one number of cells, and the header has another
SHOWN = 40
NUMBER = r"^\s*'?[-+]?\d+(?:[.,]\d+)?\s*$"
ADDRESS = r"^\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*$"
# What UTF-8 looks like when it is read as Windows-1252, and written as UTF-8 again.
TWICE = (
    "[\u00c2\u00c3\u00e2][\u0080-\u00bf\u20ac\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030"
    "\u2122\u201c\u201d\u0153]"
)
KINDS = (NUMBER, LIKE_A_TIME, ADDRESS)
BROKEN = {"row": pl.Int64, "column": pl.String, "value": pl.String, "why": pl.String}
LENGTH = "the row does not have as many cells as the header"
HALF = "the row goes on from the one above: a line end stands in a cell"
SWALLOWS = "a cell holds other rows: a quote is not closed"
DECLARED = re.compile(r'"?sep=', re.IGNORECASE)


def begun(cells: Grid) -> Grid:
    """Return the cells from where the table begins; what stands before it is said."""
    skipped = _before(cells)
    if not skipped:
        return cells
    rest = cells.cells.slice(skipped)
    above = cells.cells.head(skipped).select(cells.columns)
    texts = [next(filter(None, row), "") for row in above.iter_rows()]
    if skipped == 1 and DECLARED.match(texts[0]):
        return replace(cells, cells=rest)
    note = f"the table begins in row {rest['row'][0]}; above it stands: "
    note += ", ".join(repr(text[:SHOWN]) for text in texts[:LEAST])
    return replace(cells, cells=rest, notes=(*cells.notes, note))


def _before(cells: Grid) -> int:
    """Return how many rows stand before the table: narrower, or with nothing but a first cell."""
    top = cells.cells.head(BEFORE + 1)
    wide = Counter(cells.cells["fields"].to_list()).most_common(1)[0][0]
    first = next((n for n, f in enumerate(top["fields"]) if f > wide / 2), 0)
    if DECLARED.match(str(top.item(0, 2) or "")):
        return max(first, 1)
    if wide < LEAST:
        return 0
    return max(first, _padded(cells, wide))


def _padded(cells: Grid, wide: int) -> int:
    """Return how many rows above the table have nothing but their first cell, as titles have.

    One such row right above another may as well be a header, or the question over several.
    """
    top = cells.cells.head(BEFORE + 1)
    filled = [sum(cell is not None for cell in row[2:]) for row in top.rows()]
    header = next((n for n, count in enumerate(filled) if count >= wide * FILLED), 0)
    titles = all(
        f == 1 and row[2] is not None for f, row in zip(filled[:header], top.rows(), strict=False)
    )
    apart = header > 0 and top["row"][header] - top["row"][header - 1] > 1
    typed = kinds(cells.cells.slice(header + 1))
    names = not any(re.search(kind, top[column][header] or "") for column, kind in typed.items())
    return header if titles and names and (header > 1 or apart or typed) else 0


def continued(cells: pl.DataFrame, wide: int) -> list[int]:
    """Return the rows that go on from a line with one cell above: a line end stands in a cell.

    They have as many cells as the header, the first of which is empty.
    """
    broken = (pl.col("fields") == 1) & (pl.col("row").shift(-1) == pl.col("row") + 1)
    first = pl.nth(2).is_null() & (pl.col("fields") == wide)
    found = (
        cells.filter(first & broken.shift(1).fill_null(value=False)) if wide > 1 else cells.clear()
    )
    return found["row"].to_list()


def gaps(cells: Grid) -> list[str]:
    """Say where blank lines stand between rows: another table may begin there."""
    frame = cells.cells
    ends = pl.sum_horizontal(pl.col(cells.columns).str.count_matches("\r\n|\r|\n").fill_null(0))
    past = frame.select("row", following=pl.col("row") + ends + 1)
    blank = (past["row"] > past["following"].shift(1)).fill_null(value=False)
    flawed = {flaw.row for flaw in cells.flaws}
    rows = [row for row in past.filter(blank)["row"] if row - 1 not in flawed]
    note = f"blank lines stand above {rows_named(rows)}: what follows is read as the same table"
    return [note] if rows else []


def spoilt(cells: Grid) -> list[str]:
    """Say which rows hold text that a program spoiled: encoded twice, or taken for a formula."""
    places = cells.cells.select(cells.columns)
    found = {
        "text was encoded twice, such as \u00c3\u00a9 for \u00e9": pl.all().str.contains(TWICE),
        "#NAME? stands where a spreadsheet took text for a formula": pl.all() == "#NAME?",
    }
    notes: list[str] = []
    for what, where in found.items():
        odd = places.select(pl.any_horizontal(where).fill_null(value=False)).to_series()
        rows = cells.cells["row"].filter(odd).to_list()
        notes += [f"{what}, in {rows_named(rows)}: export it again"] if rows else []
    return notes


def broken(cells: Grid, uneven: pl.DataFrame, odd: dict[int, str]) -> pl.DataFrame:
    """Return the rejects of rows that cannot be told into the columns of the header."""
    lengths = [
        (row, None, str(fields), LENGTH) for row, fields in uneven.select("row", "fields").rows()
    ]
    quotes = [(flaw.row, None, flaw.text, flaw.why) for flaw in cells.flaws]
    others = [(row, None, None, why) for row, why in odd.items()]
    found = [*lengths, *quotes, *others]
    return pl.DataFrame(found, schema=BROKEN, orient="row").sort("row")


def refuse_uneven(cells: Grid, uneven: pl.DataFrame, header_rows: int) -> None:
    """Raise where most rows have not as many cells as the header: it is the header that is odd."""
    rows = cells.cells.height - header_rows
    usual, alike = (
        Counter(uneven["fields"].to_list()).most_common(1)[0] if uneven.height else (0, 0)
    )
    if rows < LEAST or alike < rows * MOST:
        return
    wide = cells.cells["fields"].head(header_rows).max()
    what = f"the header has {wide} cells, but {alike} of {rows} rows have {usual}"
    mend = "Mend the header, or export the file again."
    raise LoopbackError(Problem(what, mend, cells.name, row=cells.cells["row"][0]))


def refuse_headless(name: str, header: list[str], rows: pl.DataFrame) -> None:
    """Raise where the first row holds what only the rows of answers hold: numbers, times."""
    pairs = zip(header, rows.columns[2:], strict=True)
    typed = [(cell, kind) for cell, column in pairs if (kind := kind_of(rows.get_column(column)))]
    alike = [cell for cell, kind in typed if re.search(kind, cell)]
    if typed and len(alike) == len(typed):
        shown = ", ".join(repr(cell[:SHOWN]) for cell in alike[:LEAST])
        what = f"there is no header: the first row holds {shown}, as the others do"
        raise error(what, "Add a first row that names the columns.", name)


def kind_of(column: pl.Series) -> str | None:
    """Return the pattern of what nearly all cells of a column are; None where they are text."""
    # Under a name of our own: a header such as `^x$` could mean several columns.
    filled = column.alias("cells").drop_nulls().str.strip_chars()
    shares = {kind: filled.str.contains(kind).mean() for kind in KINDS}
    return next(
        (k for k, share in shares.items() if isinstance(share, float) and share >= TYPED), None
    )


def kinds(rows: pl.DataFrame) -> dict[str, str]:
    """Return the pattern of each column of rows that has one."""
    found = ((column, kind_of(rows.get_column(column))) for column in rows.columns[2:])
    return {column: kind for column, kind in found if kind}


def swallowing(rows: pl.DataFrame, delimiter: str | None) -> list[int]:
    """Return the rows in which a cell holds lines that are rows themselves.

    A quote is missing there: every number and time of such a line is in its place.
    """
    columns = rows.columns[2:]
    if delimiter is None or not columns:
        return []
    several = pl.any_horizontal(pl.nth(range(2, rows.width)).str.contains("[\r\n]"))
    typed = {columns.index(column): kind for column, kind in kinds(rows).items()}
    found = rows.filter(several.fill_null(value=False)) if typed else rows.clear()
    return [
        row[0]
        for row in found.iter_rows()
        if any(_is_row(line, len(columns), typed, delimiter) for line in _lines(row[2:]))
    ]


def _lines(cells: Iterable[str | None]) -> list[str]:
    return [line for cell in cells if cell and "\n" in cell for line in cell.splitlines()]


def _is_row(line: str, wide: int, typed: dict[int, str], delimiter: str) -> bool:
    try:
        [cells] = csv.reader([line], delimiter=delimiter)
    except (csv.Error, ValueError):
        return False
    return abs(len(cells) - wide) <= 1 < len(cells) and all(
        place < len(cells) and re.search(kind, cells[place]) for place, kind in typed.items()
    )


def refuse_second(name: str, rows: pl.DataFrame, rejected: pl.DataFrame, score: str) -> None:
    """Raise where a rejected row is like the header of another table: text where no text is.

    `rejected` are rows of the same columns, of whose scores nothing can be made.
    """
    typed = {column: kind for column, kind in kinds(rows).items() if column != score}
    for row in rejected.iter_rows(named=True):
        cells = [(row[column], kind) for column, kind in typed.items()]
        text = re.search(r"[^\W\d_]", row[score] or "")
        if text and cells and all(c and not re.search(k, c.strip()) for c, k in cells):
            what = f"another table seems to begin here: {(row[score] or '')[:SHOWN]!r}"
            mend = "Put each table into a file of its own."
            raise LoopbackError(Problem(what, mend, name, row=row["row"], column=score))
