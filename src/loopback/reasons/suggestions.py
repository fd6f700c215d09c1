"""Suggestions: words of comments that a term misses by a letter, or by its ending."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.reasons.matches import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.frame import CodeFrame

LETTERS = 6  # of a term: in shorter ones a letter more makes another word
STEM = 4
FEWEST = 2  # comments
TYPO, WIDER = "typo", "wider"


class Suggestion(NamedTuple):
    """A word that comments have, the term it is near, and what could be added to the frame.

    `kind` is `typo` (a letter apart) or `wider` (the word goes on where the term ends).
    """

    kind: str
    reason: str
    term: str
    word: str
    comments: int
    add: str


def suggestions(comments: pl.DataFrame, frame: CodeFrame) -> list[Suggestion]:
    """Return what is near to a term in comments, most frequent first; never added by itself.

    `comments` holds comment and language.
    """
    words = _unknown(comments, frame)
    near = _deletions(words)
    found = {
        (row.reason, row.word): row
        for reason, term, plain in _plain_terms(frame)
        for row in (*_wider(reason, term, plain, words), *_typos(reason, term, plain, words, near))
    }
    return sorted(found.values(), key=lambda s: (-s.comments, s.word, s.reason))


def _unknown(comments: pl.DataFrame, frame: CodeFrame) -> dict[str, int]:
    """Return the words that no term finds, with how many comments have each."""
    texts = texts_of(comments.drop_nulls("comment"), frame)
    words = texts.select("place", word=pl.col("text").str.strip_chars(" ").str.split(" "))
    once = words.explode("word", empty_as_null=False).unique()
    counts = once.group_by("word").agg(comments=pl.len().cast(pl.Int64))
    literals = frame.terms["literal"].unique().sort().to_list()
    padded = pl.format(" {} ", "word")
    met = padded.str.contains_any(literals) if literals else pl.lit(value=False)
    left = counts.filter((pl.col("comments") >= FEWEST) & (pl.col("word") != "") & ~met)
    return dict(left.sort("word").iter_rows())


def _plain_terms(frame: CodeFrame) -> list[tuple[str, str, str]]:
    """Return the terms that are one whole word: reason, as written, as compared."""
    rows = (
        frame.terms.select("reason", "written", "term").unique().sort("reason", "term", "written")
    )
    return [row for row in rows.iter_rows() if "*" not in row[1] and " " not in row[2] and row[2]]


def _wider(reason: str, term: str, plain: str, words: dict[str, int]) -> list[Suggestion]:
    if len(plain) < STEM:
        return []
    longer = [word for word in words if word.startswith(plain) and word != plain]
    return [Suggestion(WIDER, reason, term, w, words[w], f"{term}*") for w in longer]


def _typos(
    reason: str, term: str, plain: str, words: dict[str, int], near: dict[str, set[str]]
) -> list[Suggestion]:
    if len(plain) < LETTERS:
        return []
    alike = {word for shape in _shapes(plain) for word in near.get(shape, ())}
    return [
        Suggestion(TYPO, reason, term, word, words[word], word)
        for word in sorted(alike)
        if not word.startswith(plain) and _apart(word, plain)
    ]


def _deletions(words: Iterable[str]) -> dict[str, set[str]]:
    """Return words by each shape they have once a letter is left out."""
    near: dict[str, set[str]] = defaultdict(set)
    for word in words:
        if len(word) >= LETTERS - 1:
            for shape in _shapes(word):
                near[shape].add(word)
    return near


def _shapes(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _apart(word: str, term: str) -> bool:
    """Say whether two words are one letter apart: more, less, another, or two changed over."""
    if abs(len(word) - len(term)) == 1:
        return True  # they share a shape
    differ = [at for at, (a, b) in enumerate(zip(word, term, strict=False)) if a != b]
    if len(differ) == 1:
        return True
    first, *rest = differ
    return rest == [first + 1] and word[first] == term[first + 1] and word[first + 1] == term[first]
