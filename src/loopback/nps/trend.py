"""The trend of a score over months: a straight line, and whether chance alone would draw it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS
from loopback.nps.interval import p_value, quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.nps.counts import Counts


class Trend(NamedTuple):
    """Points a month, with the interval of a robust standard error (HC3).

    `p_value` is of the linear-by-linear test on the counts: that there is no trend.
    """

    slope: float
    se: float
    lower: float
    upper: float
    chi_square: float
    p_value: float


def trend(months: Sequence[Counts], confidence: float) -> Trend | None:
    """Return the trend of counts in order of their months; a month may have none.

    None where answers of two months, or two different answers, are missing.
    """
    slope, squares, chi_square = _line(months)
    if slope is None or chi_square is None:
        return None
    se = _robust(months, slope, squares)
    half = quantile(confidence) * se
    return Trend(
        POINTS * slope,
        POINTS * se,
        POINTS * (slope - half),
        POINTS * (slope + half),
        chi_square,
        p_value(math.sqrt(chi_square)),
    )


def _sums(months: Sequence[Counts]) -> tuple[float, float, float, float]:
    """Return answers, and n times the sums of squares and products around the means: all whole."""
    n = sum(month.n for month in months)
    x = sum(place * month.n for place, month in enumerate(months))
    y = sum(month.balance for month in months)
    xx = n * sum(place * place * month.n for place, month in enumerate(months)) - x * x
    yy = n * sum(month.outside for month in months) - y * y
    xy = n * sum(place * month.balance for place, month in enumerate(months)) - x * y
    return n, xx, yy, xy


def _line(months: Sequence[Counts]) -> tuple[float | None, float, float | None]:
    """Return the slope (-1 to 1), the squares of the months around their mean, and M squared."""
    n, xx, yy, xy = _sums(months)
    if not xx or not yy:
        return None, 0.0, None
    return xy / xx, xx / n, (n - 1) * xy * xy / (xx * yy)


def _robust(months: Sequence[Counts], slope: float, squares: float) -> float:
    """Return the HC3 standard error (MacKinnon & White 1985): residuals grow with leverage."""
    n = sum(month.n for month in months)
    mean = sum(place * month.n for place, month in enumerate(months)) / n
    level = sum(month.balance for month in months) / n
    terms: list[float] = []
    for place, month in enumerate(months):
        away = place - mean
        fitted = level + slope * away
        left = 1 - 1 / n - away * away / squares
        errors = month.outside - 2 * fitted * month.balance + fitted * fitted * month.n
        terms.append(away * away * errors / (left * left) if month.n and left > 0 else 0.0)
    return math.sqrt(max(0.0, math.fsum(terms))) / squares
