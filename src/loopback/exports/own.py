"""Files of our own: rejects to be mended, which are an export, and calls, which are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, Problem
from loopback.exports.answers import NO_SCORE_FROM_ONE
from loopback.exports.declarations import Layout
from loopback.exports.layouts import first_rows, fits, layout
from loopback.languages import Languages, templates_folder
from loopback.settings import ASKED_BESIDES, COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from loopback.exports.header import Header
    from loopback.grid import Grid
    from loopback.settings import Choices, Exports

# What is not declared here is looked for under the headers of a plain export.
REJECTS = Layout(
    name="loopback rejects",
    row_1=["file", "why", "source", "row", "score", "comment", "response_id"],
)
ABOUT, FIRST = "loopback", "format"  # the hidden page of a workbook of calls, and how it begins
MARK = "id"  # the heading of the marks in it, in every language
HEADINGS = ("by", "customer", "comment", "called_on", "outcome", "promised_for")
CALLS = "this is a sheet of calls that loopback wrote for an owner, and no survey export"
CALLS_MEND = "Leave it out: `loopback ingest` takes answers, and does not record calls."


class CallsError(LoopbackError):
    """A file holds calls, and no answers."""


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


def refuse_calls(name: str, found: Mapping[str, Grid]) -> None:
    """Raise where these sheets of a file are the workbook of calls, or a page of it."""
    about = found.get(ABOUT)
    if (about and first_rows(about)[0][:1] == [FIRST]) or any(map(_lists_calls, found.values())):
        raise CallsError(Problem(CALLS, CALLS_MEND, name))


def _lists_calls(cells: Grid) -> bool:
    marked = [set(row) for row in first_rows(cells) if MARK in row]
    return bool(marked) and any(names <= row for names in _headings() for row in marked)


def _headings() -> Iterable[set[str]]:
    """Yield what the columns of calls are called in each language that we ship."""
    known = Languages(templates_folder())
    for code in known.codes():
        words = known.of(code)
        yield {words.say(f"workbook.{key}") for key in HEADINGS}
