"""Evenness: how far the months of a group lie from its share of the year.

A group is judged so long as the draw had its customers to itself: since the very first draw the
same customers, owners and asks a year, and no month skipped. After that no rotation can be even at
once without asking someone too early, so its distance is told. Where an ask may be put off, the
owners of the group must have kept their whole books too: whom they win or lose puts off others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.draws import CHOSEN, MAY_BE_ASKED
from loopback.months import A_YEAR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.draws import Draws

KINDS: dict[str, list[str]] = {
    "total": [],
    "region": ["region"],
    "owner": ["owner"],
    "owner and segment": ["owner", "segment"],
    "segment": ["segment"],
}
CELL = ["region", "owner", "segment"]

# The distance from the share of the year, in twelfths of a customer, so that it is a whole number.
_OFF = pl.col("asked") * A_YEAR - pl.col("size") * pl.col("asks")


@dataclass(frozen=True, eq=False)
class Evenness:
    """The months of the groups of one kind: told of all, judged where nothing had changed."""

    kind: str
    months: int  # of all groups
    largest: float  # distance, in customers
    off_by_1: float  # share of the months
    off_by_2: float
    judged: int  # months of each group and each number of asks a year
    broken: pl.DataFrame  # at, asks, group, size, asked


def evenness(rotation: Sequence[pl.LazyFrame], drawn: Draws, slack: int = 0) -> list[Evenness]:
    """Return how even the months were for each kind of group, looking at one month at a time.

    `slack` is the number of months by which an ask may be put off.
    """
    first = _cells(drawn.founders(rotation))
    kinds = [_Kind(kind, first) for kind in KINDS]
    for rows in drawn.months(rotation):
        cells = _compared(_cells(rows), first)
        if slack:
            cells = _of_whole_books(cells, first)
        for kind in kinds:
            kind.look(cells)
    return [kind.evenness for kind in kinds]


class _Kind:
    """What the months so far tell of the groups of one kind."""

    def __init__(self, kind: str, first: pl.DataFrame) -> None:
        self.kind = kind
        self.columns = KINDS[kind]
        self.steady = _of_old(_regions(first) if kind == "region" else first, self.columns)
        self.seen = 0  # months
        self.figures: list[pl.DataFrame] = []
        self.judged = 0
        self.broken: list[pl.DataFrame] = []

    def look(self, cells: pl.DataFrame) -> None:
        """Take in the cells of the months that follow."""
        classes = _classes(cells, self.columns)
        judged = _judged(_unchanged(classes, self.steady, self.columns), self.columns, self.seen)
        last = judged.join(cells.select(pl.col("at").max()), on="at", how="semi")
        self.steady = last.select("asks", *self.columns, "of_old")
        self.seen += cells["at"].n_unique()
        self.figures.append(_figures(classes, self.columns))
        self.judged += judged.height
        self.broken.append(_broken(judged, self.columns))

    @property
    def evenness(self) -> Evenness:
        """The figures of all months."""
        figures = pl.concat(self.figures).select(
            pl.col("months").sum(),
            pl.col("largest").max() / A_YEAR,
            pl.col("off_by_1", "off_by_2").sum() / pl.col("months").sum(),
        )
        told = figures.fill_nan(0).fill_null(0).row(0, named=True)
        return Evenness(self.kind, **told, judged=self.judged, broken=pl.concat(self.broken))


def _cells(rows: pl.LazyFrame) -> pl.DataFrame:
    """Count the finest groups of each month: `size` who may be asked, `asked`, and `who` they are.

    A sum of hashes tells whether they are the same; it is compared within this run alone.
    """
    known = rows.filter(MAY_BE_ASKED, pl.col("asks").is_not_null())
    found = known.group_by("at", "asks", *CELL).agg(
        size=pl.len().cast(pl.Int64),
        asked=CHOSEN.sum().cast(pl.Int64),
        who=pl.col("customer_id").hash().sum(),
    )
    return found.with_columns(pl.col("asks").cast(pl.Int64)).collect()


def _compared(cells: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Say of each cell whether it is the `same` as in the first draw, with the same customers."""
    of_old = first.select("asks", *CELL, pl.col("size", "who").name.suffix("_first"))
    compared = cells.join(of_old, on=["asks", *CELL], how="left", nulls_equal=True)
    same = (pl.col("size") == pl.col("size_first")) & (pl.col("who") == pl.col("who_first"))
    return compared.with_columns(same=same.fill_null(value=False))


def _of_whole_books(cells: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Say of a cell that it is the `same` only if all of its owner's customers are."""
    books = _unchanged(_classes(cells, ["owner"]), _of_old(first, ["owner"]), ["owner"])
    whole = books.select("at", "asks", "owner", whole=True)
    found = cells.join(whole, on=["at", "asks", "owner"], how="left", nulls_equal=True)
    return found.with_columns(pl.col("same") & pl.col("whole").fill_null(value=False))


def _classes(cells: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the groups of each month, their customers of each k by themselves."""
    summed = pl.col("size", "asked", "same").sum()
    return cells.group_by("at", "asks", *columns).agg(summed, cells=pl.len())


def _of_old(first: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return how many cells the groups of the first draw had."""
    return first.group_by("asks", *columns).agg(of_old=pl.len())


def _unchanged(classes: pl.DataFrame, of_old: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the groups that have the cells, and in them the customers, of old."""
    both = classes.join(of_old, on=["asks", *columns], nulls_equal=True)
    return both.filter(pl.all_horizontal(pl.col("same", "cells") == pl.col("of_old")))


def _judged(unchanged: pl.DataFrame, columns: list[str], seen: int) -> pl.DataFrame:
    """Return the groups of each month so long as no month before it is missing among them.

    So many months were `seen` before, none of which was missing.
    """
    place = pl.int_range(pl.len()).over("asks", *columns, order_by="at")
    return unchanged.filter(pl.col("at") == seen + place)


def _figures(classes: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Count the groups of the months and those off their share; `largest` is in twelfths."""
    off = pl.col("off")
    return (
        classes.group_by("at", *columns)
        .agg(off=_OFF.sum().abs())
        .select(
            months=pl.len(),
            largest=off.max(),
            off_by_1=(off >= A_YEAR).sum(),
            off_by_2=(off >= 2 * A_YEAR).sum(),
        )
    )


def _broken(judged: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the groups that are uneven, by month and name."""
    uneven = judged.filter(_OFF.abs() >= A_YEAR).with_columns(pl.col(columns).cast(pl.String))
    ordered = uneven.sort("at", "asks", *columns)
    return ordered.select("at", "asks", _named(columns).alias("group"), "size", "asked")


def _regions(first: pl.DataFrame) -> pl.DataFrame:
    """Return the cells of regions whose owners have no other: the rest are even by owner."""
    alone = pl.col("region").n_unique().over("asks", "owner") == 1
    told = first.with_columns(alone=alone)
    return told.filter(pl.col("alone").all().over("asks", "region"))


def _named(columns: list[str]) -> pl.Expr:
    """Return a group in words: `region North`."""
    words = [pl.format(f"{column} {{}}", pl.col(column).fill_null("(none)")) for column in columns]
    return pl.concat_str(words, separator=", ") if words else pl.lit("all customers")
