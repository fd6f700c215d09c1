"""Capacity: the calls that a month will probably bring an owner, and how many it can make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback import months

if TYPE_CHECKING:
    from collections.abc import Mapping

OVERLOADED = pl.col("calls") > pl.col("capacity")


def response_rate(
    invitations: pl.LazyFrame, responses: pl.LazyFrame, upto: str, default: float | None
) -> float | None:
    """Return the answers per invitation (0 to 1) of the last 12 months before the month `upto`.

    An invitation of a month before that had a month at least to be answered. `default` where no
    answer is known of these months: then nobody was asked, or no export was ingested yet.
    `invitations` and `responses` hold month and token; what matches no invitation has none.
    """
    within = pl.col("month").is_in(months.ending(months.later(upto, -1), months.A_YEAR))
    asked = invitations.filter(within).select(pl.col("token").unique()).collect()["token"]
    tokens = responses.select(pl.col("token").drop_nulls().unique()).collect()["token"]
    answered = asked.filter(asked.is_in(tokens.implode())).len()
    return answered / asked.len() if answered else default


def calls(
    asks: pl.DataFrame, capacities: Mapping[str, float | None], rate: float | None
) -> pl.DataFrame:
    """Return owner, month and asks with the expected `calls` and the owner's `capacity` (a month).

    Without a response rate nobody knows the calls; without an entry nobody knows the capacity.
    """
    known = pl.DataFrame(
        {"owner": list(capacities), "capacity": list(capacities.values())},
        schema={"owner": pl.String, "capacity": pl.Float64},
    )
    expected = asks.with_columns(calls=pl.col("asks") * pl.lit(rate, pl.Float64))
    joined = expected.join(known, on="owner", how="left")
    return joined.select("owner", "month", "asks", "calls", "capacity").sort("owner", "month")


def overloads(
    asks: pl.DataFrame, capacities: Mapping[str, float | None], rate: float | None
) -> pl.DataFrame:
    """Return the rows of `calls` with more calls than the owner can make.

    `asks` holds owner, month and asks, the customers to be asked in that month.
    """
    return calls(asks, capacities, rate).filter(OVERLOADED)
