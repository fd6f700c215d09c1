"""Plan: whom the coming months will ask, and where that is more than an owner can call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import capacity, months
from loopback.outlook import outlook, totals
from loopback.steps.sample import sample
from loopback.steps.tablefile import write_table
from loopback.tables import ASKED, INVITATIONS, LEFT_OUT, RESPONSES, ROTATION

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.workspace import Workspace

COLUMNS = ("group", "name", "month", "asks", "calls", "capacity")


@dataclass(frozen=True, eq=False)
class Planned:
    """The coming months: asks and expected calls of each group, and of all together.

    `rows` and `overloads` have the columns of `COLUMNS`; an overload is an owner's month with more
    calls than the owner can make. `total` has month, asks and calls.
    """

    months: list[str]
    by: str | None
    response_rate: float | None
    left_out: int
    rows: pl.DataFrame
    total: pl.DataFrame
    overloads: pl.DataFrame


def plan(
    workspace: Workspace, count: int, by: str | None, to: Path | None, clock: Clock
) -> Planned:
    """Return the coming months as the last draw left them; before any draw, as a first one would.

    The rows are written to a file, if one is named.
    """
    state, first = _state(workspace, clock)
    rate = _response_rate(workspace, clock.month)
    owners = _with_calls(workspace, outlook(state, first, count, "owner"), rate)
    rows = owners if by == "owner" else _of_others(outlook(state, first, count, by), rate)
    if to is not None:
        write_table(workspace, rows, "plan", to)
    return Planned(
        months.ending(months.later(first, count - 1), count),
        by,
        rate,
        state.filter(pl.col("decision") == LEFT_OUT).select(pl.len()).collect().item(),
        rows,
        totals(rows).with_columns(calls=_calls(rate)),
        owners.filter(capacity.OVERLOADED),
    )


def _state(workspace: Workspace, clock: Clock) -> tuple[pl.LazyFrame, str]:
    """Return the rows of the last draw, and the first month that it left to ask."""
    state = workspace.ledger.last(ROTATION)
    drawn = state.select(pl.col("month").first()).collect().item()
    if drawn is not None:
        return state, max(months.later(drawn, 1), clock.month)
    decisions = sample(workspace, clock.month, clock, dry_run=True).decisions.lazy()
    now = pl.when(pl.col("decision") == ASKED).then("month").otherwise("planned")
    return decisions.with_columns(planned=now).cast({pl.Categorical: pl.String}), clock.month


def _response_rate(workspace: Workspace, upto: str) -> float | None:
    """Return the rate that is set, or that of the last 12 months."""
    rate = workspace.settings.rotation.response_rate
    if rate is not None:
        return rate
    return capacity.response_rate(
        workspace.ledger.scan(INVITATIONS),
        workspace.ledger.scan(RESPONSES),
        upto,
        None,
    )


def _with_calls(workspace: Workspace, asks: pl.DataFrame, rate: float | None) -> pl.DataFrame:
    """Return the rows of owners, with their capacity."""
    people = workspace.people.by_id.values()
    every = workspace.settings.rotation.capacity
    capacities = {person.person_id: person.capacity or every for person in people}
    names = {person.person_id: person.name for person in people}
    loads = capacity.calls(asks.rename({"group": "owner"}), capacities, rate)
    rows = loads.rename({"owner": "group"}).with_columns(name=pl.col("group").replace(names))
    return rows.select(COLUMNS).sort("name", "group", "month")


def _of_others(asks: pl.DataFrame, rate: float | None) -> pl.DataFrame:
    """Return the rows of groups that have no capacity of their own."""
    capacity = pl.lit(None, pl.Float64)
    return asks.with_columns(name="group", calls=_calls(rate), capacity=capacity).select(COLUMNS)


def _calls(rate: float | None) -> pl.Expr:
    return pl.col("asks") * pl.lit(rate, pl.Float64)
