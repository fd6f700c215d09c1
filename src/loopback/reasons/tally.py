"""A tally: how often each reason was given, with the words that gave it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.score import DETRACTOR, PROMOTER

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

WORDS_SHOWN = 5


def tally(
    responses: pl.DataFrame, codes: pl.DataFrame, frame: CodeFrame, by: str | None = None
) -> pl.DataFrame:
    """Return how often each reason was given, most frequent first within each group.

    Columns: the group, reason, label, comments, promoters, detractors, words (the terms that
    gave it, most frequent first). A reason counts once a comment.
    """
    keys = [by] if by else []
    coded = codes.join(responses.select("response_id", "score", *keys), "response_id")
    once = coded.unique([*keys, "response_id", "reason"])
    counts = once.group_by(*keys, "reason").agg(
        comments=pl.len().cast(pl.Int64),
        promoters=PROMOTER.sum().cast(pl.Int64),
        detractors=DETRACTOR.sum().cast(pl.Int64),
    )
    labels = pl.DataFrame({"reason": list(frame.labels), "label": list(frame.labels.values())})
    tallies = counts.join(labels, "reason").join(
        words(coded, frame, [*keys, "reason"]), [*keys, "reason"], nulls_equal=True
    )
    columns = [*keys, "reason", "label", "comments", "promoters", "detractors", "words"]
    descending = [False] * len(keys) + [True, False]
    return tallies.select(columns).sort(*keys, "comments", "reason", descending=descending)


def words(coded: pl.DataFrame, frame: CodeFrame, keys: list[str]) -> pl.DataFrame:
    """Return the most frequent terms of each group as one text, as the code frame writes them."""
    written = frame.terms.sort("written").unique(["reason", "term"], keep="first")
    terms = coded.join(written.select("reason", "term", "written"), ["reason", "term"])
    counts = terms.group_by(*keys, "written").len().sort("len", "written", descending=[True, False])
    return counts.group_by(keys, maintain_order=True).agg(
        words=pl.col("written").head(WORDS_SHOWN).str.join(", ")
    )
