"""Reasons: the code frame laid over the comments of the last months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import frame
from loopback.confidential import ALL, visible_comments
from loopback.reasons.codes import codes
from loopback.reasons.coverage import alarms, by_language, counted, coverage
from loopback.reasons.discretion import discreet
from loopback.reasons.drivers import drivers, quotes
from loopback.reasons.kinds import SAYING, kinds
from loopback.reasons.tally import words
from loopback.reasons.ticked import ticked
from loopback.score import CATEGORIES, tallies, with_interval
from loopback.span import span
from loopback.tables import RESPONSES

if TYPE_CHECKING:
    from loopback.frame import CodeFrame
    from loopback.span import Span
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Tallied:
    """How often each reason was given, with which scores, and what of the comments is covered.

    `tally` is of reasons coded from comments, `ticked` of those chosen from a list in the survey:
    each has its own base, `total` and `ticked_total`, and neither counts in the other.
    """

    months: list[str]
    by: str | None
    total: pl.DataFrame
    tally: pl.DataFrame
    coverage: dict[str, int]
    languages: pl.DataFrame
    alarms: list[str]
    ticked_total: pl.DataFrame
    ticked: pl.DataFrame


@dataclass(frozen=True)
class _Asked:
    """What is asked: the code frame, the months, and how to group and reckon."""

    frame: CodeFrame
    months: list[str]
    by: str | None
    confidence: float

    @property
    def keys(self) -> list[str]:
        """The columns that make a group: one, or none."""
        return [self.by] if self.by else []

    def total(self, base: pl.DataFrame) -> pl.DataFrame:
        """Return the NPS of those who count, by group."""
        counts = tallies(base.lazy(), self.keys or [pl.lit(1).alias("all")]).collect()
        columns = [*self.keys, "responses", *CATEGORIES, "nps", "lower", "upper"]
        return with_interval(counts, self.confidence).select(columns).sort(columns[0])

    def drivers(self, base: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
        """Return each reason with the scores of those who gave it, by group."""
        return drivers(base, given, self.keys, self.confidence)


def tally(workspace: Workspace, by: str | None, last: str, count: int | None) -> Tallied:
    """Return the tally of the reasons in the last months, by group where asked."""
    within = span(workspace.ledger, last, count or workspace.settings.scores.months)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    asked = _Asked(code_frame, within.months, by, workspace.settings.scores.confidence)
    grouped, every = (_answers(workspace, within, group) for group in (by or ALL, ALL))
    found = codes(grouped, code_frame)
    saying = kinds(grouped, found, code_frame).filter(SAYING)
    counts = counted(kinds(every, codes(every, code_frame), code_frame))
    languages = by_language(counts)
    marks = ticked(grouped, code_frame)
    marked = grouped.join(marks, "response_id", how="semi")
    return Tallied(
        within.months,
        by,
        asked.total(saying),
        _coded(workspace, asked, saying, found),
        coverage(counts),
        languages,
        alarms(languages, code_frame),
        asked.total(marked),
        _ticked(workspace, asked, marked, marks, found),
    )


def _coded(
    workspace: Workspace, asked: _Asked, saying: pl.DataFrame, found: pl.DataFrame
) -> pl.DataFrame:
    """Return the drivers that were coded, with label, words and quotes; of employees no quotes."""
    rows = asked.drivers(saying, found)
    labels = pl.DataFrame(
        [(r.id, r.label, r.general) for r in asked.frame.reason],
        schema={"reason": pl.String, "label": pl.String, "general": pl.Boolean},
        orient="row",
    )
    keys = [*asked.keys, "reason"]
    told = found.join(saying.select("response_id", *asked.keys), "response_id")
    named = rows.join(labels, "reason", maintain_order="left")
    worded = named.join(
        words(told, asked.frame, keys), keys, how="left", nulls_equal=True, maintain_order="left"
    )
    ordered = worded.select(*keys, "label", "general", pl.exclude(*keys, "label", "general"))
    if workspace.settings.audience == "employees":
        every = _told(workspace)
        given = codes(every, asked.frame)
        all_saying = kinds(every, given, asked.frame).filter(SAYING)
        return discreet(ordered, all_saying, given, asked.months, asked.by)
    both_ends = quotes(saying, found, asked.keys)
    return ordered.join(both_ends, keys, how="left", nulls_equal=True, maintain_order="left")


def _ticked(
    workspace: Workspace,
    asked: _Asked,
    marked: pl.DataFrame,
    marks: pl.DataFrame,
    found: pl.DataFrame,
) -> pl.DataFrame:
    """Return the drivers that were ticked, and how many of those gave the reason in words too."""
    rows = asked.drivers(marked, marks.select("response_id", reason="answer"))
    both = marks.join(
        found.unique(["response_id", "reason"]), ["response_id", "reason"], how="semi"
    )
    keys = [*asked.keys, "answer"]
    grouped = both.join(marked.select("response_id", *asked.keys), "response_id")
    coded = grouped.group_by(keys).agg(coded=pl.len().cast(pl.Int64))
    named = rows.rename({"reason": "answer", "comments": "responses"})
    known = marks.select("answer", "reason").unique()
    table = named.join(known, "answer", maintain_order="left").join(
        coded, keys, how="left", nulls_equal=True, maintain_order="left"
    )
    ordered = table.select(*keys, "reason", pl.exclude(*keys, "reason")).with_columns(
        pl.col("coded").fill_null(0)
    )
    if workspace.settings.audience == "customers":
        return ordered
    every = ticked(_told(workspace), asked.frame).select("response_id", reason="answer")
    told = _told(workspace).join(every, "response_id", how="semi")
    judged = discreet(rows, told, every, asked.months, asked.by)
    return judged.rename({"reason": "answer", "comments": "responses"})


def _answers(workspace: Workspace, asked: Span, by: str) -> pl.DataFrame:
    """Return the responses whose comments may be tallied by a group: of employees, not of few."""
    if workspace.settings.audience == "customers":
        return asked.responses
    return visible_comments(workspace.ledger.current(RESPONSES), asked.months, by)


def _told(workspace: Workspace) -> pl.DataFrame:
    """Return all comments of employees that are ever tallied."""
    every = workspace.ledger.current(RESPONSES)
    return visible_comments(every, every["month"].unique().to_list(), ALL)
