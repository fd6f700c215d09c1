"""The order of rows: that of the file they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows sorted by `row`; those that are in order already are not moved."""
    return rows if rows["row"].is_sorted() else rows.sort("row", maintain_order=True)
