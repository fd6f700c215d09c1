"""The texts of a column: each once, however many rows there are."""

from __future__ import annotations

import polars as pl

COUNTS = pl.lit(value=True)


def texts(rows: pl.LazyFrame, column: str, counts: pl.Expr = COUNTS) -> pl.DataFrame:
    """Return `text`, `n` and `row` of each text of a column, in the order of the rows.

    `n` says in how many rows that count it stands (0 where in none), `row` in which of them first,
    by `row` of the rows.
    """
    cells = rows.select("row", pl.col(column).alias("text"), counts.alias("counts"))
    found = cells.drop_nulls("text").group_by("text")
    number = pl.when("counts").then("row").min()
    return found.agg(n=pl.col("counts").sum().cast(pl.Int64), row=number).sort("row").collect()
