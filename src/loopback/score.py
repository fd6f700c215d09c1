"""NPS with its uncertainty, from counts of promoters, passives and detractors."""

from __future__ import annotations

from statistics import NormalDist

import polars as pl

PROMOTER = pl.col("score") >= 9  # noqa: PLR2004 - the definition of NPS
DETRACTOR = pl.col("score") <= 6  # noqa: PLR2004 - the definition of NPS
PASSIVE = ~(PROMOTER | DETRACTOR)
CATEGORY = (
    pl.when(PROMOTER)
    .then(pl.lit("promoter"))
    .when(DETRACTOR)
    .then(pl.lit("detractor"))
    .otherwise(pl.lit("passive"))
)
POINTS = 100
MINUS = "\N{MINUS SIGN}"
CONFIDENCE = 0.95
GROUPS = ("owner", "region", "segment", "month")
# Added to detractors, passives and promoters: adjusted Wald "T3", the narrowest interval that
# holds what it promises from five answers on (Rocks 2016, arXiv 1601.07235; docs/methods.md).
ADDED = (0.75, 1.5, 0.75)


def scores(
    responses: pl.DataFrame,
    invitations: pl.DataFrame,
    by: str | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> pl.DataFrame:
    """Return the NPS of each group in points, ordered by group and never by the score.

    Columns: the group (where `by` is given), invited, answered (invitations answered), responses,
    detractors, passives, promoters, nps, lower, upper. `by` is one of `GROUPS`.
    """
    keys = [by] if by else []
    counts = responses.group_by(keys or pl.lit(1).alias("all")).agg(
        answered=pl.col("token").n_unique() - pl.col("token").has_nulls().cast(pl.Int64),
        responses=pl.len(),
        detractors=DETRACTOR.sum(),
        passives=PASSIVE.sum(),
        promoters=PROMOTER.sum(),
    )
    asked = invitations.group_by(keys or pl.lit(1).alias("all")).agg(invited=pl.len())
    both = asked.join(counts, on=keys or "all", how="full", coalesce=True, nulls_equal=True)
    numbers = both.with_columns(pl.exclude(*keys, "all").fill_null(0).cast(pl.Int64))
    interval = with_interval(numbers, confidence)
    columns = ["invited", "answered", "responses", "detractors", "passives", "promoters"]
    return interval.select(*keys, *columns, "nps", "lower", "upper").sort(*keys or ["responses"])


def with_interval(counts: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Add nps, lower and upper (in points) to counts of detractors, passives and promoters.

    Adjusted Wald: the counts plus `ADDED`, then centre and standard error as usual, cut to the
    scale. Without answers all three are empty.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    n = pl.col("detractors") + pl.col("passives") + pl.col("promoters")
    down, _, up = ADDED
    total = n + sum(ADDED)
    detractors, promoters = pl.col("detractors") + down, pl.col("promoters") + up
    centre = (promoters - detractors) / total
    half = z * (((promoters + detractors) / total - centre**2) / total).sqrt()
    nps = (pl.col("promoters") - pl.col("detractors")) / n
    answered = n > 0
    return counts.with_columns(
        nps=pl.when(answered).then(nps * POINTS),
        lower=pl.when(answered).then((centre - half).clip(-1, 1) * POINTS),
        upper=pl.when(answered).then((centre + half).clip(-1, 1) * POINTS),
    )


def points(value: float) -> str:
    """Return points with their sign, rounded: `+42`, `0`, and below it a true minus."""
    rounded = round(value)
    sign = "+" if rounded > 0 else MINUS if rounded < 0 else ""
    return f"{sign}{abs(rounded)}"
