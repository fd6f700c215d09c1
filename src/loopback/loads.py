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


class Loads:
    """The months of every group: an owner, an owner's segment, a region, a segment, all.

    `counts` are those of one group after the other, since millions of small lists would take long.
    """

    def __init__(self, eligible: pl.LazyFrame) -> None:
        """Count customers: owner, region, segment, `period`, `at` (months from now, or empty)."""
        cells = _counted(eligible)
        self.counts: list[int] = []
        self._groups: dict[Kind, pl.DataFrame] = {}
        for kind, columns in KINDS.items():
            found = _summed(cells, columns)
            start = pl.int_range(pl.len()) * A_YEAR + len(self.counts)
            self._groups[kind] = found.select(*columns, start.alias(START))
            self.counts += found.select(pl.concat_arr(_MONTHS)).to_series().explode().to_list()

    def newcomers(self, free: pl.DataFrame) -> list[Newcomer]:
        """Return customers whose month is free, with their groups: who cannot wait long first.

        `free` holds row, owner, region, segment, period, earliest, latest_at and prn.
        """
        known = free.select(*_FREE, *(self._group(free, kind) for kind in KINDS))
        return list(map(Newcomer._make, known.sort("latest_at", "prn").iter_rows()))

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
        apart = [self._apart(start) > spread for start in groups[START]]
        found = groups.filter(pl.Series(apart, dtype=pl.Boolean))
        return found.sort(KINDS[kind]) if KINDS[kind] else found

    def count(self, newcomer: Newcomer, month: int, more: int) -> None:
        """Count a newcomer in (1) or out (-1) of a month and those that follow from it."""
        counts, groups = self.counts, newcomer[len(_FREE) :]
        for at in range(month, A_YEAR, newcomer.period):
            for group in groups:
                counts[group + at] += more

    def lightest(self, newcomer: Newcomer) -> int:
        """Return the month in which a newcomer's owner has the least to do.

        Where there are several, the lesser groups decide.
        """
        _, period, first, last, _, owner, *_ = newcomer
        levels = self.levels(owner, period)[first : last + 1]
        least = min(levels)
        ties = [at for at, level in enumerate(levels, first) if level == least]
        if len(ties) == 1:
            return ties[0]
        weights = self.weighed(newcomer, ties)
        return ties[weights.index(min(weights))]

    def weighed(self, newcomer: Newcomer, months: list[int]) -> list[int]:
        """Return how full months are for the groups below the owner: the finest weighs the most."""
        _, period, _, _, _, _, cell, region, segment, every = newcomer
        n = self.counts
        if period < A_YEAR:
            lesser = cell, region, segment, every
            n = [level for group in lesser for level in self.levels(group, period)]
            cell, region, segment, every = range(0, len(n), period)
        return [
            10 * n[cell + at] + 5 * n[region + at] + 2 * n[segment + at] + n[every + at]
            for at in months
        ]

    def gain(self, newcomer: Newcomer, full: int, light: int) -> tuple[int, int]:
        """Return how much fuller one month is than another: for the owner, then weighed."""
        owner = self.levels(newcomer.owner, newcomer.period)
        there, here = self.weighed(newcomer, [light, full])
        return owner[light] - owner[full], there - here

    def _apart(self, group: Group) -> int:
        months = self.months(group)
        return max(months) - min(months)


def _counted(eligible: pl.LazyFrame) -> pl.DataFrame:
    """Return how many of each cell are asked in each month (`_MONTHS`), those of a period apart."""
    asked = [
        (pl.col("at") == at).sum().cast(pl.Int64).alias(month) for at, month in enumerate(_MONTHS)
    ]
    once = eligible.group_by("owner", "segment", "region", "period").agg(asked).collect()
    parts = once.partition_by("period")
    again = [cells.with_columns(_repeated(cells["period"][0])) for cells in parts]
    return pl.concat([once.clear(), *again])


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
