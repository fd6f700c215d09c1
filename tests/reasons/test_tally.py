from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.reasons.codes import codes
from loopback.reasons.tally import tally
from loopback.tables import RESPONSES
from tests.frames import table
from tests.reasons.drawn import TWO, code_frame, commented, one_reason

WORDS = st.sampled_from(
    ("late", "slowly", "rude", "great", "nothing", "hm", "-", "!", "Ärger", " ")
)
COMMENTS = st.lists(st.none() | st.lists(WORDS, max_size=4).map(" ".join), max_size=30)


@settings(max_examples=30, deadline=None)
@given(comments=COMMENTS)
def test_a_reason_counts_once_a_comment(comments: list[str | None]) -> None:
    responses, frame = commented(*comments), code_frame(TWO)
    words = [set((comment or "").split()) for comment in comments]

    counted = tally(responses, codes(responses, frame), frame)

    expected = {
        "Just happy": sum("great" in there for there in words),
        "People": sum("rude" in there for there in words),
        "Speed": sum(bool(there & {"late", "slowly"}) for there in words),
    }
    found = dict(counted.select("label", "comments").iter_rows())
    assert found == {label: count for label, count in expected.items() if count}


DRAWN = """
response_id | customer_id | owner | score | comment
------------+-------------+-------+-------+----------------------
R-1         | C-1         | anna  | 10    | great staff
R-2         | C-2         | anna  | 3     | late and slow, so late
R-3         | C-3         | ben   | 6     | late
R-4         | C-4         | ben   | 8     | slow
R-5         | C-5         | ben   | 9     |
"""
TALLY = ("reason", "label", "comments", "promoters", "detractors")


def test_a_tally_counts_comments_and_names_the_words_that_gave_the_reason() -> None:
    responses, frame = table(RESPONSES, DRAWN), code_frame(TWO)

    found = tally(responses, codes(responses, frame), frame)

    assert found.select(TALLY).rows() == [
        ("speed", "Speed", 3, 0, 2),
        ("people", "People", 1, 1, 0),
        ("praise", "Just happy", 1, 1, 0),
    ]
    assert found["words"].to_list() == ["late, slow*", "staff", "great"]


def test_a_tally_by_owner_is_most_frequent_first_within_each() -> None:
    responses, frame = table(RESPONSES, DRAWN), code_frame(TWO)

    found = tally(responses, codes(responses, frame), frame, "owner")

    assert found.select("owner", "reason", "comments").rows() == [
        ("anna", "people", 1),
        ("anna", "praise", 1),
        ("anna", "speed", 1),
        ("ben", "speed", 2),
    ]


def test_a_response_that_several_people_may_see_counts_for_each_of_them() -> None:
    responses, frame = table(RESPONSES, DRAWN), code_frame(TWO)
    seen = responses.join(pl.DataFrame({"person_id": ["anna", "carla"]}), how="cross")

    found = tally(seen, codes(responses, frame), frame, "person_id")

    speed = found.filter(reason="speed").select("person_id", "comments", "detractors")
    assert speed.rows() == [("anna", 3, 2), ("carla", 3, 2)]


def test_a_tally_shows_the_most_frequent_words_only() -> None:
    frame = one_reason('any = ["a", "b", "c", "d", "e", "f"]')
    responses = commented("a b c d e f", "f")

    found = tally(responses, codes(responses, frame), frame)

    assert found["words"].to_list() == ["f, a, b, c, d"]
