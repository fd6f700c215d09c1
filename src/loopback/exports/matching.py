"""Matching: the responses of answers, with the customer and owner of each that can be told."""

from __future__ import annotations

import polars as pl

from loopback.customers import NO, YES, language_code
from loopback.exports.identity import answered, filled, identified, replaced
from loopback.exports.keys import folded
from loopback.exports.order import in_order
from loopback.exports.whose import aligned, named, whose
from loopback.places import pairs
from loopback.tables import CORRECTS, RESPONSES, WITHDRAWN

WINDOW = 30  # days after an invitation in which an answer is in time
TEXTS = pl.col(pl.Categorical).cast(pl.String)  # the words of responses as text
WISHES = ("contact", "consent", "named")
# What only the ledger can tell of a response; see `events`.
_UNTOLD = {name: RESPONSES.columns[name] for name in (CORRECTS, "rebuilt", WITHDRAWN)}
_FIRST = r"^([a-z]+)"  # `de` of `de-at`
_LISTED = {
    "customer_id": "listed_id",
    "owner": "current_owner",
    "region": "listed_region",
    "segment": "listed_segment",
}


def responses(
    answers: pl.DataFrame,
    invitations: pl.LazyFrame,
    customers: pl.DataFrame,
    month: str,
    window: int = WINDOW,
) -> pl.DataFrame:
    """Return the responses of answers, with the customer and owner of each that could be matched.

    `month` is that of the run: an answer that no invitation and no time explains belongs to it.
    Of an answer that matches nobody, whom it names is kept; it is `late` where it came more than
    `window` days after its invitation. Sorted by row; columns that say
    the same few words again and again are Categorical.
    """
    whole = (
        _with_whose(in_order(answers), invitations, customers, month)
        .pipe(_with_language)
        .with_columns(*_frozen())
        .pipe(filled, "month", answered(month))
        .with_columns(*_named_by_the_unmatched(), late=_late(window))
        .with_columns(pl.lit(None, kind).alias(name) for name, kind in _UNTOLD.items())
        .with_columns(_yes_or_no(wish).alias(wish) for wish in WISHES)
    )
    return identified(whole).select([*RESPONSES.columns.names(), "row"])


def bounces(
    bounced: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.DataFrame
) -> pl.DataFrame:
    """Return the invitations that did not arrive; rows that match no invitation are passed over."""
    rows = in_order(bounced.with_columns(pl.col("row").cast(pl.Int64)))
    by_token, others = named(rows, invitations, customers)
    ids = pl.concat([by_token["customer_id"], others["customer_id"]]).unique()
    known = invitations.select("customer_id", "month", "email", key="customer_id")
    asked = pairs(ids, known)
    last = asked.group_by("customer_id").agg(pl.col("month").max())
    asked_in = ("place", "customer_id", pl.col("month").cast(pl.String))
    dated = pl.concat(
        [by_token.select(asked_in), others.join(last, "customer_id").select(asked_in)]
    )
    once = dated.sort("place").unique(["customer_id", "month"], keep="first", maintain_order=True)
    found = once.join(asked, ["customer_id", "month"]).sort("place")
    told = found.with_columns(rows["row"].gather(found["place"]))
    return told.select("row", "customer_id", "month", "email")


def _with_whose(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.DataFrame, month: str
) -> pl.DataFrame:
    """Return answers beside their invitation and what the list says of their customer."""
    asked, listed = whose(answers, invitations, customers, month)
    asked = aligned(asked, answers.height)  # one after the other: both are large
    listed = aligned(listed, answers.height)
    given = answers.rename({"token": "given_token", "language": "answered_in"})
    return given.hstack(asked).hstack(listed.rename(_LISTED))


def _yes_or_no(column: str) -> pl.Expr:
    """Return what a customer said to a question; empty where it was neither, or not asked."""
    yes, no = folded(column).is_in(YES), folded(column).is_in(NO)
    return pl.when(yes | no).then(yes)


def _late(window: int) -> pl.Expr:
    """Say whether an answer came after the days in which its invitation was to be answered."""
    end = pl.col("asked") + pl.duration(days=window)
    return (pl.col("token").is_not_null() & (pl.col("responded_at") > end)).fill_null(value=False)


def _frozen() -> list[pl.Expr]:
    """Return what the invitation froze; where there was none, what the list says now."""
    return [
        pl.coalesce("customer_id", "listed_id").alias("customer_id"),
        pl.coalesce("owner", "current_owner").alias("owner"),
        pl.coalesce("current_owner", "owner").alias("current_owner"),
        pl.coalesce("region", "listed_region").alias("region"),
        pl.coalesce("segment", "listed_segment").alias("segment"),
    ]


def _with_language(whole: pl.DataFrame) -> pl.DataFrame:
    """Return answers with their language, which is that of the invitation as it stands there.

    Who was asked in `de-at` and answered in `de` is one of those who were asked in `de-at`.
    """
    said, asked = language_code("answered_in"), pl.col("language").cast(pl.String)
    same = said.str.extract(_FIRST) == asked.str.extract(_FIRST)
    told = pl.when(same).then(asked).otherwise(pl.coalesce(said, asked))
    return replaced(whole, "language", told, pl.col("answered_in").is_not_null())


def _named_by_the_unmatched() -> list[pl.Expr]:
    """Return whom an answer names, where it matches nobody; else that says nothing more."""
    nobody = pl.col("customer_id").is_null()
    keys = {"named_token": "given_token", "named_customer": "customer", "named_email": "email"}
    return [pl.when(nobody).then(column).alias(name) for name, column in keys.items()]
