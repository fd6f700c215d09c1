"""How many answers a wished-for precision needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.nps.counts import NOTHING
from loopback.nps.interval import ADDED, adjusted, quantile

if TYPE_CHECKING:
    from loopback.nps.counts import Counts

MOST = 2**60


def needed(points: float, seen: Counts, confidence: float) -> int:
    """Return the fewest answers whose adjusted Wald interval reaches no further than `points`.

    The answers are expected to be shared as those seen so far, to which `ADDED` is added; without
    any, a quarter detractors, half passives, a quarter promoters. `points` must be above 0.
    """
    likely = seen.plus(ADDED)
    each = likely.times(1 / likely.n)
    z = quantile(confidence)
    low, high = 0, MOST
    while low < high:
        middle = (low + high) // 2
        group = each.times(middle) if middle else NOTHING
        half = z * adjusted(group.n, group.balance, group.outside)[1]
        low, high = (low, middle) if half <= points else (middle + 1, high)
    return low
