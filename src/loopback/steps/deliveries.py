"""Deliveries: what became of each mail, as the ledger and a killed run's journal tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import journal
from loopback.errors import Problem
from loopback.journal import Journal
from loopback.mail import record
from loopback.tables import DELIVERIES, TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.ledger import Ledger
    from loopback.people import People
    from loopback.workspace import Workspace

SHOWN = ("person_id", "month", "event", "at", "transport", "reply", "file")


@dataclass(frozen=True)
class Standing:
    """The last event of each person's mail for a month, and of all that are unsure or failed."""

    deliveries: pl.DataFrame
    unsure: int
    failed: int
    busy: bool


def standing(workspace: Workspace, month: str) -> Standing:
    """Return how the mails of a month stand, with those of any month that are still unsure."""
    events = recorded(workspace.ledger)
    unsure = record.unsure(events)
    last = record.latest(events.filter(pl.col("month") == month))
    failed = last.filter(record.FAILED)
    rows = pl.concat([last, unsure.filter(pl.col("month") != month)])
    return Standing(
        rows.select(SHOWN).with_columns(name=_names(workspace, rows["person_id"])),
        unsure.height,
        failed.height,
        workspace.ledger.busy(),
    )


def recorded(ledger: Ledger) -> pl.DataFrame:
    """Return every event of every mail, those that a killed run left in its journal last."""
    rows = ledger.rows(DELIVERIES).select(DELIVERIES.columns.names())
    return pl.concat([rows, left_behind(ledger)])


def left_behind(ledger: Ledger) -> pl.DataFrame:
    """Return the events of a journal that no run has taken in; what was left open is unsure."""
    found = journal_of(ledger).content()
    if not found.events or taken_in(ledger, found.digest):
        return DELIVERIES.empty().select(DELIVERIES.columns.names())
    return record.closed(event_rows(found.events))


def taken_in(ledger: Ledger, digest: str) -> bool:
    """Say whether a run has taken in the journal of these bytes."""
    read = ledger.runs["read"].explode(empty_as_null=False)
    return digest in read.drop_nulls().to_list()


def journal_of(ledger: Ledger) -> Journal:
    """Return the journal of a ledger."""
    return Journal(ledger.folder / journal.FILE)


def unsure_problems(unsure: Iterable[tuple[str, str]], people: People) -> list[Problem]:
    """Return what to do about mails that may or may not have arrived, by person and month."""
    return [
        Problem(
            f"the mail to {people.name(who)} for {month} may or may not have arrived",
            f"Ask, then: loopback route --month {month} --only {who} with --resend-unsure, or with "
            "--unsure-arrived.",
        )
        for who, month in unsure
    ]


def event_rows(events: Iterable[journal.Event]) -> pl.DataFrame:
    """Return events as rows of the table."""
    text = DELIVERIES.columns | {"at": pl.String}
    rows = pl.DataFrame(list(events), schema=text)
    return rows.with_columns(
        pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC").cast(TIME)
    )


def _names(workspace: Workspace, person_ids: pl.Series) -> pl.Series:
    return pl.Series(
        [workspace.people.name(person_id) for person_id in person_ids], dtype=pl.String
    )
