from __future__ import annotations

import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.exports.values import ENDS_EARLY, SCORE, STARTS_AT_ONE, STARTS_AT_ZERO, tidied

NO_BREAK = "\N{NO-BREAK SPACE}"
EN_DASH = "\N{EN DASH}"


def score(text: str) -> int | None:
    return pl.DataFrame({"score": tidied(pl.Series([text]), {})}).select(SCORE).item()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("7", 7),
        ("10", 10),
        (" 9 ", 9),
        (f"9{NO_BREAK}", 9),
        ("9.0", 9),
        ("9.00", 9),
        ("09", 9),
        ("9,0", 9),
        ("10,00", 10),
        ('"8"', 8),
        ("\N{TAMIL DIGIT NINE}", 9),
        ("9/10", 9),
        ("10 / 10", 10),
        ("10 - Extremely likely", 10),
        ("0 - Not at all likely", 0),
        ("8 - fine", 8),
        ("10 (All the time)", 10),
        ("10 = sehr wahrscheinlich", 10),
        ("10: sehr", 10),
        (f"10 {EN_DASH} Très probable", 10),
        ("Extremely likely - 10", 10),
        ("'9", 9),
        ("\N{ARABIC-INDIC DIGIT NINE}", 9),
        ("\N{DEVANAGARI DIGIT ONE}\N{DEVANAGARI DIGIT ZERO}", 10),
        ("\N{FULLWIDTH DIGIT NINE}", 9),
    ],
)
def test_these_are_scores(text: str, value: int) -> None:
    assert score(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "11",
        "100",
        "-1",
        "9.5",
        "9,5",
        "10,000",
        "9,000",
        "1e1",
        "0x9",
        "9+",
        "9/11",
        "9/5",
        "9 of 10",
        "8-9",
        "8 - 9",
        "8 9",
        "10 - 10 of 10",
        "Extremely likely",
        "nine",
        "IX",
        "NaN",
        "true",
        "007",
        "\N{SUPERSCRIPT NINE}",
        "9" + "0" * 400,
        "=9",
        "9-",
        "Extremely likely - 11",
        "-",
        " ",
    ],
)
def test_these_are_not_scores(text: str) -> None:
    assert score(text) is None


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet="0123456789.,/- +e\t", max_size=6))
def test_whatever_is_read_as_a_score_says_that_number(text: str) -> None:
    value = score(text)

    assert value is None or value == int(re.split(r"\D", text.strip())[0])


@pytest.mark.parametrize(
    "header",
    [
        "1 = not at all, 10 = very",
        "from 1 to 10",
        "von 1 bis 10",
        "fra 1 til 10",
        "scale 1-10",
        f"scale 1{EN_DASH}10",
        "1 - strongly disagree",
        "en una escala del 1 al 10",
    ],
)
def test_a_header_may_say_that_the_scale_starts_at_one(header: str) -> None:
    assert STARTS_AT_ONE.search(header)
    assert not STARTS_AT_ZERO.search(header)


@pytest.mark.parametrize("header", ["from 0 to 10", "0-10", "0 = not at all", "von 0 bis 10"])
def test_a_header_may_say_that_the_scale_starts_at_zero(header: str) -> None:
    assert STARTS_AT_ZERO.search(header)


@pytest.mark.parametrize(
    "header",
    ["Q1 - How likely?", "How likely?", "1. How likely?", "11 to 10", "10 to 1", "1 a todos"],
)
def test_a_number_in_a_header_is_not_yet_a_scale(header: str) -> None:
    assert not STARTS_AT_ONE.search(header)


@pytest.mark.parametrize("header", ["from 1 to 5", "0-5", "del 1 al 5", "von 1 bis 7"])
def test_a_header_may_say_that_the_scale_ends_before_ten(header: str) -> None:
    assert ENDS_EARLY.search(header)


@pytest.mark.parametrize("header", ["from 1 to 10", "0-10", "Q1 - 5 stars"])
def test_a_scale_to_ten_does_not_end_before_it(header: str) -> None:
    assert not ENDS_EARLY.search(header)


def test_words_mean_what_the_user_says_whatever_their_case() -> None:
    texts = pl.Series(["Absolutely", " ABSOLUTELY ", "9", "never", None, "Don't know"])

    found = tidied(texts, {"absolutely": 10, "Don't know": None})

    assert found.to_list() == ["10", "10", "9", "never", None, None]
