from __future__ import annotations

import pytest

from loopback.reasons.suggestions import suggestions
from tests.reasons.drawn import commented, one_reason


@pytest.mark.parametrize(
    ("term", "word", "said"),
    [
        ("helpful", "helpfull", ("wider", "helpful*")),
        ("helpful", "helful", ("typo", "helful")),
        ("helpful", "halpful", ("typo", "halpful")),
        ("helpful", "hlepful", ("typo", "hlepful")),
        ("delay", "delayed", ("wider", "delay*")),
    ],
)
def test_a_word_near_to_a_term_is_named_with_what_could_be_added(
    term: str, word: str, said: tuple[str, str]
) -> None:
    frame = one_reason(f'any = ["{term}"]')

    [near] = suggestions(commented(word, f"so {word}"), frame)

    assert (near.kind, near.add) == said
    assert (near.term, near.word, near.comments, near.reason) == (term, word, 2, "it")


@pytest.mark.parametrize(
    ("lists", "word"),
    [
        ('any = ["helpful"]', "helpful"),
        ('any = ["helpful"]', "hxlpfxl"),
        ('any = ["late"]', "lake"),
        ('any = ["helpful*"]', "helpfully"),
        ('any = ["very helpful"]', "helpfull"),
        ('any = ["on"]', "once"),
    ],
)
def test_what_is_found_or_too_far_is_not_suggested(lists: str, word: str) -> None:
    assert suggestions(commented(word, word), one_reason(lists)) == []


def test_a_word_of_one_comment_alone_is_not_suggested() -> None:
    assert suggestions(commented("helful helful"), one_reason('any = ["helpful"]')) == []
