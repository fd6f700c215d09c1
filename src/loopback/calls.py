"""Calls: the customers who answered, each to be called by the owner who holds them now."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.score import CATEGORY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Call(NamedTuple):
    """One customer who answered and is to be called."""

    response_id: str
    customer_id: str
    owner: str
    name: str
    score: int
    category: str
    comment: str | None
    reasons: list[str]
    previous: int | None
    month: str
    new: bool
    person: str | None
    role: str | None
    phone: str | None
    email: str | None
    segment: str | None
    value: float | None
    responded_at: datetime | None


def held(responses: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """Return the responses of known customers, `current_owner` being whoever holds them today."""
    holders = customers.select("customer_id", holder="owner")
    return (
        responses.drop_nulls("customer_id")
        .join(holders, "customer_id", how="left")
        .with_columns(current_owner=pl.coalesce("holder", "current_owner"))
        .drop("holder")
        .sort("response_id")
    )


def calls(
    responses: pl.DataFrame,
    earlier: pl.DataFrame,
    customers: pl.DataFrame,
    codes: pl.DataFrame,
    labels: dict[str, str],
) -> list[Call]:
    """Return the calls of the responses: lowest score first, then the most valuable customer.

    `responses` are held (see `held`) and say whether each is `new`; `earlier` are all responses,
    for the score each customer gave the time before.
    """
    listed = customers.select("customer_id", "name", "person", "role", "phone", "email", "value")
    rows = (
        responses.join(listed, "customer_id", how="left")
        .join(_reasons(codes, labels), "response_id", how="left")
        .join(_previous(responses, earlier), "response_id", how="left")
        .with_columns(
            owner="current_owner",
            name=pl.coalesce("name", "customer_id"),
            category=CATEGORY,
            reasons=pl.col("reasons").fill_null([]),
        )
    )
    order = ["score", "value", "customer_id", "response_id"]
    descending = [False, True, False, False]
    return _calls(rows.sort(order, descending=descending, nulls_last=True))


def _calls(rows: pl.DataFrame) -> list[Call]:
    return [Call(*row) for row in rows.select(Call._fields).iter_rows()]


def by_owner(calls: Iterable[Call]) -> dict[str, list[Call]]:
    """Return the calls of each owner, in their order."""
    found: dict[str, list[Call]] = {}
    for call in calls:
        found.setdefault(call.owner, []).append(call)
    return found


def _reasons(codes: pl.DataFrame, labels: dict[str, str]) -> pl.DataFrame:
    """Return the labels of the reasons of each response, in the order of the code frame."""
    order = pl.DataFrame({"reason": list(labels), "label": list(labels.values())})
    found = codes.select("response_id", "reason").unique().join(order.with_row_index(), "reason")
    grouped = found.sort("response_id", "index").group_by("response_id", maintain_order=True)
    return grouped.agg(reasons=pl.col("label"))


def _previous(responses: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return the last score each customer gave in an earlier month."""
    scores = earlier.drop_nulls("customer_id").select("customer_id", "score", before="month")
    return (
        responses.select("response_id", "customer_id", "month")
        .join(scores, "customer_id")
        .filter(pl.col("before") < pl.col("month"))
        .sort("before", "score")
        .group_by("response_id")
        .agg(previous=pl.col("score").last())
    )
