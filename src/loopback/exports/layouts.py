"""Layouts: how each tool builds its exports, declared as data, recognised from the content."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, Problem, WrongUsageError
from loopback.exports.declarations import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.grid import Grid

LOOKED_AT = 5  # rows, of which a header may consist


@cache
def layouts() -> list[Layout]:
    """Return the layouts that loopback ships."""
    declared = (resources.files("loopback.exports") / "layouts.toml").read_text(encoding="utf-8")
    return [Layout.model_validate(entry) for entry in tomllib.loads(declared)["layout"]]


def layout(grid: Grid, own: Iterable[Layout] = (), name: str | None = None) -> Layout:
    """Return the layout of a file: the first that fits, the user's own before ours.

    The last one declared, `plain`, fits every file. With a name, it is the layout of that name,
    whatever the file looks like. Columns that people add to a tool's own bear plain names: what
    the tool does not declare is looked for under those. Raises for a file that is no list of
    responses.
    """
    declared = [*own, *layouts()]
    top = first_rows(grid)
    found = _named(name, declared) if name else next(one for one in declared if fits(one, top))
    if found.refused:
        mend = "Export the individual responses instead, as a table with one row a response."
        raise LoopbackError(Problem(f"this is {found.name}: {found.refused}", mend, grid.name))
    *_, plain = declared
    roles, left_out = plain.roles | found.roles, plain.left_out | found.left_out
    others = found.other_surveys or plain.other_surveys
    update = {"roles": roles, "left_out": left_out, "other_surveys": others}
    return found.model_copy(update=update)


def fits(layout: Layout, top: list[list[str]]) -> bool:
    """Say whether the first rows of a file are those of a layout; compared without case."""
    first, second = top[0], top[1] if len(top) > 1 else []
    return (
        all(has(first, cell) for cell in layout.row_1)
        and (not layout.row_2 or any(has(second, cell) for cell in layout.row_2))
        and (not layout.first or any(has(first[:1], cell) for cell in layout.first))
    )


def has(row: list[str], wanted: str) -> bool:
    """Say whether a cell stands in a row; a `*` in what is wanted stands for anything."""
    return any(matches(cell, wanted) for cell in row)


def matches(cell: str, wanted: str) -> bool:
    """Say whether a cell is what is wanted, without case and spaces around."""
    tidy, pattern = cell.strip().casefold(), wanted.casefold()
    return fnmatchcase(tidy, pattern.replace("[", "[[]")) if "*" in pattern else tidy == pattern


def first_rows(grid: Grid) -> list[list[str]]:
    """Return the cells of the first rows of a file; one that is empty has no letters."""
    rows = grid.cells.head(LOOKED_AT).select(grid.columns)
    return [[(cell or "").strip() for cell in row] for row in rows.iter_rows()]


def _named(name: str, declared: list[Layout]) -> Layout:
    found = [one for one in declared if one.name.casefold() == name.casefold()]
    if found:
        return found[0]
    names = ", ".join(dict.fromkeys(one.name for one in declared if not one.refused))
    raise WrongUsageError(Problem(f"there is no layout {name!r}", f"There are: {names}."))
