from __future__ import annotations

import pytest

from loopback.nps.counts import Counts
from loopback.nps.funnel import balances, funnel, limits, outside
from tests.nps.test_shrinkage import OWNERS


@pytest.mark.parametrize(
    ("n", "warning", "alarm"),
    [(20, (5, 71), (-14, 90)), (100, (23, 53), (15, 61))],
)
def test_the_limits_of_the_worked_example(
    n: int, warning: tuple[int, int], alarm: tuple[int, int]
) -> None:
    found = funnel(OWNERS)

    assert [round(limit) for limit in limits(n, found, 0.95)] == list(warning)
    assert [round(limit) for limit in limits(n, found, 0.998)] == list(alarm)


def test_below_twenty_answers_the_limits_are_counted_out() -> None:
    found = funnel(OWNERS)
    chances = balances(5, found.shares)
    lower, upper = limits(5, found, 0.95)

    assert sum(chances) == pytest.approx(1)
    assert (lower, upper) == (-40, 100)
    below = sum(chances[place] for place in range(11) if 20 * (place - 5) < lower)
    assert below <= 0.025 < below + chances[3]


def test_the_balances_of_two_answers_can_be_counted_by_hand() -> None:
    assert balances(2, Counts(0.2, 0.3, 0.5)) == pytest.approx([0.04, 0.12, 0.29, 0.3, 0.25])


def test_only_who_lies_beyond_the_limits_is_outside() -> None:
    found = funnel(OWNERS)

    assert [outside(owner, found) for owner in OWNERS] == [None] * 12
    assert outside(Counts(20, 10, 10), found) == "below"
    assert outside(Counts(0, 2, 98), found) == "above"


def test_owners_who_are_all_alike_still_have_a_funnel() -> None:
    found = funnel([Counts(0, 0, 30), Counts(0, 0, 40)])
    lower, upper = limits(30, found, 0.95)

    assert lower < upper


@pytest.mark.parametrize("groups", [[], [Counts(0, 0, 0)], [Counts(1, 0, 0)]])
def test_one_owner_or_none_vary_by_nothing(groups: list[Counts]) -> None:
    assert funnel(groups).excess == 0
