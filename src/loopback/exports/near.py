"""Near misses: the customers whom an answer that matches nobody may be from."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from loopback.exports.keys import folded

LIKE = 80  # of 100: how alike two keys are that one slip of the pen tells apart
SUGGESTED = 3
ENDS = 3  # letters that a near miss shares at its beginning or its end, where they are many
MANY = 100_000
# What an answer may name, and where the same stands of a customer.
KINDS = {"named_token": "token", "named_customer": "customer_id", "named_email": "email"}


@dataclass(frozen=True)
class Near:
    """A customer whom an answer may mean: what it says, what is like it, and how much, to 100."""

    row: int
    given: str
    like: str
    customer_id: str
    percent: int


def near(unmatched: pl.DataFrame, customers: pl.DataFrame, tokens: pl.DataFrame) -> list[Near]:
    """Return the nearest keys of what unmatched responses name, the nearest first.

    `customers` have `customer_id` and `email`, `tokens` have `token` and `customer_id`. Raises
    `ImportError` where the extra `match` is not installed.
    """
    import rapidfuzz  # noqa: F401 - so that it is missed before anything is sought

    found: list[Near] = []
    for column, kind in KINDS.items():
        sought = unmatched.select("row", key=column).drop_nulls()
        if sought.height:
            known = (tokens if kind == "token" else customers).select("customer_id", key=kind)
            found += _near(sought, known.drop_nulls())
    return sorted(found, key=lambda one: (one.row, -one.percent, one.customer_id))


def _near(sought: pl.DataFrame, known: pl.DataFrame) -> list[Near]:
    from rapidfuzz import fuzz, process

    tidy = sought.with_columns(tidy=folded("key"))
    likely = _likely(tidy["tidy"], known)
    tidied: list[str] = likely["tidy"].to_list()
    found: list[Near] = []
    for row, key, text in tidy.iter_rows():
        best = process.extract(  # pyrefly: ignore[no-matching-overload] - as its manual has it
            text, tidied, scorer=fuzz.ratio, processor=None, score_cutoff=LIKE, limit=SUGGESTED
        )
        for _, percent, at in best:
            customer_id, like = likely.row(at)[:2]
            found.append(Near(row, key, like, customer_id, round(percent)))
    return found


def _likely(sought: pl.Series, known: pl.DataFrame) -> pl.DataFrame:
    """Return the keys, of many those that begin or end as one that is sought does."""
    tidy = known.with_columns(tidy=folded("key"))
    if tidy.height < MANY:
        return tidy
    begins, ends = (sought.str.head(ENDS).unique(), sought.str.tail(ENDS).unique())
    alike = pl.col("tidy").str.head(ENDS).is_in(begins.implode()) | pl.col("tidy").str.tail(
        ENDS
    ).is_in(ends.implode())
    return tidy.filter(alike)
