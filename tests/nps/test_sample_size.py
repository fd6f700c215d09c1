from __future__ import annotations

import pytest

from loopback.nps.counts import NOTHING, Counts
from loopback.nps.interval import adjusted, quantile
from loopback.nps.sample_size import needed


def half_width(n: int, seen: Counts) -> float:
    likely = seen.plus((0.75, 1.5, 0.75))
    group = likely.times(n / likely.n)
    return quantile(0.95) * adjusted(group.n, group.balance, group.outside)[1]


@pytest.mark.parametrize("seen", [NOTHING, Counts(15, 30, 55), Counts(0, 0, 9)])
@pytest.mark.parametrize("points", [1, 5, 10, 25])
def test_the_fewest_answers_reach_the_precision(points: float, seen: Counts) -> None:
    n = needed(points, seen, 0.95)

    assert half_width(n, seen) <= points < half_width(n - 1, seen)


def test_half_the_width_needs_four_times_the_answers() -> None:
    assert needed(1, NOTHING, 0.95) / needed(2, NOTHING, 0.95) == pytest.approx(4, rel=0.01)


def test_what_is_known_before_anyone_answers_is_enough_for_no_precision_at_all() -> None:
    assert needed(100, NOTHING, 0.95) == 0
