"""A reading of one export: its cells, what was recognised in them, and the answers they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loopback.exports.answers import Answers, answers
from loopback.exports.layouts import layout
from loopback.exports.roles import Roles, roles
from loopback.grid import Grid, grid

if TYPE_CHECKING:
    from loopback.settings import Exports

CHOSEN = ("score", "comment", "customer", "token", "responded_at")


class Reading(NamedTuple):
    """One export as it was read, before anyone asks whose answers these are."""

    cells: Grid
    layout: str
    roles: Roles
    answers: Answers


def reading(content: bytes, name: str, choices: Exports) -> Reading:
    """Return the reading of an export; raise where what it holds would have to be guessed."""
    cells = grid(content, name)
    built = layout(cells)
    rows = built.rows(cells)
    chosen = {role: c for role in CHOSEN if (c := getattr(choices, role)) is not None}
    found = roles(rows, built, chosen, name)
    uneven = cells.uneven(built.headers)
    scale, day_first = choices.scale, choices.day_first
    held = answers(rows, uneven, built, found, name, scale=scale, day_first=day_first)
    return Reading(cells, built.name, found, held)
