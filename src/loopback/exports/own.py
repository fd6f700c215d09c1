"""Our own rejects: an export that loopback wrote itself, to be mended and taken in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.exports.declarations import Layout
from loopback.exports.layouts import first_rows, fits, layout
from loopback.exports.meanings import NO_SCORE_FROM_ONE
from loopback.settings import ASKED_BESIDES, COLUMNS

if TYPE_CHECKING:
    import polars as pl

    from loopback.exports.header import Header
    from loopback.grid import Grid
    from loopback.settings import Choices, Exports

# What is not declared here is looked for under the headers of a plain export.
REJECTS = Layout(
    name="loopback rejects",
    row_1=["file", "why", "source", "row", "score", "comment", "response_id"],
)


def is_rejects(cells: Grid) -> bool:
    """Say whether these are rejects as `loopback export rejects` writes them."""
    return fits(REJECTS, first_rows(cells))


def layout_of(cells: Grid, exports: Exports) -> Layout:
    """Return the layout of cells; that of our rejects is ours, whatever is chosen."""
    if is_rejects(cells):
        return layout(cells, [REJECTS])
    return layout(cells, exports.layouts, exports.layout)


def columns(header: Header) -> dict[str, str]:
    """Return what the columns of our rejects are called, by what we call them."""
    named = zip(header.roles, header.names, strict=True)
    return {text.strip().casefold(): name for text, name in named}


def choices(chosen: Choices, whys: pl.LazyFrame) -> Choices:
    """Return what is chosen for rejects: no columns, and the scale that they were read on."""
    from_one = whys.filter(why=NO_SCORE_FROM_ONE).head(1).collect().height
    scale = chosen.scale or ("1-10" if from_one else None)
    return chosen.model_copy(update={**dict.fromkeys((*COLUMNS, *ASKED_BESIDES)), "scale": scale})
