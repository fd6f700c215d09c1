from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.reasons.drivers import drivers, quotes
from tests.frames import frame

BASE = pl.Schema({"score": pl.Int64})
ANSWERS = """
response_id | owner | score | comment
------------+-------+-------+---------------------
R-1         | anna  | 10    | great staff
R-2         | anna  | 3     | late, so late
R-3         | ben   | 6     | late, and staff rude
R-4         | ben   | 8     | slow
R-5         | ben   | 9     | on time
"""
GIVEN = """
response_id | reason
------------+-------
R-1         | people
R-2         | speed
R-3         | speed
R-3         | people
R-4         | speed
R-5         | speed
"""


def test_a_driver_can_be_reckoned_by_hand() -> None:
    found = drivers(frame(ANSWERS, BASE), frame(GIVEN), [], 0.95).to_dicts()

    speed, people = found
    assert (speed["reason"], speed["comments"], speed["base"], speed["share"]) == (
        "speed",
        4,
        5,
        0.8,
    )
    assert (speed["promoters"], speed["passives"], speed["detractors"]) == (1, 1, 2)
    assert speed["nps"] == -25
    assert speed["without"] == 100  # R-1 alone
    assert speed["impact"] == -100  # 0 of all, less 100 without
    assert people["nps"] == 0
    assert people["without"] == 0
    assert people["lower"] < 0 < people["upper"]


def test_each_group_is_compared_with_itself() -> None:
    found = drivers(frame(ANSWERS, BASE), frame(GIVEN), ["owner"], 0.95)

    rows = found.select("owner", "reason", "comments", "base", "without", "impact").rows()
    assert rows == [
        ("anna", "people", 1, 2, -100.0, 100.0),
        ("anna", "speed", 1, 2, 100.0, -100.0),
        ("ben", "speed", 3, 3, None, None),  # nobody is without
        ("ben", "people", 1, 3, 50.0, -50.0),
    ]


@settings(max_examples=40, deadline=None)
@given(
    answers=st.lists(st.tuples(st.integers(0, 10), st.booleans()), min_size=2, max_size=30).filter(
        lambda rows: 0 < sum(has for _, has in rows) < len(rows)
    )
)
def test_the_impact_is_the_odds_of_the_reason_times_the_distance_of_its_score(
    answers: list[tuple[int, bool]],
) -> None:
    ids = [f"R-{n}" for n in range(len(answers))]
    base = pl.DataFrame({"response_id": ids, "score": [score for score, _ in answers]})
    named = [i for i, (_, has) in zip(ids, answers, strict=True) if has]
    rows = pl.DataFrame({"response_id": named, "reason": ["it"] * len(named)})

    [row] = drivers(base, rows, [], 0.95).to_dicts()

    whole = 100 * sum((s >= 9) - (s <= 6) for s, _ in answers) / len(answers)
    share = row["share"]
    assert row["impact"] == pytest.approx(share / (1 - share) * (row["nps"] - whole))


def test_a_quote_of_each_end_of_the_scale_has_as_few_other_reasons_as_can_be() -> None:
    found = quotes(frame(ANSWERS, BASE), frame(GIVEN), [])

    assert found.rows() == [
        ("people", "late, and staff rude", "great staff"),
        ("speed", "late, so late", "on time"),
    ]
