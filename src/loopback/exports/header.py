"""The header of an export: how many rows it has, counted from the content, and what they say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.exports.layouts import first_rows, has, matches
from loopback.exports.times import LIKE_A_TIME
from loopback.grid import distinct

if TYPE_CHECKING:
    from loopback.exports.declarations import Layout
    from loopback.grid import Grid

ZONE = re.compile(r"""['"]timeZone['"]\s*:\s*['"]([A-Za-z_]+(?:/[A-Za-z_/+\-0-9]+)?)['"]""")
PART = re.compile(r"(.+?)(?:\s*\[[^]]*\]|\s+[-\u2013>:]\s+[^-]*|[_.]\d+)$")
NUMBER = r"^\s*[-+]?\d+(?:[.,]\d+)?\s*$"
UNNAMED = 3  # columns without a name whose second row must name them, where all columns are text
TYPED = 0.9  # of the cells of a column that holds numbers or times


class Header(NamedTuple):
    """The header of an export: its rows, the names of the columns, the question of each."""

    rows: int
    names: list[str]
    roles: list[str]
    questions: list[str]
    zone: str | None
    why: str


def header(grid: Grid, layout: Layout) -> Header:
    """Return the header of a file of a layout.

    `names` are those of the columns, of all rows joined by ` - `, each distinct; `roles` the texts
    under which the layout knows them; a question that spans columns stands in `questions` of each.
    """
    top = first_rows(grid)
    count, why = _count(grid, layout, top)
    rows = top[:count]
    ended = count > 1 and any(has(rows[-1], end) for end in layout.ends)
    naming = [row for row in (rows[:-1] if ended else rows) if not _tags(row)] or rows[:1]
    names = distinct([" - ".join(filter(None, cells)) for cells in zip(*naming, strict=True)])
    roles = naming[min(layout.role_row, len(naming)) - 1]
    zones = [found[1] for cell in rows[-1] if (found := ZONE.search(cell))] if ended else []
    return Header(count, names, roles, _questions(naming, names), (zones or [None])[0], why)


def headed(grid: Grid, header: Header) -> pl.DataFrame:
    """Return the rows under the header, named by it; columns `row` and `fields` come first."""
    rows = grid.cells.slice(header.rows)
    return rows.rename(dict(zip(grid.columns, header.names, strict=True)))


def _count(grid: Grid, layout: Layout, top: list[list[str]]) -> tuple[int, str]:
    """Return how many rows the header has, and what says so."""
    ended = [n for n, row in enumerate(top, 1) if any(has(row, end) for end in layout.ends)]
    if ended:
        return ended[-1], f"row {ended[-1]} ends it: {layout.ends[0].strip('*')}"
    timed = _until_times(layout, top) if layout.headers > 1 else None
    if timed:
        return timed, f"row {timed + 1} is the first with a time in it"
    if layout.headers > 1 and _without_id(layout, top):
        return 2, "row 2 has no id of a response, row 3 has"
    if len(top) > 1 and (layout.role_row > 1 or any(has(top[1], cell) for cell in layout.row_2)):
        return 2, "row 2 has the cells that the layout says"
    if len(top) > 2 and _names_the_unnamed(grid, top):  # noqa: PLR2004 - two rows, and one below
        return 2, "row 2 names the columns that row 1 leaves empty"
    tagged = next((n for n, row in enumerate(top[1:], 1) if not _tags(row)), 1)
    return tagged, "one row" if tagged == 1 else "tags stand under the names"


def _until_times(layout: Layout, top: list[list[str]]) -> int | None:
    """Return how many rows come before the first time, in a column that the layout says has one."""
    for wanted in layout.roles.get("responded_at", []):
        for column, name in enumerate(top[0]):
            if matches(name, wanted):
                below = [row[column] for row in top[1:]]
                found = [bool(re.search(LIKE_A_TIME, cell)) for cell in below]
                if any(found) and all(below[: found.index(True)]):
                    return found.index(True) + 1
    return None


def _without_id(layout: Layout, top: list[list[str]]) -> bool:
    """Say whether the second row has no id where the third has one: it goes on with the header."""
    ids = layout.roles.get("export_id", [])
    places = [n for n, name in enumerate(top[0]) if any(matches(name, wanted) for wanted in ids)]
    return bool(places) and len(top) > 2 and not top[1][places[0]] and bool(top[2][places[0]])  # noqa: PLR2004 - two rows, and one below


def _names_the_unnamed(grid: Grid, top: list[list[str]]) -> bool:
    """Say whether the second row is a header: it names the columns that the first does not.

    A row of answers would show it: by a number or time where the column has such, or by a word
    that others in the column have too.
    """
    cells = grid.cells.slice(1).select(grid.columns)
    below = cells.slice(1)
    unnamed = [c for c, name in zip(grid.columns, top[0], strict=True) if not name]
    used = [c for c in unnamed if cells[c].drop_nulls().len()]
    names = cells.select(used).head(1).row(0) if used else ()
    lettered = [name for name in names if name and re.search(r"[^\W\d]", name)]
    even = grid.cells["fields"][0] == grid.cells["fields"][1]
    if not used or not even or len(lettered) < len(used) or _named_alike(top[0], top[1]):
        return False
    alike = [below.select(_repeats(c, n)).item() for c, n in zip(used, names, strict=True)]
    typed = [c for c in grid.columns if _typed(below[c])]
    fits = [c for c in typed if cells[c][0] is not None and _typed(cells[c].head(1))]
    return not any(alike) and not fits and (bool(typed) or len(used) >= UNNAMED)


def _named_alike(first: list[str], second: list[str]) -> bool:
    """Say whether two columns of one question would bear the same name."""
    pairs = [(q, n) for q, n in zip(_filled_on(first), second, strict=True) if n]
    return len(set(pairs)) < len(pairs)


def _filled_on(cells: list[str]) -> list[str]:
    """Return cells in which an empty one is like the one before it."""
    filled: list[str] = []
    for cell in cells:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled


def _repeats(column: str, name: str) -> pl.Expr:
    """Say whether a cell comes again in a column that has others too: a column of one choice."""
    filled = pl.col(column).drop_nulls()
    return (filled == name).any() & (filled != name).any()


def _typed(column: pl.Series) -> bool:
    filled = column.drop_nulls().str.strip_chars()
    share = filled.str.contains(rf"{NUMBER}|{LIKE_A_TIME}").mean()
    return isinstance(share, float) and share >= TYPED


def _tags(row: list[str]) -> bool:
    filled = [cell for cell in row if cell]
    return bool(filled) and all(cell.startswith("#") for cell in filled) and len(filled) > 1


def _questions(naming: list[list[str]], names: list[str]) -> list[str]:
    """Return the question of each column; one that spans several stands over the first alone."""
    if len(naming) > 1 and not all(naming[0]):
        return _filled_on(naming[0])
    return [found[1] if (found := PART.match(name)) else name for name in names]
