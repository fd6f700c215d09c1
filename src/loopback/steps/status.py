"""Status: what happened last, what stands open, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.mail import record
from loopback.steps.deliveries import recorded
from loopback.tables import INVITATIONS, REJECTS, RESPONSES

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
    unsure: int
    runs: pl.DataFrame
    next: str


def status(workspace: Workspace, clock: Clock) -> Status:
    """Return the state of a workspace as of a day."""
    ledger = workspace.ledger
    of_month = pl.col("month") == clock.month
    invited = ledger.scan(INVITATIONS).filter(of_month).select(pl.len()).collect().item()
    looked_at = ("customer_id", "month", "token", "run")
    responses = ledger.scan_current(RESPONSES).select(looked_at).collect()
    answered = responses.filter(of_month)["token"].drop_nulls().n_unique()
    events = recorded(ledger)
    unsent = _unsent(responses.drop_nulls("customer_id"), record.accepted(events))
    unsure = record.unsure(events).height
    return Status(
        clock.month,
        workspace.listed(["customer_id"]).height,
        len(workspace.people.by_id),
        invited,
        answered,
        responses.height,
        responses["customer_id"].null_count(),
        ledger.current(REJECTS).height,
        unsent,
        unsure,
        ledger.runs.tail(RUNS_SHOWN).select("run", "command", "recorded_at", "rows"),
        _next(invited, unsent, unsure, clock.month),
    )


def _unsent(responses: pl.DataFrame, gone: pl.DataFrame) -> int:
    """Count the responses that came after the last mails that have gone."""
    last = gone["as_of"].max()
    return responses.filter(pl.col("run") > last).height if last is not None else responses.height


def _next(invited: int, unsent: int, unsure: int, month: str) -> str:
    if unsure:
        return "loopback route --status: mails may or may not have arrived"
    if not invited:
        return f"loopback sample --month {month}: nobody has been asked this month"
    if unsent:
        return "loopback route: answers wait to be sent to their owners"
    return "loopback ingest FILE: take in the next export of the survey tool"
