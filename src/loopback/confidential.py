"""Confidential: which answers may be counted where those who answer are employees.

Answers are cut once into blocks, none of which has too few, and none of which is ever changed.
Every number shown is a number of whole blocks; so no sums and differences of whatever was shown,
by any columns and over any months, tell of fewer answers than a block has.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

NUMBERS = 5  # answers behind a number
COMMENTS = 8  # comments behind a tally of them
ALL, MONTH = "all", "month"
GROUPINGS = ("owner", "region", "segment", "language")
# Whose answers are put together where each has too few: of an owner, of a region, of all.
WIDER = (("owner",), ("region",), ())
YEAR = len("2026")
Unit = tuple[str | None, ...]


class Block(NamedTuple):
    """Answers that are only ever shown together: their places, months, and how many have comments.

    `unit` has what all of them share of each of `GROUPINGS`, `(several)` where they differ.
    `parts` says of each block it was made of how many have comments, and how many have none.
    """

    unit: Unit
    months: tuple[str, ...]
    places: tuple[int, ...]
    parts: tuple[tuple[int, int], ...]


SEVERAL = "(several)"


def visible(responses: pl.DataFrame, months: Sequence[str], by: str) -> pl.DataFrame:
    """Return the responses that may be counted in a table by a group, over some months.

    `responses` are all there ever were, each with its run; `by` is one of `GROUPINGS`, `month` or
    `all`. Answers of blocks that lie partly in another group, or in other months, are missing.
    """
    rows = _placed(responses)
    return _shown(rows, numbers(rows), months, by)


def visible_comments(responses: pl.DataFrame, months: Sequence[str], by: str) -> pl.DataFrame:
    """Return the responses whose comments may be tallied; `responses` are those without, too."""
    rows = _placed(responses)
    found = _shown(rows, comments(numbers(rows)), months, by)
    return found.drop_nulls("comment")


def numbers(rows: pl.DataFrame) -> list[Block]:
    """Cut answers into blocks that each have enough of them, in the order in which they came."""
    found = _cut(_arrivals(rows), lambda block: len(block.places) >= NUMBERS)
    return [block._replace(parts=(_summed(block.parts),)) for block in found]


def comments(blocks: Iterable[Block]) -> list[Block]:
    """Put blocks of answers together until each has enough comments."""
    return list(_cut(([block] for block in blocks), _enough_comments))


def _enough_comments(block: Block) -> bool:
    """Say whether comments may be tallied, also beside the numbers of the parts.

    A tally less the numbers of some parts leaves, of each part, those with comments or those
    without; altogether nobody, or enough.
    """
    least = sum(min(part) for part in block.parts)
    return sum(told for told, _ in block.parts) >= COMMENTS and (not least or least >= NUMBERS)


def _summed(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    told, silent = zip(*parts, strict=True)
    return sum(told), sum(silent)


def _placed(responses: pl.DataFrame) -> pl.DataFrame:
    return responses.sort("run", "month", "response_id").with_row_index("place")


def _arrivals(rows: pl.DataFrame) -> Iterator[list[Block]]:
    """Return the answers of each unit as they came: run by run, in each month by month."""
    told = pl.col("comment").count()
    units = rows.group_by("run", "month", *GROUPINGS).agg(
        pl.col("place").sort(), told=told, silent=pl.len().cast(pl.Int64) - told.cast(pl.Int64)
    )
    ordered = units.sort("run", "month", *GROUPINGS).partition_by(
        "run", "month", maintain_order=True
    )
    for step in ordered:
        yield [
            Block(
                tuple(row[name] for name in GROUPINGS),
                (row["month"],),
                tuple(row["place"]),
                ((row["told"], row["silent"]),),
            )
            for row in step.iter_rows(named=True)
        ]


def _cut(steps: Iterable[list[Block]], enough: Callable[[Block], bool]) -> Iterator[Block]:
    """Gather what comes for each unit until it is enough; what waits at a year's end, for wider."""
    waiting: dict[Unit, Block] = {}
    year = ""
    for step in steps:
        latest = max(month for block in step for month in block.months)[:YEAR]
        if year and latest > year:
            yield from _gathered(waiting, enough)
        year = max(year, latest)
        for block in step:
            held = waiting.pop(block.unit, None)
            whole = _joined([held, block]) if held else block
            if enough(whole):
                yield whole
            else:
                waiting[block.unit] = whole


def _gathered(waiting: dict[Unit, Block], enough: Callable[[Block], bool]) -> Iterator[Block]:
    """Take out of what waits all that is enough together, and leave the rest waiting."""
    for shared in WIDER:
        alike: defaultdict[Unit, list[Unit]] = defaultdict(list)
        for unit in sorted(waiting, key=repr):
            alike[tuple(unit[GROUPINGS.index(name)] for name in shared)].append(unit)
        for units in alike.values():
            whole = _joined([waiting[unit] for unit in units])
            if enough(whole):
                for unit in units:
                    del waiting[unit]
                yield whole


def _joined(blocks: Sequence[Block]) -> Block:
    shared = tuple(
        values[0] if len(set(values)) == 1 else SEVERAL
        for values in zip(*(block.unit for block in blocks), strict=True)
    )
    months = {month for block in blocks for month in block.months}
    return Block(
        shared,
        tuple(sorted(months)),
        tuple(place for block in blocks for place in block.places),
        tuple(part for block in blocks for part in block.parts),
    )


def _shown(
    rows: pl.DataFrame, blocks: Iterable[Block], months: Sequence[str], by: str
) -> pl.DataFrame:
    """Return the answers of the blocks that lie whole within the months, and in one group."""
    wanted = set(months)
    kept = [
        place
        for block in blocks
        if wanted.issuperset(block.months) and _of_one(block, by)
        for place in block.places
    ]
    return rows.filter(pl.col("place").is_in(sorted(kept))).drop("place")


def _of_one(block: Block, by: str) -> bool:
    if by == MONTH:
        return len(block.months) == 1
    return by == ALL or block.unit[GROUPINGS.index(by)] != SEVERAL
