from __future__ import annotations

import math

import polars as pl
import pytest

from loopback.folding import folded
from loopback.frame import CodeFrame
from loopback.reasons.codes import codes
from loopback.reasons.keyness import keyness
from loopback.reasons.kinds import kinds
from loopback.reasons.ngrams import MASK, masked, ngrams, sizes
from loopback.reasons.themes import themes
from tests.reasons.drawn import TWO, code_frame, commented

FRAME = code_frame(TWO)


def test_keyness_is_the_formula_by_hand() -> None:
    counts = pl.DataFrame({"ngram": ["door"], "inside": [8], "outside": [2]})

    [row] = keyness(counts, 100, 300).to_dicts()

    a0, a = 40.0, 40 * 10 / 400
    here, there = 8 + a, 2 + a
    delta = math.log(here / (100 + a0 - here + a)) - math.log(there / (300 + a0 - there + a))
    assert row["log_odds"] == pytest.approx(math.log(9 / (140 - 8)) - math.log(3 / (340 - 2)))
    assert row["log_odds"] == pytest.approx(delta)
    assert row["z"] == pytest.approx(delta / math.sqrt(1 / here + 1 / there))


@pytest.mark.parametrize(
    ("text", "literals", "left"),
    [
        ("very late and cheap", [" late ", " cheap "], ["very", "and"]),
        ("late late delivery", [" late "], ["delivery"]),
        ("deliveries in time", [" deliver"], ["in", "time"]),
        ("sammelrechnung fehlt", ["rechnung "], ["fehlt"]),
        ("strassenbahnen fahren", ["bahn"], ["fahren"]),
        ("on time again", [" on time "], ["again"]),
        ("plates", [" late "], ["plates"]),
    ],
)
def test_masking_takes_out_whole_words_and_nothing_else(
    text: str, literals: list[str], left: list[str]
) -> None:
    bare = pl.select(masked(folded(pl.lit(text)), literals)).item()

    assert [word for word in bare.split(" ") if word and MASK not in word] == left


def test_phrases_are_counted_once_a_text_and_do_not_reach_over_a_masked_word() -> None:
    texts = pl.DataFrame(
        {
            "text": [" the door stuck the door "] * 5 + [f" the {MASK} door "] * 3,
            "inside": [True] * 5 + [False] * 3,
        }
    )

    counts = {row[0]: row[1:] for row in ngrams(texts).iter_rows()}

    assert counts["door"] == (5, 3)
    assert counts["the door"] == (5, 0)
    assert counts["the door stuck"] == (5, 0)
    assert sizes(texts.head(5)) == (15, 0)


def spoken(*rows: tuple[int, str, int]) -> pl.DataFrame:
    """Return so many comments of each text and score, with their kinds."""
    texts = [text for count, text, _ in rows for _ in range(count)]
    scores = pl.Series("score", [score for count, _, score in rows for _ in range(count)])
    responses = commented(*texts).with_columns(scores)
    return kinds(responses, codes(responses, FRAME), FRAME)


def test_what_comments_without_a_reason_speak_of_is_found_with_its_quotes() -> None:
    known = spoken(
        (12, "the password was lost", 5), (30, "late the van", 5), (30, "the staff was rude", 5)
    )

    first, *_ = themes(known, FRAME, 3)["uncovered"]

    assert "password" in f"{first.ngram} {' '.join(first.also)}"
    assert (first.inside, first.outside) == (12, 0)
    assert first.z > 1.96
    assert first.quotes == ["the password was lost"] * 3


def test_what_stands_beside_known_reasons_is_found_for_the_unhappy_and_the_happy() -> None:
    known = spoken(
        (12, "late with the invoice", 2), (12, "late, and still kind", 10), (40, "late today", 8)
    )

    found = themes(known, FRAME, 3)

    assert "invoice" in found["unhappy"][0].ngram
    assert "kind" in found["happy"][0].ngram
    assert found["uncovered"] == []


def test_the_words_of_a_reason_that_the_frame_lacks_come_back() -> None:
    lacking = CodeFrame(reason=[r for r in FRAME.reason if r.id != "people"])
    responses = commented(
        *["the staff was rude to us"] * 9,
        *["rude on the phone"] * 6,
        *["late with the parcel"] * 40,
    )
    known = kinds(responses, codes(responses, lacking), lacking)

    [found, *rest] = themes(known, lacking, 20).values()

    words = {
        word for theme in found for ngram in (theme.ngram, *theme.also) for word in ngram.split()
    }
    assert {"staff", "rude"} <= words
    assert rest == [[], []]


def test_small_data_stays_quiet() -> None:
    known = spoken((4, "the password was lost", 5), (30, "late", 5))

    assert set(map(tuple, themes(known, FRAME, 5).values())) == {()}
