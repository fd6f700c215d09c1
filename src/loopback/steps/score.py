"""Score: the NPS of the last months by group, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.score import scores
from loopback.span import span

if TYPE_CHECKING:
    from loopback.workspace import Workspace

UNMATCHED = "(unmatched)"


@dataclass(frozen=True)
class Scored:
    """The scores of a span by group, and of all of it."""

    months: list[str]
    by: str | None
    scores: pl.DataFrame
    total: pl.DataFrame
    unmatched: int


def score(workspace: Workspace, by: str | None, last: str, count: int | None) -> Scored:
    """Return the scores of the last months, by group and in total."""
    rules = workspace.settings.scores
    asked = span(workspace.ledger, last, count or rules.months)
    total = scores(asked.responses, asked.invitations, confidence=rules.confidence)
    table = scores(asked.responses, asked.invitations, by, confidence=rules.confidence)
    if by == "owner":
        table = _with_names(table, workspace)
    unmatched = asked.responses["customer_id"].null_count()
    return Scored(asked.months, by, table, total, unmatched)


def _with_names(table: pl.DataFrame, workspace: Workspace) -> pl.DataFrame:
    names = {person.person_id: person.name for person in workspace.people.by_id.values()}
    name = pl.col("owner").replace(names).fill_null(UNMATCHED).alias("name")
    return table.select("owner", name, pl.exclude("owner")).sort("name", "owner")
