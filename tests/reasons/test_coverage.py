from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.reasons.codes import codes
from loopback.reasons.coverage import alarms, by_language, counted, coverage
from loopback.reasons.kinds import kinds, telling
from tests.reasons.drawn import TWO, code_frame, commented


def test_every_comment_is_of_one_kind() -> None:
    responses = commented(
        "late", "great", "great but late", "hm", "Nothing.", "N/A", "...", "nothing great", None
    )
    frame = code_frame(TWO)

    assert coverage(counted(kinds(responses, codes(responses, frame), frame))) == {
        "silent": 1,
        "empty": 3,
        "specific": 2,
        "general": 2,
        "uncovered": 1,
    }


WORDS = st.sampled_from(
    ("late", "slowly", "rude", "great", "nothing", "hm", "-", "!", "Ärger", " ")
)
COMMENTS = st.lists(st.none() | st.lists(WORDS, max_size=4).map(" ".join), max_size=30)


@settings(max_examples=30, deadline=None)
@given(comments=COMMENTS)
def test_the_kinds_of_comments_add_up_to_the_responses(comments: list[str | None]) -> None:
    responses, frame = commented(*comments), code_frame(TWO)

    counts = coverage(counted(kinds(responses, codes(responses, frame), frame)))

    assert sum(counts.values()) == len(comments)


GERMAN = commented(*["zu spät geliefert"] * 19, "late", language="de")


def test_a_language_that_the_frame_lacks_raises_an_alarm() -> None:
    frame = code_frame(TWO)
    known = kinds(GERMAN, codes(GERMAN, frame), frame)

    languages = by_language(counted(known))

    assert languages.rows() == [("de", 20, 0, 1, 0, 19, 0.05)]
    assert alarms(languages, frame) == [
        "Only 5% of 20 comments in 'de' have a reason: it has no list any_de."
    ]


def test_few_comments_and_covered_languages_raise_no_alarm() -> None:
    frame = code_frame(TWO)
    few = GERMAN.head(19)
    english = commented(*["late"] * 30, *["hm"] * 10, language="en-GB")

    for responses in (few, english):
        languages = by_language(counted(kinds(responses, codes(responses, frame), frame)))
        assert alarms(languages, frame) == []


def test_comments_that_say_nothing_are_not_held_against_a_frame() -> None:
    frame = code_frame(TWO)
    responses = commented(*["Nothing"] * 30, "late", None, language="en")

    languages = by_language(counted(kinds(responses, codes(responses, frame), frame)))

    assert languages.rows() == [("en", 31, 30, 1, 0, 0, 1.0)]


def test_a_catch_all_tells_nothing_beside_a_reason() -> None:
    codes = pl.DataFrame(
        {"response_id": ["1", "1", "2", "3"], "reason": ["price", "unhappy", "unhappy", "price"]}
    )

    told = telling(codes, ["happy", "unhappy"])

    assert told.rows() == [("1", "price"), ("2", "unhappy"), ("3", "price")]
