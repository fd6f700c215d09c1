"""Figures: the counts, the NPS and the reasons of the books that each person may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import score
from loopback.reasons.tally import tally

if TYPE_CHECKING:
    from loopback.frame import CodeFrame

# Whose customers each person may see: owners by person.
Lines = dict[str, set[str]]


class Numbers(NamedTuple):
    """Counts, and the NPS with its interval in points; empty where nobody answered."""

    invited: int = 0
    answered: int = 0
    responses: int = 0
    detractors: int = 0
    passives: int = 0
    promoters: int = 0
    nps: float | None = None
    lower: float | None = None
    upper: float | None = None


class Tallied(NamedTuple):
    """How often a reason was given, and the words that say so."""

    label: str
    comments: int
    words: str


def numbers(
    responses: pl.DataFrame, invitations: pl.DataFrame, lines: Lines, confidence: float
) -> dict[str, Numbers]:
    """Return the numbers of each line, from the counts of its owners."""
    counts = score.scores(responses, invitations, "owner").drop("nps", "lower", "upper")
    summed = _pairs(lines, "owner").join(counts, "owner").drop("owner").group_by("person_id").sum()
    rows = score.with_interval(summed, confidence).select("person_id", *Numbers._fields)
    return {row[0]: Numbers(*row[1:]) for row in rows.iter_rows()}


def tallies(
    responses: pl.DataFrame, codes: pl.DataFrame, frame: CodeFrame, lines: Lines
) -> dict[str, list[Tallied]]:
    """Return the reasons given in each line, most frequent first; `responses` are held."""
    seen = responses.select("response_id", "score", "current_owner").join(
        _pairs(lines, "current_owner"), "current_owner"
    )
    table = tally(seen, codes, frame, "person_id")
    found: dict[str, list[Tallied]] = {}
    for person_id, *row in table.select("person_id", *Tallied._fields).iter_rows():
        label, comments, words = row
        found.setdefault(person_id, []).append(Tallied(label, comments, words.replace("*", "")))
    return found


def _pairs(lines: Lines, column: str) -> pl.DataFrame:
    """Return the lines as a frame: a row for each person and owner below."""
    rows = [(person_id, owner) for person_id, owners in lines.items() for owner in owners]
    return pl.DataFrame(rows, schema={"person_id": pl.String, column: pl.String}, orient="row")
