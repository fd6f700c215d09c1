"""Matches: where the terms of a code frame stand in comments, one pass over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.folding import all_normalised, folded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.frame import CodeFrame

MATCHES = pl.Schema({"place": pl.UInt32, "pair": pl.UInt32})
WHERE = pl.Schema({"place": pl.UInt32, "literal": pl.String, "start": pl.Int64, "end": pl.Int64})
FAR = 2**32  # from one place to the next, where place and pair are one number
HIT = ["place", "reason", "literal"]
# `de` of `de`, `DE` and `de-AT`; any other text names no language.
LANGUAGE = pl.col("language").str.to_lowercase().str.extract(r"^\s*([a-z]{2})(?:[-_].*)?$")


def pairs(frame: CodeFrame) -> pl.DataFrame:
    """Return every reason with each of its terms, as they are compared: pair, reason, term."""
    return (
        frame.terms.select("reason", "term").unique().sort("reason", "term").with_row_index("pair")
    )


def texts_of(comments: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return comments as they are compared: place (from 0), spoken (`de`, or none), text.

    `comments` holds comment and language.
    """
    text = folded(pl.col("comment"), frame.symbols)
    laid = comments.lazy().select(spoken=LANGUAGE, text=text)  # lazily: folds share their passes
    return laid.collect().with_row_index("place")


def says_nothing(frame: CodeFrame) -> pl.Expr:
    """Say which texts (as `texts_of` gives them) are without words, or one of the empty answers."""
    plain = all_normalised(frame.empty.terms, frame.symbols).values()
    return pl.col("text").is_in([" ", "  ", *(f" {term} " for term in plain)])


def matches(texts: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return which terms stand in which text: place and pair (see `pairs`), sorted.

    A list for one language applies to texts in it and to those whose language is not known; words
    inside a `not` phrase do not count.
    """
    found = standing(texts, [*frame.terms["literal"], *frame.phrases["literal"]])
    known = pairs(frame).join(frame.terms, ["reason", "term"])
    of_language = pl.col("language").is_null() | pl.col("spoken").is_null()
    hits = (
        found.join(known.select("literal", "language", "pair", "reason"), "literal")
        .filter(of_language | (pl.col("language") == pl.col("spoken")))
        .select("place", "pair", "reason", "literal")
    )
    phrases = found.join(frame.phrases, "literal")
    return _once(hits if phrases.is_empty() else _meant(texts, hits, phrases))


def _once(hits: pl.DataFrame) -> pl.DataFrame:
    """Return the places and pairs of hits, sorted, each once.

    As one number: to sort two columns and to look for what is there twice takes ten times as long.
    """
    both = pl.col("place").cast(pl.UInt64) * FAR + pl.col("pair")
    found = hits.lazy().select(both=both.sort().rle().struct.field("value"))
    place, pair = pl.col("both") // FAR, pl.col("both") % FAR
    return found.select(place=place, pair=pair).cast(MATCHES).collect()


def standing(texts: pl.DataFrame, literals: Iterable[str]) -> pl.DataFrame:
    """Return which literals stand in which text, each once: place, spoken, literal.

    Overlapping, since neighbours share the space between them.
    """
    known = sorted(set(literals))
    if not known:
        return texts.head(0).rename({"text": "literal"})
    there = pl.col("text").str.extract_many(known, overlapping=True).list.unique()
    return texts.select("place", "spoken", literal=there).explode("literal", empty_as_null=False)


def _meant(texts: pl.DataFrame, hits: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Return the hits of which some words lie outside the phrases that do not count.

    Only comments in which such a phrase stands are looked at word by word: they are few.
    """
    keys = ["place", "reason"]
    doubtful = hits.join(phrases, keys, how="semi")
    some = texts.join(doubtful, "place", how="semi")
    where = positions(some, [*doubtful["literal"], *phrases["literal"]])
    terms = where.join(doubtful, ["place", "literal"])
    masks = where.join(phrases, ["place", "literal"])
    inside = overlapping(terms, masks).select(*HIT, "start")
    outside = terms.join(inside, [*HIT, "start"], how="anti")
    return pl.concat(
        [hits.join(phrases, keys, how="anti"), doubtful.join(outside, HIT, how="semi")]
    )


def positions(texts: pl.DataFrame, literals: Iterable[str]) -> pl.DataFrame:
    """Return where the literals stand in folded texts (schema `WHERE`).

    `start` and `end` are the bytes of the words, without the spaces at their ends.
    """
    known = sorted(set(literals))
    if not known or texts.is_empty():
        return pl.DataFrame(schema=WHERE)
    found = texts.select(
        "place",
        literal=pl.col("text").str.extract_many(known, overlapping=True),
        start=pl.col("text").str.find_many(known, overlapping=True).cast(pl.List(pl.Int64)),
    ).explode("literal", "start", empty_as_null=False)
    spaces = pl.col("literal").str.starts_with(" ").cast(pl.Int64)
    words = pl.col("literal").str.strip_chars(" ").str.len_bytes().cast(pl.Int64)
    start = pl.col("start") + spaces
    return found.with_columns(start=start, end=start + words)


def overlapping(hits: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Return the hits that share a byte with a phrase of the same place and reason.

    Of the phrases that begin before a hit ends, the one that reaches furthest decides.
    """
    keys = ["place", "reason"]
    reach = phrases.sort("start").select(
        *keys, begin="start", reach=pl.col("end").cum_max().over(keys)
    )
    ends = hits.with_columns(begin=pl.col("end") - 1).sort("begin")
    met = ends.join_asof(reach, on="begin", by=keys, check_sortedness=False)
    return met.filter(pl.col("reach") > pl.col("start"))
