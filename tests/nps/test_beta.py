from __future__ import annotations

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopback.nps.beta import cumulative, quantile

SHAPE = st.floats(0.05, 1e6)
CHANCE = st.floats(0.001, 0.999)


@pytest.mark.parametrize("x", [0.001, 0.2, 0.5, 0.77, 0.999])
def test_the_distribution_is_that_of_its_closed_forms(x: float) -> None:
    assert cumulative(x, 1, 1) == pytest.approx(x)
    assert cumulative(x, 3.5, 1) == pytest.approx(x**3.5)
    assert cumulative(x, 1, 3.5) == pytest.approx(1 - (1 - x) ** 3.5)
    assert cumulative(x, 2, 3) == pytest.approx(6 * x**2 - 8 * x**3 + 3 * x**4)
    assert cumulative(x, 0.5, 0.5) == pytest.approx(2 / math.pi * math.asin(math.sqrt(x)))


def test_the_distribution_counts_like_the_binomial() -> None:
    n, k, x = 40, 12, 0.35
    beyond = sum(math.comb(n, j) * x**j * (1 - x) ** (n - j) for j in range(k, n + 1))

    assert cumulative(x, k, n - k + 1) == pytest.approx(beyond, rel=1e-12)


def test_the_ends_are_certain() -> None:
    assert (cumulative(0, 2, 3), cumulative(1, 2, 3)) == (0, 1)


@settings(max_examples=150, deadline=None)
@example(a=156581.0, b=0.5, chance=0.93359375)  # within 1e-8 of 1
@given(a=SHAPE, b=SHAPE, chance=CHANCE)
def test_the_quantile_turns_the_distribution_around(a: float, b: float, chance: float) -> None:
    x = quantile(chance, a, b)

    if 1e-9 < x < 1 - 1e-9:  # nearer, a float has no digits left
        assert cumulative(x, a, b) == pytest.approx(chance, abs=1e-6)
