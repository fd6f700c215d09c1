"""Candidates: the columns of an export that could hold the score, and how sure that is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loopback.exports.values import (
    ENDS_EARLY,
    OTHER_NUMBER,
    SCORE,
    STARTS_AT_ONE,
    STARTS_AT_ZERO,
    UNANSWERED,
    WORD,
    tidied,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.exports.values import Words

MOSTLY = 0.5  # of the answers in a column of scores read as scores
SPOILED = 0.02  # of them may be other numbers, or one of a few
FEW = 10  # answers that need not reach the upper half of a scale
HALF = 5
SHOWN = 4
RECOMMENDS = re.compile(
    r"recommend|recomend|recomien|raccomand|consigli|empfehl|anbefal|aanbevel|rekommend|polec",
    re.IGNORECASE,
)
# Numbers of rows and people, and what a tool derives from the score.
NO_SCORE = re.compile(r"(#|no\.?|nr\.?|row|_?index|.*\bid|.*_id|.*_NPS_GROUP\b.*)", re.IGNORECASE)


@dataclass(frozen=True)
class Candidate:
    """A column by its 1-based number and header, and what its cells are."""

    column: int
    header: str
    answers: int
    scores: int
    lowest: int | None
    highest: int | None
    zeros: int = 0
    words: dict[str, int] = field(default_factory=dict)
    spoiled: tuple[tuple[int, str], ...] = ()
    spoilers: int = 0

    @property
    def fits(self) -> bool:
        """Say whether most answers are scores and hardly one is another number."""
        single = self.spoilers == 1 and self.scores >= HALF
        few = self.spoilers <= self.scores * SPOILED or single
        return self.scores > 0 and few and self.scores >= self.answers * MOSTLY

    @property
    def asks(self) -> bool:
        """Say whether the header asks for a recommendation, or from 0 to 10."""
        asking = (RECOMMENDS, STARTS_AT_ZERO, STARTS_AT_ONE)
        return any(pattern.search(self.header) for pattern in asking)

    @property
    def wide(self) -> bool:
        """Say whether the scores reach the upper half of 0 to 10."""
        return (self.highest or 0) > HALF

    @property
    def short(self) -> bool:
        """Say whether this is a scale that ends early, or choices by their number."""
        early = bool(ENDS_EARLY.search(self.header))
        ticked = (self.highest or 0) <= 1 and not self.asks
        return not self.wide and (early or ticked)

    @property
    def sure(self) -> bool:
        """Say whether the column is like one of scores from 0 to 10."""
        return self.fits and (self.wide or (self.asks and not self.short and self.answers < FEW))

    @property
    def doubtful(self) -> bool:
        """Say whether too few answered to tell a score from a choice or a shorter scale."""
        return self.fits and not self.sure and not self.short and self.answers < FEW


def candidate(found: pl.DataFrame, column: int, header: str, words: Words) -> Candidate:
    """Return what the cells of a column are, of which `found` has the `texts`."""
    counted = found.filter(pl.col("n") > 0)
    cells = counted.with_columns(text=tidied(counted["text"], words))
    text = pl.col("text").str.strip_chars()
    empty = text.str.to_lowercase().is_in(["", *UNANSWERED])
    filled = cells.select("row", "n", score=pl.when(~empty).then(text)).drop_nulls("score")
    marked = filled.with_columns(value=SCORE, other=OTHER_NUMBER, word=WORD)
    unread = marked.filter(pl.col("value").is_null()).sort("row")
    return Candidate(
        column,
        header,
        _count(marked),
        _count(marked.drop_nulls("value")),
        _int(marked["value"].min()),
        _int(marked["value"].max()),
        _count(marked.filter(pl.col("value") == 0)),
        _words(marked.filter("word")),
        tuple(unread.select("row", "score").head(SHOWN).iter_rows()),
        _count(marked.filter("other")),
    )


def _count(marked: pl.DataFrame) -> int:
    return int(marked["n"].sum())


def _words(found: pl.DataFrame) -> dict[str, int]:
    """Return the words by how often they come, whatever their case; the first spelling stands."""
    counted = (
        found.sort("row")
        .group_by(key=pl.col("score").str.to_lowercase(), maintain_order=True)
        .agg(pl.col("score").first(), pl.col("n").sum())
        .sort("n", "key", descending=[True, False])
    )
    return dict(counted.select("score", "n").iter_rows())


def near(found: Iterable[Candidate]) -> list[Candidate]:
    """Return the columns that nearly hold scores: by their header, or but for some cells."""
    close = [one for one in found if one.answers and (one.asks or _nearly(one))]
    return sorted(close, key=lambda one: (not one.asks, -one.scores, one.column))[:SHOWN]


def _nearly(one: Candidate) -> bool:
    return one.scores >= one.answers * MOSTLY and (one.wide or one.doubtful)


def numbers_the_rows(column: pl.Series, name: str) -> bool:
    """Say whether a column counts the rows: 1, 2, 3 and so on."""
    if NO_SCORE.fullmatch(name.strip()):
        return True
    numbers = column.cast(pl.Int64, strict=False)
    if column.len() < HALF or numbers.null_count():
        return False
    steps = numbers.diff().drop_nulls()
    return bool((steps == 1).all())


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None
