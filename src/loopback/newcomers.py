"""Newcomers: customers whose month is still free, placed so that every group stays even."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.months import A_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Group = tuple[str | None, ...]
Plans = dict[str, int]  # the month of each customer, counted from the month that is drawn

# The groups of a customer, and how much each weighs where the months of the owner are equal.
GROUPS: dict[str, tuple[list[str], float]] = {
    "owner": (["owner"], 0.0),
    "cell": (["owner", "segment"], 1.0),
    "region": (["region"], 0.5),
    "segment": (["segment"], 0.2),
    "total": ([], 0.1),
}
WEIGHTS = [weight for _, weight in GROUPS.values()][1:]
# How far apart the fullest and the lightest month of a group may lie before customers are moved.
# Owners have the last word: a move for a region may leave one of them a better move.
PASSES = (("owner", 1), ("region", 2), ("total", 3), ("owner", 1))
TRIED = 30  # moves that are weighed against each other


class Newcomer(NamedTuple):
    """A customer whose month is free from `earliest` to `latest`, then every `period` months.

    Months count from the month that is drawn; `latest` is less than `period`.
    """

    customer_id: str
    owner: str
    region: str | None
    segment: str | None
    period: int
    earliest: int
    latest: int
    prn: int

    @property
    def groups(self) -> tuple[Group, Group, Group, Group, Group]:
        """The groups whose months this customer fills, in the order of `GROUPS`."""
        return (
            ("owner", self.owner),
            ("cell", self.owner, self.segment),
            ("region", self.region),
            ("segment", self.segment),
            ("total",),
        )


class Loads:
    """How many customers of each group are to be asked in each of the coming twelve months."""

    def __init__(self, planned: pl.LazyFrame) -> None:
        """Count planned customers: owner, region, segment, `at` (months from now), `period`."""
        self._of: dict[Group, list[int]] = defaultdict(lambda: [0] * A_YEAR)
        cells = _counted(planned, ["owner", "segment", "region"])
        for kind, (columns, _) in GROUPS.items():
            for *key, counts in _summed(cells, columns).iter_rows():
                self._of[(kind, *key)] = counts

    def months(self, group: Group) -> list[int]:
        """Return how many of the group are to be asked in each month."""
        return self._of[group]

    def levels(self, group: Group, period: int) -> list[int]:
        """Return how many of the group are asked in each month and every `period` months after."""
        counts = self._of[group]
        if period == A_YEAR:
            return counts
        return [sum(counts[month::period]) for month in range(period)]

    def count(self, newcomer: Newcomer, month: int, more: int) -> None:
        """Count a newcomer in (1) or out (-1) of a month and those that follow from it."""
        for group in newcomer.groups:
            counts = self._of[group]
            for at in range(month, A_YEAR, newcomer.period):
                counts[at] += more

    def lightest(self, newcomer: Newcomer) -> int:
        """Return the month in which the owner has the least to do; ties go to the lesser groups."""
        first, *lesser = newcomer.groups
        first_month = newcomer.earliest
        levels = self.levels(first, newcomer.period)[first_month : newcomer.latest + 1]
        least = min(levels)
        ties = [first_month + at for at, level in enumerate(levels) if level == least]
        if len(ties) == 1:
            return ties[0]
        others = [self.levels(group, newcomer.period) for group in lesser]
        return min(ties, key=lambda month: (_weighed(others, month), month))

    def gain(self, newcomer: Newcomer, full: int, light: int) -> tuple[float, float]:
        """Return how much fuller one month is than another: for the owner, then weighed."""
        owner, *others = (self.levels(group, newcomer.period) for group in newcomer.groups)
        return owner[light] - owner[full], _weighed(others, light) - _weighed(others, full)

    def uneven(self, kind: str, spread: int) -> list[Group]:
        """Return the groups of a kind whose fullest and lightest month lie too far apart."""
        of_kind = ((group, counts) for group, counts in self._of.items() if group[0] == kind)
        return sorted((g for g, counts in of_kind if max(counts) - min(counts) > spread), key=str)


def _weighed(levels: list[list[int]], month: int) -> float:
    """Return how full a month is for the groups below the owner."""
    return sum(weight * level[month] for weight, level in zip(WEIGHTS, levels, strict=True))


def placed(fresh: Iterable[Newcomer], loads: Loads) -> Plans:
    """Return the months of newcomers without a plan: where their owner has the least to do."""
    plans: Plans = {}
    for newcomer in sorted(fresh, key=lambda n: (n.latest, n.prn)):
        month = plans[newcomer.customer_id] = loads.lightest(newcomer)
        loads.count(newcomer, month, 1)
    return plans


def rebalance(movable: Iterable[Newcomer], plans: Plans, loads: Loads) -> None:
    """Move newcomers from the fullest months of an owner, then of a region, then of all."""
    members: dict[Group, list[Newcomer]] = defaultdict(list)
    for newcomer in sorted(movable, key=lambda n: n.prn):
        owner, _, region, _, total = newcomer.groups
        for group in (owner, region, total):
            members[group].append(newcomer)
    for kind, spread in PASSES:
        for group in loads.uneven(kind, spread):
            _relieve(group, members[group], plans, loads, spread)


def _relieve(
    group: Group, members: list[Newcomer], plans: Plans, loads: Loads, spread: int
) -> None:
    """Move members from full months of the group to light ones until that helps no more."""
    planned: dict[int, list[Newcomer]] = defaultdict(list)
    for newcomer in members:
        planned[plans[newcomer.customer_id]].append(newcomer)
    while move := _move(group, planned, loads, spread):
        newcomer, full, light = move
        loads.count(newcomer, full, -1)
        loads.count(newcomer, light, 1)
        plans[newcomer.customer_id] = light
        planned[full].remove(newcomer)
        planned[light].append(newcomer)


def _move(
    group: Group, planned: dict[int, list[Newcomer]], loads: Loads, spread: int
) -> tuple[Newcomer, int, int] | None:
    """Return the best of the first moves from the fullest month that has any."""
    counts = loads.months(group)
    lightest = min(counts)
    for full in sorted(planned, key=lambda month: (-counts[month], month)):
        if counts[full] - lightest <= spread:
            return None
        moves = islice(_moves(group, full, planned[full], loads, spread), TRIED)
        best = min(moves, key=lambda move: loads.gain(*move), default=None)
        if best is not None:
            return best
    return None


def _moves(
    group: Group, full: int, there: list[Newcomer], loads: Loads, spread: int
) -> Iterator[tuple[Newcomer, int, int]]:
    """Find the moves that even out the group and leave the owner no less even."""
    counts = loads.months(group)
    light = [month for month in range(A_YEAR) if counts[full] - counts[month] > spread]
    light.sort(key=counts.__getitem__)
    for newcomer in there:
        owner, period = newcomer.groups[0], newcomer.period
        levels = loads.levels(owner, period)
        need = (spread + 1 if group == owner else 1) * A_YEAR // period
        for month in light:
            if (
                newcomer.earliest <= month <= newcomer.latest
                and levels[full] - levels[month] >= need
            ):
                yield newcomer, full, month


def _counted(planned: pl.LazyFrame, columns: list[str]) -> pl.DataFrame:
    """Return how many of each cell are asked in each month, as columns m0 to m11."""
    at, period = pl.col("at"), pl.col("period")
    asked = [
        ((at <= month) & ((month - at) % period == 0)).sum().cast(pl.Int64).alias(f"m{month}")
        for month in range(A_YEAR)
    ]
    return planned.group_by(columns).agg(asked).collect()


def _summed(cells: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the months of larger groups, each as a list."""
    names = [f"m{month}" for month in range(A_YEAR)]
    sums = pl.col(names).sum()
    grouped = cells.group_by(columns).agg(sums) if columns else cells.select(sums)
    return grouped.select(*columns, pl.concat_list(names))
