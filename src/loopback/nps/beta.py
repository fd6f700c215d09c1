"""The Beta distribution, as far as intervals need it, without a numerical library."""

from __future__ import annotations

import math
from statistics import NormalDist

TINY = 1e-300  # in place of zero, by which the continued fraction would divide
CLOSE = 1e-15
NEAR = 1e-9  # of the way to the nearer end: the error after such a Newton step is far smaller
TERMS = 100_000
STEPS = 200


def cumulative(x: float, a: float, b: float) -> float:
    """Return the probability of a value below x; a and b above 0."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    return _below(x, a, b, math.exp(_log_front(x, a, b, _log_constant(a, b))))


def quantile(probability: float, a: float, b: float) -> float:
    """Return the value below which the probability lies: Newton's steps, kept in a bracket."""
    low, high = 0.0, 1.0
    mean = a / (a + b)
    spread = math.sqrt(mean * (1 - mean) / (a + b + 1))
    x = min(max(mean + spread * NormalDist().inv_cdf(probability), mean / 2), (1 + mean) / 2)
    constant = _log_constant(a, b)
    for _ in range(STEPS):
        front = math.exp(_log_front(x, a, b, constant))
        gap = _below(x, a, b, front) - probability
        low, high = (low, x) if gap > 0 else (x, high)
        step = x - gap / max(TINY, front / (x * (1 - x)))
        following = step if low < step < high else (low + high) / 2
        if abs(following - x) <= max(NEAR * min(x, 1 - x), math.ulp(x)):
            return following
        x = following
    return x


def _below(x: float, a: float, b: float, front: float) -> float:
    # Each side of the mean has the continued fraction that converges there.
    if x * (a + b + 2) < a + 1:
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _log_constant(a: float, b: float) -> float:
    return math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)


def _log_front(x: float, a: float, b: float, constant: float) -> float:
    return constant + a * math.log(x) + b * math.log1p(-x)


def _fraction(x: float, a: float, b: float) -> float:
    """Return the continued fraction of the incomplete Beta function (DLMF 8.17.22), by Lentz."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1) or TINY)
    value = d
    for m in range(1, TERMS):
        place = a + 2 * m
        even = m * (b - m) * x / ((place - 1) * place)
        d = 1 / (1 + even * d or TINY)
        c = 1 + even / c or TINY
        value *= c * d
        odd = -(a + m) * (a + b + m) * x / (place * (place + 1))
        d = 1 / (1 + odd * d or TINY)
        c = 1 + odd / c or TINY
        value *= c * d
        if abs(c * d - 1) <= CLOSE:
            break
    return value
