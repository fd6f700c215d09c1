"""A sheet for hand coding: comments of the ledger, drawn, to be coded by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import frame
from loopback.errors import error
from loopback.reasons.handcoding import drawn, sheet
from loopback.steps.show import BY_NAME
from loopback.steps.tablefile import write_table
from loopback.tables import RESPONSES

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.workspace import Workspace


def handsheet(
    workspace: Workspace, count: int, seed: str, coders: int, to: Path
) -> tuple[list[Path], int]:
    """Write the same drawn comments for each coder; return the files and the comments in each.

    Two coders get a file each, so that neither sees what the other says: `sheet-1.xlsx`.
    """
    if workspace.settings.audience == "employees":
        raise error(BY_NAME, "Their comments are read by nobody one by one.")
    code_frame = frame.read_frame(workspace.path(frame.FILE))
    rows = sheet(drawn(workspace.ledger.current(RESPONSES), count, seed), code_frame)
    if rows.is_empty():
        raise error("there are no comments yet", "Take answers in first: loopback ingest FILE.")
    names = [to] if coders == 1 else [_numbered(to, n) for n in range(1, coders + 1)]
    for name in names:
        write_table(workspace, rows, "comments", name)
    return names, rows.height


def _numbered(to: Path, number: int) -> Path:
    return to.with_name(f"{to.stem}-{number}{to.suffix}")
