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
Name = int | str  # what a customer is known by while a month is drawn: the row, or the id
Plans = dict[Name, int]  # the month of each customer, counted from the month that is drawn

# The groups of a customer, and the columns that tell them apart.
GROUPS: dict[str, list[str]] = {
    "owner": ["owner"],
    "cell": ["owner", "segment"],
    "region": ["region"],
    "segment": ["segment"],
    "total": [],
}
# How far apart the fullest and the lightest month of a group may lie before customers are moved.
# Owners have the last word: a move for a region may leave one of them a better move.
PASSES = (("owner", 1), ("region", 2), ("total", 3), ("owner", 1))
TRIED = 30  # moves that are weighed against each other


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

    def group(self, kind: str) -> Group:
        """Return the owner, the region or all as the group whose months this customer fills."""
        if kind == "owner":
            return ("owner", self.owner)
        return ("region", self.region) if kind == "region" else ("total",)


class Loads:
    """How many customers of each group are to be asked in each of the coming twelve months."""

    def __init__(self, planned: pl.LazyFrame) -> None:
        """Count planned customers: owner, region, segment, `at` (months from now), `period`."""
        cells = _counted(planned, ["owner", "segment", "region"])
        self._of: dict[str, dict[Group, list[int]]] = {
            kind: defaultdict(lambda: [0] * A_YEAR, _summed(kind, cells, columns))
            for kind, columns in GROUPS.items()
        }
        self._alike: dict[Group, list[list[int]]] = {}  # of those who are in the same groups

    def months(self, group: Group) -> list[int]:
        """Return how many of the group are to be asked in each month."""
        return self._of[group[0] or ""][group]

    def of(self, newcomer: Newcomer) -> list[list[int]]:
        """Return the months of each group of a newcomer."""
        alike = (newcomer.owner, newcomer.region, newcomer.segment)
        counts = self._alike.get(alike)
        if counts is None:
            owner, region, segment = alike
            cell, others = ("cell", owner, segment), (("region", region), ("segment", segment))
            groups = (("owner", owner), cell, *others, ("total",))  # in the order of `GROUPS`
            counts = [self._of[group[0]][group] for group in groups]
            self._alike[alike] = counts
        return counts

    def levels(self, group: Group, period: int) -> list[int]:
        """Return how many of the group are asked in each month and every `period` months after."""
        return _levels(self.months(group), period)

    def count(self, newcomer: Newcomer, month: int, more: int) -> None:
        """Count a newcomer in (1) or out (-1) of a month and those that follow from it."""
        for counts in self.of(newcomer):
            for at in range(month, A_YEAR, newcomer.period):
                counts[at] += more

    def lightest(self, newcomer: Newcomer) -> int:
        """Return the month in which the owner has the least to do; ties go to the lesser groups."""
        period, first = newcomer.period, newcomer.earliest
        owner, *lesser = self.of(newcomer)
        levels = _levels(owner, period)[first : newcomer.latest + 1]
        least = min(levels)
        if levels.count(least) == 1:
            return first + levels.index(least)
        others = [_levels(counts, period) for counts in lesser]
        ties = [(_weighed(others, at), at) for at, n in enumerate(levels, first) if n == least]
        return min(ties)[1]

    def gain(self, newcomer: Newcomer, full: int, light: int) -> tuple[int, int]:
        """Return how much fuller one month is than another: for the owner, then weighed."""
        owner, *others = (_levels(counts, newcomer.period) for counts in self.of(newcomer))
        return owner[light] - owner[full], _weighed(others, light) - _weighed(others, full)

    def uneven(self, kind: str, spread: int) -> list[Group]:
        """Return the groups of a kind whose fullest and lightest month lie too far apart."""
        of_kind = self._of[kind].items()
        return sorted((g for g, counts in of_kind if max(counts) - min(counts) > spread), key=str)


def _levels(counts: list[int], period: int) -> list[int]:
    return counts if period == A_YEAR else [sum(counts[at::period]) for at in range(period)]


def _weighed(levels: list[list[int]], month: int) -> int:
    """Return how full a month is for the groups below the owner: the finest has the most weight."""
    cell, region, segment, total = levels
    return 10 * cell[month] + 5 * region[month] + 2 * segment[month] + total[month]


def placed(fresh: Iterable[Newcomer], loads: Loads) -> Plans:
    """Return the months of newcomers without a plan: where their owner has the least to do."""
    plans: Plans = {}
    for newcomer in sorted(fresh, key=lambda n: (n.latest, n.prn)):
        month = plans[newcomer.name] = loads.lightest(newcomer)
        loads.count(newcomer, month, 1)
    return plans


def rebalance(movable: Iterable[Newcomer], plans: Plans, loads: Loads) -> None:
    """Move newcomers from the fullest months of an owner, then of a region, then of all."""
    ordered = sorted(movable, key=lambda n: n.prn)
    for kind, spread in PASSES:
        members: dict[Group, list[Newcomer]] = {group: [] for group in loads.uneven(kind, spread)}
        for newcomer in ordered:
            group = newcomer.group(kind)
            if group in members:
                members[group].append(newcomer)
        for group, of_group in members.items():
            _relieve(group, of_group, plans, loads, spread)


def _relieve(
    group: Group, members: list[Newcomer], plans: Plans, loads: Loads, spread: int
) -> None:
    """Move members from full months of the group to light ones until that helps no more."""
    planned: dict[int, list[Newcomer]] = defaultdict(list)
    for newcomer in members:
        planned[plans[newcomer.name]].append(newcomer)
    while move := _move(group, planned, loads, spread):
        newcomer, full, light = move
        loads.count(newcomer, full, -1)
        loads.count(newcomer, light, 1)
        plans[newcomer.name] = light
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
        owner, period = newcomer.group("owner"), newcomer.period
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


def _summed(
    kind: str, cells: pl.DataFrame, columns: list[str]
) -> Iterator[tuple[Group, list[int]]]:
    """Return the months of the groups of a kind."""
    sums = pl.col([f"m{month}" for month in range(A_YEAR)]).sum()
    grouped = cells.group_by(columns).agg(sums) if columns else cells.select(sums)
    kinds, *groups = ([kind] * grouped.height, *(grouped[name].to_list() for name in columns))
    months = (grouped[name].to_list() for name in grouped.columns[len(columns) :])
    return zip(zip(kinds, *groups, strict=True), map(list, zip(*months, strict=True)), strict=True)
