"""Evidence: the words of a comment that gave each reason, and where in it they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.folding import all_normalised
from loopback.reasons.alignment import alignment
from loopback.reasons.matches import LANGUAGE, overlapping, positions

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

BACK = 3  # words before a match in which a negation may stand
NEGATIONS = (
    *(
        "not",
        "no",
        "never",
        "without",
        "cannot",
        "cant",
        "dont",
        "doesnt",
        "didnt",
        "isnt",
        "wasnt",
    ),
    *("nicht", "kein", "keine", "keinen", "nie", "ohne", "ikke", "ingen", "aldrig", "uden"),
    *("pas", "jamais", "aucun", "aucune", "sans", "nunca", "sin", "ni", "niet", "geen", "nooit"),
    *("zonder", "inte", "inga", "inget", "utan", "t"),
)


class Match(NamedTuple):
    """One match: the reason, the term as the frame writes it, and the words of the customer.

    `start` and `end` are the letters of the comment between which the words stand, counted from 0.
    `negated` says that a negation stands shortly before; it takes nothing away.
    """

    reason: str
    term: str
    words: str
    start: int
    end: int
    negated: bool


def evidence(comment: str, language: str | None, frame: CodeFrame) -> list[Match]:
    """Return every match in a comment, by where it stands; the words are whole words."""
    laid = alignment(comment, frame.symbols)
    text = pl.DataFrame(
        {"place": [0], "text": [laid.text.decode()]}, {"place": pl.UInt32, "text": pl.String}
    )
    where = positions(text, [*frame.terms["literal"], *frame.phrases["literal"]])
    terms = where.join(_lists(language, frame), "literal")
    masks = where.join(frame.phrases, "literal")
    meant = terms.join(
        overlapping(terms, masks).select("literal", "reason", "start"),
        ["literal", "reason", "start"],
        how="anti",
    )
    once = meant.sort("written").unique(["reason", "start", "end"], keep="first")
    rows = once.sort("start", "end", "reason").select("reason", "written", "start", "end")
    negations = set(all_normalised(NEGATIONS).values())
    found = []
    for reason, written, first, last in rows.iter_rows():
        start, end = laid.words(first, last)
        negated = not negations.isdisjoint(laid.words_before(first, BACK))
        found.append(Match(reason, written, comment[start:end], start, end, negated))
    return found


def _lists(language: str | None, frame: CodeFrame) -> pl.DataFrame:
    """Return the terms that are for comments in a language, or for all where it is not known."""
    spoken = pl.select(language=pl.lit(language, pl.String)).select(LANGUAGE).item()
    if spoken is None:
        return frame.terms
    return frame.terms.filter(pl.col("language").is_null() | (pl.col("language") == spoken))
