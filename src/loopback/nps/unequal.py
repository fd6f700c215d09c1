"""Scores in which customers do not count alike: by their value, or by their account."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS, Counts
from loopback.nps.interval import adjusted, cut, quantile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Unequal(NamedTuple):
    """A score in points with its interval, and how many equal customers it is worth."""

    nps: float
    lower: float
    upper: float
    effective: float


def value_weighted(values: Mapping[float, Counts], confidence: float) -> Unequal | None:
    """Return the score in which each answer counts by its customer's value.

    `values` has the answers of all customers of a value. None where no value is above zero.
    """
    known = sorted((value, counts) for value, counts in values.items() if value > 0 and counts.n)
    if not known:
        return None
    heavy = [counts.times(value) for value, counts in known]
    total = Counts(*(math.fsum(column) for column in zip(*heavy, strict=True)))
    effective = total.n**2 / math.fsum(value * value * counts.n for value, counts in known)
    return _interval(effective, total.balance / total.n, total.outside / total.n, confidence)


def account_score(accounts: Iterable[Counts], confidence: float) -> Unequal | None:
    """Return the score in which each account counts once, by the mean of its people's answers."""
    means = sorted(account.balance / account.n for account in accounts if account.n)
    if not means:
        return None
    n = len(means)
    squares = math.fsum(mean * mean for mean in means)
    return _interval(n, math.fsum(means) / n, squares / n, confidence)


def _interval(n: float, mean: float, square: float, confidence: float) -> Unequal:
    centre, se = adjusted(n, n * mean, n * square)
    half = quantile(confidence) * se
    lower, upper = cut(centre - half, centre + half)
    nps = POINTS * mean
    return Unequal(nps, min(lower, nps), max(upper, nps), n)
