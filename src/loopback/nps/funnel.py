"""The funnel plot: how far a score may lie from the company's by chance alone, by answers.

D. J. Spiegelhalter, *Funnel plots for comparing institutional performance*, Stat. Med. 24, 2005.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS
from loopback.nps.interval import cut, quantile
from loopback.nps.shrinkage import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.nps.counts import Counts

FEW = 20  # answers, below which limits are counted out exactly
WARNING, ALARM = 0.95, 0.998
WINSOR = 0.1


class Funnel(NamedTuple):
    """The company's score in points, and the variances behind the limits on a scale of -1 to 1.

    `variance` is that of one answer; `excess` (tau squared) what owners vary more than chance.
    """

    shares: Counts
    nps: float
    variance: float
    phi: float
    excess: float


def funnel(groups: Sequence[Counts]) -> Funnel:
    """Return the funnel of owners; those without answers have no place in it."""
    answered = sorted(group for group in groups if group.n)
    mean = shares(answered)
    share = mean.balance / mean.n
    variance = mean.outside / mean.n - share * share
    flat = Funnel(mean, mean.nps, variance, 1.0, 0.0)
    phi = dispersion([z_value(group, flat) for group in answered])
    return flat._replace(phi=phi, excess=_excess([group.n / variance for group in answered], phi))


def z_value(group: Counts, found: Funnel, *, excess: bool = False) -> float:
    """Return how many standard errors an owner lies above the company.

    With `excess`, as far as owners vary more than chance anyway, that is no news of one of them.
    """
    variance = found.variance / group.n + (found.excess if excess else 0.0)
    return (group.nps - found.nps) / (POINTS * math.sqrt(variance))


def limits(n: int, found: Funnel, confidence: float) -> tuple[float, float]:
    """Return the scores between which n answers of the company's shares fall, in points."""
    if n < FEW:
        return _exact(n, found.shares, confidence)
    half = POINTS * quantile(confidence) * math.sqrt(found.variance / n)
    return cut(found.nps - half, found.nps + half)


def outside(group: Counts, found: Funnel, confidence: float = ALARM) -> str | None:
    """Say on which side of the limits an owner lies, "below" or "above"; None between them."""
    lower, upper = limits(round(group.n), found, confidence)
    return "below" if group.nps < lower else "above" if group.nps > upper else None


def dispersion(zs: list[float]) -> float:
    """Return the mean square of z values, those beyond a tenth on each side drawn in."""
    if not zs:
        return 1.0
    ordered = sorted(zs)
    low, high = _quantile(ordered, WINSOR), _quantile(ordered, 1 - WINSOR)
    return math.fsum(min(max(z, low), high) ** 2 for z in ordered) / len(ordered)


def _excess(weights: list[float], phi: float) -> float:
    count, whole = len(weights), math.fsum(weights)
    if count < 2:  # noqa: PLR2004 - one owner differs from nobody
        return 0.0
    rest = whole - math.fsum(weight * weight for weight in weights) / whole
    return max(0.0, (count * phi - (count - 1)) / rest)


def _quantile(ordered: list[float], share: float) -> float:
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def _exact(n: int, mean: Counts, confidence: float) -> tuple[float, float]:
    """Return the outermost balances of n answers that are not rarer than the tail allows."""
    chances = balances(n, mean)
    tail = (1 - confidence) / 2
    lower = _first_beyond(chances, tail) - n
    upper = n - _first_beyond(chances[::-1], tail)
    return POINTS * lower / n, POINTS * upper / n


def balances(n: int, mean: Counts) -> list[float]:
    """Return the probability of each balance of n answers, from -n to n."""
    chances = [1.0]
    for _ in range(n):
        padded = [0.0, 0.0, *chances, 0.0, 0.0]
        chances = [
            math.fsum(
                (
                    mean.promoters * padded[place],
                    mean.passives * padded[place + 1],
                    mean.detractors * padded[place + 2],
                )
            )
            for place in range(len(chances) + 2)
        ]
    return chances


def _first_beyond(chances: list[float], tail: float) -> int:
    total = 0.0
    for place, chance in enumerate(chances):
        total += chance
        if total > tail:
            return place
    return len(chances) - 1
