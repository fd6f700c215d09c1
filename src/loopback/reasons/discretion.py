"""Discretion: of which reasons the scores may be shown where those who comment are employees."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.confidential import ALL, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

HIDDEN = ("promoters", "passives", "detractors", "nps", "lower", "upper", "without", "impact")


def discreet(
    rows: pl.DataFrame,
    told: pl.DataFrame,
    given: pl.DataFrame,
    months: Sequence[str],
    by: str | None,
) -> pl.DataFrame:
    """Return rows of drivers without the scores, and words, that would tell of a few.

    `told` are all comments there ever were that say something, `given` their reasons. The scores
    of a reason are shown only where those who gave it, and those who did not, may each be shown as
    groups of their own; nothing can then be reckoned from one less the other.
    """
    keys = [by] if by else []
    found = [_seen(told, given, reason, months, by) for reason in rows["reason"].unique().sort()]
    schema = {
        **{key: rows.schema[key] for key in [*keys, "reason"]},
        "seen": pl.Int64,
        "rest": pl.Int64,
    }
    seen = pl.concat([pl.DataFrame(schema=schema), *(counts.select(*schema) for counts in found)])
    judged = rows.join(seen, [*keys, "reason"], how="left", nulls_equal=True, maintain_order="left")
    whole = (pl.col("seen") == pl.col("comments")) & (
        pl.col("rest").fill_null(0) == pl.col("base") - pl.col("comments")
    )
    hidden = [name for name in (*HIDDEN, "words") if name in rows.columns]
    return judged.with_columns(pl.when(whole).then(pl.col(hidden))).drop("seen", "rest")


def _seen(
    told: pl.DataFrame,
    given: pl.DataFrame,
    reason: str,
    months: Sequence[str],
    by: str | None,
) -> pl.DataFrame:
    """Return how many may be shown who gave a reason, and who did not, in each group."""
    who = given.filter(pl.col("reason") == reason)
    sides = {"seen": told.join(who, "response_id", how="semi")}
    sides["rest"] = told.join(who, "response_id", how="anti")
    group = pl.col(by) if by else pl.lit(ALL)
    counts = [
        visible(side, months, by or ALL)
        .group_by(group.alias(by or ALL))
        .agg(pl.len().cast(pl.Int64).alias(name))
        for name, side in sides.items()
    ]
    both = counts[0].join(counts[1], by or ALL, how="left", nulls_equal=True)
    return both.with_columns(reason=pl.lit(reason))
