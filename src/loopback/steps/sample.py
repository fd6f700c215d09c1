"""Draw the cohort of a month, record the invitations, write the list for the survey tool."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, months, rotation
from loopback.errors import Problem, WrongUsageError
from loopback.settings import TOKEN
from loopback.tables import BOUNCES, INVITATIONS, ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.workspace import Workspace

TOKEN_BYTES = 16
MONTHS_AHEAD = 1
LIST = "invitations.csv"


@dataclass(frozen=True)
class Drawn:
    """A cohort: its invitations, who was left out and why, and where the list is."""

    month: str
    invitations: pl.DataFrame
    excluded: dict[str, int]
    listed: int
    file: Path
    already: bool

    @property
    def summary(self) -> dict[str, object]:
        """The counts, without the customers."""
        return {
            "month": self.month,
            "customers": self.listed,
            "invited": self.invitations.height,
            "left_out": self.excluded,
            "already": self.already,
            "file": str(self.file),
        }


def sample(workspace: Workspace, month: str | None, clock: Clock, *, dry_run: bool) -> Drawn:
    """Draw the cohort of a month; a month that was drawn before gives the same list again."""
    month = month or clock.month
    _refuse_future(month, clock)
    if dry_run:
        drawn, _ = _drawn(workspace, month, bytes, clock)  # no key is made for tokens of no use
        return drawn
    with workspace.ledger.run("sample", clock.now, month=month) as run:
        drawn, plans = _drawn(workspace, month, workspace.key, clock)
        if not drawn.already:
            run.append(ROTATION, plans)
            run.append(INVITATIONS, drawn.invitations)
    files.replace(drawn.file, _invitation_list(workspace, drawn.invitations))
    return drawn


def _refuse_future(month: str, clock: Clock) -> None:
    """Refuse a month that is probably a slip: no month before it could be drawn afterwards."""
    if months.number(month) > months.number(clock.month) + MONTHS_AHEAD:
        mend = f"Draw {clock.month} or the month after it."
        raise WrongUsageError(Problem(f"{month} lies too far ahead of {clock.today}", mend))


def _refuse_past(month: str, invited: pl.DataFrame) -> None:
    """Refuse a month before the last one drawn: later cohorts already stand on it."""
    last = invited["month"].max()
    if isinstance(last, str) and month < last:
        mend = f"Draw {last} again to see its list, or {months.later(last, 1)} next."
        raise WrongUsageError(Problem(f"{month} lies before {last}, which is drawn", mend))


def _drawn(
    workspace: Workspace, month: str, key: Callable[[], bytes], clock: Clock
) -> tuple[Drawn, pl.DataFrame]:
    listed = workspace.customers
    invited = workspace.ledger.current(INVITATIONS)
    file = workspace.path("out", month, LIST)
    before = invited.filter(pl.col("month") == month)
    if before.height:
        columns = before.select(INVITATIONS.columns.names())
        return Drawn(month, columns, {}, listed.height, file, already=True), pl.DataFrame()
    _refuse_past(month, invited)
    eligible, excluded = _eligible(listed, workspace.ledger.current(BOUNCES))
    rules = workspace.settings.rotation
    cohort = rotation.cohort(
        eligible,
        invited,
        workspace.ledger.current(ROTATION),
        month,
        period=rules.months_between,
        seed=rules.seed,
    )
    invitations = _invitations(cohort.customers, listed, month, key(), clock)
    return Drawn(month, invitations, excluded, listed.height, file, already=False), cohort.plans


def _eligible(
    customers: pl.DataFrame, bounces: pl.DataFrame
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the customers who may be asked, and how many may not, by reason."""
    bounced = bounces.select("customer_id", "email", bounced=pl.lit(value=True))
    keys = ["customer_id", "email"]
    why = (
        pl.when(pl.col("opted_out"))
        .then(pl.lit("opted out"))
        .when(pl.col("email").is_null())
        .then(pl.lit("no e-mail address"))
        .when(pl.col("bounced"))
        .then(pl.lit("the address bounced"))
    )
    judged = customers.join(bounced, keys, how="left").with_columns(why=why)
    counts = judged.drop_nulls("why").group_by("why").len().sort("why")
    eligible = judged.filter(pl.col("why").is_null())
    columns = ["customer_id", "owner", "region", "segment", "joined"]
    return eligible.select(columns), dict(counts.iter_rows())


def _invitations(
    cohort: pl.DataFrame, customers: pl.DataFrame, month: str, key: bytes, clock: Clock
) -> pl.DataFrame:
    """Return the invitations of a cohort, freezing what is known of each customer."""
    columns = ["customer_id", "owner", "region", "segment", "value", "language", "email"]
    frozen = customers.select(columns).join(cohort.select("customer_id"), "customer_id")
    ordered = frozen.sort("customer_id").with_columns(
        month=pl.lit(month), invited_at=pl.lit(clock.now).cast(INVITATIONS.schema["invited_at"])
    )
    tokens = [_token(customer_id, month, key) for customer_id in ordered["customer_id"]]
    token = pl.Series("token", tokens, dtype=pl.String)
    return ordered.with_columns(token).select(INVITATIONS.columns.names())


def _token(customer_id: str, month: str, key: bytes) -> str:
    """Return a token that cannot be guessed without the key and does not reveal the id."""
    name = f"{month}\x1f{customer_id}".encode()
    return hashlib.blake2b(name, key=key, digest_size=TOKEN_BYTES).hexdigest()


def _invitation_list(workspace: Workspace, invitations: pl.DataFrame) -> bytes:
    """Return the list that survey tools import: one row a customer, with a personal link."""
    names = workspace.customers.select("customer_id", "name", "person")
    owners = {p.person_id: p.name for p in workspace.people.by_id.values()}
    link = workspace.settings.survey.link
    links = [link.replace(TOKEN, token) for token in invitations["token"]]
    table = (
        invitations.with_columns(pl.Series("link", links, dtype=pl.String))
        .join(names, "customer_id", how="left")
        .with_columns(owner_name=pl.col("owner").replace(owners))
        .sort("customer_id")
        .select("customer_id", "email", "name", "person", "language", "owner_name", "token", "link")
    )
    return table.write_csv().encode()
