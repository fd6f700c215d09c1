"""Keyness: which words one group of texts has more than another, by log-odds with a prior.

Log-odds with an informative Dirichlet prior: B. Monroe, M. Colaresi, K. Quinn, *Fightin' Words*,
Political Analysis 16, 2008, 372 (doi 10.1093/pan/mpn018).
"""

from __future__ import annotations

import polars as pl

PRIOR = 0.1  # of all words: how much the words of both groups together weigh against each


def keyness(counts: pl.DataFrame, inside: int, outside: int) -> pl.DataFrame:
    """Add `log_odds` and `z` to how often each word stands in two groups: `inside`, `outside`.

    The numbers are the words of each group. A z of 1.96 is as far out as chance takes 1 in 40.
    """
    whole = inside + outside
    a0 = PRIOR * whole
    prior = a0 * (pl.col("inside") + pl.col("outside")) / whole
    here, there = pl.col("inside") + prior, pl.col("outside") + prior
    log_odds = (here / (inside + a0 - here + prior)).log() - (
        there / (outside + a0 - there + prior)
    ).log()
    z = log_odds / (1 / here + 1 / there).sqrt()
    return counts.with_columns(log_odds=log_odds, z=z)
