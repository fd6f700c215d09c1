"""A span of months: what was asked in it, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import months
from loopback.tables import INVITATIONS, RESPONSES

if TYPE_CHECKING:
    from loopback.ledger import Ledger


@dataclass(frozen=True)
class Span:
    """The months, oldest first, with the current invitations and responses of each."""

    months: list[str]
    invitations: pl.DataFrame
    responses: pl.DataFrame


def span(ledger: Ledger, last: str, count: int) -> Span:
    """Return what was asked and answered in the months that end with `last`."""
    wanted = months.ending(last, count)
    return within(wanted, ledger.current(INVITATIONS), ledger.current(RESPONSES))


def within(wanted: list[str], invitations: pl.DataFrame, responses: pl.DataFrame) -> Span:
    """Return what of all invitations and responses falls in the months."""
    inside = pl.col("month").is_in(wanted)
    return Span(wanted, invitations.filter(inside), responses.filter(inside))
