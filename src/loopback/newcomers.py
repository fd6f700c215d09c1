"""Newcomers: customers whose month is still free, placed so that every group stays even."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from loopback.loads import START
from loopback.months import A_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopback.loads import Group, Kind, Loads, Newcomer

Plans = dict[int, int]  # the month of each row, counted from the month that is drawn

# How far apart the fullest and the lightest month of a group may lie before customers are moved.
# Owners have the last word: a move for a region may leave one of them a better move.
PASSES: tuple[tuple[Kind, int], ...] = (("owner", 1), ("region", 2), ("all", 3), ("owner", 1))
TRIED = 30  # moves that are weighed against each other


def placed(fresh: Iterable[Newcomer], loads: Loads) -> Plans:
    """Return the months of newcomers without a plan: where their owner has the least to do."""
    plans: Plans = {}
    for newcomer in fresh:
        plans[newcomer.row] = month = loads.lightest(newcomer)
        loads.count(newcomer, month, 1)
    return plans


def rebalance(movable: Iterable[Newcomer], plans: Plans, loads: Loads) -> None:
    """Move newcomers from the fullest months of an owner, then of a region, then of all."""
    ordered = sorted(movable, key=attrgetter("prn"))
    for kind, spread in PASSES:
        uneven = loads.uneven(kind, spread)[START].to_list()
        for group, members in _members(kind, ordered, uneven).items():
            _relieve(group, members, plans, loads, spread)


def _members(
    kind: Kind, ordered: list[Newcomer], groups: list[Group]
) -> dict[Group, list[Newcomer]]:
    """Return the newcomers of some groups of a kind, in order."""
    members: dict[Group, list[Newcomer]] = {group: [] for group in groups}
    for newcomer, group in zip(ordered, map(attrgetter(kind), ordered), strict=True):
        if group in members:
            members[group].append(newcomer)
    return members


def _relieve(
    group: Group, members: list[Newcomer], plans: Plans, loads: Loads, spread: int
) -> None:
    """Move members from full months of the group to light ones until that helps no more."""
    planned: dict[int, list[Newcomer]] = defaultdict(list)
    for newcomer in members:
        planned[plans[newcomer.row]].append(newcomer)
    while move := _move(group, planned, loads, spread):
        newcomer, full, light = move
        loads.count(newcomer, full, -1)
        loads.count(newcomer, light, 1)
        plans[newcomer.row] = light
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
        owner, period = newcomer.owner, newcomer.period
        levels = loads.levels(owner, period)
        need = (spread + 1 if group == owner else 1) * A_YEAR // period
        for month in light:
            if (
                newcomer.earliest <= month <= newcomer.latest
                and levels[full] - levels[month] >= need
            ):
                yield newcomer, full, month
