"""Whose: the invitation and the customer of each answer, by token, then customer id, then e-mail.

Of millions of rows, few owners and months: by the numbers of their words (Categorical) they take
a quarter of the room.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from loopback.exports.identity import answered, filled
from loopback.exports.keys import found, is_address
from loopback.places import pairs, scattered, unmarked

GROUPS = ("owner", "region", "segment")
WORDS = ("month", *GROUPS, "language")
_KEYS = (("customer", "customer_id"), ("customer", "email"), ("email", "email"))


class Whose(NamedTuple):
    """What is known of the answers that stand in a `place` among all, one row at most for each.

    `asked` has their invitations: `customer_id`, `token`, `asked` (when) and words. `listed` has
    what the list says of their customers: `customer_id` and words.
    """

    asked: pl.DataFrame
    listed: pl.DataFrame


def whose(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.DataFrame, month: str
) -> Whose:
    """Return whose each answer is: by its token, else by the last invitation before it.

    An answer before any invitation belongs to that of its month, if there is one. `month` is that
    of the run, to which an answer without a time belongs.
    """
    by_token, others = named(answers, invitations, customers)
    invited = _invited(others, answers["responded_at"], _asked(invitations), month)
    ids = by_token["customer_id"]
    still = pairs(ids, _listed(customers).with_columns(key="customer_id"))
    listed = still.with_columns(by_token["place"].gather(still["here"]))
    return Whose(
        pl.concat([by_token, invited.select(by_token.columns)]),
        pl.concat([listed.select(others.columns), others]),
    )


def named(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the invitations that tokens name, and the customers whom other answers name.

    The first key that is known decides. Each has its `place` among the answers.
    """
    known = _asked(invitations).rename({"token": "key"})
    by_token = _dated(found(_sought(answers, "token", []), known)).rename({"key": "token"})
    listed = _listed(customers)
    places = [by_token["place"]]
    others: list[pl.DataFrame] = []
    for column, key in _KEYS:
        sought = _sought(answers, column, places)
        if key == "email":
            sought = sought.filter(is_address("key"))
        told = listed.with_columns(customers[key].alias("key"))
        others.append(found(sought, told, exact=key != "email").drop("key"))
        places.append(others[-1]["place"])
    return by_token, pl.concat(others)


def aligned(known: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return a row for each of so many answers, empty where nothing is known of it."""
    columns = known.drop("place").iter_columns()
    return pl.DataFrame([scattered(column, known["place"], count) for column in columns])


def _asked(invitations: pl.LazyFrame) -> pl.LazyFrame:
    words = pl.col(WORDS).cast(pl.Categorical)
    return invitations.select("customer_id", "token", words, asked="invited_at")


def _dated(asked: pl.DataFrame) -> pl.DataFrame:
    """Return invitations with when they were made; where that is not known, as the month began."""
    begins = pl.col("month").cast(pl.String).str.to_datetime("%Y-%m", time_unit="us")
    return filled(asked, "asked", begins.dt.replace_time_zone("UTC"))


def _listed(customers: pl.DataFrame) -> pl.LazyFrame:
    return customers.lazy().select("customer_id", pl.col(GROUPS).cast(pl.Categorical))


def _sought(answers: pl.DataFrame, column: str, known: list[pl.Series]) -> pl.DataFrame:
    """Return the keys in a column, each with its `place`, but for those of known places."""
    texts = answers.select(key=pl.col(column).str.strip_chars()).with_row_index("place")
    open_ = unmarked(pl.concat(known), answers.height) if known else texts["key"].is_not_null()
    return texts.filter(open_).drop_nulls()


def _invited(
    others: pl.DataFrame, times: pl.Series, invitations: pl.LazyFrame, month: str
) -> pl.DataFrame:
    """Return the last invitation of each customer before the answer, else that of its month."""
    every = pairs(others["customer_id"], invitations.with_columns(key="customer_id"))
    place = others["place"].gather(every["here"])
    every = _dated(every.with_columns(place, responded_at=times.gather(place)))
    end = pl.lit(month).str.to_date("%Y-%m").dt.month_end()
    day = pl.coalesce(pl.col("responded_at").dt.date(), end)
    latest = _latest(every.filter(pl.col("asked").dt.date() <= day))
    early = every.filter(unmarked(latest["place"], times.len()).gather(place))
    same = early.filter(pl.col("month").cast(pl.String) == answered(month))
    return pl.concat([latest, same])


def _latest(asked: pl.DataFrame) -> pl.DataFrame:
    """Return the last invitation of each answer."""
    several = asked["place"].is_duplicated()
    ordered = asked.filter(several).sort(pl.col("asked").dt.date(), pl.col("month").cast(pl.String))
    last = ordered.unique("place", keep="last", maintain_order=True)
    return pl.concat([asked.filter(~several), last]) if last.height else asked
