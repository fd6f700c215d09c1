"""Call sheets: the workbooks in which loopback sends owners their calls; they hold no answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, Problem
from loopback.exports.layouts import first_rows
from loopback.languages import Languages, templates_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loopback.grid import Grid

ABOUT, FIRST = "loopback", "format"  # the hidden page of a workbook of calls, and how it begins
MARK = "id"  # the heading of the marks in it, in every language
HEADINGS = ("by", "customer", "comment", "called_on", "outcome", "promised_for")
CALLS = "this is a sheet of calls that loopback wrote for an owner, and no survey export"
CALLS_MEND = "Leave it out: `loopback ingest` takes answers, and does not record calls."


class CallsError(LoopbackError):
    """A file holds calls, and no answers."""


def refuse(name: str, found: Mapping[str, Grid]) -> None:
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
