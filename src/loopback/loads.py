"""Loads: how many customers of each group are to be asked in each of the coming twelve months."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import polars as pl

from loopback.months import A_YEAR

Name = int | str  # what a customer is known by while a month is drawn: the row, or the id
Group = tuple[str | None, ...]  # a kind, and what tells its groups apart
Counts = list[int]  # of each month

_MONTHS = [f"m{at}" for at in range(A_YEAR)]  # the columns that hold the counts of each month
_SUMS = pl.col(_MONTHS).sum()


class Newcomer(NamedTuple):
    """A customer whose month is free from `earliest` to `latest`, then every `period` months.

    Months count from the month that is drawn; `latest` is less than `period`.
    """

    name: Name
    owner: str
    region: str | None
    segment: str | None
    period: int
    earliest: int
    latest: int
    prn: int


class Loads:
    """The months of every group: an owner, an owner's segment, a region, a segment, all."""

    def __init__(self, planned: pl.LazyFrame) -> None:
        """Count planned customers: owner, region, segment, `at` (months from now), `period`."""
        cells = _counted(planned)
        self._books = _Books(cells)
        self._regions, self._segments = _summed(cells, "region"), _summed(cells, "segment")
        self._total = list(cells.select(_SUMS).row(0))

    def months(self, group: Group) -> Counts:
        """Return how many of the group are to be asked in each month."""
        match group:
            case ("owner", owner):
                return self._books.of(owner).months
            case ("cell", owner, segment):
                return self._books.of(owner).cells[segment]
            case ("region", region):
                return self._regions[region]
            case ("segment", segment):
                return self._segments[segment]
        return self._total

    def of(self, newcomer: Newcomer) -> list[Counts]:
        """Return the months of each group of a newcomer, the owner's first."""
        _, owner, region, segment, *_ = newcomer
        book = self._books.of(owner)
        lesser = self._regions[region], self._segments[segment], self._total
        return [book.months, book.cells[segment], *lesser]

    def levels(self, group: Group, period: int) -> Counts:
        """Return how many of the group are asked in each month and every `period` months after."""
        return _levels(self.months(group), period)

    def place(self, newcomer: Newcomer) -> int:
        """Return the month in which a newcomer's owner has the least to do, and count it there.

        Where there are several, the lesser groups decide.
        """
        counts = self.of(newcomer)
        month = _lightest(counts, newcomer)
        _count(counts, newcomer.period, month, 1)
        return month

    def count(self, newcomer: Newcomer, month: int, more: int) -> None:
        """Count a newcomer in (1) or out (-1) of a month and those that follow from it."""
        _count(self.of(newcomer), newcomer.period, month, more)

    def gain(self, newcomer: Newcomer, full: int, light: int) -> tuple[int, int]:
        """Return how much fuller one month is than another: for the owner, then weighed."""
        owner, *others = (_levels(counts, newcomer.period) for counts in self.of(newcomer))
        return owner[light] - owner[full], _weighed(others, light) - _weighed(others, full)

    def uneven(self, kind: str, spread: int) -> list[Group]:
        """Return the owners, regions or all whose fullest and lightest month lie too far apart."""
        if kind == "owner":
            return self._books.uneven(spread)
        groups = {("region", region): counts for region, counts in self._regions.items()}
        of_kind = groups if kind == "region" else {("total",): self._total}
        return sorted((group for group, c in of_kind.items() if _apart(c) > spread), key=str)


class _Book(NamedTuple):
    """The months of an owner, and of each segment of its customers."""

    months: Counts
    cells: dict[str | None, Counts]


class _Books:
    """The books of all owners; each is opened when it is first asked for, since most never are."""

    def __init__(self, cells: pl.DataFrame) -> None:
        by_segment = cells.group_by("owner", "segment").agg(_SUMS).sort("owner")
        owners = by_segment.group_by("owner", maintain_order=True).agg(_SUMS, cells=pl.len())
        self._names: list[str] = owners["owner"].to_list()
        self._places = {name: place for place, name in enumerate(self._names)}
        self._ends: list[int] = owners["cells"].cum_sum().to_list()
        self._segments: list[str | None] = by_segment["segment"].to_list()
        self._months, self._cells = (_by_rows(table) for table in (owners, by_segment))
        self._apart = owners.select(
            pl.max_horizontal(_MONTHS) - pl.min_horizontal(_MONTHS)
        ).to_series()
        self._opened: dict[str | None, _Book] = {}

    def of(self, owner: str | None) -> _Book:
        """Return the book of an owner."""
        book = self._opened.get(owner)
        if book is None:
            book = self._opened[owner] = self._open(self._places.get(owner or ""))
        return book

    def _open(self, place: int | None) -> _Book:
        book = _Book([0] * A_YEAR, defaultdict(lambda: [0] * A_YEAR))
        if place is not None:
            book.months[:] = _row(self._months, place)
            first = self._ends[place - 1] if place else 0
            for cell in range(first, self._ends[place]):
                book.cells[self._segments[cell]] = _row(self._cells, cell)
        return book

    def uneven(self, spread: int) -> list[Group]:
        """Return the owners whose fullest and lightest month lie too far apart."""
        names = (self._names[place] for place in (self._apart > spread).arg_true())
        closed = [name for name in names if name not in self._opened]
        opened = [name for name, book in self._opened.items() if _apart(book.months) > spread]
        return sorted((("owner", name) for name in (*closed, *opened)), key=str)


def _lightest(counts: list[Counts], newcomer: Newcomer) -> int:
    period, first = newcomer.period, newcomer.earliest
    owner, *lesser = counts if period == A_YEAR else [_levels(c, period) for c in counts]
    levels = owner[first : newcomer.latest + 1]
    least = min(levels)
    if levels.count(least) == 1:
        return first + levels.index(least)
    ties = [at for at, level in enumerate(levels, first) if level == least]
    weights = [_weighed(lesser, at) for at in ties]
    return ties[weights.index(min(weights))]


def _count(groups: list[Counts], period: int, month: int, more: int) -> None:
    for counts in groups:
        for at in range(month, A_YEAR, period):
            counts[at] += more


def _apart(counts: Counts) -> int:
    return max(counts) - min(counts)


def _row(cells: list[int], place: int) -> Counts:
    return cells[place * A_YEAR : (place + 1) * A_YEAR]


def _by_rows(table: pl.DataFrame) -> list[int]:
    """Return the months of a table one row after the other."""
    cell = pl.int_range(table.height * A_YEAR, eager=True)
    place = cell % A_YEAR * table.height + cell // A_YEAR
    return pl.concat(table[month] for month in _MONTHS).gather(place).to_list()


def _levels(counts: Counts, period: int) -> Counts:
    return counts if period == A_YEAR else [sum(counts[at::period]) for at in range(period)]


def _weighed(levels: list[Counts], month: int) -> int:
    """Return how full a month is for the groups below the owner: the finest has the most weight."""
    cell, region, segment, total = levels
    return 10 * cell[month] + 5 * region[month] + 2 * segment[month] + total[month]


def _counted(planned: pl.LazyFrame) -> pl.DataFrame:
    """Return how many of each cell are asked in each month (`_MONTHS`), those of a period apart."""
    asked = [
        (pl.col("at") == at).sum().cast(pl.Int64).alias(month) for at, month in enumerate(_MONTHS)
    ]
    once = planned.group_by("owner", "segment", "region", "period").agg(asked).collect()
    parts = once.partition_by("period")
    again = [cells.with_columns(_repeated(cells["period"][0])) for cells in parts]
    return pl.concat([once.clear(), *again])


def _repeated(period: int) -> list[pl.Expr]:
    """Return how many are asked in each month where all are asked again after each period."""
    return [
        pl.sum_horizontal(_MONTHS[at % period : at + 1 : period]).alias(month)
        for at, month in enumerate(_MONTHS)
    ]


def _summed(cells: pl.DataFrame, column: str) -> dict[str | None, Counts]:
    """Return the months of the groups of a column."""
    names, *counts = cells.group_by(column).agg(_SUMS).iter_columns()
    rows = zip(*(of_month.to_list() for of_month in counts), strict=True)
    found = dict(zip(names.to_list(), map(list, rows), strict=True))
    return defaultdict(lambda: [0] * A_YEAR, found)
