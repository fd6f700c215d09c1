"""Export a table of the ledger as CSV, XLSX or Parquet, for people or for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.errors import Problem, WrongUsageError, error
from loopback.steps.tablefile import refuse_own, write_table
from loopback.tables import REJECTS, RESPONSES, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.workspace import Workspace

ANSWERS = (RESPONSES.name, REJECTS.name)  # the tables that hold what somebody said
CONFIDENTIAL = "answers of employees are confidential, and this table says who gave each"
SHOW_GROUPS = (
    "Show groups of them: loopback score, loopback reasons. "
    "If you may know who said what, add --by-name."
)


def export(
    workspace: Workspace,
    table: str,
    to: Path,
    *,
    history: bool,
    excel_safe: bool,
    by_name: bool = False,
) -> int:
    """Write a table to a file, by the ending of its name; return the number of rows.

    `history` gives every event instead of the current state. Answers of employees are written
    only where they are asked for `by_name`.
    """
    if table not in TABLES:
        known = ", ".join(sorted(TABLES))
        raise WrongUsageError(Problem(f"there is no table {table!r}", f"There are: {known}."))
    if workspace.settings.audience == "employees" and table in ANSWERS and not by_name:
        raise error(CONFIDENTIAL, SHOW_GROUPS)
    refuse_own(workspace, to)  # before much is read
    kind = TABLES[table]
    rows = workspace.ledger.rows(kind) if history else workspace.ledger.current(kind)
    write_table(workspace, rows, table, to, excel_safe=excel_safe)
    return rows.height
