"""Drivers: how those who give a reason score, and what the NPS would be without them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import POINTS
from loopback.score import CATEGORIES, DETRACTOR, PROMOTER, tallies, with_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

TYPICAL = 120  # letters: a quote that can be read at a glance
COLUMNS = (
    *("comments", "base", "share", "promoters", "passives", "detractors", "nps", "lower", "upper"),
    *("without", "impact"),
)


def drivers(
    base: pl.DataFrame, given: pl.DataFrame, keys: Sequence[str], confidence: float
) -> pl.DataFrame:
    """Return for each group and reason how often it was given, and with which scores.

    `base` holds the responses that count: response_id, score and the groups (`keys`); `given` the
    reasons: response_id, reason, each once. Returned are the groups, reason, and `COLUMNS`: share
    of the base of its group, NPS of those who gave it with its interval, NPS `without` them, and
    the `impact`, the NPS of all less that without. Most frequent first within each group.
    """
    once = given.unique(["response_id", "reason"]).join(base, "response_id")
    counts = tallies(once.lazy(), [*keys, "reason"]).collect()
    every = tallies(base.lazy(), list(keys) or [pl.lit(1).alias("all")]).collect()
    all_of = every.rename({name: f"all_{name}" for name in ("responses", *CATEGORIES)})
    both = (
        counts.join(all_of, on=list(keys), nulls_equal=True)
        if keys
        else counts.join(all_of, how="cross")
    )
    known = with_interval(both, confidence).with_columns(
        comments="responses",
        base="all_responses",
        share=pl.col("responses") / pl.col("all_responses"),
        without=_WITHOUT,
    )
    found = known.with_columns(impact=_ALL - pl.col("without"))
    descending = [False] * len(keys) + [True, False]
    return found.select(*keys, "reason", *COLUMNS).sort(
        *keys, "comments", "reason", descending=descending
    )


_ALL = POINTS * (pl.col("all_promoters") - pl.col("all_detractors")) / pl.col("all_responses")
_REST = pl.col("all_responses") - pl.col("responses")
_BALANCE = (
    pl.col("all_promoters") - pl.col("promoters") - pl.col("all_detractors") + pl.col("detractors")
)
_WITHOUT = pl.when(_REST > 0).then(POINTS * _BALANCE / _REST)


def quotes(base: pl.DataFrame, given: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return a comment from each end of the scale for each group and reason: low and high.

    `low` is of a detractor, `high` of a promoter; either is empty where none gave the reason. Of
    those with the lowest or highest score it is the comment with the fewest other reasons, then
    the one that is nearest to a usual length.
    """
    once = given.unique(["response_id", "reason"])
    others = pl.len().over("response_id")
    length = (pl.col("comment").str.len_chars().cast(pl.Int64) - TYPICAL).abs()
    rows = once.with_columns(others=others).join(base, "response_id").with_columns(length=length)
    order = ["score", "others", "length", "response_id"]
    low = rows.filter(DETRACTOR).sort(order)
    high = rows.filter(PROMOTER).sort(order, descending=[True, False, False, False])
    found = rows.select(*keys, "reason").unique()
    for name, ordered in (("low", low), ("high", high)):
        first = ordered.unique([*keys, "reason"], keep="first", maintain_order=True)
        quoted = first.select(*keys, "reason", pl.col("comment").alias(name))
        found = found.join(quoted, [*keys, "reason"], how="left", nulls_equal=True)
    return found.sort(*keys, "reason")
