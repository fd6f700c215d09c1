from __future__ import annotations

import pytest

from loopback.nps.counts import NOTHING, Counts
from loopback.nps.trend import trend


def test_a_trend_is_points_a_month() -> None:
    found = trend([Counts(10, 20, 10), Counts(8, 20, 12), Counts(6, 20, 14)], 0.95)

    assert found is not None
    assert found.slope == pytest.approx(10)
    assert found.lower < 10 < found.upper


def test_a_month_without_answers_is_a_gap_and_no_zero() -> None:
    gap = trend([Counts(10, 20, 10), NOTHING, Counts(6, 20, 14)], 0.95)

    assert gap is not None
    assert gap.slope == pytest.approx(10)


@pytest.mark.parametrize(
    "months",
    [
        [],
        [NOTHING, NOTHING],
        [Counts(3, 4, 5)],
        [Counts(3, 4, 5), NOTHING],
        [Counts(0, 0, 5), Counts(0, 0, 9)],
        [Counts(0, 7, 0), Counts(0, 1, 0)],
    ],
)
def test_one_month_or_one_kind_of_answer_has_no_trend(months: list[Counts]) -> None:
    assert trend(months, 0.95) is None


@pytest.mark.parametrize("months", [[Counts(1, 0, 0), Counts(0, 0, 1)], [Counts(0, 1, 1)] * 2])
def test_very_few_answers_are_no_mistake(months: list[Counts]) -> None:
    found = trend(months, 0.95)

    assert found is not None
    assert 0 < found.p_value <= 1
