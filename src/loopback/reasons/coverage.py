"""Coverage: how many comments are of each kind, and whether their languages are understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.reasons.kinds import KINDS
from loopback.reasons.matches import LANGUAGE

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

UNKNOWN = "unknown"
# A frame covers 85-89 % of what is said in its own languages, and 15-33 % of another.
UNDERSTOOD = 0.5
ENOUGH = 20  # comments


def counted(known: pl.DataFrame) -> pl.DataFrame:
    """Count responses, of which language and kind are known: language, kind, responses."""
    keys = [LANGUAGE.fill_null(UNKNOWN).alias("language"), pl.col("kind")]
    return known.group_by(keys).agg(responses=pl.len().cast(pl.Int64))


def coverage(counts: pl.DataFrame) -> dict[str, int]:
    """Return how many responses are of each kind; the five counts add up to the responses."""
    summed = counts.group_by("kind").agg(pl.col("responses").sum())
    found = dict(summed.iter_rows())
    return {kind: found.get(kind, 0) for kind in KINDS}


def by_language(counts: pl.DataFrame) -> pl.DataFrame:
    """Return the kinds of each language: language, answered, a column a kind, understood.

    `understood` is the share, from 0 to 1, of the comments that say something and have a reason,
    specific or general; empty where none says anything.
    """
    told = KINDS[1:]
    columns = {kind: pl.col("responses").filter(pl.col("kind") == kind).sum() for kind in told}
    rows = counts.group_by("language").agg(**columns)
    reasoned = pl.col("specific") + pl.col("general")
    saying = reasoned + pl.col("uncovered")
    answered = pl.sum_horizontal(told)
    understood = pl.when(saying > 0).then(reasoned / saying)
    found = rows.with_columns(answered=answered, understood=understood)
    spoken = found.filter(pl.col("answered") > 0).sort("language")
    return spoken.select("language", "answered", *told, "understood")


def alarms(languages: pl.DataFrame, frame: CodeFrame) -> list[str]:
    """Return a sentence for each language that the frame hardly understands."""
    listed = {key for reason in frame.reason for key in reason.lists if key}
    saying = pl.col("answered") - pl.col("empty")
    low = languages.filter((pl.col("understood") < UNDERSTOOD) & (saying >= ENOUGH))
    rows = low.with_columns(saying=saying).select("language", "saying", "understood").iter_rows()
    return [_alarm(*row, listed=listed) for row in rows]


def _alarm(language: str, saying: int, understood: float, *, listed: set[str]) -> str:
    share = f"{understood:.0%} of {saying} comments"
    if language == UNKNOWN:
        return f"Only {share} whose language is not known have a reason: the frame may lack it."
    lists = f"any_{language}"
    why = f"its lists {lists} are thin" if language in listed else f"it has no list {lists}"
    return f"Only {share} in {language!r} have a reason: {why}."
