"""Verify: every guarantee of the rotation, recomputed from the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import exclusions
from loopback.guarantees import BREACHES, FAILED, Check, checks
from loopback.steps.tablefile import write_table
from loopback.tables import INVITATIONS, RESPONSES, ROTATION

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Verified:
    """The checks, and the owners at whose wish customers are left out.

    `removals` has owner, name, customers, detractors, left_out, left_out_detractors and reasons.
    """

    checks: list[Check]
    removals: pl.DataFrame

    @property
    def broken(self) -> bool:
        """Whether a guarantee is broken."""
        return any(check.verdict == FAILED for check in self.checks)

    @property
    def breaches(self) -> pl.DataFrame:
        """What breaks the guarantees: the columns of `BREACHES`."""
        none = pl.DataFrame(schema=BREACHES)
        return pl.concat([none, *(check.breaches for check in self.checks)])

    @property
    def summary(self) -> dict[str, object]:
        """What is said of it to a program."""
        return {"passed": not self.broken, "checks": self.checks, "removals": self.removals}


def verify(workspace: Workspace, last: int, to: Path | None) -> Verified:
    """Check the last months; write what breaks the guarantees to a file, if one is named."""
    ledger = workspace.ledger
    slack = workspace.settings.rotation.slack
    found = checks(
        ledger.scans(ROTATION, as_stored=True), ledger.scans(INVITATIONS), last=last, slack=slack
    )
    verified = Verified(found, _removals(workspace))
    if to is not None:
        write_table(workspace, verified.breaches, "breaches", to)
    return verified


def _removals(workspace: Workspace) -> pl.DataFrame:
    """Return the removal audit as of the last draw, with the reasons the owners gave."""
    state = workspace.ledger.last(ROTATION).select("customer_id", "owner", "why")
    owners = state.filter(pl.col("why") == exclusions.WISH).select("owner").unique()
    books = state.join(owners, on="owner", how="semi").collect()
    if books.is_empty():
        return pl.DataFrame(schema=exclusions.removals(books, RESPONSES.empty()).schema)
    audit = exclusions.removals(books, workspace.ledger.current(RESPONSES))
    names = {person.person_id: person.name for person in workspace.people.by_id.values()}
    reasons = _reasons(books.filter(pl.col("why") == exclusions.WISH), workspace.leave_out)
    return audit.join(reasons, on="owner", how="left").select(
        "owner", pl.col("owner").replace(names).alias("name"), pl.exclude("owner")
    )


def _reasons(left_out: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Return the reasons of each owner, and how often each was given."""
    given = left_out.join(listed, on="customer_id").group_by("owner", "reason").len()
    ordered = given.sort("owner", "len", "reason", descending=[False, True, False])
    words = pl.format("{} ({})", "reason", "len")
    return ordered.group_by("owner", maintain_order=True).agg(reasons=words.str.join(", "))
