"""Owners' scores drawn towards the company's, by as much as their answers leave open ("hb").

Answers of an owner are multinomial; owners' true shares vary around the company's as a Dirichlet
distribution of precision A, of which nobody knows the value: every A on a grid counts by how well
it explains the answers. Empirical-Bayes shrinkage with a uniform-shrinkage prior; docs/methods.md.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps import beta
from loopback.nps.counts import POINTS, pooled
from loopback.nps.interval import ADDED, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from loopback.nps.counts import Counts

WIDEST = 20_000.0
POINTS_OF_GRID = 61
SIGNS = (1, 1, 1, -1)  # of the likelihood: of the three categories, and of all answers
GRID = [WIDEST ** (step / (POINTS_OF_GRID - 1)) for step in range(POINTS_OF_GRID)]


class Shrunk(NamedTuple):
    """An owner's estimate in points, and the probability that it truly lies below the company."""

    nps: float
    lower: float
    upper: float
    below: float


class Company(NamedTuple):
    """What all owners together tell: shares by category, and how likely each precision is."""

    shares: Counts
    weights: list[float]

    @property
    def nps(self) -> float:
        """The score that owners are drawn towards, in points."""
        return self.shares.nps


def shares(groups: Iterable[Counts]) -> Counts:
    """Return the shares of all groups together; where nobody gave a category, `ADDED` is added.

    Else that category would be held impossible, and an interval could have no width.
    """
    total = pooled(groups)
    whole = total if min(total) > 0 else total.plus(ADDED)
    return whole.times(1 / whole.n)


def company(groups: Iterable[Counts]) -> Company:
    """Return what the groups tell together; those without answers tell nothing."""
    seen = Counter(group for group in groups if group.n)
    mean = shares(seen.elements())
    if not seen:
        return Company(mean, [1 / POINTS_OF_GRID] * POINTS_OF_GRID)
    harmonic = seen.total() / math.fsum(many / group.n for group, many in sorted(seen.items()))
    columns = list(_columns(seen))
    logs = [_log_likelihood(columns, mean.times(a)) + _log_prior(a, harmonic) for a in GRID]
    best = max(logs)
    weights = [math.exp(value - best) for value in logs]
    whole = math.fsum(weights)
    return Company(mean, [weight / whole for weight in weights])


def log_likelihood(groups: Mapping[Counts, int], alpha: Counts) -> float:
    """Return the Dirichlet-multinomial log likelihood of groups, less what no alpha changes."""
    return _log_likelihood(list(_columns(groups)), alpha)


def _log_likelihood(columns: Sequence[Counter[float]], alpha: Counts) -> float:
    starts = (*alpha, alpha.n)
    return math.fsum(
        sign * many * _log_rising(start, steps)
        for start, column, sign in zip(starts, columns, SIGNS, strict=True)
        for steps, many in column.items()
    )


def shrunk(group: Counts, known: Company, confidence: float) -> Shrunk:
    """Return the estimate of one owner: a Beta distribution of the mixture's mean and variance."""
    mean, variance = _mixture(group, known)
    middle = (1 + mean) / 2
    size = middle * (1 - middle) / (variance / 4) - 1
    a, b = middle * size, (1 - middle) * size
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    limits = (POINTS * (2 * beta.quantile(tail, a, b) - 1) for tail in tails)
    return Shrunk(POINTS * mean, *cut(*limits), beta.cumulative((1 + known.nps / POINTS) / 2, a, b))


def _columns(groups: Mapping[Counts, int]) -> Iterator[Counter[float]]:
    """Return how many groups have each number of detractors, passives, promoters, and answers.

    These are far fewer than the different groups, and the likelihood is a product over them.
    """
    for place in range(len(ADDED)):
        yield _added((group[place], many) for group, many in groups.items())
    yield _added((group.n, many) for group, many in groups.items())


def _added(numbers: Iterable[tuple[float, int]]) -> Counter[float]:
    found: Counter[float] = Counter()
    for number, many in numbers:
        found[number] += many
    return found


def _log_rising(start: float, steps: float) -> float:
    return math.lgamma(start + steps) - math.lgamma(start) if steps else 0.0


def _log_prior(a: float, harmonic: float) -> float:
    """Return the uniform-shrinkage prior of A, times A for a grid of even steps of its log."""
    return math.log(a) - 2 * math.log(harmonic + a)


def _mixture(group: Counts, known: Company) -> tuple[float, float]:
    """Return mean and variance of an owner's score, from -1 to 1, over all precisions."""
    n, balance, outside = group.n, group.balance, group.outside
    up, off = known.shares.balance, known.shares.outside
    means = [(balance + a * up) / (n + a) for a in GRID]
    mean = math.fsum(map(operator.mul, known.weights, means))
    variance = math.fsum(
        weight * (((outside + a * off) / (n + a) - m * m) / (n + a + 1) + (m - mean) ** 2)
        for a, weight, m in zip(GRID, known.weights, means, strict=True)
    )
    return mean, variance
