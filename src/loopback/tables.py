"""The tables of the ledger: each declared once, held to at both doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import polars as pl

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

# The column of a table whose things are rarely written twice: the run of an earlier row of the
# same thing, empty in its first row.
CORRECTS = "corrects"
# Why a thing counts no more; its row is the last event of it, and no current one.
WITHDRAWN = "withdrawn"
# The cells of a reject, under the headers by which a plain export is recognised.
REJECTED_CELLS = (
    *("token", "customer_id", "email", "response_id"),
    *("score", "comment", "responded_at", "language"),
    *("contact", "consent", "named", "ticked"),
)
TIME = pl.Datetime("us", "UTC")

# Where a row came from: the run, its command and time, and for rows of a file its SHA-256 and row.
PROVENANCE = pl.Schema(
    {
        "run": pl.Int64,
        "command": pl.String,
        "recorded_at": TIME,
        "source": pl.String,
        "row": pl.Int64,
    }
)


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the ledger: its columns, the key of a thing, and the order of its events.

    Where each thing is written `once`, its row is its last event. `coded` are columns of text
    that hold few words again and again: where they are stored, and while a month is drawn, each
    word stands once, and the rows hold its number.
    """

    name: str
    columns: pl.Schema
    key: tuple[str, ...]
    order: tuple[str, ...] = ("run", "row")
    once: bool = False
    coded: tuple[str, ...] = ()

    @property
    def schema(self) -> pl.Schema:
        """The columns as stored: those of the table, then where each row came from."""
        return pl.Schema({**self.columns, **PROVENANCE})

    def empty(self) -> pl.DataFrame:
        """Return no rows."""
        return pl.DataFrame(schema=self.schema)

    def fitted(self, rows: Frame) -> Frame:
        """Return the rows with exactly the declared columns, in order, of the types stored.

        A column missing or too many, or of a type that does not fit, is a mistake of the program
        and raises `ValueError` before anything is written.
        """
        columns = rows.collect_schema().names()
        missing = sorted(set(self.schema) - set(columns))
        unknown = sorted(set(columns) - set(self.schema))
        if missing or unknown:
            sentence = f"table {self.name}: columns missing {missing}, unknown {unknown}"
            raise ValueError(sentence)
        return rows.select(self._stored(self.schema))

    def compact(self, rows: Frame) -> Frame:
        """Return rows with the columns of the table, of the types in which they are stored."""
        return rows.select(self._stored(self.columns))

    def _stored(self, schema: pl.Schema) -> list[pl.Expr]:
        return [
            pl.col(name).cast(pl.Categorical if name in self.coded else dtype)
            for name, dtype in schema.items()
        ]

    def current(self, events: pl.DataFrame) -> pl.DataFrame:
        """Return the last event of each key."""
        return self._last(events.lazy()).collect().sort(*self.key)

    def current_but(self, events: pl.LazyFrame, several: pl.DataFrame) -> pl.LazyFrame:
        """Return the last event of each key, in no order, where only `several` keys have more.

        All other events pass as they stream by; only those of `several` are held and sorted.
        """
        if several.is_empty():
            return events
        keys, many = list(self.key), several.lazy()
        alone = events.join(many, keys, how="anti", nulls_equal=True)
        contested = events.join(many, keys, how="semi", nulls_equal=True, maintain_order="left")
        return pl.concat([alone, self._last(contested)])

    def corrected(self, events: pl.LazyFrame) -> pl.LazyFrame:
        """Return the keys of which a row says that it corrects another."""
        return events.filter(pl.col(CORRECTS).is_not_null()).select(self.key)

    def repeated(self, events: pl.LazyFrame) -> pl.LazyFrame:
        """Return the keys that have several events, found by looking at all of them."""
        counted = events.group_by(self.key).agg(events=pl.len())
        return counted.filter(pl.col("events") > 1).select(self.key)

    def _last(self, events: pl.LazyFrame) -> pl.LazyFrame:
        ordered = events.sort(*self.order, nulls_last=False, maintain_order=True)
        last = ordered.unique(self.key, keep="last", maintain_order=True)
        return last.filter(pl.col(WITHDRAWN).is_null()) if WITHDRAWN in self.columns else last


RUNS = Table(
    "runs",
    pl.Schema(
        {
            "arguments": pl.String,
            "read": pl.List(pl.String),
            "wrote": pl.List(pl.String),
            "rows": pl.Int64,
        }
    ),
    key=("run",),
)

# What a draw decided of one customer: a row for everyone, each time a month is drawn. The rows of
# the last run are the state from which the next month is drawn.
ROTATION = Table(
    "rotation",
    pl.Schema(
        {
            "customer_id": pl.String,
            "month": pl.String,  # the month that was drawn
            "owner": pl.String,
            "region": pl.String,
            "segment": pl.String,
            "asks": pl.Int8,  # how often a year
            "decision": pl.String,  # one of DECISIONS
            "why": pl.String,  # why left out
            "asked": pl.String,  # the month of the last invitation, this draw included
            "planned": pl.String,  # the next month to ask; empty where left out before ever asked
            "latest": pl.String,  # of those who may be moved: the month that keeps the promise
        }
    ),
    key=("customer_id",),
    coded=(
        *("month", "owner", "region", "segment", "decision", "why"),
        *("asked", "planned", "latest", "command"),
    ),
)
ASKED, WAITS, LEFT_OUT, GONE = "asked", "waits", "left out", "gone"

# One customer asked once. Owner, region, segment and value are frozen at that moment.
INVITATIONS = Table(
    "invitations",
    pl.Schema(
        {
            "customer_id": pl.String,
            "month": pl.String,
            "token": pl.String,
            "owner": pl.String,
            "region": pl.String,
            "segment": pl.String,
            "value": pl.Float64,
            "language": pl.String,
            "email": pl.String,
            "invited_at": TIME,
        }
    ),
    key=("customer_id", "month"),
    once=True,
)

# One answer. A response that could not be matched has neither customer nor owner.
RESPONSES = Table(
    "responses",
    pl.Schema(
        {
            "response_id": pl.String,
            "customer_id": pl.String,
            "month": pl.String,
            "token": pl.String,
            "owner": pl.String,
            "current_owner": pl.String,
            "region": pl.String,
            "segment": pl.String,
            "language": pl.String,
            "score": pl.Int64,
            "comment": pl.String,
            "ticked": pl.String,  # reasons chosen from a list, as the survey tool wrote them
            "responded_at": TIME,
            "export_id": pl.String,
            "contact": pl.Boolean,  # wishes to be called; empty where that was not asked
            "consent": pl.Boolean,  # may be quoted
            "named": pl.Boolean,  # the owner may be told who it is
            "late": pl.Boolean,  # after the days in which the invitation was to be answered
            # Whom the answer names, where it matches nobody.
            "named_token": pl.String,
            "named_customer": pl.String,
            "named_email": pl.String,
            CORRECTS: pl.Int64,
            # The last run that read the response anew: its row goes before all earlier ones.
            "rebuilt": pl.Int64,
            WITHDRAWN: pl.String,
        }
    ),
    key=("response_id",),
    order=("rebuilt", "responded_at", "run", "row"),
)

# A row of an export that could not be taken, with its cells as the file had them, to be mended.
# One that was mended is withdrawn.
REJECTS = Table(
    "rejects",
    pl.Schema(
        {
            "file": pl.String,
            "column": pl.String,
            "value": pl.String,
            "why": pl.String,
            **dict.fromkeys(REJECTED_CELLS, pl.String),
            "cells": pl.String,  # all of them, of a row that has not as many as the header
            WITHDRAWN: pl.String,
        }
    ),
    key=("file", "source", "row"),
)

# Invitations that did not arrive, with the address that failed.
BOUNCES = Table(
    "bounces",
    pl.Schema(
        {
            "customer_id": pl.String,
            "month": pl.String,
            "email": pl.String,
            WITHDRAWN: pl.String,
        }
    ),
    key=("customer_id",),
)

# What happened to the mail of one person for one month; `version` names the answers it carries.
DELIVERIES = Table(
    "deliveries",
    pl.Schema(
        {
            "person_id": pl.String,
            "month": pl.String,
            "version": pl.String,
            "message_id": pl.String,
            "event": pl.String,  # one of those below
            "at": TIME,  # when the run began in which it happened
            "transport": pl.String,
            "reply": pl.String,  # what the mail server said
            "file": pl.String,  # the name of the mail, where it became a file
            "as_of": pl.Int64,  # the last run whose answers the mail can carry
        }
    ),
    key=("person_id", "month", "version"),
)
# In this order. Composed; about to be handed over for good; taken, refused for good or for now; and
# handed over without a word on what became of it, so that nobody can say whether it arrived.
PREPARED, HANDING_OVER = "prepared", "handing over"
ACCEPTED, REFUSED, LATER, UNSURE = "accepted", "refused", "later", "unsure"

# A follow-up as it stands after each attempt to call the customer.
FOLLOWUPS = Table(
    "followups",
    pl.Schema(
        {
            "response_id": pl.String,
            "customer_id": pl.String,
            "person_id": pl.String,  # who called
            "called_on": pl.Date,
            "outcome": pl.String,  # one of OUTCOMES
            "cause": pl.String,  # the root cause that the call found
            "note": pl.String,
            "promise": pl.String,
            "promised_for": pl.Date,
            "kept_on": pl.Date,  # empty while the promise is open
        }
    ),
    key=("response_id",),
)
OUTCOMES = ("reached", "message", "not_reached", "again", "do_not_call")
CLOSING = ("reached", "do_not_call")  # outcomes after which nobody needs to call

# Something agreed to be changed, as it stands after each decision.
ACTIONS = Table(
    "actions",
    pl.Schema(
        {
            "action_id": pl.String,
            "what": pl.String,
            "person_id": pl.String,  # who sees to it
            "due": pl.Date,
            "cause": pl.String,
            "decision": pl.String,  # one of DECISIONS
            "why": pl.String,
            "responses": pl.List(pl.String),  # the ids of those that raised it
        }
    ),
    key=("action_id",),
)
DECISIONS = ("on", "done", "not_now", "declined")

TABLES = {
    table.name: table
    for table in (
        *(RUNS, ROTATION, INVITATIONS, RESPONSES, REJECTS, BOUNCES),
        *(FOLLOWUPS, ACTIONS, DELIVERIES),
    )
}
