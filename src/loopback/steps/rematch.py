"""Match again the responses that matched nobody, with the lists and invitations of today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.exports import events, near
from loopback.exports.matching import TEXTS, WISHES
from loopback.steps.take import Desk
from loopback.tables import INVITATIONS, RESPONSES

if TYPE_CHECKING:
    from loopback.clock import Clock
    from loopback.exports.near import Near
    from loopback.settings import Exports
    from loopback.workspace import Workspace

LISTED = 1000  # unmatched responses whose near misses are sought at most
NAMED = {"named_token": "token", "named_customer": "customer", "named_email": "email"}
ANSWERED = ("score", "comment", "responded_at", "export_id", "language", "ticked")


@dataclass(frozen=True)
class Rematched:
    """How many responses were tried and matched, those that still match nobody, and near misses.

    `near` is None where the extra that seeks them is not installed.
    """

    tried: int
    matched: int
    unmatched: pl.DataFrame
    near: list[Near] | None


def rematch(workspace: Workspace, choices: Exports, clock: Clock, *, dry_run: bool) -> Rematched:
    """Give the responses that matched nobody to the customers who can be told by now."""
    if dry_run:
        desk = Desk(workspace, choices, clock.month)
        return _rematched(desk, _found(desk))
    with workspace.ledger.run("ingest", clock.now, rematch=True) as run:
        desk = Desk(workspace, choices, clock.month, workspace.ledger.runs.height + 1)
        found = _found(desk)
        run.append(RESPONSES, _events(desk, found))
    return _rematched(desk, found)


def near_misses(desk: Desk, unmatched: pl.DataFrame) -> list[Near] | None:
    """Return the near misses of unmatched responses; None where nothing can seek them."""
    tokens = desk.workspace.ledger.scan(INVITATIONS).select("customer_id", "token").collect()
    try:
        return near.near(unmatched.head(LISTED), desk.addressed, tokens)
    except ImportError:
        return None


def _found(desk: Desk) -> pl.DataFrame:
    """Return the responses that match a customer now, each with its row among the unmatched."""
    numbered = desk.unmatched.with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64))
    answers = numbered.select(
        "month",
        *(pl.col(old).alias(new) for old, new in NAMED.items()),
        *ANSWERED,
        *(_said(wish) for wish in WISHES),
        row="number",
    )
    found = [_of_month(desk, some) for some in answers.partition_by("month")]
    matched = pl.concat(found) if found else RESPONSES.empty()
    origin = numbered.select("number", "source", "row", loose="response_id")
    return (
        matched.select(*RESPONSES.columns.names(), number="row")
        .drop_nulls("customer_id")
        .join(origin, "number")
        .sort("number")
    )


def _said(wish: str) -> pl.Expr:
    """Return what a customer wished, in the words of an export."""
    words = pl.when(pl.col(wish)).then(pl.lit("yes")).when(~pl.col(wish)).then(pl.lit("no"))
    return words.alias(wish)


def _of_month(desk: Desk, answers: pl.DataFrame) -> pl.DataFrame:
    """Match the answers of a month, to which those belong that have no time."""
    desk.month = answers["month"][0]
    return desk.matching(answers.drop("month")).with_columns(TEXTS)


def _events(desk: Desk, found: pl.DataFrame) -> pl.DataFrame:
    """Return the newer rows of what is matched now, and what withdraws it under its older id."""
    rows = found.drop("loose", "number")
    known = desk.known_of(rows["response_id"])
    fresh = events.events(events.fresh(rows, known), known, desk.run)
    since = events.matched_since(desk.unmatched, found)
    return pl.concat([fresh, since.select(fresh.columns)])


def _rematched(desk: Desk, found: pl.DataFrame) -> Rematched:
    still = desk.unmatched.join(found, left_on="response_id", right_on="loose", how="anti")
    shown = still.select("source", "row", "response_id", *NAMED, "score", "responded_at")
    numbered = shown.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))
    misses = near_misses(desk, numbered) if still.height else []
    return Rematched(desk.unmatched.height, found.height, shown, misses)
