from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.nps.counts import Counts
from loopback.nps.difference import difference, shown
from loopback.nps.method import Method

MANY = st.integers(0, 1000)
SOME = st.builds(Counts, MANY, MANY, MANY).filter(lambda counts: counts.n > 0)


@pytest.mark.parametrize("method", list(Method))
def test_a_difference_bears_its_sign(method: Method) -> None:
    worse, better = Counts(16, 139, 6), Counts(20, 80, 100)

    up, down = difference(better, worse, method, 0.9), difference(worse, better, method, 0.9)

    assert up.difference == pytest.approx(40 + 1000 / 161)
    assert (down.difference, down.p_value) == pytest.approx((-up.difference, up.p_value))
    assert (down.lower, down.upper) == pytest.approx((-up.upper, -up.lower))


@settings(max_examples=80, deadline=None)
@given(first=SOME, second=SOME, method=st.sampled_from((Method.ADJUSTED_WALD, Method.SCORE)))
def test_the_probability_falls_under_5_percent_where_the_interval_leaves_zero(
    first: Counts, second: Counts, method: Method
) -> None:
    found = difference(first, second, method, 0.95)

    assert found.lower < found.upper
    if abs(found.p_value - 0.05) > 1e-9:
        assert (found.p_value > 0.05) == (found.lower < 0 < found.upper)


def test_groups_that_are_all_alike_differ_by_no_certain_amount() -> None:
    found = difference(Counts(0, 0, 5), Counts(5, 0, 0), Method.ADJUSTED_WALD, 0.95)

    assert found.difference == 200
    assert found.lower < found.upper < 200  # the centre is drawn in by what is added
    assert shown(found).upper == 200
