"""Matching: whose answer it is, by token, then customer id, then e-mail address."""

from __future__ import annotations

import hashlib

import polars as pl

from loopback import months
from loopback.tables import CORRECTS, RESPONSES

ID_BYTES = 12
_CONTENT = ("given", "score", "comment", "responded_at")


def responses(
    answers: pl.DataFrame, invitations: pl.DataFrame, customers: pl.DataFrame, month: str
) -> pl.DataFrame:
    """Return the responses of answers, with the customer and owner of each that could be matched.

    `month` is that of the run: an answer that no invitation and no time explains belongs to it.
    """
    found = _identified(answers, invitations, customers)
    invited = _invited(found, invitations, month)
    listed = customers.select(
        "customer_id",
        current_owner="owner",
        listed_region="region",
        listed_segment="segment",
    )
    whole = invited.join(listed, "customer_id", how="left").with_columns(
        owner=pl.coalesce("owner", "current_owner"),
        current_owner=pl.coalesce("current_owner", "owner"),
        region=pl.coalesce("region", "listed_region"),
        segment=pl.coalesce("segment", "listed_segment"),
        language=pl.coalesce("language", "invited_language"),
        **{CORRECTS: pl.lit(None, pl.Int64)},  # see `corrections`
    )
    return _with_ids(whole).select([*RESPONSES.columns.names(), "row"]).sort("row")


def bounces(
    bounced: pl.DataFrame, invitations: pl.DataFrame, customers: pl.DataFrame
) -> pl.DataFrame:
    """Return the invitations that did not arrive; rows that match no invitation are passed over."""
    found = _identified(bounced, invitations, customers).select("row", "customer_id", "token_month")
    last = invitations.group_by("customer_id").agg(last=pl.col("month").max())
    dated = found.join(last, "customer_id").select(
        "row", "customer_id", month=pl.coalesce("token_month", "last")
    )
    asked = invitations.select("customer_id", "month", "email")
    once = dated.sort("row").unique(["customer_id", "month"], keep="first")
    return once.join(asked, ["customer_id", "month"]).sort("row")


def fresh(responses: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the responses that are not yet in the ledger, letter for letter.

    An edited answer comes back as a newer event of the same response.
    """
    content = ["response_id", "customer_id", "score", "comment", "responded_at"]
    once = responses.unique(content, keep="first", maintain_order=True)
    return once.join(known, content, how="anti", nulls_equal=True).sort("row")


def corrections(fresh: pl.DataFrame, known: pl.DataFrame, run: int) -> pl.DataFrame:
    """Return new responses, each with the last run that wrote a row of the same response.

    `known` are the rows of the ledger, with the run of each; `run` is the one that writes these.
    """
    before = known.group_by("response_id").agg(before=pl.col("run").max())
    again = pl.int_range(pl.len()).over("response_id") > 0
    corrects = pl.when(again).then(pl.lit(run)).otherwise("before")
    both = fresh.join(before, "response_id", how="left", maintain_order="left")
    return both.with_columns(corrects.alias(CORRECTS)).drop("before")


def _identified(
    answers: pl.DataFrame, invitations: pl.DataFrame, customers: pl.DataFrame
) -> pl.DataFrame:
    """Add `customer_id`, `token_month` and `given`; the first key that is known decides.

    `given` is whom the answer names, known or not: it stays when the customer is added later.
    """
    tokens = invitations.select("customer_id", pl.col("month").alias("token_month"), key="token")
    found = _looked_up(answers, "token", tokens, "by_token")
    found = _looked_up(
        found, "customer", customers.select("customer_id", key="customer_id"), "by_id"
    )
    found = _looked_up(found, "email", customers.select("customer_id", key="email"), "by_email")
    keys = ["by_token", "by_id", "by_email"]
    given = pl.coalesce(_folded("token"), _folded("customer"), _folded("email"))
    return found.with_columns(customer_id=pl.coalesce(keys), given=given).drop(keys)


def _looked_up(answers: pl.DataFrame, column: str, known: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add the customer whose key stands in a column, as `name`."""
    keyed = _keyed(known).rename({"customer_id": name})
    return answers.with_columns(key=_folded(column)).join(keyed, "key", how="left").drop("key")


def _keyed(named: pl.DataFrame) -> pl.DataFrame:
    """Fold the keys; a key that more than one customer bears identifies nobody."""
    folded = named.with_columns(key=_folded("key")).drop_nulls("key")
    return folded.filter(pl.col("key").is_unique())


def _folded(column: str) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.to_lowercase()


def _invited(found: pl.DataFrame, invitations: pl.DataFrame, month: str) -> pl.DataFrame:
    """Join each answer to its invitation: that of the token, else the last one before it."""
    answered = pl.coalesce(pl.col("responded_at").dt.strftime("%Y-%m"), pl.lit(month))
    dated = found.with_columns(before=pl.coalesce("token_month", answered)).sort("before")
    asked = invitations.select(
        "customer_id",
        "owner",
        "region",
        "segment",
        invited_month="month",
        invitation="token",
        invited_language="language",
        before=months.numbers("month"),
    ).sort("before")
    latest = dated.with_columns(before=months.numbers("before")).join_asof(
        asked, on="before", by="customer_id", strategy="backward", check_sortedness=False
    )
    return latest.with_columns(
        token=pl.col("invitation"),
        month=pl.coalesce("invited_month", answered),
    )


def _with_ids(whole: pl.DataFrame) -> pl.DataFrame:
    """Name each response: by its invitation, else by the id in the export, else by its content.

    An invitation is answered once, so a second answer is a newer event of the same response.
    Answers alike to the letter are told apart by their order in the file.
    """
    order = pl.int_range(pl.len()).over(_CONTENT)
    content = _joined(*_CONTENT, order)
    exported = pl.when(pl.col("export_id").is_not_null()).then(_joined("given", "export_id"))
    named = whole.sort("row").with_columns(name=pl.coalesce(exported, content))
    ids = pl.Series("id", [_id(name) for name in named["name"]], dtype=pl.String)
    return named.with_columns(response_id=pl.coalesce("token", ids))


def _joined(*columns: str | pl.Expr) -> pl.Expr:
    """Join columns into one text that no other values give."""
    whole = [pl.col(c) if isinstance(c, str) else c for c in columns]
    return pl.concat_str([c.cast(pl.String).fill_null("") for c in whole], separator="\x1f")


def _id(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=ID_BYTES).hexdigest()
