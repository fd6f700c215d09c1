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

from loopback.histories import CHOSEN, MAY_BE_ASKED
from loopback.months import A_YEAR

if TYPE_CHECKING:
    from loopback.histories import Draws

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


def evenness(rotation: pl.LazyFrame, drawn: Draws, slack: int = 0) -> list[Evenness]:
    """Return how even the months were for each kind of group.

    `slack` is the number of months by which an ask may be put off.
    """
    cells = _cells(drawn.rows(rotation))
    founding = pl.col("run").eq_missing(drawn.founding) if drawn.whole else pl.lit(value=False)
    first = _cells(rotation.filter(founding).with_columns(at=pl.lit(drawn.drawn[0])))
    kept = _compared(cells, first)
    if slack:
        books = _unchanged(kept, first, ["owner"]).select("at", "asks", "owner", whole=True)
        whole = kept.join(books, on=["at", "asks", "owner"], how="left", nulls_equal=True)
        kept = whole.with_columns(pl.col("same") & pl.col("whole").fill_null(value=False))
    return [_evenness(kind, kept, first) for kind in KINDS]


def _cells(rows: pl.LazyFrame) -> pl.DataFrame:
    """Count the finest groups: `size` who may be asked, `asked`, and `who` they are.

    A sum of hashes tells whether they are the same; it is compared within this run alone.
    """
    counted = rows.filter(MAY_BE_ASKED, pl.col("asks").is_not_null()).group_by("at", "asks", *CELL)
    found = counted.agg(
        size=pl.len().cast(pl.Int64),
        asked=CHOSEN.sum().cast(pl.Int64),
        who=pl.col("customer_id").hash().sum(),
    )
    return found.with_columns(pl.col("at", "asks").cast(pl.Int64)).collect()


def _evenness(kind: str, cells: pl.DataFrame, first: pl.DataFrame) -> Evenness:
    columns = KINDS[kind]
    classes = _classes(cells, columns)
    off = classes.group_by("at", *columns).agg(off=_OFF.sum().abs())
    figures = off.select(
        months=pl.len(),
        largest=pl.col("off").max() / A_YEAR,
        off_by_1=(pl.col("off") >= A_YEAR).mean(),
        off_by_2=(pl.col("off") >= 2 * A_YEAR).mean(),
    ).fill_null(0)
    judged = _judged(_unchanged(cells, first, columns), columns)
    if kind == "region":
        judged = judged.join(_regions(first), on=["asks", "region"], nulls_equal=True)
    known = classes.join(judged, on=["at", "asks", *columns], nulls_equal=True)
    broken = known.filter(_OFF.abs() >= A_YEAR).sort("at", "asks", *columns)
    return Evenness(
        kind,
        **figures.row(0, named=True),
        judged=known.height,
        broken=broken.select("at", "asks", _named(columns).alias("group"), "size", "asked"),
    )


def _classes(cells: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return size and asked of each group, its customers of each k by themselves."""
    return cells.group_by("at", "asks", *columns).agg(pl.col("size", "asked").sum())


def _compared(cells: pl.DataFrame, first: pl.DataFrame) -> pl.DataFrame:
    """Say of each cell whether it is the `same` as in the first draw, with the same customers."""
    of_old = first.select("asks", *CELL, pl.col("size", "who").name.suffix("_first"))
    compared = cells.join(of_old, on=["asks", *CELL], how="left", nulls_equal=True)
    same = (pl.col("size") == pl.col("size_first")) & (pl.col("who") == pl.col("who_first"))
    return compared.with_columns(same=same.fill_null(value=False))


def _unchanged(cells: pl.DataFrame, first: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the groups of each month that have the cells, and in them the customers, of old."""
    found = cells.group_by("at", "asks", *columns).agg(pl.col("same").sum(), cells=pl.len())
    of_old = first.group_by("asks", *columns).agg(of_old=pl.len())
    both = found.join(of_old, on=["asks", *columns], nulls_equal=True)
    return both.filter(pl.all_horizontal(pl.col("same", "cells") == pl.col("of_old")))


def _judged(unchanged: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return the groups of each month so long as no month before it is missing among them."""
    place = pl.int_range(pl.len()).over("asks", *columns, order_by="at")
    steady = unchanged.filter(pl.col("at") == place)
    return steady.select("at", "asks", *columns)


def _regions(first: pl.DataFrame) -> pl.DataFrame:
    """Return the regions whose owners have no other: the rest are even for the owners alone."""
    alone = pl.col("region").n_unique().over("asks", "owner") == 1
    whole = first.with_columns(alone=alone).group_by("asks", "region").agg(pl.col("alone").all())
    return whole.filter("alone").drop("alone")


def _named(columns: list[str]) -> pl.Expr:
    """Return a group in words: `region North`."""
    words = [pl.format(f"{column} {{}}", pl.col(column).fill_null("(none)")) for column in columns]
    return pl.concat_str(words, separator=", ") if words else pl.lit("all customers")
