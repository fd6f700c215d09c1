"""Show what stands behind the reasons of one customer, or of one response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import frame
from loopback.errors import error
from loopback.reasons.codes import codes
from loopback.reasons.evidence import evidence
from loopback.reasons.kinds import kinds
from loopback.tables import RESPONSES

if TYPE_CHECKING:
    from loopback.frame import CodeFrame
    from loopback.reasons.evidence import Match
    from loopback.workspace import Workspace

BY_NAME = "answers of employees are confidential: none is shown by itself"


@dataclass(frozen=True)
class Shown:
    """One response, its reasons by their labels, and every match in its comment."""

    response_id: str
    customer_id: str | None
    month: str
    score: int
    language: str | None
    comment: str | None
    kind: str
    ticked: str | None
    reasons: dict[str, str]
    matches: list[Match]


def show(workspace: Workspace, who: str) -> list[Shown]:
    """Return the responses of a customer or with an id, the newest first; raise where none is."""
    if workspace.settings.audience == "employees":
        raise error(BY_NAME, "Show groups of them: loopback reasons --by owner.")
    responses = workspace.ledger.current(RESPONSES)
    wanted = responses.filter((pl.col("response_id") == who) | (pl.col("customer_id") == who))
    if wanted.is_empty():
        mend = "Give a customer_id or a response_id: loopback export responses --to FILE has them."
        raise error(f"nobody with the id {who!r} has answered", mend)
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    known = kinds(wanted, codes(wanted, code_frame), code_frame)
    newest = known.sort("month", "response_id", descending=[True, False])
    return [_shown(row, code_frame) for row in newest.iter_rows(named=True)]


def _shown(row: dict[str, object], code_frame: CodeFrame) -> Shown:
    comment, language = row["comment"], row["language"]
    found = (
        evidence(str(comment), str(language) if language else None, code_frame) if comment else []
    )
    given = {match.reason for match in found}
    labels = {key: label for key, label in code_frame.labels.items() if key in given}
    kept = {name: row[name] for name in Shown.__dataclass_fields__ if name in row}
    return Shown(**kept, reasons=labels, matches=found)  # type: ignore[arg-type]
