"""Draw the cohort of a month, record the invitations, write the lists for the survey tool."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from loopback import (
    capacity,
    customers,
    exclusions,
    files,
    invitation_lists,
    months,
    rest,
    rotation,
)
from loopback.errors import Problem, WrongUsageError, stop_at
from loopback.invitations import FROZEN, invitations
from loopback.settings import TOKEN
from loopback.tables import ASKED, BOUNCES, INVITATIONS, RESPONSES, ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.workspace import Workspace

MONTHS_AHEAD = 1
LISTS = "invitations*.csv"
NAMES = ("customer_id", "name", "person")
KNOWN = tuple(dict.fromkeys((*FROZEN, *NAMES)))
NOT_JUDGED = tuple({*KNOWN} - {"customer_id", "email", *rotation.GROUPS})
CODED = (*rotation.GROUPS, "language")
MAY_LACK = ("person",)  # takes no room where the list does not have it
COLUMNS = INVITATIONS.columns.names()


@dataclass(frozen=True)
class Drawn:
    """A cohort: its invitations, those that are new, who was left out and why, and the lists.

    `names` are those of the invited: the columns of `NAMES`; `skipped` are the months since the
    last draw in which nobody was asked.
    """

    month: str
    invitations: pl.DataFrame
    fresh: pl.DataFrame
    names: pl.DataFrame
    decisions: pl.DataFrame
    overloads: pl.DataFrame
    already: bool
    files: tuple[Path, ...] = ()
    skipped: tuple[str, ...] = ()

    @property
    def listed(self) -> int:
        """How many customers are in the list."""
        return self.decisions["owner"].drop_nulls().len()

    @property
    def excluded(self) -> dict[str, int]:
        """How many customers were left out, by reason."""
        return exclusions.counts(self.decisions)

    @property
    def summary(self) -> dict[str, object]:
        """The counts, without the customers."""
        return {
            "month": self.month,
            "customers": self.listed,
            "invited": self.invitations.height,
            "added": self.fresh.height,
            "left_out": self.excluded,
            "overloads": self.overloads.to_dicts(),
            "already": self.already,
            "skipped": list(self.skipped),
            "files": [str(file) for file in self.files],
        }


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no circles of objects, of which there are none among millions of small ones."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def sample(
    workspace: Workspace, month: str | None, clock: Clock, *, add: bool = False, dry_run: bool
) -> Drawn:
    """Draw the cohort of a month; a month that was drawn before gives the same list again.

    With `add`, customers who have become due in a month already drawn are asked as well.
    """
    month = month or clock.month
    _refuse_future(month, clock)
    stop_at(invitation_lists.problems(workspace.settings.survey.tools))
    if dry_run:
        drawn = _drawn(workspace, month, clock, bytes, add=add)  # no key for tokens of no use
        return replace(drawn, files=tuple(_lists(workspace, drawn)))
    with workspace.ledger.run("sample", clock.now, month=month) as run:
        drawn = _drawn(workspace, month, clock, workspace.key, add=add)
        if drawn.fresh.height or not drawn.already:
            run.append(ROTATION, drawn.decisions)
            run.append(INVITATIONS, drawn.fresh)
    lists = _lists(workspace, drawn)
    _write(lists, workspace.path("out", month))
    return replace(drawn, files=tuple(lists))


def _refuse_future(month: str, clock: Clock) -> None:
    """Refuse a month that is probably a slip: no month before it could be drawn afterwards."""
    if months.number(month) > months.number(clock.month) + MONTHS_AHEAD:
        mend = f"Draw {clock.month} or the month after it."
        raise WrongUsageError(Problem(f"{month} lies too far ahead of {clock.today}", mend))


def _refuse_past(month: str, last: str | None) -> None:
    """Refuse a month before the last one drawn: later cohorts already stand on it."""
    if last and month < last:
        mend = f"Draw {last} again to see its list, or {months.later(last, 1)} next."
        raise WrongUsageError(Problem(f"{month} lies before {last}, which is drawn", mend))


def _drawn(
    workspace: Workspace, month: str, clock: Clock, key: Callable[[], bytes], *, add: bool
) -> Drawn:
    state = workspace.ledger.last(ROTATION, as_stored=True)
    last = state.select(pl.col("month").first()).collect().item()
    _refuse_past(month, last)
    if month == last and not add:
        decisions = ROTATION.compact(state).collect()
        before = _invited(workspace, month)
        names = workspace.some(before["customer_id"], NAMES)
        overloads = _overloads(workspace, decisions, month)
        return Drawn(month, before, before.clear(), names, decisions, overloads, already=True)
    decisions, known = _decided(workspace, state, month, clock)
    before = _invited(workspace, month) if month == last else INVITATIONS.empty().select(COLUMNS)
    cohort = known.join(before, "customer_id", how="anti")
    fresh = invitations(cohort, month, key(), clock.now)
    return Drawn(
        month,
        pl.concat([before, fresh]).sort("customer_id"),
        fresh,
        known.select(NAMES),
        decisions,
        _overloads(workspace, decisions, month),
        already=month == last,
        skipped=_skipped(last, month),
    )


def _skipped(last: str | None, month: str) -> tuple[str, ...]:
    """Return the months between the last draw and this one."""
    ago = months.number(month) - months.number(last) if last else 1
    return tuple(months.later(month, -back) for back in range(ago - 1, 0, -1))


def _decided(
    workspace: Workspace, state: pl.LazyFrame, month: str, clock: Clock
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Decide of every customer in the list; return that, and what is known of those to be asked.

    Raises where the rest contradicts the rotation.
    """
    rules = workspace.settings.rotation
    listed = _listed(workspace, clock)
    asks = listed["asks"].unique().to_list()
    stop_at(rest.contradictions(asks, rules.rest_months, rules.rest_days, month))
    known = listed.select(name for name in KNOWN if name in listed.columns)
    there, gone = rotation.remembered(listed.drop(NOT_JUDGED, strict=False), state)
    del listed  # what is no longer needed makes room
    judged = _judged(workspace, there, month, clock)
    del there
    decisions = rotation.draw(judged, gone, month, slack=rules.slack, seed=rules.seed)
    asked = decisions["decision"].head(known.height) == ASKED
    cohort = known.filter(asked).with_columns(pl.col(CODED).cast(pl.String))
    return decisions, customers.complete(cohort).select(KNOWN)


def _judged(workspace: Workspace, listed: pl.DataFrame, month: str, clock: Clock) -> pl.DataFrame:
    rules = workspace.settings.rotation
    judged = exclusions.judged(
        listed,
        resting=_resting(workspace, rules.rest_days, month, clock),
        rules=exclusions.Rules(
            clock.today, rules.settle_days, rules.rest_days, rules.one_row_a_person
        ),
    )
    return judged.drop("email", "opted_out", "mark", "lasting")


def _listed(workspace: Workspace, clock: Clock) -> pl.DataFrame:
    """Return of all customers what a draw looks at."""
    rules = workspace.settings.rotation
    marks = exclusions.marks(
        bounced=workspace.ledger.current(BOUNCES),
        never=workspace.do_not_contact,
        left_out=workspace.leave_out,
        today=clock.today,
    )
    asks = customers.asks(rules.asks_per_year, rules.by_segment).alias("asks")
    known = [name for name in KNOWN if name not in MAY_LACK]
    asked = [*known, "joined", "opted_out", asks, *marks]
    return workspace.listed(asked, CODED, if_there=MAY_LACK)


def _resting(workspace: Workspace, days: int, month: str, clock: Clock) -> pl.Series:
    """Return the ids of the customers who were asked less than so many days ago, before a month."""
    if not days:
        return pl.Series("customer_id", dtype=pl.String)
    ago = pl.lit(clock.today) - pl.col("invited_at").dt.date()
    recent = (pl.col("month") != month) & (ago < timedelta(days=days))
    invited = workspace.ledger.scan(INVITATIONS).filter(recent)
    return invited.select("customer_id").unique().collect().to_series()


def _invited(workspace: Workspace, month: str) -> pl.DataFrame:
    of_month = workspace.ledger.scan(INVITATIONS).filter(pl.col("month") == month)
    return of_month.select(COLUMNS).sort("customer_id").collect()


def _overloads(workspace: Workspace, decisions: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return the owners for whom the month probably brings more calls than they can make."""
    rules = workspace.settings.rotation
    capacities = {
        person.person_id: person.capacity or rules.capacity
        for person in workspace.people.by_id.values()
        if person.capacity or rules.capacity
    }
    looked_at = decisions if capacities else decisions.clear()
    asked = looked_at.lazy().filter(pl.col("decision") == ASKED)
    counted = asked.group_by("owner", "month").agg(asks=pl.len().cast(pl.Int64)).collect()
    asks = counted.with_columns(pl.col("owner", "month").cast(pl.String))
    rate = rules.response_rate
    if capacities and rate is None:
        rate = _response_rate(workspace, month)
    return capacity.overloads(asks, capacities, rate)


def _response_rate(workspace: Workspace, month: str) -> float | None:
    invited = workspace.ledger.scan(INVITATIONS)
    return capacity.response_rate(invited, workspace.ledger.scan(RESPONSES), month, None)


def _lists(workspace: Workspace, drawn: Drawn) -> dict[Path, bytes]:
    """Return the lists of the month, and those of late entries by themselves."""
    folder = workspace.path("out", drawn.month)
    parts = {folder: drawn.invitations}
    if drawn.already and drawn.fresh.height:
        parts[folder / f"added-{drawn.fresh['invited_at'][0]:%Y-%m-%d-%H%M}"] = drawn.fresh
    return {
        place / name: content
        for place, part in parts.items()
        for name, content in _list_files(workspace, part, drawn.names).items()
    }


def _list_files(
    workspace: Workspace, invited: pl.DataFrame, names: pl.DataFrame
) -> dict[str, bytes]:
    owners = {person.person_id: person.name for person in workspace.people.by_id.values()}
    survey = workspace.settings.survey
    before, *after = survey.link.split(TOKEN)
    link = pl.concat_str(
        pl.lit(before), *(text for end in after for text in ("token", pl.lit(end)))
    )
    table = (
        invited.with_columns(link=link)
        .join(names, "customer_id", how="left")
        .with_columns(owner_name=pl.col("owner").replace(owners))
    )
    return invitation_lists.files(table, survey.tools)


def _write(lists: dict[Path, bytes], folder: Path) -> None:
    for file, content in lists.items():
        files.replace(file, content)
    for old in set(folder.glob(LISTS)) - set(lists):  # of other tools or languages than now
        files.remove(old)
