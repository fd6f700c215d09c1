"""Reach: how many customers, and how much value, the answers of a span cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.shares import ROWS, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

HUNDREDTHS = 100
WHOLE = ("customers", "covered", "value", "value_covered", "never_answered")
WORTH = ("value", "value_covered")
ASKED, ANSWERED = pl.col("asked") > 0, pl.col("answered").fill_null(value=False)


def reach(
    invitations: pl.LazyFrame,
    responses: pl.LazyFrame,
    months: Sequence[str],
    by: str | None = None,
    *,
    rows: int = 0,
    most: int = ROWS,
) -> pl.DataFrame:
    """Return who was asked in a span, who answered in it, and who never has.

    `responses` are all there ever were. Columns: the group (where `by` is given), customers
    (asked, each once), covered (answered in the span), value and value_covered (as frozen at the
    last invitation), never_answered. Ordered by group. Of `rows` rows no more than about `most`
    are held at a time.
    """
    keys = [by] if by else []
    asked = invitations.filter(pl.col("month").is_in(months)).select(
        *keys,
        "customer_id",
        "value",
        when=pl.col("month"),
        answered=pl.lit(None, pl.Boolean),
    )
    told = responses.drop_nulls("customer_id").select(
        *keys,
        "customer_id",
        value=pl.lit(None, pl.Float64),
        when=pl.lit(None, pl.String),
        answered=pl.col("month").is_in(months),
    )
    every = pl.concat([asked, told])
    found = pl.concat([_share(every.filter(share), keys) for share in shares(rows, most)])
    total = pl.col(WHOLE).sum()
    summed = found.group_by(keys).agg(total).sort(keys) if keys else found.select(total)
    return summed.with_columns(_hundredths(pl.col(name)).alias(name) for name in WORTH)


def _share(rows: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """Return the reach of some customers by group, their value in hundredths."""
    customers = rows.group_by(*keys, "customer_id").agg(
        asked=pl.col("when").count(),
        value=pl.col("value").max_by("when"),
        answered=pl.col("answered").any(),
        ever=pl.col("answered").count() > 0,
    )
    seen = customers.collect()
    known = seen.filter("ever").select("customer_id").unique()
    never = seen.join(known, "customer_id", how="anti").select(*keys, "customer_id", never=True)
    joined = seen.filter(ASKED).join(never, [*keys, "customer_id"], how="left", nulls_equal=True)
    numbers = {
        "customers": pl.len().cast(pl.Int64),
        "covered": ANSWERED.sum().cast(pl.Int64),
        "value": _whole(pl.col("value")),
        "value_covered": _whole(pl.col("value").filter(ANSWERED)),
        "never_answered": pl.col("never").count().cast(pl.Int64),
    }
    return joined.group_by(keys).agg(**numbers) if keys else joined.select(**numbers)


def _whole(value: pl.Expr) -> pl.Expr:
    """Sum hundredths as whole numbers: a sum of floats differs with the order of the rows."""
    return (value * HUNDREDTHS).round().cast(pl.Int128).sum()


def _hundredths(whole: pl.Expr) -> pl.Expr:
    return (whole.cast(pl.Float64) / HUNDREDTHS).round(2)
