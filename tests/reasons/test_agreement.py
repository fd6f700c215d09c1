from __future__ import annotations

import polars as pl
import pytest

from loopback.reasons.agreement import (
    alpha,
    overall,
    quality,
    reasons_quality,
    terms_quality,
    to_drop,
)


def given(*rows: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"place": pl.UInt32, "reason": pl.String}, orient="row")


def test_quality_by_hand() -> None:
    found = quality(both=6, frame=8, people=10, n=20)

    assert found.precision == 0.75
    assert found.recall == 0.6
    assert found.f1 == pytest.approx(2 / 3)
    assert found.kappa == pytest.approx((14 / 20 - 0.5) / (1 - 0.5))  # 6 + 8 agree; 0.5 by chance


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((0, 0, 0, 5), (None, None, None, None)),
        ((0, 0, 2, 5), (None, 0.0, 0.0, 0.0)),
        ((0, 2, 0, 5), (0.0, None, 0.0, 0.0)),
        ((5, 5, 5, 5), (1.0, 1.0, 1.0, None)),
        ((2, 2, 2, 5), (1.0, 1.0, 1.0, 1.0)),
    ],
)
def test_what_cannot_be_divided_is_empty(
    counts: tuple[int, int, int, int], expected: tuple[float | None, ...]
) -> None:
    assert tuple(quality(*counts)) == expected


def test_reasons_stand_worst_first_and_are_summed() -> None:
    people = given((0, "speed"), (1, "speed"), (2, "price"), (3, "price"))
    frame = given((0, "speed"), (1, "speed"), (2, "price"), (1, "price"), (0, "price"))

    table = reasons_quality(frame, people, ["speed", "price", "people"], 4)

    assert table.select("reason", "people", "frame", "both").rows() == [
        ("price", 2, 3, 1),
        ("speed", 2, 2, 2),
        ("people", 0, 0, 0),
    ]
    assert overall(table) == pytest.approx(
        {"precision": 3 / 5, "recall": 3 / 4, "micro_f1": 2 / 3, "macro_f1": (0.4 + 1) / 2}
    )


def test_a_term_is_dropped_where_it_is_wrong_more_often_than_in_six_of_ten() -> None:
    people = given((0, "it"), (1, "it"))
    rows = [(n, "it", "bad") for n in (0, 2, 3)] + [(n, "it", "good") for n in (0, 1, 2, 3)]
    rows += [(n, "it", "rare") for n in (2, 3)]
    codes = pl.DataFrame(
        rows, schema={"place": pl.UInt32, "reason": pl.String, "term": pl.String}, orient="row"
    )

    terms = terms_quality(codes, people)

    assert terms.select("term", "comments", "right").rows() == [
        ("rare", 2, 0),
        ("bad", 3, 1),
        ("good", 4, 2),
    ]
    assert to_drop(terms)["term"].to_list() == ["bad"]


# K. Krippendorff, Computing Krippendorff's Alpha-Reliability, 2011: section B, binary data of two
# observers, and its nominal data brought down to "is it the value 2", recomputed by hand.
ONE = [False, True, False, False, False, False, False, False, True, False]
TWO = [True, True, True, False, False, True, False, False, False, False]


def test_alpha_of_two_coders_is_the_published_one() -> None:
    assert alpha([ONE, TWO]) == pytest.approx(0.095, abs=0.0005)


def test_alpha_takes_any_number_of_coders_and_what_they_left_out() -> None:
    assert alpha([[True, False, None], [True, False, True], [True, None, None]]) == 1
    assert alpha([[True, None], [None, True]]) is None
    assert alpha([[True, True], [True, True]]) is None
    assert alpha([ONE, TWO, [None] * 10]) == pytest.approx(0.095, abs=0.0005)
