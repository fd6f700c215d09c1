"""NPS with its uncertainty for groups of responses: counted first, divided last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import POINTS, Counts
from loopback.nps.interval import CENTRES, Interval, interval, quantile, shown
from loopback.nps.method import Method

if TYPE_CHECKING:
    from collections.abc import Sequence

LOW, HIGH = 6, 9  # the highest score of a detractor, the lowest of a promoter
PROMOTER = pl.col("score") >= HIGH
DETRACTOR = pl.col("score") <= LOW
CATEGORY = (
    pl.when(PROMOTER)
    .then(pl.lit("promoter"))
    .when(DETRACTOR)
    .then(pl.lit("detractor"))
    .otherwise(pl.lit("passive"))
)
MINUS = "\N{MINUS SIGN}"
CONFIDENCE = 0.95
GROUPS = ("owner", "region", "segment", "language", "month")
CATEGORIES = ("detractors", "passives", "promoters")
COUNTED = ("invited", "answered", "responses", *CATEGORIES)
PASSIVES = pl.col("responses") - pl.col("detractors") - pl.col("promoters")
_TALLIED = {
    "responses": pl.len().cast(pl.Int64),
    "detractors": DETRACTOR.sum().cast(pl.Int64),
    "promoters": PROMOTER.sum().cast(pl.Int64),
}
_ANSWERED = {"answered": pl.col("token").count().cast(pl.Int64), **_TALLIED}
_ASKED = {"invited": pl.len().cast(pl.Int64)}


def scores(
    responses: pl.DataFrame,
    invitations: pl.DataFrame,
    by: str | None = None,
    *,
    confidence: float = CONFIDENCE,
    method: Method = Method.ADJUSTED_WALD,
) -> pl.DataFrame:
    """Return the NPS of each group in points, ordered by group and never by the score.

    Columns: the group (where `by` is given), those of `COUNTED`, nps, lower, upper. `by` is one of
    `GROUPS`; the responses are current, so that each invitation is answered once.
    """
    counts = counted(responses.lazy(), invitations.lazy(), [by] if by else [])
    return with_interval(counts, confidence, method)


def counted(
    responses: pl.LazyFrame, invitations: pl.LazyFrame, keys: Sequence[str]
) -> pl.DataFrame:
    """Return the counts of each group, by group: the keys, then the columns of `COUNTED`.

    invited, answered (of the invitations), responses, detractors, passives, promoters. Without
    keys there is one row.
    """
    answered, asked = (
        rows.group_by(keys).agg(**numbers) if keys else rows.select(**numbers)
        for rows, numbers in ((responses, _ANSWERED), (invitations, _ASKED))
    )
    told, invited = pl.collect_all([answered, asked])
    if keys:
        every = told.join(invited, keys, how="full", coalesce=True, nulls_equal=True)
    else:
        every = pl.concat([told, invited], how="horizontal")
    numbers = every.with_columns(pl.col(*_ANSWERED, *_ASKED).fill_null(0))
    return numbers.with_columns(passives=PASSIVES).select(*keys, *COUNTED).sort(keys or "responses")


def pooled(counts: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return counts of finer groups added up to coarser ones, by group; without keys one row."""
    total = pl.col(COUNTED).sum()
    return counts.group_by(keys).agg(total).sort(keys) if keys else counts.select(total)


def tallies(responses: pl.LazyFrame, keys: Sequence[str | pl.Expr]) -> pl.LazyFrame:
    """Return how many responses each group has, and how many of each category."""
    return responses.group_by(keys).agg(**_TALLIED).with_columns(passives=PASSIVES)


def with_interval(
    counts: pl.DataFrame, confidence: float, method: Method = Method.ADJUSTED_WALD
) -> pl.DataFrame:
    """Add nps, lower and upper (in points) to counts of detractors, passives and promoters.

    Limits are cut to the scale and hold the score. Without answers all three are empty.
    """
    n = pl.sum_horizontal(CATEGORIES).cast(pl.Float64)
    balance = (pl.col("promoters") - pl.col("detractors")).cast(pl.Float64)
    outside = (pl.col("promoters") + pl.col("detractors")).cast(pl.Float64)
    nps = POINTS * balance / n
    if method is Method.SCORE:
        return _with_score_interval(counts, confidence)
    centre, se = CENTRES[method](n, balance, outside)
    half = quantile(confidence) * se
    lower, upper = (centre - half).clip(-POINTS, POINTS), (centre + half).clip(-POINTS, POINTS)
    return counts.with_columns(
        nps=pl.when(n > 0).then(nps),
        lower=pl.when(n > 0).then(pl.min_horizontal(lower, nps)),
        upper=pl.when(n > 0).then(pl.max_horizontal(upper, nps)),
    )


def beside(rows: pl.DataFrame, more: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the rows in their order, with the columns that another table has of each group."""
    return rows.join(more, by, how="left", nulls_equal=True, maintain_order="left")


def groups(rows: pl.DataFrame) -> list[Counts]:
    """Return the counts of each row; what is not shown counts nothing."""
    return [Counts(*row) for row in rows.select(CATEGORIES).fill_null(0).iter_rows()]


def points(value: float) -> str:
    """Return points with their sign, rounded: `+42`, `0`, and below it a true minus."""
    rounded = round(value)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded)}"


def _with_score_interval(counts: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Add the score interval, which takes a search for each of the different counts."""
    different = {group: _shown(group, confidence) for group in set(groups(counts))}
    found = [different[group] for group in groups(counts)]
    columns = {
        "nps": [one and one.nps for one in found],
        "lower": [one and one.lower for one in found],
        "upper": [one and one.upper for one in found],
    }
    return counts.with_columns(pl.Series(n, v, pl.Float64) for n, v in columns.items())


def _shown(group: Counts, confidence: float) -> Interval | None:
    return shown(interval(group, Method.SCORE, confidence)) if group.n else None
