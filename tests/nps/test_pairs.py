from __future__ import annotations

import pytest

from loopback.nps.pairs import paired


def test_the_change_is_the_mean_step_of_the_customers() -> None:
    found = paired({-2: 1, -1: 3, 0: 20, 1: 10, 2: 2}, 0.95)

    assert found is not None
    assert (found.customers, found.change) == (36, 25)
    # sums of steps and squares, with three imaginary customers: steps 0 and squares 1.5 in all
    assert (found.lower + found.upper) / 2 == pytest.approx(100 * 9 / 39)
    spread = ((26.5 / 39 - (9 / 39) ** 2) / 39) ** 0.5
    assert (found.upper - found.lower) / 2 == pytest.approx(100 * 1.959964 * spread)
    assert found.p_value == pytest.approx(0.0686, abs=1e-4)


@pytest.mark.parametrize("step", [-2, 0, 2])
def test_a_single_pair_and_equal_pairs_have_width_and_hold_the_change(step: int) -> None:
    for customers in (1, 5):
        found = paired({step: customers}, 0.95)
        assert found is not None
        assert found.lower < found.upper
        assert found.lower <= 100 * step <= found.upper


def test_nobody_who_answered_twice_is_no_change() -> None:
    assert paired({}, 0.95) is None


def test_the_same_customers_tell_more_than_as_many_others() -> None:
    found = paired({-1: 2, 0: 40, 1: 8}, 0.95)

    assert found is not None
    assert found.upper - found.lower < 100 * 1.96 * 2 * (0.5 * 2 / 50) ** 0.5
