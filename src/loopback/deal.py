"""The deal: a whole list dealt out over the months, with every group even at once.

Groups nest in two ways: all > region > owner > cell, and all > segment > segment of a region > cell
(a cell is a segment of an owner in a region). Such a pair of families can always be split into
halves that are equal in every group, give or take one (Ghouila-Houri, 1962), and hence into any
number of parts (de Werra, 1971). docs/methods.md shows how.
"""

from __future__ import annotations

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
Level = list["Hashable"]  # the group in which each cell lies
Family = list[Level]


def slots(customers: pl.DataFrame, period: int) -> pl.DataFrame:
    """Return customer_id and `slot` (0 to period - 1) of each customer.

    `customers` holds customer_id, owner, region, segment and prn, which decides within a cell. In
    every slot the total, each owner, segment, owner x segment and segment x region have their
    size / period, rounded up or down; so has each region, where its owners have no other.
    """
    cells = _cells(customers)
    rounds = pl.col("size") // period * period
    place = pl.int_ranges(0, "size").alias("place")
    dealt = cells.select("customer_id", rounds.alias("rounds"), place).explode(
        "customer_id", "place"
    )
    families = [[_level(cells, columns) for columns in family] for family in FAMILIES]
    rest = _spread((cells["size"] % period).to_list(), families, period)
    extra = [slot for shares in zip(*rest, strict=True) for slot, n in enumerate(shares) if n]
    full = pl.col("place") < pl.col("rounds")
    return pl.concat(
        [
            dealt.filter(full).select("customer_id", slot=pl.col("place") % period),
            dealt.filter(~full).select(
                "customer_id", slot=pl.Series("slot", extra, dtype=pl.Int64)
            ),
        ]
    )


def _cells(customers: pl.DataFrame) -> pl.DataFrame:
    """Return the cells in order, each with its customers by their random number.

    An owner with customers in several regions stands with the first of them, whole.
    """
    home = pl.col("region").min().over("owner")
    return (
        customers.with_columns(home=home)
        .group_by(CELL)
        .agg(pl.col("customer_id").sort_by("prn", "customer_id"), size=pl.len().cast(pl.Int64))
        .sort(CELL)
    )


def _level(cells: pl.DataFrame, columns: list[str]) -> Level:
    return list(cells.select(columns).iter_rows()) if columns else [()] * cells.height


def _spread(shares: Shares, families: list[Family], parts: int) -> list[Shares]:
    """Split shares into parts that are even in every group; parts is 1, 2, 3, 4, 6 or 12."""
    if parts == 1:
        return [shares]
    into = 2 if parts % 2 == 0 else 3
    return [
        part
        for split in _split(shares, families, into)
        for part in _spread(split, families, parts // into)
    ]


def _split(shares: Shares, families: list[Family], into: int) -> list[Shares]:
    """Split shares into two or three even parts.

    Halving any two parts anew lowers the sum of the squares of all groups until none is uneven.
    """
    parts = _begun(shares, into)
    pairs = [(a, b) for a in range(into) for b in range(a)]
    while uneven := [pair for pair in pairs if not _even(parts, *pair, families)]:
        for a, b in uneven:
            _halve(parts[a], parts[b], families)
    return parts


def _begun(shares: Shares, into: int) -> list[Shares]:
    """Deal the shares round and round: each cell is even, larger groups mostly are."""
    parts: list[Shares] = [[] for _ in range(into)]
    turn = 0
    for share in shares:
        whole, extra = divmod(share, into)
        for number, part in enumerate(parts):
            part.append(whole + ((number - turn) % into < extra))
        turn = (turn + extra) % into
    return parts


def _even(parts: list[Shares], a: int, b: int, families: list[Family]) -> bool:
    """Say whether two parts are equal in every group, give or take one."""
    uneven = [
        (cell, x - y) for cell, (x, y) in enumerate(zip(parts[a], parts[b], strict=True)) if x != y
    ]
    for level in (level for family in families for level in family):
        ahead: dict[Hashable, int] = {}
        for cell, difference in uneven:
            group = level[cell]
            ahead[group] = ahead.get(group, 0) + difference
        if any(abs(difference) > 1 for difference in ahead.values()):
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
        waiting: dict[Hashable, int] = {}
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
