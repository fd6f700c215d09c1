"""Calls: the customers who answered, each to be called by the owner who holds them now."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback.followups import CLOSED
from loopback.score import CATEGORY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from loopback.followups import Promise

MARK_BYTES = 9
FEWEST = 5  # answers of an owner in a month among which one without a name may stand
LISTED = (
    *("name", "person", "role", "phone", "email", "preferred_time", "value", "value_class"),
    "more",
)
FOLLOWED = ("called_on", "outcome", "cause", "note", "promise", "promised_for")
ARRIVED = pl.col("recorded_at").dt.strftime("%Y-%m")
UNNAMED = ~pl.col("named").fill_null(value=True)
HIGHEST, HIGH = 0.2, 0.5  # shares of the customers, by value, in class A, and in A or B


class Call(NamedTuple):
    """One customer who answered and is to be called.

    `mark` stands for the response where people can see it: a response may be named by its token,
    with which anyone could answer for the customer. `previous` is the answer before. Of a customer
    who asked not to be named, nothing is here but what was said.
    """

    response_id: str
    mark: str
    customer_id: str | None
    owner: str
    name: str | None
    score: int
    category: str
    comment: str | None
    reasons: list[str]
    previous: int | None
    previous_comment: str | None
    previous_month: str | None
    month: str
    arrived: date
    call_by: date
    new: bool
    contact: bool
    unnamed: bool
    person: str | None
    role: str | None
    phone: str | None
    email: str | None
    preferred_time: str | None
    segment: str | None
    value: float | None
    value_class: str | None
    more: dict[str, str | None]
    called_on: date | None
    outcome: str | None
    cause: str | None
    note: str | None
    promise: str | None
    promised_for: date | None
    closed: bool
    responded_at: datetime | None
    promises: list[Promise]
    flags: list[str]


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


def hidden(responses: pl.DataFrame) -> pl.Series:
    """Return the ids of the responses that nobody may get: without a name, and too few around.

    `responses` are held. Where an owner got fewer than `FEWEST` answers in a month, who said what
    could be guessed, so those that are not to be named are left out of everything.
    """
    around = pl.len().over(ARRIVED, "current_owner")
    return responses.filter(UNNAMED & (around < FEWEST))["response_id"]


def calls(
    responses: pl.DataFrame,
    earlier: pl.DataFrame,
    customers: pl.DataFrame,
    codes: pl.DataFrame,
    labels: dict[str, str],
    *,
    followups: pl.DataFrame,
    within: int,
) -> list[Call]:
    """Return the calls of the responses, in the order in which they are to be made.

    `responses` are held (see `held`) and say whether each is `new`; `earlier` are all responses,
    for what each customer said the time before. `customers` bear what of them is shown (see
    `shown`). `within` are the working days in which a customer is called.
    """
    rows = (
        responses.join(customers.select("customer_id", *LISTED), "customer_id", how="left")
        .join(_reasons(codes, labels), "response_id", how="left")
        .join(_previous(responses, earlier), "response_id", how="left")
        .join(followups.select("response_id", *FOLLOWED), "response_id", how="left")
        .with_columns(
            owner="current_owner",
            name=pl.coalesce("name", "customer_id"),
            category=CATEGORY,
            reasons=pl.col("reasons").fill_null([]),
            contact=pl.col("contact").fill_null(value=False),
            closed=CLOSED.fill_null(value=False),
            unnamed=UNNAMED,
            **_days(within),
        )
    )
    return _calls(_in_order(_without_names(rows)))


def shown(customers: pl.DataFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Return the customers with their class of value, and with `more`: columns of the own list.

    Class A are the most valuable fifth of the customers whose value is known, B those above the
    middle, C the others.
    """
    above = pl.col("value").rank("min", descending=True) - 1
    rank = above / pl.col("value").count()
    top = pl.when(rank < HIGHEST).then(pl.lit("A")).when(rank < HIGH).then(pl.lit("B"))
    there = [name for name in columns if name in customers.columns]
    more = pl.struct(there) if there else pl.lit(None, pl.String)
    return customers.with_columns(
        value_class=pl.when(rank.is_not_null()).then(top.otherwise(pl.lit("C"))), more=more
    )


def mark(response_id: str) -> str:
    """Return what stands for a response in a sheet: always the same, and no way back."""
    return hashlib.blake2b(response_id.encode(), digest_size=MARK_BYTES).hexdigest()


def _days(within: int) -> dict[str, pl.Expr]:
    arrived = pl.col("recorded_at").dt.date()
    return {
        "arrived": arrived,
        "call_by": arrived.dt.add_business_days(within, roll="backward"),
    }


def _without_names(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows without anything that says who a customer is who asked not to be named."""
    telling = [
        *("customer_id", "segment", *LISTED, *FOLLOWED),
        *("previous", "previous_comment", "previous_month"),
    ]
    return rows.with_columns(
        pl.when(~pl.col("unnamed")).then(name).alias(name) for name in telling
    ).with_columns(contact=pl.col("contact") & ~pl.col("unnamed"))


def _in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Order calls: wish to be called, promoters last, time left, score, value."""
    return rows.sort(
        ~pl.col("contact"),
        pl.col("category") == "promoter",
        "call_by",
        "score",
        "value",
        "customer_id",
        "response_id",
        descending=[False, False, False, False, True, False, False],
        nulls_last=True,
    )


def _calls(rows: pl.DataFrame) -> list[Call]:
    marked = rows.with_columns(
        mark=pl.Series([mark(one) for one in rows["response_id"]], dtype=pl.String)
    )
    later: dict[str, Any] = {"promises": [], "flags": []}
    columns = [name for name in Call._fields if name not in later]
    return [
        Call(**row | later | {"more": row["more"] or {}})
        for row in marked.select(columns).iter_rows(named=True)
    ]


def _reasons(codes: pl.DataFrame, labels: dict[str, str]) -> pl.DataFrame:
    """Return the labels of the reasons of each response, in the order of the code frame."""
    order = pl.DataFrame({"reason": list(labels), "label": list(labels.values())})
    found = codes.select("response_id", "reason").unique().join(order.with_row_index(), "reason")
    grouped = found.sort("response_id", "index").group_by("response_id", maintain_order=True)
    return grouped.agg(reasons=pl.col("label"))


def _previous(responses: pl.DataFrame, earlier: pl.DataFrame) -> pl.DataFrame:
    """Return what each customer last said, under a name, in an earlier month."""
    said = earlier.drop_nulls("customer_id").filter(~UNNAMED)
    before = said.select("customer_id", "score", previous_comment="comment", previous_month="month")
    return (
        responses.select("response_id", "customer_id", "month")
        .join(before, "customer_id")
        .filter(pl.col("previous_month") < pl.col("month"))
        .sort("previous_month", "score")
        .group_by("response_id", maintain_order=True)
        .agg(pl.last("previous_comment", "previous_month"), previous=pl.last("score"))
    )
