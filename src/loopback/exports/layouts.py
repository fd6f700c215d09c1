"""Layouts: how each tool builds its exports, declared as data, recognised from the content."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import polars as pl

    from loopback.grid import Grid


class Layout(BaseModel):
    """One declaration of `layouts.toml`, which says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    row_1: list[str]
    row_2: list[str] = []
    row_3: list[str] = []
    headers: int
    named_by: int | None = None
    tests: list[str] = []
    roles: dict[str, list[str]] = {}
    left_out: dict[str, list[str]] = {}

    def rows(self, grid: Grid) -> pl.DataFrame:
        """Return the rows under the header of a file of this layout, named by it."""
        return grid.headed(self.headers, self.named_by)

    def fits(self, grid: Grid) -> bool:
        """Say whether the first rows of a file are those of this layout."""
        first = _cells(grid, 0)
        return set(self.row_1) <= set(first) and all(
            any(cell.startswith(tuple(marks)) for cell in _cells(grid, index))
            for index, marks in enumerate((self.row_2, self.row_3), start=1)
            if marks
        )


@cache
def layouts() -> list[Layout]:
    """Return the layouts that loopback ships."""
    declared = (resources.files("loopback.exports") / "layouts.toml").read_text(encoding="utf-8")
    return [Layout.model_validate(entry) for entry in tomllib.loads(declared)["layout"]]


def layout(grid: Grid) -> Layout:
    """Return the layout of a file; the last one declared, `plain`, fits every file.

    Columns that people add to a tool's own bear plain names: what the tool does not declare is
    looked for under those.
    """
    *_, plain = layouts()
    found = next(layout for layout in layouts() if layout.fits(grid))
    return found.model_copy(
        update={
            "roles": plain.roles | found.roles,
            "left_out": plain.left_out | found.left_out,
        }
    )


def _cells(grid: Grid, index: int) -> list[str]:
    rows = grid.cells.slice(index, 1).select(grid.columns)
    return [cell.strip() for row in rows.iter_rows() for cell in row if cell]
