from __future__ import annotations

import pytest

from loopback.nps.counts import Counts, pooled
from loopback.nps.weighting import (
    Cell,
    capped,
    class_weights,
    classes,
    raked_weights,
    standard_error,
    weighted,
)

FEW, MANY = Counts(1, 1, 0), Counts(2, 4, 6)


def test_cells_with_few_answers_are_joined_with_the_next() -> None:
    answers: dict[Cell, Counts] = {("a",): MANY, ("b",): FEW, ("c",): MANY, ("e",): FEW}
    asked: dict[Cell, int] = dict.fromkeys([("a",), ("b",), ("c",), ("d",), ("e",)], 50)

    assert classes(answers, asked) == {
        ("a",): ("a",),
        ("b",): ("b",),
        ("c",): ("b",),
        ("d",): ("b",),  # the last have two answers together, and go with those before
        ("e",): ("b",),
    }


def test_a_class_counts_as_much_as_was_asked_of_it() -> None:
    answers: dict[Cell, Counts] = {("North",): Counts(0, 0, 30), ("South",): Counts(10, 0, 0)}
    asked: dict[Cell, int] = {("North",): 100, ("South",): 100}
    weights = class_weights(answers, asked, classes(answers, asked))

    assert pooled(answers.values()).nps == 50
    assert weighted(answers, weights, [classes(answers, asked)], 0.95).nps == 0


def test_weights_cost_answers() -> None:
    answers: dict[Cell, Counts] = {("North",): MANY, ("South",): MANY}
    even = weighted(answers, {("North",): 2.0, ("South",): 2.0}, [], 0.95)
    uneven = weighted(answers, {("North",): 2.0, ("South",): 6.0}, [], 0.95)

    assert (even.effective, even.design_effect, even.largest) == (24, 1, 1)
    assert (uneven.effective, uneven.design_effect, uneven.largest) == (19.2, 1.25, 1.5)
    assert uneven.upper - uneven.lower > even.upper - even.lower


def test_raked_weights_meet_every_margin() -> None:
    answers: dict[Cell, Counts] = {
        ("North", "large"): Counts(3, 9, 18),
        ("North", "small"): Counts(2, 3, 5),
        ("South", "large"): Counts(4, 5, 6),
        ("South", "small"): Counts(2, 1, 2),
    }
    margins = [{"North": 600, "South": 400}, {"large": 300, "small": 700}]
    weights = raked_weights(answers, margins)

    for place, margin in enumerate(margins):
        for name, size in margin.items():
            heavy = sum(w * answers[c].n for c, w in weights.items() if c[place] == name)
            assert heavy == pytest.approx(size, rel=1e-9)


def test_no_answer_counts_more_than_five_times_the_median() -> None:
    answers: dict[Cell, Counts] = {("a",): Counts(0, 9, 0), ("b",): Counts(0, 0, 1)}

    assert capped(answers, {("a",): 2.0, ("b",): 80.0}) == {("a",): 2.0, ("b",): 10.0}


@pytest.mark.parametrize("alike", [Counts(0, 0, 9), Counts(0, 9, 0), Counts(9, 0, 0)])
def test_answers_that_are_alike_have_an_interval_with_width_that_holds_the_score(
    alike: Counts,
) -> None:
    found = weighted({("a",): alike}, {("a",): 3.0}, [], 0.95)

    assert found.lower < found.upper
    assert found.lower <= found.nps <= found.upper


def test_one_answer_tells_of_no_error() -> None:
    assert standard_error({("a",): Counts(0, 1, 0)}, {("a",): 1.0}, []) != 0
