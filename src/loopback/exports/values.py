"""The values of cells: scores out of text, nothing guessed."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

    # What a word means: a number, or None for no answer.
    Words = Mapping[str, int | None]

TOP = 10
# 9, 9.0, 9,0, 9/10, "10 - Extremely likely", "10 (all the time)": a number from 0 to 10 with
# nothing else that counts; an apostrophe before it keeps a spreadsheet from reading a formula.
_LABEL = r"""(?:\s*[-\u2013\u2014:=]\s*["'(]?\p{L}\D*|\s*\(\s*\p{L}[^\d()]*\))"""
_FIRST = rf"""^\s*['"]?([0-9]{{1,2}})(?:\.0+|,0{{1,2}})?(?:\s*/\s*10)?["]?{_LABEL}?\s*$"""
# "Extremely likely - 10"
_LAST = r"^\s*'?\p{L}\D*\s[-\u2013\u2014]\s*([0-9]{1,2})\s*$"
_NUMBER = pl.coalesce(pl.col("score").str.extract(_FIRST), pl.col("score").str.extract(_LAST)).cast(
    pl.Int64, strict=False
)
SCORE = pl.when(_NUMBER <= TOP).then(_NUMBER)
# A number that is no score, which a column of scores does not have.
OTHER_NUMBER = SCORE.is_null() & pl.col("score").str.contains(r"^\s*'?[-+]?[\d.,]+\s*$")
WORD = SCORE.is_null() & pl.col("score").str.contains(r"\p{L}")
UNANSWERED = (
    *("n/a", "na", "-", "no answer", "not applicable", "(not answered)", "[not completed]"),
    *("keine angabe", "k.a.", "keine antwort", "intet svar", "ved ikke"),
)
# "1 - strongly disagree", "1 = not at all", "from 1 to 10": the scale has no 0.
_FROM = r"\b{0}(\s*[-\u2013=]\s*(10\b|[^\W\d]+)|\s*(to|bis|til|al?|\u00e0|do)\s*10\b)"
STARTS_AT_ONE = re.compile(_FROM.format(1), re.IGNORECASE)
STARTS_AT_ZERO = re.compile(_FROM.format(0), re.IGNORECASE)
# "from 1 to 5": a scale that does not reach 10.
ENDS_EARLY = re.compile(r"\b[01]\s*(-|\u2013|to|bis|til|al?|\u00e0|do)\s*[3-9]\b", re.IGNORECASE)
# The nine digits after each of these zeros, as they are written elsewhere in the world.
_ZEROS = (
    "\u0660\u06f0\u07c0\u0966\u09e6\u0a66\u0ae6\u0b66\u0be6\u0c66\u0ce6\u0d66"
    "\u0e50\u0ed0\u0f20\u1040\u17e0\u1810\uff10"
)
DIGITS = {chr(ord(zero) + n): str(n) for zero in _ZEROS for n in range(10)}


def tidied(texts: pl.Series, words: Words) -> pl.Series:
    """Return the texts of scores: digits as ours, words as what they are said to mean."""
    # Under a name of our own meanwhile: a header such as `^x$` could mean several columns.
    return _tidied(texts.alias("score"), words).alias(texts.name)


def _tidied(texts: pl.Series, words: Words) -> pl.Series:
    if texts.str.contains(f"[{''.join(DIGITS)}]").any():
        texts = texts.str.replace_many(DIGITS)
    if not words:
        return texts
    meant = {folded(word): None if n is None else str(n) for word, n in words.items()}
    key = texts.str.strip_chars().str.normalize("NFKC").str.to_lowercase()
    frame = pl.DataFrame({"text": texts, "key": key})
    known = pl.col("key").replace_strict(meant, default=None, return_dtype=pl.String)
    mapped = pl.when(pl.col("key").is_in(list(meant))).then(known).otherwise("text")
    return frame.select(mapped.alias("text"))["text"]


def folded(word: str) -> str:
    """Return a word as it is compared: without case and the spaces around it."""
    return unicodedata.normalize("NFKC", word.strip()).lower()
