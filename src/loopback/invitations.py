"""Invitations: one customer asked once, under a token that cannot be guessed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from loopback.tables import INVITATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

TOKEN_BYTES = 16
# What is known of a customer on the day of the invitation, and frozen with it.
FROZEN = ("customer_id", "owner", "region", "segment", "value", "language", "email")


def invitations(cohort: pl.DataFrame, month: str, key: bytes, at: datetime) -> pl.DataFrame:
    """Return the invitations of customers (the columns of `FROZEN`), by customer_id."""
    ordered = cohort.select(FROZEN).sort("customer_id")
    return ordered.with_columns(
        tokens(ordered["customer_id"], month, key),
        month=pl.lit(month),
        invited_at=pl.lit(at).cast(INVITATIONS.schema["invited_at"]),
    ).select(INVITATIONS.columns.names())


def tokens(customer_ids: Iterable[str], month: str, key: bytes) -> pl.Series:
    """Return tokens that cannot be guessed without the key and do not reveal the id."""
    keyed = hashlib.blake2b(f"{month}\x1f".encode(), key=key, digest_size=TOKEN_BYTES)
    marks = []
    for customer_id in customer_ids:
        mark = keyed.copy()  # key and month are taken in once for all
        mark.update(customer_id.encode())
        marks.append(mark.hexdigest())
    return pl.Series("token", marks, dtype=pl.String)
