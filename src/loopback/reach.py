"""Reach: how many customers, and how much value, the answers of a span cover."""

from __future__ import annotations

import polars as pl

HUNDREDTHS = 100
ANSWERED = pl.col("answers").is_not_null()


def reach(
    invitations: pl.DataFrame, responses: pl.DataFrame, ever: pl.DataFrame, by: str | None = None
) -> pl.DataFrame:
    """Return who was asked in a span, who answered in it, and who never has.

    `responses` are those of the span, `ever` all there are. Columns: the group (where `by` is
    given), customers (asked, each once), covered (answered in the span), value and value_covered
    (as frozen at the last invitation), never_answered. Ordered by group.
    """
    keys = [by] if by else []
    last = pl.col("value").sort_by("month").last()
    asked = invitations.group_by(*keys, "customer_id").agg(value=last)
    answered = responses.select(*keys, "customer_id").unique().with_columns(answers=pl.lit(1))
    known = ever.select("customer_id").unique().with_columns(once=pl.lit(1))
    both = asked.join(answered, [*keys, "customer_id"], how="left", nulls_equal=True)
    rows = both.join(known, "customer_id", how="left")
    found = rows.group_by(keys or pl.lit(1).alias("all")).agg(
        customers=pl.len().cast(pl.Int64),
        covered=pl.col("answers").count().cast(pl.Int64),
        value=_sum(pl.col("value")),
        value_covered=_sum(pl.col("value").filter(ANSWERED)),
        never_answered=pl.col("once").null_count().cast(pl.Int64),
    )
    return found.sort(keys) if keys else found.drop("all")


def _sum(value: pl.Expr) -> pl.Expr:
    """Sum hundredths as whole numbers: a sum of floats differs with the order of the rows."""
    whole = (value * HUNDREDTHS).round().cast(pl.Int128).sum().cast(pl.Float64)
    return (whole / HUNDREDTHS).round(2)
