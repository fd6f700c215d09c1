"""Loads: how many customers of each group are to be asked in each of the coming twelve months."""

from __future__ import annotations

from typing import Literal, NamedTuple

import polars as pl

from loopback.months import A_YEAR

Kind = Literal["owner", "cell", "region", "segment", "all"]
Group = int  # where the months of a group begin among the counts of all

# What tells the groups of a kind apart.
KINDS: dict[Kind, list[str]] = {
    "owner": ["owner"],
    "cell": ["owner", "segment"],
    "region": ["region"],
    "segment": ["segment"],
    "all": [],
}
_MONTHS = [f"m{at}" for at in range(A_YEAR)]  # the columns that hold the counts of each month
_CELL = ("owner", "segment", "region", "period")
START = "start"  # the column of groups
_FREE = ("row", "period", "earliest", "latest_at", "prn")  # what a newcomer begins with


class Newcomer(NamedTuple):
    """A customer whose month is free from `earliest` to `latest`, then every `period` months.

    Months count from the month that is drawn; `latest` is less than `period`.
    """

    row: int
    period: int
    earliest: int
    latest: int
    prn: int
    owner: Group
    cell: Group
    region: Group
    segment: Group
    all: Group


# What a customer counts in the groups below the owner, beside 1 in all: the finest the most.
OF_CELL, OF_REGION, OF_SEGMENT = 10, 5, 2
# Counts in each month; where those of a newcomer's owner, cell, region, segment and all begin.
Levels = tuple[list[int], Group, Group, Group, Group, Group]


class Loads:
    """The months of every group: an owner, an owner's segment, a region, a segment, all.

    `counts` are those of one group after the other, since millions of small lists would take long.
    """

    def __init__(self, eligible: pl.LazyFrame) -> None:
        """Count customers: owner, region, segment, `period`, `at` (months from now, or empty)."""
        cells = _counted(eligible)
        self.counts: list[int] = []
        self._groups: dict[Kind, pl.DataFrame] = {}
        self._stretches: dict[Kind, slice] = {}  # where the counts of each kind are
        for kind, columns in KINDS.items():
            found = _summed(cells, columns)
            first = len(self.counts)
            start = pl.int_range(pl.len()) * A_YEAR + first
            self._groups[kind] = found.select(*columns, start.alias(START))
            self.counts += found.select(pl.concat_arr(_MONTHS)).to_series().explode().to_list()
            self._stretches[kind] = slice(first, len(self.counts))

    def newcomers(self, free: pl.DataFrame) -> list[Newcomer]:
        """Return customers whose month is free, with their groups: who cannot wait long first.

        `free` holds row, owner, region, segment, period, earliest, latest_at and prn.
        """
        known = free.select(*_FREE, *(self._group(free, kind) for kind in KINDS))
        columns = (column.to_list() for column in known.sort("latest_at", "prn"))
        return list(map(Newcomer._make, zip(*columns, strict=True)))

    def _group(self, free: pl.DataFrame, kind: Kind) -> pl.Series | pl.Expr:
        """Return the group of a kind in which each customer is."""
        groups, columns = self._groups[kind], KINDS[kind]
        if not columns:
            return pl.lit(groups[START][0]).alias(kind)
        found = free.select(columns).join(
            groups, columns, how="left", nulls_equal=True, maintain_order="left"
        )
        return found[START].alias(kind)

    def months(self, group: Group) -> list[int]:
        """Return how many of a group are to be asked in each month."""
        return self.counts[group : group + A_YEAR]

    def levels(self, group: Group, period: int) -> list[int]:
        """Return how many of a group are asked in each month and every `period` months after."""
        months = self.months(group)
        return months if period == A_YEAR else [sum(months[at::period]) for at in range(period)]

    def uneven(self, kind: Kind, spread: int) -> pl.DataFrame:
        """Return what tells apart, in order, the groups too far from even, and where they `start`.

        Those are the ones whose fullest and lightest month lie further apart than `spread`.
        """
        groups = self._groups[kind]
        counts = pl.Series(self.counts[self._stretches[kind]], dtype=pl.Int64)
        months = counts.reshape((-1, A_YEAR))
        found = groups.filter(months.arr.max() - months.arr.min() > spread)
        return found.sort(KINDS[kind]) if KINDS[kind] else found

    def count(self, newcomer: Newcomer, month: int, more: int) -> None:
        """Count a newcomer in (1) or out (-1) of a month and those that follow from it."""
        counts = self.counts
        _, period, _, _, _, owner, cell, region, segment, every = newcomer
        for at in range(month, A_YEAR, period):
            counts[owner + at] += more
            counts[cell + at] += more
            counts[region + at] += more
            counts[segment + at] += more
            counts[every + at] += more

    def lightest(self, newcomer: Newcomer) -> int:
        """Return the month in which a newcomer's owner has the least to do.

        Where there are several, the lesser groups decide.
        """
        n, owner, cell, region, segment, every = self._levels(newcomer)
        first, last = newcomer.earliest, newcomer.latest
        free = n[owner + first : owner + last + 1]
        least = min(free)
        best = first + free.index(least)
        if free.count(least) == 1:
            return best
        lightest = None
        for at, level in enumerate(free, first):
            if level == least:
                weight = (
                    OF_CELL * n[cell + at]
                    + OF_REGION * n[region + at]
                    + OF_SEGMENT * n[segment + at]
                    + n[every + at]
                )
                if lightest is None or weight < lightest:
                    best, lightest = at, weight
        return best

    def gain(self, newcomer: Newcomer, full: int, light: int) -> tuple[int, int]:
        """Return how much fuller one month is than another: for the owner, then weighed."""
        n, owner, cell, region, segment, every = self._levels(newcomer)
        lesser = (
            OF_CELL * (n[cell + light] - n[cell + full])
            + OF_REGION * (n[region + light] - n[region + full])
            + OF_SEGMENT * (n[segment + light] - n[segment + full])
            + (n[every + light] - n[every + full])
        )
        return n[owner + light] - n[owner + full], lesser

    def _levels(self, newcomer: Newcomer) -> Levels:
        """Return the counts of a newcomer's groups in each month, and where each group begins.

        They are those of all where a newcomer is asked once a year, since to copy takes long.
        """
        _, period, _, _, _, owner, cell, region, segment, every = newcomer
        if period == A_YEAR:
            return self.counts, owner, cell, region, segment, every
        groups = (owner, cell, region, segment, every)
        counts = [level for group in groups for level in self.levels(group, period)]
        return counts, 0, period, 2 * period, 3 * period, 4 * period


def _number(name: str) -> pl.Expr:
    """Return the number of a name in a run, 0 where there is none: less than 33 bits."""
    number = pl.col(name).cast(pl.Categorical).to_physical()
    return (number.cast(pl.Int128) + 1).fill_null(0)


# One number for a cell, since to group by several columns takes longer.
_KEY = pl.sum_horizontal(
    _number("owner") * 2**70, _number("segment") * 2**37, _number("region") * 2**4, "period"
)


def _counted(eligible: pl.LazyFrame) -> pl.DataFrame:
    """Return how many of each cell are asked in each month (`_MONTHS`), those of a period apart."""
    rows = eligible.select(*_CELL, "at").collect()
    asked = [
        (pl.col("at") == at).sum().cast(pl.Int64).alias(month) for at, month in enumerate(_MONTHS)
    ]
    keyed = rows.lazy().select("at", key=_KEY).with_row_index("first")
    once = keyed.group_by("key").agg(pl.min("first"), *asked).collect()
    cells = rows.select(pl.col(_CELL).gather(once["first"])).hstack(once.select(_MONTHS))
    parts = cells.partition_by("period")
    again = [alike.with_columns(_repeated(alike["period"][0])) for alike in parts]
    return pl.concat([cells.clear(), *again])


def _repeated(period: int) -> list[pl.Expr]:
    """Return how many are asked in each month where all are asked again after each period."""
    return [
        pl.sum_horizontal(_MONTHS[at % period : at + 1 : period]).alias(month)
        for at, month in enumerate(_MONTHS)
    ]


def _summed(cells: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the months of the groups that some columns tell apart."""
    sums = pl.col(_MONTHS).sum()
    return cells.group_by(columns).agg(sums) if columns else cells.select(sums)
