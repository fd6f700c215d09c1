"""Reasons: the code frame laid over the comments of the last months."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopback import frame, reasons
from loopback.span import span

if TYPE_CHECKING:
    import polars as pl

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
    codes = reasons.codes(asked.responses, code_frame)
    return Tallied(
        asked.months,
        by,
        reasons.tally(asked.responses, codes, code_frame, by),
        reasons.coverage(asked.responses, codes, code_frame),
    )
