"""Customers never asked: the months they are placed in, so that every group stays even."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

Group = tuple[str | None, ...]
Loads = dict[Group, Counter[int]]

# How much the lesser groups weigh where the months of an owner are equally full.
CELL, REGION, SEGMENT, TOTAL = 1.0, 0.5, 0.2, 0.1
# How far apart the fullest and the lightest month of a group may lie before customers are moved.
OWNER_SPREAD, REGION_SPREAD, TOTAL_SPREAD = 1, 2, 3
# Owners have the last word: a move for a region may leave one of them a better move.
PASSES = (
    ("owner", OWNER_SPREAD),
    ("region", REGION_SPREAD),
    ("total", TOTAL_SPREAD),
    ("owner", OWNER_SPREAD),
)


class Newcomer(NamedTuple):
    """A customer never asked: whose it is, its plan, and the last month that keeps the promise."""

    customer_id: str
    owner: str
    region: str | None
    segment: str | None
    planned: int | None
    latest: int
    prn: int

    @property
    def groups(self) -> tuple[Group, Group, Group, Group, Group]:
        """The groups whose months this customer fills: owner, cell, region, segment, all."""
        return (
            ("owner", self.owner),
            ("cell", self.owner, self.segment),
            ("region", self.region),
            ("segment", self.segment),
            ("total",),
        )


def loads(planned: pl.DataFrame) -> Loads:
    """Return how many customers of each group are to be asked in each month.

    `planned` holds owner, region, segment and month (a whole number) of each customer.
    """
    found: Loads = defaultdict(Counter)
    by: dict[str, list[str]] = {
        "owner": ["owner"],
        "cell": ["owner", "segment"],
        "region": ["region"],
        "segment": ["segment"],
        "total": [],
    }
    for kind, columns in by.items():
        for *key, month, count in planned.group_by(*columns, "month").len().iter_rows():
            found[(kind, *key)][month] = count
    return found


def plans(waiting: list[Newcomer], loads: Loads, now: int, period: int) -> dict[str, int]:
    """Return the month of every customer never asked; `loads` is brought up to date."""
    made = {w.customer_id: w.planned for w in waiting if w.planned is not None}
    fresh = [w for w in waiting if w.planned is None]
    for newcomer in sorted(fresh, key=lambda w: (w.latest, w.prn)):
        months = range(now, newcomer.latest + 1)
        made[newcomer.customer_id] = min(months, key=lambda m, w=newcomer: _fullness(w, m, loads))
        _count(newcomer, made[newcomer.customer_id], loads, 1)
    _rebalance(waiting, made, loads, range(now, now + period))
    return made


def _fullness(newcomer: Newcomer, month: int, loads: Loads) -> tuple[float, float]:
    """Return how full a month is for a customer: the owner's load, then the others weighed."""
    owner, cell, region, segment, total = (loads[group][month] for group in newcomer.groups)
    return owner, CELL * cell + REGION * region + SEGMENT * segment + TOTAL * total


def _count(newcomer: Newcomer, month: int, loads: Loads, count: int) -> None:
    for group in newcomer.groups:
        loads[group][month] += count


def _rebalance(waiting: list[Newcomer], made: dict[str, int], loads: Loads, months: range) -> None:
    """Move customers from the fullest months of an owner, then of a region, then of all."""
    members: dict[Group, list[Newcomer]] = defaultdict(list)
    for newcomer in sorted(waiting, key=lambda w: w.prn):
        owner, _, region, _, total = newcomer.groups
        for group in (owner, region, total):
            members[group].append(newcomer)
    for kind, spread in PASSES:
        for group in sorted((g for g in members if g[0] == kind), key=str):
            while _move_one(group, members[group], made, loads, months, spread):
                pass


def _move_one(
    group: Group,
    members: list[Newcomer],
    made: dict[str, int],
    loads: Loads,
    months: range,
    spread: int,
) -> bool:
    """Move one customer from a full month of the group to a light one; say whether one could."""
    lightest = min(loads[group][month] for month in months)
    for full in sorted(months, key=lambda m: (-loads[group][m], m)):
        if loads[group][full] - lightest <= spread:
            return False
        there = [w for w in members if made[w.customer_id] == full]
        moves = [(w, m) for w in there for m in _better(w, full, group, loads, months, spread)]
        if moves:
            newcomer, month = min(moves, key=lambda move: _fullness(*move, loads))
            _count(newcomer, full, loads, -1)
            _count(newcomer, month, loads, 1)
            made[newcomer.customer_id] = month
            return True
    return False


def _better(
    newcomer: Newcomer, full: int, group: Group, loads: Loads, months: range, spread: int
) -> Iterable[int]:
    """Return the months that would even out the group and leave the owner no less even."""
    owner = newcomer.groups[0]
    need = 0 if group == owner else 1
    return (
        month
        for month in months
        if month <= newcomer.latest
        and loads[group][full] - loads[group][month] > spread
        and loads[owner][full] - loads[owner][month] >= need
    )
