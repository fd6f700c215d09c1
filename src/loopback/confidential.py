"""Confidential: which groups are large enough to be shown where those who answer are employees.

A group is shown with at least so many answers; and nothing that is shown may be subtracted from
something else that is shown so that fewer are left: not a group from the groups around it or the
total, and not a span of months from a longer one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NUMBERS = 5  # answers behind a number
COMMENTS = 8  # comments behind a tally of them
ALL = "all"
GROUPINGS = ("owner", "region", "segment", "language")
Rows = frozenset[int]


class Cell(NamedTuple):
    """A group of answers: by which column, and which value; the total is `all`."""

    by: str
    value: str


class _Block(NamedTuple):
    """Answers of neighbouring months that are only ever shown together."""

    first: str
    last: str
    rows: Rows


def visible(
    responses: pl.DataFrame, months: Sequence[str], by: str, fewest: int = NUMBERS
) -> pl.DataFrame:
    """Return the responses that may be counted in a table by a group, over some months.

    `responses` are all there ever were, with `month` and the columns of `GROUPINGS`; `by` is one
    of these, `month` or `all`. Groups that may not be shown are missing.
    """
    rows = responses.sort("month", "response_id").with_row_index("place")
    cells = _cells(rows, months, fewest)
    _unlink(cells, fewest)
    kept = {place for cell, found in cells.items() if cell.by == by for place in found}
    return rows.filter(pl.col("place").is_in(sorted(kept))).drop("place")


def _cells(rows: pl.DataFrame, months: Sequence[str], fewest: int) -> dict[Cell, Rows]:
    """Return the groups of each grouping that have enough answers by themselves."""
    found: dict[Cell, Rows] = {}
    for by in GROUPINGS:
        named = rows.with_columns(pl.col(by).fill_null(""))
        for (value,), group in named.group_by([by]):
            found[Cell(by, str(value))] = _within(_blocks(group, fewest), months)
    whole = _blocks(rows, fewest)
    found[Cell(ALL, ALL)] = _within(whole, months)
    for block in whole:
        if block.first == block.last and block.first in months:
            found[Cell("month", block.first)] = block.rows
    return {cell: places for cell, places in found.items() if len(places) >= fewest}


def _blocks(group: pl.DataFrame, fewest: int) -> list[_Block]:
    """Cut the answers of a group, from its first month on, into blocks that have enough."""
    blocks: list[_Block] = []
    first, held = "", set[int]()
    monthly = group.group_by("month").agg("place").sort("month")
    for month, places in monthly.iter_rows():
        first = first if held else month
        held |= set(places)
        if len(held) >= fewest:
            blocks.append(_Block(first, month, frozenset(held)))
            held = set()
    return blocks


def _within(blocks: Iterable[_Block], months: Sequence[str]) -> Rows:
    """Return the answers of the blocks that lie whole within the months."""
    inside = [b.rows for b in blocks if months[0] <= b.first and b.last <= months[-1]]
    return frozenset().union(*inside)


def _unlink(cells: dict[Cell, Rows], fewest: int) -> None:
    """Take groups away until no subtraction leaves fewer answers than may be shown."""
    while cell := _reckoned(cells, fewest):
        del cells[cell]


def _reckoned(cells: dict[Cell, Rows], fewest: int) -> Cell | None:
    """Return the smallest group within one of which too few answers would be left."""
    for outer, rows in sorted(cells.items()):
        for by in sorted({cell.by for cell in cells}):
            inner = {c: r for c, r in cells.items() if c.by == by and c != outer and r < rows}
            left = len(rows) - sum(map(len, inner.values()))
            if inner and 0 < left < fewest:
                return min(inner, key=lambda cell: (len(inner[cell]), cell))
    return None
