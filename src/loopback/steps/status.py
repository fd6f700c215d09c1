"""Status: what happened last, what stands open, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.tables import DELIVERIES, INVITATIONS, REJECTS, RESPONSES

if TYPE_CHECKING:
    from loopback.clock import Clock
    from loopback.workspace import Workspace

RUNS_SHOWN = 5


@dataclass(frozen=True)
class Status:
    """The state of a workspace in a month."""

    month: str
    customers: int
    people: int
    invited: int
    answered: int
    responses: int
    unmatched: int
    rejects: int
    unsent: int
    runs: pl.DataFrame
    next: str


def status(workspace: Workspace, clock: Clock) -> Status:
    """Return the state of a workspace as of a day."""
    ledger = workspace.ledger
    of_month = pl.col("month") == clock.month
    invitations = ledger.current(INVITATIONS).filter(of_month)
    responses = ledger.current(RESPONSES)
    answered = responses.filter(of_month)["token"].drop_nulls().n_unique()
    unsent = _unsent(responses.drop_nulls("customer_id"), ledger.rows(DELIVERIES))
    return Status(
        clock.month,
        workspace.customers.height,
        len(workspace.people.by_id),
        invitations.height,
        answered,
        responses.height,
        responses["customer_id"].null_count(),
        ledger.current(REJECTS).height,
        unsent,
        ledger.runs.tail(RUNS_SHOWN).select("run", "command", "recorded_at", "rows"),
        _next(invitations.height, unsent, clock.month),
    )


def _unsent(responses: pl.DataFrame, deliveries: pl.DataFrame) -> int:
    """Count the responses that came after the last mails."""
    last = deliveries["run"].max()
    return responses.filter(pl.col("run") > last).height if last is not None else responses.height


def _next(invited: int, unsent: int, month: str) -> str:
    if not invited:
        return f"loopback sample --month {month}: nobody has been asked this month"
    if unsent:
        return "loopback route: answers wait to be sent to their owners"
    return "loopback ingest FILE: take in the next export of the survey tool"
