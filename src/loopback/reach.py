"""Reach: how many customers, and how much value, the answers of a span cover."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.shares import ROWS, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

HUNDREDTHS = 100
WHOLE = ("customers", "covered", "value", "value_covered", "never_answered")
WORTH = ("value", "value_covered")
SUMS = pl.col(WHOLE).sum()
ANSWERED = pl.col("answered").fill_null(value=False)


class Reach(NamedTuple):
    """Who was reached: by group, and in total; each customer counts once in each."""

    groups: pl.DataFrame
    total: pl.DataFrame


def reach(
    invitations: pl.LazyFrame,
    responses: pl.LazyFrame,
    months: Sequence[str],
    by: str | None = None,
    *,
    rows: int = 0,
    most: int = ROWS,
) -> Reach:
    """Return who was asked in a span, who answered in it, and who never has.

    `responses` are all there ever were. Columns: the group, customers (asked, each once), covered
    (answered in the span), value and value_covered (as frozen at the last invitation),
    never_answered. Ordered by group. Of `rows` rows no more than about `most` are held at a time.
    """
    keys = [by] if by else []
    every = pl.concat([_asked(invitations, months, keys), _told(responses, months, keys)])
    seen = (_seen(every.filter(share), keys) for share in shares(rows, most))
    numbers = [(_numbers(found, keys), _numbers(_whole(found), [])) for found in seen]
    groups, totals = (pl.concat(found) for found in zip(*numbers, strict=True))
    summed = groups.group_by(keys).agg(SUMS).sort(keys) if keys else groups.select(SUMS)
    return Reach(_in_units(summed), _in_units(totals.select(SUMS)))


def _asked(invitations: pl.LazyFrame, months: Sequence[str], keys: list[str]) -> pl.LazyFrame:
    return invitations.filter(pl.col("month").is_in(months)).select(
        *keys,
        "customer_id",
        "value",
        when=pl.col("month"),
        answered=pl.lit(None, pl.Boolean),
    )


def _told(responses: pl.LazyFrame, months: Sequence[str], keys: list[str]) -> pl.LazyFrame:
    return responses.drop_nulls("customer_id").select(
        *keys,
        "customer_id",
        value=pl.lit(None, pl.Float64),
        when=pl.lit(None, pl.String),
        answered=pl.col("month").is_in(months),
    )


def _seen(rows: pl.LazyFrame, keys: list[str]) -> pl.DataFrame:
    """Return what is known of each customer in each group."""
    known = rows.group_by(*keys, "customer_id").agg(
        when=pl.col("when").max(),
        value=pl.col("value").max_by("when"),
        answered=pl.col("answered").any(),
        ever=pl.col("answered").count() > 0,
    )
    return known.collect()


def _whole(seen: pl.DataFrame) -> pl.DataFrame:
    """Return what is known of each customer, of all groups together."""
    return seen.group_by("customer_id").agg(
        pl.col("when").max(),
        pl.col("value").max_by("when"),
        pl.col("answered", "ever").any(),
    )


def _numbers(seen: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Return the reach by group, values in hundredths."""
    once = seen.filter("ever").select("customer_id").unique()
    asked = seen.filter(pl.col("when").is_not_null())
    silent = asked.select(*keys, "customer_id").join(once, "customer_id", how="anti")
    never = silent.with_columns(never=True)
    joined = asked.join(never, [*keys, "customer_id"], how="left", nulls_equal=True)
    return joined.group_by(keys).agg(**NUMBERS) if keys else joined.select(**NUMBERS)


def _hundredths(value: pl.Expr) -> pl.Expr:
    """Sum as whole numbers: a sum of floats differs with the order of the rows."""
    return (value * HUNDREDTHS).round().cast(pl.Int128).sum()


def _in_units(summed: pl.DataFrame) -> pl.DataFrame:
    units = (pl.col(name).cast(pl.Float64) / HUNDREDTHS for name in WORTH)
    return summed.with_columns(unit.round(2) for unit in units)


NUMBERS = {
    "customers": pl.len().cast(pl.Int64),
    "covered": ANSWERED.sum().cast(pl.Int64),
    "value": _hundredths(pl.col("value")),
    "value_covered": _hundredths(pl.col("value").filter(ANSWERED)),
    "never_answered": pl.col("never").count().cast(pl.Int64),
}
