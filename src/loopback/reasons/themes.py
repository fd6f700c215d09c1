"""Themes: words that the code frame may lack, each with the comments that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.reasons.keyness import keyness
from loopback.reasons.kinds import SAYING
from loopback.reasons.matches import texts_of
from loopback.reasons.ngrams import masked, ngrams, sizes
from loopback.score import DETRACTOR, PROMOTER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.frame import CodeFrame

FEWEST = 5  # comments
SURE = 1.96
LOOKED_AT = 300  # of the list, before nested phrases are folded together
QUOTES = 3
TYPICAL = 120  # letters of a quote
ALIKE = 0.5  # of the comments: from here on a phrase and a part of it are one theme
LISTS = ("uncovered", "unhappy", "happy")


class Theme(NamedTuple):
    """A word or phrase, and how many comments have it, inside the list and outside."""

    ngram: str
    also: list[str]
    inside: int
    outside: int
    log_odds: float
    z: float
    quotes: list[str]


def themes(known: pl.DataFrame, frame: CodeFrame, top: int) -> dict[str, list[Theme]]:
    """Return the themes of each list, strongest first.

    `known` holds response_id, comment, language, score and kind. *uncovered*: in comments without
    a specific reason, against the others. *unhappy*, *happy*: what is left in the comments of
    detractors against those of promoters, and the other way round, once every word that the code
    frame finds is masked.
    """
    saying = known.filter(SAYING).sort("response_id")
    texts = saying.hstack(texts_of(saying, frame).select("text", "spoken"))
    bare = _bare(texts, frame)
    ends = bare.filter(PROMOTER | DETRACTOR)
    sides = {
        "uncovered": texts.with_columns(inside=pl.col("kind") != "specific"),
        "unhappy": ends.with_columns(inside=DETRACTOR),
        "happy": ends.with_columns(inside=PROMOTER),
    }
    return {name: _themes(side, texts, top) for name, side in sides.items()}


def _bare(texts: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the texts without the words that the frame finds in their language."""
    parts = [
        part.with_columns(text=masked(pl.col("text"), _literals(frame, spoken)))
        for (spoken,), part in texts.group_by("spoken", maintain_order=True)
    ]
    return pl.concat(parts) if parts else texts


def _literals(frame: CodeFrame, spoken: object) -> list[str]:
    meant = pl.col("language").is_null() | (pl.lit(spoken, pl.String) == pl.col("language"))
    terms = frame.terms if spoken is None else frame.terms.filter(meant)
    return terms["literal"].to_list()


def _themes(side: pl.DataFrame, texts: pl.DataFrame, top: int) -> list[Theme]:
    laid = side.select("text", "inside")
    found = keyness(ngrams(laid), *sizes(laid))
    ranked = found.filter((pl.col("z") >= SURE) & (pl.col("inside") >= FEWEST))
    longest = pl.col("ngram").str.len_bytes()
    order = [pl.col("z"), longest, pl.col("ngram")]
    first = ranked.sort(order, descending=[True, True, False]).head(LOOKED_AT)
    kept = _folded(first.iter_rows())[:top]
    inside = texts.join(side.filter("inside"), "response_id", how="semi")
    return [theme._replace(quotes=_quotes(theme.ngram, inside)) for theme in kept]


def _folded(rows: Iterable[tuple[str, int, int, float, float]]) -> list[Theme]:
    """Fold each phrase into a stronger one that holds it, or is held by it, and is as common."""
    kept: list[Theme] = []
    for ngram, inside, outside, log_odds, z in rows:
        theme = Theme(ngram, [], inside, outside, log_odds, z, [])
        near = next((k for k in kept if _same(k, theme)), None)
        if near:
            near.also.append(ngram)
        else:
            kept.append(theme)
    return kept


def _same(one: Theme, other: Theme) -> bool:
    few, many = sorted((one.inside, other.inside))
    a, b = f" {one.ngram} ", f" {other.ngram} "
    return (a in b or b in a) and few >= ALIKE * many


def _quotes(ngram: str, texts: pl.DataFrame) -> list[str]:
    """Return comments with a phrase, those of a usual length first."""
    there = texts.filter(pl.col("text").str.contains(f" {ngram} ", literal=True))
    length = (pl.col("comment").str.len_chars().cast(pl.Int64) - TYPICAL).abs()
    return there.sort(length, "response_id")["comment"].head(QUOTES).to_list()
