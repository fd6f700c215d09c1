"""Reasons: the code frame laid over comments, and the tallies, with the words that gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.frame import folded, literals, normalised
from loopback.score import DETRACTOR, PROMOTER

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

CODES = pl.Schema({"response_id": pl.String, "reason": pl.String, "term": pl.String})
FOUND = pl.Schema({"literal": pl.String, "start": pl.Int64, "end": pl.Int64})
HIT = ["response_id", "reason", "literal", "start"]
WORDS_SHOWN = 5


def codes(responses: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the reasons found in each comment, a row for each term that gave one.

    `responses` holds response_id, comment and language. A list for one language applies to
    comments in it and to those whose language is not known.
    """
    texts = responses.drop_nulls("comment").select(
        "response_id", spoken=_language("language"), text=folded(pl.col("comment"))
    )
    terms = frame.terms().drop("written").unique()
    found = _found(texts, terms["literal"]).join(terms, "literal")
    of_language = pl.col("language").is_null() | pl.col("spoken").is_null()
    spoken = found.filter(of_language | (pl.col("language") == pl.col("spoken")))
    meant = spoken.join(_unmeant(texts, spoken, frame), HIT, how="anti")
    return meant.select(CODES.names()).unique().sort("response_id", "reason", "term")


def _language(column: str) -> pl.Expr:
    """Return `de` of `de`, `DE` and `de-AT`; any other text names no language."""
    return pl.col(column).str.to_lowercase().str.extract(r"^\s*([a-z]{2})(?:[-_].*)?$")


def _found(texts: pl.DataFrame, literals: pl.Series) -> pl.DataFrame:
    """Return where the literals stand, one pass for all: response_id, spoken, literal, words.

    Overlapping, since neighbours share the space between them. `start` and `end` are the bytes
    of the words, without the spaces at their ends.
    """
    known = literals.unique().sort().to_list()
    if not known:
        return pl.DataFrame(schema={**texts.drop("text").schema, **FOUND})
    hits = texts.select(
        "response_id",
        "spoken",
        literal=pl.col("text").str.extract_many(known, overlapping=True),
        start=pl.col("text").str.find_many(known, overlapping=True).cast(pl.List(pl.Int64)),
    ).explode("literal", "start", empty_as_null=False)
    spaces = pl.col("literal").str.starts_with(" ").cast(pl.Int64)
    words = pl.col("literal").str.strip_chars(" ").str.len_bytes().cast(pl.Int64)
    start = pl.col("start") + spaces
    return hits.with_columns(start=start, end=start + words)


def _unmeant(texts: pl.DataFrame, hits: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the hits that overlap a phrase which does not count for their reason."""
    rows = [
        (literal, reason.id)
        for reason in frame.reason
        for phrase in reason.unless
        for literal in literals(phrase)
    ]
    phrases = pl.DataFrame(rows, {"literal": pl.String, "reason": pl.String}, orient="row").unique()
    inside = _found(texts, phrases["literal"]).join(phrases, "literal")
    return _overlapping(hits, inside).select(HIT)


def _overlapping(hits: pl.DataFrame, phrases: pl.DataFrame) -> pl.DataFrame:
    """Return the hits that share a byte with a phrase of the same response and reason.

    Of the phrases that begin before a hit ends, the one that reaches furthest decides.
    """
    keys = ["response_id", "reason"]
    reach = phrases.sort("start").select(
        *keys, begin="start", reach=pl.col("end").cum_max().over(keys)
    )
    ends = hits.with_columns(begin=pl.col("end") - 1).sort("begin")
    met = ends.join_asof(reach, on="begin", by=keys, check_sortedness=False)
    return met.filter(pl.col("reach") > pl.col("start"))


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
        _words(coded, frame, [*keys, "reason"]), [*keys, "reason"], nulls_equal=True
    )
    columns = [*keys, "reason", "label", "comments", "promoters", "detractors", "words"]
    descending = [False] * len(keys) + [True, False]
    return tallies.select(columns).sort(*keys, "comments", "reason", descending=descending)


def _words(coded: pl.DataFrame, frame: CodeFrame, keys: list[str]) -> pl.DataFrame:
    """Return the most frequent terms of each group as one text, as the code frame writes them."""
    written = frame.terms().sort("written").unique(["reason", "term"], keep="first")
    terms = coded.join(written.select("reason", "term", "written"), ["reason", "term"])
    counts = terms.group_by(*keys, "written").len().sort("len", "written", descending=[True, False])
    return counts.group_by(keys, maintain_order=True).agg(
        words=pl.col("written").head(WORDS_SHOWN).str.join(", ")
    )


def coverage(responses: pl.DataFrame, codes: pl.DataFrame, frame: CodeFrame) -> dict[str, int]:
    """Return how many responses carry no comment, an empty one, a reason, or none that is known.

    The five counts (silent, empty, specific, general, uncovered) add up to the responses.
    """
    general = [reason.id for reason in frame.reason if reason.general]
    empty = [f" {normalised(term)} " for term in frame.empty.terms]
    specific = codes.filter(~pl.col("reason").is_in(general))["response_id"].unique().implode()
    coded = codes["response_id"].unique().implode()
    kind = (
        pl.when(pl.col("comment").is_null())
        .then(pl.lit("silent"))
        .when(folded(pl.col("comment")).is_in([*empty, "  "]))
        .then(pl.lit("empty"))
        .when(pl.col("response_id").is_in(specific))
        .then(pl.lit("specific"))
        .when(pl.col("response_id").is_in(coded))
        .then(pl.lit("general"))
        .otherwise(pl.lit("uncovered"))
    )
    counts = dict(responses.group_by(kind.alias("kind")).len().iter_rows())
    kinds = ("silent", "empty", "specific", "general", "uncovered")
    return {name: counts.get(name, 0) for name in kinds}
