"""The difference of two groups of different people: two customers' books, or two periods."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS
from loopback.nps.interval import (
    CENTRES,
    HALVINGS,
    cut,
    interval,
    p_value,
    quantile,
    score_interval,
)
from loopback.nps.method import Method

if TYPE_CHECKING:
    from loopback.nps.counts import Counts

FAR = 40.0  # standard errors: beyond it a probability is zero to every digit
SCALE = 2 * POINTS


class Difference(NamedTuple):
    """The first score less the second, in points, from -200 to 200; `p_value` of no difference."""

    difference: float
    centre: float
    se: float
    lower: float
    upper: float
    p_value: float


def difference(first: Counts, second: Counts, method: Method, confidence: float) -> Difference:
    """Return how far the first group lies above the second; both must have answers."""
    if method is Method.SCORE:
        return _by_score(first, second, quantile(confidence))
    (above, spread), (below, other) = (
        CENTRES[method](group.n, group.balance, group.outside) for group in (first, second)
    )
    centre, se, z = above - below, math.hypot(spread, other), quantile(confidence)
    chance = p_value(centre / se) if se else float(centre == 0)
    limits = cut(centre - z * se, centre + z * se, SCALE)
    return Difference(first.nps - second.nps, centre, se, *limits, chance)


def shown(found: Difference) -> Difference:
    """Return the difference with limits stretched to hold it, as `interval.shown` does."""
    lower, upper = min(found.lower, found.difference), max(found.upper, found.difference)
    return found._replace(lower=lower, upper=upper)


def _by_score(first: Counts, second: Counts, z: float) -> Difference:
    gap = first.nps - second.nps
    spreads = (interval(group, Method.WALD, 0.5).se for group in (first, second))
    limits = _limits(first, second, z)
    return Difference(gap, gap, math.hypot(*spreads), *limits, _chance(first, second))


def _limits(first: Counts, second: Counts, z: float) -> tuple[float, float]:
    """Square and add the distances of the limits of each (Zou & Donner, Stat. Med. 27, 2008)."""
    a, b = score_interval(first, z), score_interval(second, z)
    gap = a.nps - b.nps
    down = math.hypot(a.nps - a.lower, b.upper - b.nps)
    up = math.hypot(a.upper - a.nps, b.nps - b.lower)
    return cut(gap - down, gap + up, SCALE)


def _chance(first: Counts, second: Counts) -> float:
    """Return the probability at which the interval just reaches zero."""
    low, high = 0.0, FAR
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        lower, upper = _limits(first, second, middle)
        low, high = (low, middle) if lower <= 0 <= upper else (middle, high)
    return p_value(low)
