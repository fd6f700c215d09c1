"""Follow-ups: what became of the calls, and the promises made in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.tables import CLOSING

if TYPE_CHECKING:
    from datetime import date

CLOSED = pl.col("outcome").is_in(CLOSING)
OPEN_PROMISE = pl.col("promise").is_not_null() & pl.col("kept_on").is_null()


class Promise(NamedTuple):
    """What was promised to a customer in a call, and is not kept yet."""

    owner: str
    customer_id: str
    name: str
    promise: str
    promised_for: date | None


def promises(followups: pl.DataFrame, customers: pl.DataFrame) -> list[Promise]:
    """Return the open promises to the customers, held by the owners of today, the oldest first."""
    held = followups.filter(OPEN_PROMISE).join(
        customers.select("customer_id", "owner", "name"), "customer_id"
    )
    ordered = held.sort("promised_for", "response_id", nulls_last=True)
    return [Promise(*row) for row in ordered.select(Promise._fields).iter_rows()]


def begun(followups: pl.DataFrame) -> date | None:
    """Return the day of the first call that was ever recorded."""
    return followups.select(pl.col("called_on").min()).item()
