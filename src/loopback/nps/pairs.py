"""The change of the same customers from one time to another, customer by customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS
from loopback.nps.interval import cut, moments, p_value, quantile

if TYPE_CHECKING:
    from collections.abc import Mapping

# Three imaginary customers, as for a single score. Half of them answer as they did before, half
# anew: a step of theirs is 0 on average, its square 0 or 1.
IMAGINARY = 3
IMAGINARY_SQUARES = 1.5


class Paired(NamedTuple):
    """The mean change in points of customers who answered twice."""

    customers: int
    change: float
    lower: float
    upper: float
    p_value: float


def paired(steps: Mapping[int, int], confidence: float) -> Paired | None:
    """Return the mean change from how many customers went how many categories up or down.

    `steps` counts customers by the step, -2 (promoter to detractor) to 2. None without customers.
    """
    customers = sum(steps.values())
    if not customers:
        return None
    balance = sum(step * count for step, count in steps.items())
    squares = sum(step * step * count for step, count in steps.items())
    centre, se = moments(customers + IMAGINARY, balance, squares + IMAGINARY_SQUARES)
    half = quantile(confidence) * se
    change = POINTS * balance / customers
    lower, upper = cut(centre - half, centre + half, 2 * POINTS)
    return Paired(customers, change, min(lower, change), max(upper, change), p_value(centre / se))
