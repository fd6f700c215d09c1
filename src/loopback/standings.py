"""Standings: owners beside the company, by estimates that few answers cannot throw about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps import funnel
from loopback.nps.discovery import flags
from loopback.nps.shrinkage import Shrunk, company, shrunk
from loopback.score import groups

if TYPE_CHECKING:
    from loopback.nps.counts import Counts

NAMED = 5  # owners in the sentence on each side; the table marks all
ESTIMATES = pl.Schema(
    {
        "shrunk": pl.Float64,
        "shrunk_lower": pl.Float64,
        "shrunk_upper": pl.Float64,
        "below": pl.Float64,
        "flag": pl.String,
        "funnel": pl.String,
    }
)


def standings(owners: pl.DataFrame, confidence: float) -> pl.DataFrame:
    """Return the rows of owners, highest estimate first, those without answers last by name.

    Added: shrunk, shrunk_lower, shrunk_upper (points), below (the probability that the owner
    truly lies below the company), flag ("below" or "above", false discovery rate held at 5 %) and
    funnel (the side on which the score lies outside the 99.8 % limits). `owners` has owner, name,
    detractors, passives and promoters.
    """
    counts = groups(owners)
    estimates = _estimates(counts, confidence)
    seen = [found.below for found in estimates if found]
    flagged = iter(flags(seen))
    limits = funnel.funnel(counts)
    rows = [
        (*found, next(flagged), funnel.outside(group, limits)) if found else (None,) * 6
        for group, found in zip(counts, estimates, strict=True)
    ]
    added = pl.DataFrame(rows, schema=ESTIMATES, orient="row")
    wide = pl.concat([owners, added], how="horizontal")
    order = ["shrunk", "name", "owner"]
    return wide.sort(order, descending=[True, False, False], nulls_last=True)


def verdict(standings: pl.DataFrame) -> str:
    """Say in one sentence which owners can be told apart from the company, by name."""
    answered = standings.filter(pl.col("responses") > 0)
    flagged = answered.drop_nulls("flag")
    if answered.height < 2:  # noqa: PLR2004 - one owner is the company
        return "There are no two owners with answers to compare."
    if flagged.is_empty():
        return (
            f"Nothing tells the {answered.height} owners apart: on these answers, "
            "their differences are what chance alone would make."
        )
    sides = [_side(flagged, side) for side in ("above", "below")]
    named = "; ".join(side for side in sides if side)
    rest = "of those named, 1 in 20 may be named by chance; the others cannot be told apart"
    return (
        f"{flagged.height} of {answered.height} owners differ from the company ({named}); {rest}."
    )


def _side(flagged: pl.DataFrame, side: str) -> str:
    names = flagged.filter(flag=side).sort("below", "owner", descending=side == "below")["name"]
    more = f" and {names.len() - NAMED} more" if names.len() > NAMED else ""
    return f"{side}: {', '.join(names.head(NAMED))}{more}" if names.len() else ""


def _estimates(counts: list[Counts], confidence: float) -> list[Shrunk | None]:
    known = company(counts)
    different = {group: shrunk(group, known, confidence) for group in set(counts) if group.n}
    return [different.get(group) for group in counts]
