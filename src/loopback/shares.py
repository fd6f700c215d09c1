"""Shares: customers dealt out into parts that are looked at one after the other.

What must be known of each customer is then held for one share at a time, so that memory stays
bounded however long the ledger grows; whole numbers of the shares add up to those of all.
"""

from __future__ import annotations

import polars as pl

ROWS = 6_000_000  # looked at in one share


def shares(rows: int, most: int = ROWS) -> list[pl.Expr]:
    """Return conditions each of which holds for one share of the customers, and never for another.

    `rows` is how many rows there are of all customers, `most` how many a share may have, roughly.
    """
    count = -(-rows // most)
    if count <= 1:
        return [pl.lit(value=True)]
    dealt = pl.col("customer_id").hash() % count
    return [dealt == share for share in range(count)]
