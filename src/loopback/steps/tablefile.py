"""A table in a file: CSV, XLSX, JSON or Parquet, by the ending of its name."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, frame
from loopback.errors import Problem, WrongUsageError
from loopback.settings import FILE

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.workspace import Workspace

FORMULA = r"^[=+\-@\t\r]"


def write_table(
    workspace: Workspace, table: pl.DataFrame, name: str, to: Path, *, excel_safe: bool = False
) -> None:
    """Write a table to a file, never over what the workspace is made of.

    `excel_safe` puts an apostrophe before text that a spreadsheet would run as a formula (CSV
    only; XLSX never runs text).
    """
    refuse_own(workspace, to)
    files.replace(to.absolute(), _content(table, name, to, excel_safe=excel_safe))


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
