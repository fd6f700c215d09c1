"""Identity: the id by which a response is known, whatever becomes of it."""

from __future__ import annotations

import hashlib

import polars as pl

from loopback.exports.keys import folded
from loopback.exports.order import in_order

ID_BYTES = 12
SHORT_ID = r"^\d{1,8}$"  # numbers that a tool counts anew in each survey
_CONTENT = ("given", "score", "comment", "responded_at")


def identified(whole: pl.DataFrame) -> pl.DataFrame:
    """Name each response: by its invitation, its id in the export, its customer and time, or all.

    The rows are in order. An invitation is answered once, so a second answer is a newer event of
    the same response. Who was not asked may answer as often as there is a reason: each moment is
    another response, and without a time each row, those that are alike to the letter told apart
    by their order.
    """
    whose = pl.concat_str("customer_id", "responded_at", separator=" ")
    loose = pl.when(pl.col("export_id").is_null()).then(whose)
    named = filled(whole.with_columns(response_id="token"), "response_id", loose)
    ids = named["response_id"]
    open_ = named.filter(pl.col("response_id").is_null()).with_columns(given=_given())
    if open_.is_empty():
        return named
    marks = pl.Series([_id(name) for name in open_.select(_name()).to_series()])
    return named.with_columns(ids.scatter(ids.is_null().arg_true(), marks))


def unmatched_ids(answers: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return by which id each answer is known as long as it matches nobody: `row`, `loose`.

    An answer that could be matched since is the same answer as before.
    """
    absent = [pl.lit(None, pl.String).alias("customer_id")]
    bare = in_order(answers).with_columns(
        *absent,
        given_token=pl.col("token"),
        token=pl.lit(None, pl.String),
        month=answered(month),
    )
    return identified(bare).select("row", loose="response_id")


def _given(token: str = "given_token") -> pl.Expr:  # noqa: S107 - the name of a column
    """Return whom an answer names, known or not: it stays when the customer is added later."""
    return pl.coalesce(folded(token), folded("customer"), folded("email"))


def answered(month: str) -> pl.Expr:
    """Return the month of an answer: of its time, else that of the run."""
    return pl.coalesce(pl.col("responded_at").dt.strftime("%Y-%m"), pl.lit(month))


def filled(whole: pl.DataFrame, column: str, cells: pl.Expr) -> pl.DataFrame:
    """Return rows with the empty cells of a column filled; no other row is worked on."""
    return replaced(whole, column, cells, pl.col(column).is_null())


def replaced(whole: pl.DataFrame, column: str, cells: pl.Expr, where: pl.Expr) -> pl.DataFrame:
    """Return rows with the cells of a column replaced somewhere; no other row is worked on."""
    places = whole.select(where.arg_true()).to_series()
    if places.is_empty():
        return whole
    told = cells.cast(whole.schema[column]).alias(column)
    found = whole.lazy().filter(where).select(told).collect()[column]
    return whole.with_columns(whole[column].scatter(places, found))


def _name() -> pl.Expr:
    short = pl.when(pl.col("export_id").str.contains(SHORT_ID)).then("month")
    exported = pl.when(pl.col("export_id").is_not_null()).then(_joined("given", "export_id", short))
    order = pl.int_range(pl.len()).over(_CONTENT)
    return pl.coalesce(exported, _joined(*_CONTENT, order))


def _joined(*columns: str | pl.Expr) -> pl.Expr:
    """Join columns into one text that no other values give."""
    whole = [pl.col(c) if isinstance(c, str) else c for c in columns]
    return pl.concat_str([c.cast(pl.String).fill_null("") for c in whole], separator="\x1f")


def _id(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=ID_BYTES).hexdigest()
