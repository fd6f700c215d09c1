from __future__ import annotations

import pytest

from loopback.nps.counts import NOTHING, Counts
from loopback.nps.shrinkage import Shrunk, company, shrunk

# docs/methods.md: twelve owners, from five answers to eighty.
OWNERS = [
    Counts(*group)
    for group in (
        *((0, 1, 4), (2, 1, 2), (1, 0, 4), (3, 1, 1), (1, 3, 6), (0, 4, 6), (5, 6, 9)),
        *((2, 5, 13), (8, 9, 8), (3, 9, 28), (14, 18, 28), (9, 24, 47)),
    )
]


def estimates(groups: list[Counts]) -> list[Shrunk]:
    known = company(groups)
    return [shrunk(group, known, 0.95) for group in groups]


@pytest.mark.parametrize(
    ("owner", "mean", "lower", "upper", "below"),
    [
        (Counts(0, 1, 4), 41.8, 20.8, 60.7, 0.342),
        (Counts(3, 1, 1), 30.7, 6.1, 53.4, 0.715),
        (Counts(5, 6, 9), 33.2, 14.4, 50.8, 0.686),
        (Counts(8, 9, 8), 26.4, 4.7, 46.9, 0.855),
        (Counts(3, 9, 28), 47.5, 30.3, 63.2, 0.128),
        (Counts(14, 18, 28), 31.0, 15.7, 45.5, 0.817),
        (Counts(9, 24, 47), 43.0, 30.5, 54.7, 0.202),
    ],
)
def test_the_worked_example(
    owner: Counts, mean: float, lower: float, upper: float, below: float
) -> None:
    found = shrunk(owner, company(OWNERS), 0.95)

    assert [round(value, 1) for value in found[:3]] == [mean, lower, upper]
    assert round(found.below, 3) == below


def test_owners_120_points_apart_on_five_answers_are_drawn_to_11() -> None:
    raw = Counts(0, 1, 4).nps - Counts(3, 1, 1).nps
    best, worst = (shrunk(owner, company(OWNERS), 0.95) for owner in (OWNERS[0], OWNERS[3]))

    assert (raw, round(best.nps - worst.nps)) == (120, 11)


def test_many_answers_outweigh_the_company() -> None:
    few, many = Counts(0, 2, 8), Counts(0, 2_000, 8_000)
    _, of_few, of_many = estimates([Counts(300, 300, 300), few, many])

    assert 0 < of_few.nps < 80
    assert of_many.nps == pytest.approx(80, abs=1)


def test_the_order_of_owners_changes_no_bit() -> None:
    assert estimates(OWNERS[::-1]) == estimates(OWNERS)[::-1]


@pytest.mark.parametrize(
    "groups",
    [
        [Counts(0, 0, 1)],
        [Counts(0, 0, 5), Counts(0, 0, 9)],
        [Counts(0, 4, 0), Counts(0, 1, 0)],
        [Counts(7, 0, 0), Counts(2, 0, 0)],
        [Counts(0, 3, 5), Counts(0, 1, 9)],
    ],
)
def test_no_estimate_is_without_width_where_answers_are_alike(groups: list[Counts]) -> None:
    for found in estimates(groups):
        assert -100 <= found.lower < found.nps < found.upper <= 100


def test_owners_without_answers_tell_nothing() -> None:
    assert company([*OWNERS, NOTHING]) == company(OWNERS)
    assert company([NOTHING]).nps == 0
