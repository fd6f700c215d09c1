"""Lives drawn in a line: what was decided of a customer in each month, and whether it was done.

customer_id | asks | months
C-1         | 1    | A..-....
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import months
from loopback.ledger import Ledger
from loopback.tables import ASKED, GONE, INVITATIONS, LEFT_OUT, PROVENANCE, ROTATION, WAITS
from tests.frames import frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = "2025-01"
ABSENT = "_"
DECISIONS = {
    "A": ASKED,  # and invited
    ".": WAITS,
    "-": LEFT_OUT,
    "~": GONE,
    "!": WAITS,  # but invited all the same
    "?": LEFT_OUT,  # but invited all the same
    "x": ASKED,  # but not invited
    "T": ASKED,  # and invited twice
}
INVITED = {"A": 1, "!": 1, "?": 1, "T": 2}


class Lived(NamedTuple):
    """What the ledger holds of some lives: the rows of each run."""

    rotation: list[pl.LazyFrame]
    invitations: list[pl.LazyFrame]


def lived(drawing: str, first: str = FIRST) -> Lived:
    """Return the rows of a drawing: a letter a month, `_` where a customer is not in the list.

    A month in which nobody is was not drawn. `asks` is a number, or where it changes one digit a
    month. A line with `turn` 2 is what a second run of the same months decided.
    """
    lives = frame(drawing).to_dicts()
    decisions = [row for life in lives for row in _decisions(life, first)]
    invitations = [row for life in lives for row in _invitations(life, first)]
    rotation = pl.DataFrame(decisions, schema=ROTATION.schema, orient="row")
    turns = pl.struct("month", "row").rank("dense").cast(pl.Int64)
    invited = pl.DataFrame(invitations, schema=INVITATIONS.schema, orient="row")
    return Lived(
        _parts(rotation.with_columns(run=turns, row=None), "run"), _parts(invited, "month")
    )


def _parts(rows: pl.DataFrame, of: str) -> list[pl.LazyFrame]:
    return [part.lazy() for part in rows.partition_by(of, maintain_order=True)]


def _decisions(life: dict[str, str], first: str) -> Iterator[dict[str, object]]:
    asks = life["asks"]
    for at, letter in enumerate(life["months"]):
        if letter == ABSENT:
            continue
        yield {
            "customer_id": life["customer_id"],
            "month": months.later(first, at),
            "owner": life.get("owner"),
            "region": life.get("region"),
            "segment": life.get("segment"),
            "asks": int(asks[at] if len(asks) == len(life["months"]) > 2 else asks),
            "decision": DECISIONS[letter],
            "row": int(life.get("turn") or 1),
        }


def _invitations(life: dict[str, str], first: str) -> Iterator[dict[str, object]]:
    for at, letter in enumerate(life["months"]):
        for number in range(INVITED.get(letter, 0)):
            month = months.later(first, at)
            token = f"{life['customer_id']}-{month}-{number}"
            yield {"customer_id": life["customer_id"], "month": month, "token": token}


def record(folder: Path, lives: Lived) -> None:
    """Write the rows to the ledger of a workspace, a run for each draw."""
    ledger = Ledger(folder / "ledger")
    invitations = pl.concat([INVITATIONS.empty().lazy(), *lives.invitations]).collect()
    for drawn in sorted(pl.collect_all(lives.rotation), key=lambda rows: rows["run"][0]):
        rows = drawn.drop(PROVENANCE.names())
        invited = invitations.filter(pl.col("month") == rows["month"][0])
        with ledger.run("sample", datetime(2025, 1, 1, tzinfo=UTC)) as run:
            run.append(ROTATION, rows)
            run.append(INVITATIONS, invited.drop(PROVENANCE.names()))
