"""Codes: which reasons each comment gives, and the terms that gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.reasons.kinds import kind
from loopback.reasons.matches import matches, pairs, says_nothing, texts_of

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

CODES = pl.Schema({"response_id": pl.String, "reason": pl.String, "term": pl.String})
CODED = pl.Schema({"reasons": pl.List(pl.String), "evidence": pl.List(pl.List(pl.String))})
BATCH = 100_000  # comments at once: memory stays the same however many there are


def codes(responses: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the reasons found in each comment, a row for each term that gave one.

    `responses` holds response_id, comment and language.
    """
    told = responses.drop_nulls("comment")
    known = pairs(frame)
    found = [_codes(batch, frame, known) for batch in told.iter_slices(BATCH)]
    return pl.concat([pl.DataFrame(schema=CODES), *found]).sort("response_id", "reason", "term")


def _codes(responses: pl.DataFrame, frame: CodeFrame, known: pl.DataFrame) -> pl.DataFrame:
    found = matches(texts_of(responses, frame), frame).join(known, "pair")
    ids = responses["response_id"].gather(found["place"])
    return found.select(ids, "reason", "term").unique()


def coded(comments: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the reasons, the evidence and the kind of each comment, in its place.

    `comments` holds comment and language. The evidence is a list of pairs of a reason and the
    term that gave it; a comment without a reason, or none at all, has empty lists.
    """
    told = comments.with_row_index("place").drop_nulls("comment")
    texts = texts_of(told, frame)
    known = pairs(frame).with_columns(evidence=pl.concat_list("reason", "term"))
    found = matches(texts, frame).join(known, "pair", maintain_order="left")
    again = pl.all_horizontal(pl.col("place", "reason") == pl.col("place", "reason").shift())
    once = found.filter(~again.fill_null(value=False)).select("place", reasons="reason")
    listed = _beside(_beside(texts, once), found)
    of_told = listed.select(pl.col(CODED.names()).fill_null([]), empty=says_nothing(frame)).hstack(
        told.select("place")
    )
    every = pl.DataFrame({"place": pl.int_range(comments.height, dtype=pl.UInt32, eager=True)})
    both = every.join(of_told, "place", how="left", maintain_order="left")
    return both.select(pl.col(CODED.names()).fill_null([]), kind=kind(frame.general))


def _beside(texts: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Add the last column of what was found, sorted by place, as a list to each text."""
    lists = found.group_by("place", maintain_order=True).agg(found.columns[-1])
    return texts.join(lists, "place", how="left", maintain_order="left")
