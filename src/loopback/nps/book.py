"""The score of exactly these customers, and not of the owner behind them: a finite population."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.nps.counts import POINTS
from loopback.nps.interval import Interval, adjusted, quantile

if TYPE_CHECKING:
    from loopback.nps.counts import Counts


def bounds(counts: Counts, book: int) -> tuple[float, float]:
    """Return the score of a whole book if all who are silent were detractors, and if promoters.

    `counts` are those of the customers who answered, one each; `book` is how many there are.
    """
    silent = book - counts.n
    return POINTS * (counts.balance - silent) / book, POINTS * (counts.balance + silent) / book


def book_interval(counts: Counts, book: int, confidence: float) -> Interval:
    """Return the interval of a book's own score, with the finite-population correction.

    Adjusted Wald on counts multiplied by (N - 1) / (N - n), cut to what is possible at all; where
    everyone answered, the score itself. It holds while answering has nothing to do with the score.
    """
    if book <= counts.n:
        return Interval(counts.nps, counts.nps, 0.0, counts.nps, counts.nps)
    effective = counts.times((book - 1) / (book - counts.n))
    centre, se = adjusted(effective.n, effective.balance, effective.outside)
    worst, best = bounds(counts, book)
    half = quantile(confidence) * se
    lower, upper = max(centre - half, worst), min(centre + half, best)
    return Interval(counts.nps, centre, se, min(lower, counts.nps), max(upper, counts.nps))
