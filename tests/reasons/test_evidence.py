from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopback.folding import folded
from loopback.reasons.alignment import alignment
from loopback.reasons.codes import coded
from loopback.reasons.evidence import evidence
from tests.reasons.drawn import TWO, code_frame, commented, one_reason


@pytest.mark.parametrize(
    ("comment", "lists", "words"),
    [
        ("Late again!", 'any = ["late"]', ["Late"]),
        ("two deliveries, both late", 'any = ["deliver*", "late"]', ["deliveries", "late"]),
        ("Sammelrechnung fehlt", 'any = ["*rechnung"]', ["Sammelrechnung"]),
        ("Viel zu SPÄT geliefert", 'any = ["zu spät"]', ["zu SPÄT"]),
        ("zu spaet", 'any = ["spät"]', ["spaet"]),
        ("GRÖSSE und Größe", 'any = ["größe"]', ["GRÖSSE", "Größe"]),
        ("n'a pas reçu l\u2019envoi", 'any = ["l\'envoi"]', ["l\u2019envoi"]),
        ("on -\n time", 'any = ["on time"]', ["on -\n time"]),
        ("sehr 👍🏽!", 'any = ["👍"]', ["👍"]),
        ("השירות היה איטי מאוד", 'any = ["איטי"]', ["איטי"]),
        ("late 40s, and late", 'any = ["late"]\nnot = ["late 40s"]', ["late"]),
        (
            unicodedata.normalize("NFD", "spät"),
            'any = ["spät"]',
            [unicodedata.normalize("NFD", "spät")],
        ),
        ("?!", 'any = ["late"]', []),
    ],
)
def test_the_words_of_a_match_are_those_the_customer_wrote(
    comment: str, lists: str, words: list[str]
) -> None:
    found = evidence(comment, None, one_reason(lists))

    assert [match.words for match in found] == words
    assert [comment[match.start : match.end] for match in found] == words


def test_a_match_names_its_term_as_it_is_written_and_a_negation_before_it() -> None:
    [match] = evidence("was not at all LATELY seen", "en", one_reason('any = ["LATE*"]'))

    assert (match.reason, match.term, match.negated) == ("it", "LATE*", True)


def test_only_the_lists_of_the_language_count() -> None:
    frame = one_reason('any_de = ["spät"]\nany_en = ["late"]')

    assert [m.words for m in evidence("spät, late", "de-AT", frame)] == ["spät"]
    assert [m.words for m in evidence("spät, late", None, frame)] == ["spät", "late"]


@settings(max_examples=100, deadline=None)
@given(comment=st.text())
@example(comment="½ ΑΣ ﬁn İ e\N{COMBINING ACUTE ACCENT}")
def test_letters_folded_one_by_one_are_the_text_folded_as_a_whole(comment: str) -> None:
    whole = pl.select(folded(pl.lit(comment))).item()

    assert alignment(comment).text.decode().strip() == whole.strip()


WORDS = st.sampled_from(("late", "slowly", "rude", "great", "late 40s", "hm", "-", "!"))


@settings(max_examples=30, deadline=None)
@given(comment=st.lists(WORDS, max_size=6).map(" ".join))
def test_evidence_gives_the_reasons_that_coding_gives(comment: str) -> None:
    frame = code_frame(
        TWO.replace('any = ["late", "slow*"]', 'any = ["late", "slow*"]\nnot = ["late 40s"]')
    )

    [reasons] = coded(commented(comment), frame)["reasons"].to_list()

    assert sorted({match.reason for match in evidence(comment, None, frame)}) == reasons
