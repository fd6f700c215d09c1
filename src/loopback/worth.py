"""Worth: scores in which customers count by their value, or people by their account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import Counts
from loopback.nps.unequal import Unequal, account_score, value_weighted
from loopback.score import CATEGORIES, tallies

if TYPE_CHECKING:
    from collections.abc import Callable

VALUE = ("value_nps", "value_lower", "value_upper", "value_worth")
ACCOUNT = ("account_nps", "account_lower", "account_upper", "accounts")


def with_value(
    scores: pl.DataFrame,
    responses: pl.DataFrame,
    invitations: pl.DataFrame,
    by: str,
    confidence: float,
) -> pl.DataFrame:
    """Add the score by value, as frozen at the invitation: value_nps, its limits, value_worth.

    `value_worth` is the number of equal customers that would tell as much. Answers without a
    value count for nothing.
    """
    frozen = invitations.select("customer_id", "month", "value")
    rows = responses.join(frozen, ["customer_id", "month"]).filter(pl.col("value") > 0)
    return _with(scores, rows, "value", by, lambda found: value_weighted(found, confidence), VALUE)


def with_accounts(
    scores: pl.DataFrame,
    responses: pl.DataFrame,
    accounts: pl.DataFrame,
    by: str,
    confidence: float,
) -> pl.DataFrame:
    """Add the score of accounts, each by the mean of its people: account_nps, limits, accounts.

    `accounts` has customer_id and account. People without an account count for nothing.
    """
    rows = responses.join(accounts.drop_nulls("account"), "customer_id")
    return _with(
        scores,
        rows,
        "account",
        by,
        lambda found: account_score(found.values(), confidence),
        ACCOUNT,
    )


def _with(
    scores: pl.DataFrame,
    rows: pl.DataFrame,
    column: str,
    by: str,
    estimate: Callable[[dict[float, Counts]], Unequal | None],
    names: tuple[str, ...],
) -> pl.DataFrame:
    counts = tallies(rows.lazy(), [by, column]).collect()
    found: dict[str, dict[float, Counts]] = {}
    for group, key, *categories in counts.select(by, column, *CATEGORIES).iter_rows():
        found.setdefault(group, {})[key] = Counts(*categories)
    estimates = {group: estimate(counts) for group, counts in found.items()}
    lines = [estimates.get(group) or (None,) * len(names) for group in scores[by]]
    added = pl.DataFrame(lines, dict.fromkeys(names, pl.Float64), orient="row")
    return pl.concat([scores, added], how="horizontal")
