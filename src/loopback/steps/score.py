"""Score: the NPS of the last months by group, with its interval and what else can be known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from loopback import changes
from loopback.books import with_book, with_bounds
from loopback.errors import Problem, WrongUsageError
from loopback.reach import WHOLE
from loopback.score import CATEGORIES, beside, with_interval
from loopback.standings import standings
from loopback.steps.findings import findings
from loopback.steps.material import ALL, IN_LISTS, material
from loopback.worth import with_accounts, with_value

if TYPE_CHECKING:
    from loopback.steps.material import Material, Wish
    from loopback.workspace import Workspace

UNMATCHED = "(unmatched)"
REACHED = ("covered", "value_covered", "never_answered")


@dataclass(frozen=True)
class Scored:
    """The scores of a span by group, of all of it, and in sentences what they tell."""

    months: list[str]
    by: str | None
    method: str
    confidence: float
    scores: pl.DataFrame
    total: pl.DataFrame
    unmatched: int
    sentences: list[str] = field(default_factory=list)
    change: dict[str, Any] | None = None
    paired: dict[str, Any] | None = None
    trend: dict[str, Any] | None = None
    needed: dict[str, Any] | None = None
    weighted: dict[str, Any] | None = None
    raked: dict[str, Any] | None = None


def score(workspace: Workspace, wish: Wish) -> Scored:
    """Return the scores of the last months, by group and in total."""
    known = material(workspace, wish)
    total = _table(known, ALL).drop(ALL)
    table = _groups(known) if wish.by else total
    found = Scored(
        known.now,
        wish.by,
        wish.method.value,
        known.confidence,
        table,
        total,
        known.unmatched(),
    )
    told = findings(table, total, known)
    numbers: dict[str, Any] = {name: values for name, values, _ in told if name}
    return replace(found, sentences=[said for _, _, said in told if said], **numbers)


def _groups(material: Material) -> pl.DataFrame:
    """Return the scores of the groups asked for: of a span, or of each of its months."""
    by = material.wish.by or ALL
    if material.wish.monthly:
        return _monthly(material)
    table = _table(material, by)
    return _owners(table, material) if by == "owner" else table


def _monthly(material: Material) -> pl.DataFrame:
    """Return the scores of each group in each month, by group and month."""
    table = with_interval(material.monthly(), material.confidence, material.wish.method)
    if material.wish.by != "owner":
        return table
    return _named(table, material).sort("name", "owner", "month", nulls_last=True)


def _table(material: Material, by: str) -> pl.DataFrame:
    """Return the scores by a group with all columns that were asked for."""
    wish, confidence = material.wish, material.confidence
    table = with_interval(material.counts(by), confidence, wish.method)
    if not wish.monthly:
        table = beside(table, material.reached(by), by)
        table = table.with_columns(pl.selectors.by_name(*WHOLE).fill_null(0))
    if by != "month":
        before = material.counts(by, material.before)
        table = changes.with_change(table, before, by, confidence, wish.method)
    table = _beside(table, material, by)
    return _hidden(table) if material.confidential else table


def _beside(table: pl.DataFrame, material: Material, by: str) -> pl.DataFrame:
    """Add what stands beside the score only where it is asked for."""
    wish, confidence = material.wish, material.confidence
    if not wish.singles_out:
        return table
    answers = material.held(by)
    if wish.book:
        table = with_book(table, answers, _listed(material, by), by, confidence)
    if wish.bounds:
        table = with_bounds(table, answers, by)
    if wish.value:
        frozen = material.asked.select("customer_id", "month", "value").collect()
        table = with_value(table, answers, frozen, by, confidence)
    if wish.account:
        accounts = _accounts(material.workspace, wish.account)
        table = with_accounts(table, answers, accounts, by, confidence)
    return table


def _hidden(table: pl.DataFrame) -> pl.DataFrame:
    """Leave nothing of a group that may not be shown but how many of it were asked.

    Nor how many people, each counted once, are behind the answers of several blocks.
    """
    numbers = table.columns[1:]
    kept = {"invited", "customers", "value"}
    shown = pl.col("responses") > 0
    hidden = table.with_columns(
        pl.when(shown).then(name).alias(name) for name in numbers if name not in kept
    )
    return hidden.with_columns(pl.lit(None, hidden.schema[name]).alias(name) for name in REACHED)


def _listed(material: Material, by: str) -> pl.DataFrame:
    if by not in (*IN_LISTS, ALL):
        mend = f"Ask for it by {', '.join(IN_LISTS)}, or of the whole company."
        raise WrongUsageError(Problem(f"a {by} has no book of customers", mend))
    return material.workspace.customers.with_columns(pl.lit(ALL).alias(ALL))


def _accounts(workspace: Workspace, column: str) -> pl.DataFrame:
    customers = workspace.customers
    if column not in customers.columns:
        mend = f"There are: {', '.join(sorted(set(customers.columns) - {'row'}))}."
        what = f"the customer list has no column {column!r}"
        raise WrongUsageError(Problem(what, mend, workspace.settings.customers.file))
    return customers.select("customer_id", account=pl.col(column).cast(pl.String))


def _owners(table: pl.DataFrame, material: Material) -> pl.DataFrame:
    """Return the owners by estimate, with their names and the last month beside the pool."""
    named = _named(table, material)
    known = standings(named.drop_nulls("owner"), material.confidence)
    nobody = named.filter(pl.col("owner").is_null())
    ordered = pl.concat([known, nobody], how="diagonal")
    if material.confidential:  # of one month and one group there are few
        return ordered
    month = material.counts("owner", material.now[-1:]).select("owner", *CATEGORIES)
    renamed = month.rename({name: f"month_{name}" for name in CATEGORIES})
    joined = beside(ordered, renamed, "owner")
    return joined.with_columns(pl.col(f"month_{name}").fill_null(0) for name in CATEGORIES)


def _named(table: pl.DataFrame, material: Material) -> pl.DataFrame:
    """Add the names of owners."""
    names = {p.person_id: p.name for p in material.workspace.people.by_id.values()}
    name = pl.col("owner").replace(names).fill_null(UNMATCHED).alias("name")
    return table.select("owner", name, pl.exclude("owner"))
