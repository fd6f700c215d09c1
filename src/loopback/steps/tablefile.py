"""A table of a result in a file: CSV, XLSX or Parquet, by the ending of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import files
from loopback.steps.export import _content, refuse_own

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from loopback.workspace import Workspace


def write_table(workspace: Workspace, table: pl.DataFrame, name: str, to: Path) -> None:
    """Write a table to a file, never over what the workspace is made of."""
    refuse_own(workspace, to)
    files.replace(to.absolute(), _content(table, name, to, excel_safe=False))
