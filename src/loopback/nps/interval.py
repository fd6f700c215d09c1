"""The interval of an NPS: adjusted Wald, Wald, or Tango's score interval; all in points.

Adjusted Wald and score were found best by B. Rocks, *Interval estimation for the Net Promoter
Score*, arXiv 1601.07235; docs/methods.md says what each holds.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from loopback.nps.counts import POINTS, Counts
from loopback.nps.method import Method

if TYPE_CHECKING:
    import polars as pl

# Added to detractors, passives and promoters: adjusted Wald "T3", the narrowest interval that
# holds what it promises from five answers on; three imaginary customers with an NPS of 0.
ADDED = Counts(0.75, 1.5, 0.75)
HALVINGS = 80  # of the scale: far below the last digit of a float
FOUR = 4  # of the quadratic formula
# Numbers, or columns of them: a formula is written once for both.
Number = TypeVar("Number", float, "pl.Expr")


class Interval(NamedTuple):
    """A score with its interval, in points.

    `centre` and `se` are what the limits were made of: those of the adjusted counts for adjusted
    Wald, of the answers themselves otherwise.
    """

    nps: float
    centre: float
    se: float
    lower: float
    upper: float


def quantile(confidence: float) -> float:
    """Return how many standard errors lie between centre and limit."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def p_value(z: float) -> float:
    """Return the two-sided probability of a standard normal value as far out as z."""
    return math.erfc(abs(z) / math.sqrt(2))


def moments(n: Number, balance: Number, outside: Number) -> tuple[Number, Number]:
    """Return mean and standard error in points of n answers of which sum and squares are given."""
    spread = (n * outside - balance * balance) ** 0.5
    return POINTS * balance / n, POINTS * spread / (n * n**0.5)


def adjusted(n: Number, balance: Number, outside: Number) -> tuple[Number, Number]:
    """Return centre and standard error in points once `ADDED` is added."""
    return moments(n + ADDED.n, balance + ADDED.balance, outside + ADDED.outside)


def interval(counts: Counts, method: Method, confidence: float) -> Interval:
    """Return the interval of at least one answer, cut to the scale, as the formula gives it.

    At very few answers the limits of adjusted Wald may leave out the score itself; see `shown`.
    """
    z = quantile(confidence)
    if method is Method.SCORE:
        return score_interval(counts, z)
    centre, se = CENTRES[method](counts.n, counts.balance, counts.outside)
    return Interval(counts.nps, centre, se, *cut(centre - z * se, centre + z * se))


CENTRES = {Method.ADJUSTED_WALD: adjusted, Method.WALD: moments}


def cut(lower: float, upper: float, scale: float = POINTS) -> tuple[float, float]:
    """Return limits cut to the scale."""
    return max(lower, -scale), min(upper, scale)


def shown(found: Interval) -> Interval:
    """Return the interval stretched to hold the score it is shown with.

    Only needed where answers are so few that what is added outweighs them: at 95 %, one answer.
    """
    return found._replace(lower=min(found.lower, found.nps), upper=max(found.upper, found.nps))


def score_interval(counts: Counts, z: float) -> Interval:
    """Return Tango's interval: all scores that a score test with these answers does not reject."""
    here = counts.balance / counts.n
    lower = _crossing(counts, -1.0, here, z)
    upper = _crossing(counts, here, 1.0, -z)
    se = moments(counts.n, counts.balance, counts.outside)[1]
    return Interval(counts.nps, counts.nps, se, POINTS * lower, POINTS * upper)


def score_z(counts: Counts, share: float) -> float:
    """Return the score statistic of answers against a true score, here from -1 to 1.

    Detractors are at their restricted maximum likelihood (T. Tango, Stat. Med. 17, 1998, 891).
    """
    n, ups, downs = counts.n, counts.promoters, counts.detractors
    b = (2 * n - ups + downs) * share - ups - downs
    root = math.sqrt(max(0.0, b * b + 2 * FOUR * n * downs * share * (1 - share)))
    variance = n * (2 * (root - b) / (FOUR * n) + share * (1 - share))
    distance = counts.balance - n * share
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _crossing(counts: Counts, low: float, high: float, z: float) -> float:
    """Return where the score statistic, which falls, reaches z; the end where it never does."""
    if score_z(counts, low) <= z:
        return low
    if score_z(counts, high) >= z:
        return high
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if score_z(counts, middle) > z else (low, middle)
    return (low + high) / 2
