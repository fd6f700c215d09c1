"""Changes: a score beside that of the period before, and its course over the months."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import Counts
from loopback.nps.difference import Difference, difference, shown
from loopback.nps.pairs import Paired, paired
from loopback.score import CATEGORIES, DETRACTOR, PROMOTER, beside, groups, points, tallies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.nps.method import Method
    from loopback.nps.trend import Trend

COLUMNS = ("change", "change_lower", "change_upper", "change_p")
STEP = PROMOTER.cast(pl.Int64) - DETRACTOR.cast(pl.Int64)
DOUBT = 0.05


def with_change(
    scores: pl.DataFrame, before: pl.DataFrame, by: str, confidence: float, method: Method
) -> pl.DataFrame:
    """Add to scores by group how far each lies above the period before, with its interval.

    Added: change, change_lower, change_upper (points) and change_p; empty where one of the two
    periods has no answers. `before` are the responses of the period before.
    """
    earlier = tallies(before.lazy(), [by]).collect()
    both = beside(scores.select(by), earlier, by)
    rows = [
        _row(now, then, confidence, method)
        for now, then in zip(groups(scores), groups(both.fill_null(0)), strict=True)
    ]
    schema = dict.fromkeys(COLUMNS, pl.Float64)
    return pl.concat([scores, pl.DataFrame(rows, schema, orient="row")], how="horizontal")


def change(now: Counts, then: Counts, confidence: float, method: Method) -> Difference | None:
    """Return how far a score lies above the one before; None where one has no answers."""
    return shown(difference(now, then, method, confidence)) if now.n and then.n else None


def of_the_same(now: pl.DataFrame, then: pl.DataFrame, confidence: float) -> Paired | None:
    """Return how the customers who answered in both periods moved, by their last answer in each."""
    both = now.select("customer_id").join(then, "customer_id", how="semi").unique()
    earlier = _last(then, both).select("customer_id", then="step")
    steps = (
        _last(now, both).join(earlier, "customer_id").select(step=pl.col("step") - pl.col("then"))
    )
    return paired(dict(steps["step"].value_counts().iter_rows()), confidence)


def by_month(responses: pl.DataFrame, months: Sequence[str]) -> list[Counts]:
    """Return the counts of each month, in order; a month without answers has none."""
    found = tallies(responses.lazy(), ["month"]).select("month", *CATEGORIES).collect()
    counts = {row[0]: Counts(*row[1:]) for row in found.iter_rows()}
    return [counts.get(month, Counts(0, 0, 0)) for month in months]


def change_sentence(found: Difference, since: str) -> str:
    """Say a change with what else would fit the answers."""
    moved = f"{points(found.difference)} since {since}"
    lower, upper = points(found.lower), points(found.upper)
    if found.lower <= 0 <= found.upper:
        return f"{moved}, but anything from {lower} to {upper} fits the answers."
    return f"{moved}; from {lower} to {upper} fits the answers."


def pairs_sentence(found: Paired) -> str:
    """Say how the same customers moved."""
    who = f"{found.customers} customers who answered both times"
    return f"The {who}: {points(found.change)} ({points(found.lower)} to {points(found.upper)})."


def trend_sentence(found: Trend) -> str:
    """Say whether the months show a trend."""
    slope = f"{_decimal(found.slope)} points a month"
    span = f"{_decimal(found.lower)} to {_decimal(found.upper)}"
    if found.p_value >= DOUBT:
        return f"No trend can be told from chance: {slope} ({span}), p = {found.p_value:.2f}."
    return f"Trend: {slope} ({span}), p = {found.p_value:.2g}."


def _row(
    now: Counts, then: Counts, confidence: float, method: Method
) -> tuple[float | None, float | None, float | None, float | None]:
    found = change(now, then, confidence, method)
    if found is None:
        return None, None, None, None
    return found.difference, found.lower, found.upper, found.p_value


def _last(responses: pl.DataFrame, of: pl.DataFrame) -> pl.DataFrame:
    """Return the last answer of some customers as -1, 0 or 1."""
    known = responses.join(of, "customer_id", how="semi")
    known = known.sort("month", "responded_at", "response_id")
    return known.unique("customer_id", keep="last").select("customer_id", step=STEP)


def _decimal(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
