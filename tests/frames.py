"""Drawn tables: a test shows its rows as a reader would draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from loopback.tables import Table


def frame(drawing: str, schema: pl.Schema | None = None) -> pl.DataFrame:
    """Return the frame of a drawn table; an empty cell is null, a column without type is text.

    customer_id | score
    ------------+------
    C-1         | 9
    """
    lines = [line for line in drawing.strip().splitlines() if set(line.strip()) - set("-+")]
    cells = [[cell.strip() or None for cell in line.split("|")] for line in lines]
    names = [name or "" for name in cells[0]]
    text = pl.DataFrame(cells[1:], schema=dict.fromkeys(names, pl.String), orient="row")
    kinds = schema or pl.Schema()
    return text.with_columns(_typed(name, kinds[name]) for name in names if name in kinds)


def table(kind: Table, drawing: str) -> pl.DataFrame:
    """Return rows of a table of the ledger, of which only some columns are drawn."""
    drawn = frame(drawing, kind.schema)
    missing = [
        pl.lit(None, dtype).alias(name)
        for name, dtype in kind.schema.items()
        if name not in drawn.columns
    ]
    return drawn.with_columns(missing).select(kind.schema.names())


def _typed(name: str, dtype: pl.DataType) -> pl.Expr:
    if isinstance(dtype, pl.Datetime):
        day = pl.col(name).str.to_datetime("%Y-%m-%d", time_unit="us", strict=False)
        moment = pl.col(name).str.to_datetime("%Y-%m-%d %H:%M", time_unit="us", strict=False)
        return pl.coalesce(moment, day).dt.replace_time_zone(dtype.time_zone)
    if dtype == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d")
    if dtype == pl.Boolean:
        return pl.col(name) == "yes"
    return pl.col(name).cast(dtype)
