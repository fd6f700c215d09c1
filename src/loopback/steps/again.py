"""Read every export in `raw/` again, after a layout or a mapping was mended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback.exports import events, matching, mending
from loopback.exports.callsheets import CallsError
from loopback.remembered import standing
from loopback.steps.ingest import choices, remember
from loopback.steps.take import Desk, Export
from loopback.tables import BOUNCES, REJECTS, RESPONSES, RUNS, WITHDRAWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback.clock import Clock
    from loopback.steps.take import Matched
    from loopback.tables import Table
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Rebuilt:
    """How many exports were read again, and what of the responses and rejects it changed."""

    exports: int
    responses: int
    added: int
    corrected: int
    withdrawn: int
    rejects: int
    mended: int


class Ingest(NamedTuple):
    """An export as it was ingested: its SHA-256, its name, the month, and what was chosen."""

    source: str
    name: str
    month: str
    chosen: dict[str, Any]


def again(workspace: Workspace, said: Mapping[str, Any], clock: Clock, *, dry_run: bool) -> Rebuilt:
    """Make the responses those of all exports as they are read now; a second time adds nothing.

    An export is read with what was chosen when it was ingested, unless the settings or the user
    say otherwise by now. What changed is corrected, what is no answer any more is withdrawn.
    """
    if dry_run:
        return _rebuilt(*_changes(workspace, said))
    with workspace.ledger.run("ingest", clock.now, again=True) as run:
        found, changes = _changes(workspace, said)
        remember(workspace, run, [one.kept for one in found], said)
        for table, rows in changes.items():
            run.append(table, rows)
    return _rebuilt(found, changes)


def _changes(
    workspace: Workspace, said: Mapping[str, Any]
) -> tuple[list[Matched], dict[Table, pl.DataFrame]]:
    """Return what the exports hold, and the events that they lead to, by table."""
    number = workspace.ledger.runs.height + 1
    read = [_read(workspace, one, said, number) for one in ingests(workspace)]
    found = [one for one in read if one]
    return found, {
        RESPONSES: _responses(workspace, found, number),
        REJECTS: _rejects(workspace, found),
        BOUNCES: _bounces(workspace, found),
    }


def ingests(workspace: Workspace) -> list[Ingest]:
    """Return the exports that were ingested, in their order, with what still is chosen for each."""
    runs = workspace.ledger.rows(RUNS).filter(pl.col("command") == "ingest")
    told = [json.loads(arguments) for arguments in runs["arguments"]]
    chosen: dict[str, dict[tuple[str, str], Any]] = {}
    then: dict[tuple[str, str], Any] = {}
    for source, said in ((s, one) for run in told for s, one in run.get("chosen", {}).items()):
        chosen.setdefault(source, {}).update(_by_layout(said, "choices"))
        then |= _by_layout(said, "standing")
    return [
        Ingest(
            source,
            run["named"][source],
            run["month"],
            _still(workspace, chosen.get(source, {}), then),
        )
        for run, read in zip(told, runs["read"], strict=True)
        for source in read
    ]


def _by_layout(said: dict[str, Any], what: str) -> dict[tuple[str, str], Any]:
    return {(said["layout"], key): value for key, value in said[what].items()}


def _still(
    workspace: Workspace, chosen: dict[tuple[str, str], Any], then: dict[tuple[str, str], Any]
) -> dict[str, Any]:
    """Return what was chosen for an export, but for what was mended by hand since."""
    memory, own = workspace.remembered, workspace.settings.exports
    return {
        key: value
        for (layout, key), value in chosen.items()
        if standing(memory, layout, key, own) == then[layout, key]
    }


def _read(
    workspace: Workspace, one: Ingest, said: Mapping[str, Any], number: int
) -> Matched | None:
    """Return what an export holds; nothing where it is none, but was once taken for one."""
    given = one.chosen | {key: value for key, value in said.items() if value not in (None, {})}
    desk = Desk(workspace, choices(workspace, **given), one.month, number)
    try:
        return desk.matched(Export(workspace.kept(one.source), one.name, one.source))
    except CallsError:
        return None


def _responses(workspace: Workspace, found: list[Matched], number: int) -> pl.DataFrame:
    known = workspace.ledger.rows(RESPONSES)
    ordered = [
        one.responses.with_columns(order=pl.lit(at, pl.Int64)) for at, one in enumerate(found)
    ]
    every = pl.concat(ordered) if ordered else RESPONSES.empty().with_columns(order=pl.lit(0))
    target = events.last(every).drop("order").with_columns(matching.TEXTS)
    return events.rebuilt(target, RESPONSES.current(known), known, number)


def _rejects(workspace: Workspace, found: list[Matched]) -> pl.DataFrame:
    """Return the rejects that are new, and the events that withdraw those that are none now."""
    known = REJECTS.current(workspace.ledger.rows(REJECTS))
    columns = [*REJECTS.columns.names(), *mending.FROM]
    every = pl.concat(
        [known.select(columns).clear(), *(one.rejects.select(columns) for one in found)]
    )
    once = every.unique(["row", *mending.CELL], keep="first", maintain_order=True)
    answered = [
        one.origins.join(one.responses, left_on="mended_row", right_on="row", how="semi")
        for one in found
    ]
    last = once.unique(mending.FROM, keep="last", maintain_order=True)
    target = _standing(last, once, pl.concat(answered)) if answered else last
    new = target.join(known, columns, how="anti", nulls_equal=True)
    gone = known.join(target, mending.FROM, how="anti")
    return pl.concat([new, mending.withdrawn(gone, pl.lit(mending.GONE)).select(columns)])


def _standing(last: pl.DataFrame, every: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Return the rejects that were not mended, neither where they stand nor elsewhere."""
    mended = every.join(answered, mending.FROM, how="semi")
    return mending.unmended(last.join(answered, mending.FROM, how="anti"), mended)


def _bounces(workspace: Workspace, found: list[Matched]) -> pl.DataFrame:
    known = BOUNCES.current(workspace.ledger.rows(BOUNCES))
    columns = [*BOUNCES.columns.names(), "source", "row"]
    every = pl.concat(
        [known.select(columns).clear(), *(one.bounces.select(columns) for one in found)]
    )
    target = every.unique(BOUNCES.key, keep="last", maintain_order=True)
    new = target.join(known, ["customer_id", "month", "email"], how="anti", nulls_equal=True)
    gone = known.join(target, BOUNCES.key, how="anti")
    lost = gone.with_columns(pl.lit(mending.GONE).alias(WITHDRAWN)).select(columns)
    return pl.concat([new, lost])


def _rebuilt(found: list[Matched], changes: dict[Table, pl.DataFrame]) -> Rebuilt:
    responses, rejects = changes[RESPONSES], changes[REJECTS]
    stands = pl.col(WITHDRAWN).is_null()
    standing = responses.filter(stands)
    return Rebuilt(
        len(found),
        responses.height,
        standing["corrects"].null_count(),
        standing["corrects"].count(),
        responses.height - standing.height,
        rejects.filter(stands).height,
        rejects.height - rejects.filter(stands).height,
    )
