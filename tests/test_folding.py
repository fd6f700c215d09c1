from __future__ import annotations

import unicodedata

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopback.folding import WESTERN, folded, letters, literals, normalised


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Late AGAIN", "late again"),
        ("  too   late \n again ", "too late again"),
        ("Lieferung verspätet", "lieferung verspatet"),
        ("GRÖSSE", "grosse"),
        ("Größe", "grosse"),
        ("STRA\N{LATIN CAPITAL LETTER SHARP S}E", "strasse"),
        ("Smørrebrød på Ærø", "smorrebrod pa aero"),
        ("œuvre", "oeuvre"),
        ("Łódź", "lodz"),
        ("déjà vu", "deja vu"),
        ("l'envoi", "l envoi"),
        ("l\N{RIGHT SINGLE QUOTATION MARK}envoi", "l envoi"),
        ("e-mail", "e mail"),
        ("e\N{NON-BREAKING HYPHEN}mail", "e mail"),
        ("on/off, 24/7!", "on off 24 7"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}\N{FULLWIDTH DIGIT ONE}", "a1"),
        ("\N{LATIN SMALL LIGATURE FI}ne", "fine"),
        ("great \N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-3} service", "great service"),
        ("a_b", "a b"),
        ("!?…", ""),
        ("", ""),
        ("שירות מצוין", "שירות מצוין"),
        ("خدمة ممتازة", "خدمة ممتازة"),
        ("配送が遅い", "配送か遅い"),
    ],
)
def test_texts_are_compared_by_their_plain_letters_and_digits(text: str, plain: str) -> None:
    assert normalised(text) == plain


@pytest.mark.parametrize("text", ["verspätet", "Größe", "déjà", "på"])
def test_composed_and_decomposed_letters_are_the_same(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)

    assert decomposed != text
    assert normalised(decomposed) == normalised(text)
    assert literals(decomposed) == literals(text)


@settings(max_examples=150, deadline=None)
@given(text=st.text())
@example(text="\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}")
@example(text="\N{GREEK CAPITAL LETTER SIGMA}")
@example(text="\N{LATIN SMALL LETTER N PRECEDED BY APOSTROPHE}")
def test_a_plain_text_has_words_with_single_spaces_between(text: str) -> None:
    plain = normalised(text)

    assert plain == " ".join(plain.split())
    assert not [c for c in plain if c != " " and unicodedata.category(c)[0] in "MPSZ"]
    assert normalised(plain) == plain


MIXED = st.text(
    st.one_of(
        st.sampled_from("aZ 9-'\u0301\u0307\u0327\u03a3\u200d👍"),
        st.sampled_from(WESTERN).map(chr),
        st.characters(exclude_categories=["Cs"]),
    )
)


@settings(max_examples=100, deadline=None)
@given(
    texts=st.lists(st.none() | MIXED, min_size=1, max_size=40), symbols=st.sampled_from(["", "👍"])
)
@example(texts=["".join(f" {chr(n)}x{chr(n)}" for n in WESTERN)], symbols="")
def test_letters_that_are_folded_in_a_pass_of_their_own_come_out_the_same(
    texts: list[str | None], symbols: str
) -> None:
    frame = pl.DataFrame({"text": texts}, {"text": pl.String})
    slow = pl.lit(" ") + letters(pl.col("text")) + pl.lit(" ")
    apart = slow.str.replace_all("👍", " 👍 ") if symbols else slow
    by_rule = apart.str.replace_all(rf"[^\p{{L}}\p{{N}}{symbols}]+", " ")

    assert frame.select(folded(pl.col("text"), symbols)).equals(frame.select(by_rule))


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("late", [" late "]),
        ("deliver*", [" deliver"]),
        ("*rechnung", ["rechnung "]),
        ("*bahn*", ["bahn"]),
        ("on time", [" on time "]),
        ("on  TIME", [" on time "]),
        ("e-mail", [" e mail "]),
        ("l'envoi", [" l envoi "]),
        ("24/7", [" 24 7 "]),
        ("zu spät", [" zu spaet ", " zu spat "]),
        ("*verspät*", ["verspaet", "verspat"]),
        ("Größe", [" groesse ", " grosse "]),
        ("blå", [" bla ", " blaa "]),
        ("køb*", [" kob", " koeb"]),
        ("schön*", [" schoen", " schon"]),
        ("*", []),
        ("?!", []),
        ("", []),
    ],
)
def test_a_term_becomes_literals_whose_spaces_are_the_ends_of_words(
    term: str, expected: list[str]
) -> None:
    assert literals(term) == expected


@settings(max_examples=100, deadline=None)
@given(term=st.text().filter(lambda text: "*" not in text))
def test_a_term_is_found_in_a_comment_that_is_the_term(term: str) -> None:
    plain = normalised(term)

    assert (f" {plain} " in literals(term)) == bool(plain)
