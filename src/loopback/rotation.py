"""The rotation: who is asked in which month.

Customers who were asked are anchored: they are asked again exactly `period` months later. Those
never asked are planned within `period` months of their arrival, and only they may be moved.
docs/methods.md gives the guarantees and where the method comes from.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import polars as pl

from loopback import months, newcomers
from loopback.newcomers import Newcomer

PRN_BYTES = 8
PLAN = pl.Schema({"customer_id": pl.String, "month": pl.String, "latest": pl.String})


class Cohort(NamedTuple):
    """The customers to ask in a month, and the plans that are new or changed."""

    customers: pl.DataFrame
    plans: pl.DataFrame


def prn(customer_id: str, seed: str) -> int:
    """Return the customer's permanent random number, the same on every machine (64 bits)."""
    key = hashlib.blake2b(seed.encode()).digest()
    mark = hashlib.blake2b(customer_id.encode(), key=key, digest_size=PRN_BYTES).digest()
    return int.from_bytes(mark, "big")


def cohort(
    eligible: pl.DataFrame,
    invitations: pl.DataFrame,
    rotation: pl.DataFrame,
    month: str,
    *,
    period: int,
    seed: str,
) -> Cohort:
    """Return who is to be asked in a month.

    `eligible` holds customer_id, owner, region, segment and joined; `invitations` every
    invitation so far, `rotation` the last plan of each customer. The order of rows is immaterial.
    """
    now = months.number(month)
    listed = (
        eligible.join(_due(invitations, period, now), "customer_id", how="left")
        .join(_planned(rotation), "customer_id", how="left")
        .sort("customer_id")
    )
    never = listed.filter(pl.col("due").is_null())
    if invitations.is_empty() and rotation.is_empty():
        plans = _first_load(_waiting(never, now, period, seed), now, period)
    else:
        plans = _plans(listed, never, now, period, seed)
    asked = [customer_id for customer_id, planned in plans.items() if planned == now]
    due = pl.col("due") == now
    return Cohort(
        listed.filter(due | pl.col("customer_id").is_in(asked)).select(eligible.columns),
        _changed(never, plans, now, period),
    )


def _due(invitations: pl.DataFrame, period: int, now: int) -> pl.DataFrame:
    """Return the next month of those who were asked; a month that was missed is due now."""
    last = invitations.group_by("customer_id").agg(pl.col("month").max())
    due = pl.max_horizontal(months.numbers("month") + period, pl.lit(now))
    return last.select("customer_id", due=due)


def _planned(rotation: pl.DataFrame) -> pl.DataFrame:
    return rotation.select(
        "customer_id", planned=months.numbers("month"), promised=months.numbers("latest")
    )


def _latest(now: int, period: int) -> pl.Expr:
    """Return the last month in which to ask a customer: promised, or `period` from the arrival."""
    joined = pl.col("joined").dt.year().cast(pl.Int64) * months.A_YEAR + pl.col("joined").dt.month()
    arrival = joined - 1 + period - 1
    fresh = pl.when(arrival.is_between(now, now + period - 1)).then(arrival)
    return pl.max_horizontal(pl.coalesce("promised", fresh, pl.lit(now + period - 1)), pl.lit(now))


def _waiting(never: pl.DataFrame, now: int, period: int, seed: str) -> list[Newcomer]:
    """Return the customers never asked; a plan whose month was missed counts as none."""
    numbers = [prn(customer_id, seed) for customer_id in never["customer_id"]]
    rows = never.select(
        "customer_id",
        "owner",
        "region",
        "segment",
        pl.when(pl.col("planned") >= now).then("planned"),
        _latest(now, period).alias("latest"),
        pl.Series("prn", numbers, dtype=pl.UInt64),
    )
    return [Newcomer(*row) for row in rows.iter_rows()]


def _first_load(waiting: list[Newcomer], now: int, period: int) -> dict[str, int]:
    """Deal the list out over the period, neighbours by region, owner and segment in turn.

    Any run of neighbours then meets each month as often as any other, give or take one. An
    owner with customers in several regions stands with the first of them, whole.
    """
    home: dict[str, str] = {}
    for waiter in waiting:
        region = waiter.region or ""
        home[waiter.owner] = min(home.get(waiter.owner, region), region)
    ordered = sorted(waiting, key=lambda w: (home[w.owner], w.owner, w.segment or "", w.prn))
    return {waiter.customer_id: now + index % period for index, waiter in enumerate(ordered)}


def _plans(
    listed: pl.DataFrame, never: pl.DataFrame, now: int, period: int, seed: str
) -> dict[str, int]:
    """Keep the plans made, place the newcomers, then even out what churn has made uneven."""
    fixed = pl.coalesce("due", pl.when(pl.col("planned") >= now).then("planned"))
    loads = newcomers.loads(listed.with_columns(month=fixed).drop_nulls("month"))
    return newcomers.plans(_waiting(never, now, period, seed), loads, now, period)


def _changed(never: pl.DataFrame, plans: dict[str, int], now: int, period: int) -> pl.DataFrame:
    """Return the plans that are not yet in the ledger."""
    made = pl.DataFrame(
        {"customer_id": list(plans), "plan": list(plans.values())},
        schema={"customer_id": pl.String, "plan": pl.Int64},
    )
    changed = never.join(made, "customer_id").filter(pl.col("plan").ne_missing(pl.col("planned")))
    return changed.select(
        "customer_id",
        month=months.texts(pl.col("plan")),
        latest=months.texts(_latest(now, period)),
    ).sort("customer_id")
