"""The deal: a whole list dealt out over the months, with every group even at once.

Groups nest in two ways: all > region > owner > cell, and all > segment > segment of a region > cell
(a cell is a segment of an owner in a region). Such a pair of families can always be split into
halves that are equal in every group, give or take one (Ghouila-Houri, 1962), and hence into any
number of parts (de Werra, 1971). docs/methods.md shows how.
"""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

CELL = ["home", "owner", "segment", "region"]
# The groups of each family, the finest first; all of a list is the last group of both.
FAMILIES: tuple[tuple[list[str], ...], ...] = (
    (["owner", "segment"], ["owner"], ["home"], []),
    (["segment", "region"], ["segment"], []),
)

NOBODY = -1

Shares = list[int]  # how many customers of each cell
Level = list[int]  # the number of the group in which each cell lies
Family = list[Level]


def slots(customers: pl.DataFrame, period: int) -> pl.Series:
    """Return the `slot` (0 to period - 1) of each customer, in the order of the rows.

    `customers` holds customer_id, owner, region, segment and prn, which decides within a cell. In
    every slot the total, each owner, segment, owner x segment and segment x region have their
    size / period, rounded up or down; so has each region, where its owners have no other.
    """
    cells = _cells(customers)
    rounds = pl.col("size") // period * period
    place = pl.int_ranges(0, "size").alias("place")
    dealt = cells.select("row", rounds.alias("rounds"), place).explode("row", "place")
    families = [[_level(cells, columns) for columns in family] for family in FAMILIES]
    rest = _spread((cells["size"] % period).to_list(), families, period)
    extra = [slot for shares in zip(*rest, strict=True) for slot, n in enumerate(shares) if n]
    full = pl.col("place") < pl.col("rounds")
    whole = dealt.filter(full).select("row", slot=pl.col("place") % period)
    others = dealt.filter(~full).select("row", slot=pl.Series("slot", extra, dtype=pl.Int64))
    return pl.concat([whole, others]).sort("row")["slot"]


def _cells(customers: pl.DataFrame) -> pl.DataFrame:
    """Return the cells in order, each with the rows of its customers by their random number.

    An owner with customers in several regions stands with the first of them, whole.
    """
    columns = ["owner", "segment", "region"]
    rows = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    found = (
        customers.lazy()
        .select(*columns, "prn", "customer_id", rows)
        .group_by(columns)
        .agg(pl.col("row").sort_by("prn", "customer_id"), size=pl.len().cast(pl.Int64))
        .with_columns(pl.col(columns).cast(pl.String))
    )
    return found.with_columns(home=pl.col("region").min().over("owner")).sort(CELL).collect()


def _level(cells: pl.DataFrame, columns: list[str]) -> Level:
    if not columns:
        return [0] * cells.height
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(g, len(numbers)) for g in cells.select(columns).iter_rows()]


def _spread(shares: Shares, families: list[Family], parts: int) -> list[Shares]:
    """Split shares into parts that are even in every group; parts is 1, 2, 3, 4, 6 or 12."""
    if parts == 1:
        return [shares]
    into = 2 if parts % 2 == 0 else 3
    split = _halves if into == 2 else _thirds  # noqa: PLR2004
    return [
        part
        for half_or_third in split(shares, families)
        for part in _spread(half_or_third, families, parts // into)
    ]


def _halves(shares: Shares, families: list[Family]) -> list[Shares]:
    """Split shares into two even parts."""
    a, b = [share // 2 for share in shares], [share - share // 2 for share in shares]
    _halve(a, b, families)
    return [a, b]


def _thirds(shares: Shares, families: list[Family]) -> list[Shares]:
    """Split shares into three even parts.

    Halving any two parts anew lowers the sum of the squares of all groups until none is uneven.
    """
    parts = _begun(shares)
    doubtful = [(0, 1), (0, 2), (1, 2)]
    while doubtful:
        a, b = doubtful.pop(0)
        if not _even(parts[a], parts[b], families):
            _halve(parts[a], parts[b], families)
            third = 3 - a - b
            doubtful = [(min(a, third), max(a, third)), (min(b, third), max(b, third))]
    return parts


def _begun(shares: Shares) -> list[Shares]:
    """Deal the shares round and round in three: each cell is even, larger groups mostly are."""
    parts: list[Shares] = [[], [], []]
    turn = 0
    for share in shares:
        whole, extra = divmod(share, 3)
        for number, part in enumerate(parts):
            part.append(whole + ((number - turn) % 3 < extra))
        turn = (turn + extra) % 3
    return parts


def _even(a: Shares, b: Shares, families: list[Family]) -> bool:
    """Say whether two parts, even in each cell, are equal in every group, give or take one."""
    more = [cell for cell, (x, y) in enumerate(zip(a, b, strict=True)) if x > y]
    less = [cell for cell, (x, y) in enumerate(zip(a, b, strict=True)) if x < y]
    for level in (level for family in families for level in family):
        ahead = Counter(map(level.__getitem__, more))
        behind = Counter(map(level.__getitem__, less))
        if any(abs(ahead[group] - behind[group]) > 1 for group in ahead.keys() | behind.keys()):
            return False
    return True


def _halve(a: Shares, b: Shares, families: list[Family]) -> None:
    """Share out anew, between two parts, the odd customer of each cell where they differ."""
    odd = [cell for cell, (x, y) in enumerate(zip(a, b, strict=True)) if x != y]
    first, second = (_partners(odd, family) for family in families)
    for cell, ahead in _sides(odd, first, second).items():
        less = min(a[cell], b[cell])
        a[cell], b[cell] = (less + 1, less) if ahead else (less, less + 1)


def _partners(cells: Iterable[int], family: Family) -> dict[int, int]:
    """Pair cells within the finest group they share: no group keeps more than one unpaired."""
    partners: dict[int, int] = {}
    for level in family:
        waiting: dict[int, int] = {}
        for cell in cells:
            other = waiting.pop(level[cell], None)
            if other is None:
                waiting[level[cell]] = cell
            else:
                partners[cell], partners[other] = other, cell
        cells = waiting.values()
    return partners


def _sides(cells: list[int], first: dict[int, int], second: dict[int, int]) -> dict[int, bool]:
    """Put the two of every pair on different sides.

    Along pairs of the two kinds in turn, cells lie on paths and on circles of even length.
    """
    sides: dict[int, bool] = {}
    for start in cells:
        if start in sides:
            continue
        sides[start] = True
        for order in ((first, second), (second, first)):
            cell, side = start, True
            for partners in cycle(order):
                cell, side = partners.get(cell, NOBODY), not side
                if cell == NOBODY or cell in sides:
                    break
                sides[cell] = side
    return sides
