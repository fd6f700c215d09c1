"""Meanings: what each text in the column of the score means, looked at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.exports.values import SCORE, UNANSWERED, tidied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback.exports.values import Words

NO_SCORE = "the score is not a whole number from 0 to 10"
NO_SCORE_FROM_ONE = "the score is not on the scale 1-10"
_FOLDED = pl.col("score").str.strip_chars().str.to_lowercase()


class Meanings(NamedTuple):
    """What each text means: a score, no answer, or `wrong`, why.

    `again` says that one of them is the header, as in a row that repeats it.
    """

    scores: Mapping[str, int]
    wrong: Mapping[str, str]
    again: bool


def meanings(found: pl.DataFrame, header: str, words: Words, lowest: int) -> Meanings:
    """Return what the texts under the header of the score mean, on a scale from `lowest` to 10."""
    tidy = found.select("text", score=tidied(found["text"], words))
    given = tidy.filter(~_FOLDED.is_in(["", *UNANSWERED])).with_columns(value=SCORE)
    known = pl.col("value") >= lowest
    good = given.filter(known).select("text", "value")
    bad = given.filter(known.fill_null(value=False).not_())
    why = pl.when(pl.col("value").is_null()).then(pl.lit(NO_SCORE))
    wrong = bad.select("text", why.otherwise(pl.lit(NO_SCORE_FROM_ONE)))
    again = (found["text"].str.strip_chars() == header.strip()).any()
    return Meanings(dict(good.iter_rows()), dict(wrong.iter_rows()), again)
