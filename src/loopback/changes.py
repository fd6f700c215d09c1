"""Changes: a score beside that of the period before, and its course over the months."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import NOTHING, Counts
from loopback.nps.difference import Difference, difference, shown
from loopback.nps.pairs import Paired, paired
from loopback.score import CATEGORIES, DETRACTOR, PROMOTER, beside, groups, points
from loopback.shares import ROWS, shares

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
    periods has no answers. `before` has the counts of each group in the period before.
    """
    both = beside(scores.select(by), before, by)
    rows = [
        _row(now, then, confidence, method)
        for now, then in zip(groups(scores), groups(both.fill_null(0)), strict=True)
    ]
    schema = dict.fromkeys(COLUMNS, pl.Float64)
    return pl.concat([scores, pl.DataFrame(rows, schema, orient="row")], how="horizontal")


def change(now: Counts, then: Counts, confidence: float, method: Method) -> Difference | None:
    """Return how far a score lies above the one before; None where one has no answers."""
    return shown(difference(now, then, method, confidence)) if now.n and then.n else None


def of_the_same(
    now: pl.LazyFrame, then: pl.LazyFrame, confidence: float, *, rows: int = 0, most: int = ROWS
) -> Paired | None:
    """Return how the customers who answered in both periods moved, by their last answer in each.

    Of `rows` responses no more than about `most` are held at a time.
    """
    steps: Counter[int] = Counter()
    for share in shares(rows, most):
        steps.update(_steps(now.filter(share), then.filter(share)))
    return paired(steps, confidence)


def by_month(counts: pl.DataFrame, months: Sequence[str]) -> list[Counts]:
    """Return the counts of each month, in order; a month without answers has none."""
    found = {row[0]: Counts(*row[1:]) for row in counts.select("month", *CATEGORIES).iter_rows()}
    return [found.get(month, NOTHING) for month in months]


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


def _steps(now: pl.LazyFrame, then: pl.LazyFrame) -> dict[int, int]:
    """Return how many customers went how many categories up or down."""
    earlier = _last(then).rename({"step": "then"})
    moved = _last(now).join(earlier, "customer_id").select(step=pl.col("step") - pl.col("then"))
    counted = moved.group_by("step").agg(customers=pl.len()).collect()
    return dict(counted.iter_rows())


def _last(responses: pl.LazyFrame) -> pl.LazyFrame:
    """Return the last answer of each customer as -1, 0 or 1."""
    order = pl.struct("month", "responded_at", "response_id")
    known = responses.drop_nulls("customer_id").group_by("customer_id")
    return known.agg(step=STEP.max_by(order))


def _decimal(value: float) -> str:
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
