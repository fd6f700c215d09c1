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
    within = pl.col("month").is_in(wanted)
    return Span(
        wanted,
        ledger.current(INVITATIONS).filter(within),
        ledger.current(RESPONSES).filter(within),
    )
