"""Export a table of the ledger as CSV, XLSX or Parquet, for people or for other tools."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, frame
from loopback.errors import Problem, WrongUsageError, error
from loopback.settings import FILE
from loopback.tables import REJECTS, RESPONSES, TABLES

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.workspace import Workspace

FORMULA = r"^[=+\-@\t\r]"


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

    `history` gives every event instead of the current state. `excel_safe` puts an apostrophe
    before text that a spreadsheet would run as a formula (CSV only; XLSX never runs text).
    Answers of employees are written only where they are asked for `by_name`.
    """
    if table not in TABLES:
        known = ", ".join(sorted(TABLES))
        raise WrongUsageError(Problem(f"there is no table {table!r}", f"There are: {known}."))
    if workspace.settings.audience == "employees" and table in ANSWERS and not by_name:
        raise error(CONFIDENTIAL, SHOW_GROUPS)
    refuse_own(workspace, to)
    kind = TABLES[table]
    rows = workspace.ledger.rows(kind) if history else workspace.ledger.current(kind)
    files.replace(to.absolute(), _content(rows, table, to, excel_safe=excel_safe))
    return rows.height


def refuse_own(workspace: Workspace, to: Path) -> None:
    """Refuse to write over what the workspace is made of."""
    settings, target = workspace.settings, to.resolve()
    lists = (FILE, frame.FILE, settings.customers.file, settings.people.file)
    own = [workspace.path(name).resolve() for name in lists]
    kept = [workspace.path(name).resolve() for name in ("ledger", "raw")]
    if target in own or any(folder in target.parents for folder in kept):
        mend = "Name another file, such as out/table.csv."
        raise WrongUsageError(Problem("this file belongs to the workspace", mend, str(to)))


def _content(rows: pl.DataFrame, table: str, to: Path, *, excel_safe: bool) -> bytes:
    content = io.BytesIO()
    lists = [name for name, dtype in rows.schema.items() if dtype == pl.List(pl.String)]
    plain = rows.with_columns(pl.col(name).list.join(" ") for name in lists)
    match to.suffix.lower():
        case ".csv":
            (_safe(plain) if excel_safe else plain).write_csv(content)
        case ".xlsx":
            from loopback.workbooks import table_workbook

            return table_workbook(plain, table)
        case ".json":
            plain.write_json(content)
        case ".parquet":
            rows.write_parquet(content)
        case ending:
            mend = "End the name of the file in .csv, .json, .xlsx or .parquet."
            raise WrongUsageError(
                Problem(f"cannot write {ending or 'a file without ending'}", mend)
            )
    return content.getvalue()


def _safe(rows: pl.DataFrame) -> pl.DataFrame:
    texts = {name: pl.col(name) for name, dtype in rows.schema.items() if dtype == pl.String}
    return rows.with_columns(
        pl.when(text.str.contains(FORMULA))
        .then(pl.concat_str(pl.lit("'"), text))
        .otherwise(text)
        .alias(name)
        for name, text in texts.items()
    )
