"""The kinds of comments: silent, empty, specific, general, uncovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.reasons.matches import says_nothing, texts_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from loopback.frame import CodeFrame

KINDS = ("silent", "empty", "specific", "general", "uncovered")
SAYING = pl.col("kind").is_in(KINDS[2:])


def kind(general: Collection[str]) -> pl.Expr:
    """Return the kind of comments with columns `reasons`, and `empty`, which is null without one.

    silent: no comment; empty: it says nothing; specific: it gives a reason; general: praise or
    blame alone; uncovered: it says something that the frame does not know.
    """
    specific = pl.col("reasons").list.set_difference(list(general)).list.len() > 0
    return (
        pl.when(pl.col("empty").is_null())
        .then(pl.lit("silent"))
        .when("empty")
        .then(pl.lit("empty"))
        .when(specific)
        .then(pl.lit("specific"))
        .when(pl.col("reasons").list.len() > 0)
        .then(pl.lit("general"))
        .otherwise(pl.lit("uncovered"))
    )


def kinds(responses: pl.DataFrame, codes: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the responses with the `kind` of each, in their order."""
    texts = texts_of(responses, frame).select(empty=says_nothing(frame))
    lists = codes.group_by("response_id").agg(reasons=pl.col("reason").unique())
    both = responses.hstack(texts).join(lists, "response_id", how="left", maintain_order="left")
    reasons = pl.col("reasons").fill_null([])
    found = both.select(pl.col("empty"), reasons).select(kind=kind(frame.general))
    return responses.hstack(found)


def telling(codes: pl.DataFrame, general: Collection[str]) -> pl.DataFrame:
    """Return the codes (response_id, reason) without the catch-alls that stand beside a reason."""
    catch_all = pl.col("reason").is_in(list(general))
    return codes.filter(~catch_all | catch_all.all().over("response_id"))
