"""The outlook: how many customers the coming months will ask, as the last draw left them."""

from __future__ import annotations

import polars as pl

from loopback import months
from loopback.tables import ASKED, WAITS

ALL = "all"
NONE = "(none)"

_PERIOD = months.A_YEAR // pl.col("asks_a_year")
_DUE = (pl.col("at") >= pl.col("from")) & ((pl.col("at") - pl.col("from")) % _PERIOD == 0)


def outlook(rotation: pl.LazyFrame, first: str, count: int, by: str | None = None) -> pl.DataFrame:
    """Return `asks`, the customers to ask, of each group in each of so many months from `first`.

    `rotation` are the rows of the last draw, `by` one of its columns; else `group` is "all". A
    customer asked k times a year counts in the month planned, and in every 12/k-th after it; whose
    month has passed counts in the first. Columns: group, month, asks; ordered by group and month.
    """
    group = pl.col(by).fill_null(NONE) if by else pl.lit(ALL)
    start = months.number(first)
    planned = (
        rotation.filter(pl.col("decision").is_in([ASKED, WAITS]))
        .group_by(
            group.alias("group"),
            pl.col("asks").cast(pl.Int64).alias("asks_a_year"),
            (months.numbers("planned") - start).clip(lower_bound=0).alias("from"),
        )
        .agg(size=pl.len().cast(pl.Int64))
        .collect()
    )
    coming = pl.DataFrame({"at": range(count)}, schema={"at": pl.Int64})
    due = pl.when(_DUE).then("size").otherwise(0).sum()
    asks = planned.join(coming, how="cross").group_by("group", "at").agg(asks=due)
    month = months.texts(pl.col("at") + start)
    return asks.sort("group", "at").select("group", month=month, asks="asks")


def totals(outlook: pl.DataFrame) -> pl.DataFrame:
    """Return month and asks of all groups of an outlook together."""
    return outlook.group_by("month").agg(pl.col("asks").sum()).sort("month")
