from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from loopback.alerts import flagged, worded
from loopback.escalations import DEFAULT, Escalation
from tests.drawn import TODAY, call


@pytest.mark.parametrize(
    ("rule", "fields", "holds"),
    [
        ({"days": 2}, {"arrived": date(2026, 11, 19)}, True),
        ({"days": 2}, {"arrived": date(2026, 11, 20)}, False),
        ({"value": ["A"]}, {"value_class": "A"}, True),
        ({"value": ["A"]}, {"value_class": "B"}, False),
        ({"value": ["A"]}, {"value_class": None}, False),
        ({"category": ["detractor"]}, {}, True),
        ({"category": ["detractor"]}, {"category": "passive"}, False),
        ({"again": True}, {"score": 6, "previous": 6}, True),
        ({"again": True}, {"score": 6, "previous": 7}, False),
        ({"again": True}, {"score": 7, "previous": 3}, False),
        ({"again": True}, {"score": 3, "previous": None}, False),
        ({"contact": True}, {"contact": True}, True),
        ({"contact": True}, {}, False),
        ({"value": ["A", "B"], "category": ["detractor"]}, {"value_class": "B"}, True),
        ({"value": ["A", "B"], "category": ["passive"]}, {"value_class": "B"}, False),
    ],
)
def test_a_rule_holds_where_all_its_conditions_do(
    rule: dict[str, Any], fields: dict[str, Any], *, holds: bool
) -> None:
    asked = Escalation(name="rule", **rule)

    assert flagged(call(**fields), [asked], {}, TODAY).flags == (["rule"] if holds else [])


@pytest.mark.parametrize(
    ("comment", "language", "found"),
    [
        ("My lawyer will write to you.", "en", True),
        ("We talked about the courtyard", "en", False),
        ("Das war gefährlich!", "de", True),
        ("Jeg går til min advokat", "da", True),
        ("C'est dangereux pour nos équipes", "fr", True),
        ("Hubo un accidente en el almacén", "es", True),
        ("Das war gefährlich!", None, True),
        ("I was late for court", "de", False),
        (None, "en", False),
    ],
)
def test_words_of_law_and_safety_are_found_in_the_language_of_the_comment(
    comment: str | None, language: str | None, *, found: bool
) -> None:
    row = {"response_id": ["R-1"], "comment": [comment], "language": [language]}
    responses = pl.DataFrame(row, schema=dict.fromkeys(row, pl.String))

    assert worded(responses, DEFAULT) == ({"complaint": {"R-1"}} if found else {})


def test_the_rules_that_hold_stand_in_their_order() -> None:
    found = flagged(
        call(contact=True, value_class="A", previous=2, arrived=date(2026, 11, 1)),
        DEFAULT,
        {"complaint": {"R-1"}},
        TODAY,
    )

    assert found.flags == ["complaint", "contact", "overdue", "key_detractor", "low_again"]


@pytest.mark.parametrize(
    "rule",
    [{}, {"days": -1}, {"value": ["D"]}, {"words": {"english": ["x"]}}, {"day": 3}],
)
def test_a_rule_without_sense_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Escalation(name="rule", **rule)


def test_every_word_we_ship_is_found_in_a_comment_that_holds_it() -> None:
    words = [
        (language, word.strip("*"))
        for rule in DEFAULT
        for language, terms in rule.words.items()
        for word in terms
    ]
    rows = [(str(n), f"So, {word}!", language) for n, (language, word) in enumerate(words)]
    names = ("response_id", "comment", "language")
    responses = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")

    assert len(words) > 50
    assert worded(responses, DEFAULT) == {"complaint": {str(n) for n in range(len(words))}}
