"""Reasons: the code frame laid over the comments of the last months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopback import frame
from loopback.confidential import ALL, COMMENTS, visible
from loopback.reasons.codes import codes
from loopback.reasons.coverage import counted, coverage
from loopback.reasons.kinds import kinds
from loopback.reasons.tally import tally as tallied
from loopback.span import span
from loopback.tables import RESPONSES

if TYPE_CHECKING:
    import polars as pl

    from loopback.span import Span
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Tallied:
    """How often each reason was given, and how much of the comments the code frame covers."""

    months: list[str]
    by: str | None
    tally: pl.DataFrame
    coverage: dict[str, int]


def tally(workspace: Workspace, by: str | None, last: str, count: int | None) -> Tallied:
    """Return the tally of the reasons in the last months, by group where asked."""
    asked = span(workspace.ledger, last, count or workspace.settings.scores.months)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    grouped, every = (_answers(workspace, asked, group) for group in (by or ALL, ALL))
    found = codes(grouped, code_frame)
    return Tallied(
        asked.months,
        by,
        tallied(grouped, found, code_frame, by),
        coverage(counted(kinds(every, codes(every, code_frame), code_frame))),
    )


def _answers(workspace: Workspace, asked: Span, by: str) -> pl.DataFrame:
    """Return the responses whose comments may be tallied by a group: of employees, not of few."""
    if workspace.settings.audience == "customers":
        return asked.responses
    told = workspace.ledger.current(RESPONSES).drop_nulls("comment")
    return visible(told, asked.months, by, COMMENTS)
