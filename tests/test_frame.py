from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.frame import literals, normalised, read_frame
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

STARTING_FRAME = CHECKOUT / "templates" / "workspace" / "reasons.toml"


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


def frame_file(folder: Path, content: str) -> Path:
    path = folder / "reasons.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_code_frame_keeps_the_order_of_its_reasons(tmp_path: Path) -> None:
    content = """
        format = 1
        name = "Ours"
        [empty]
        terms = ["nothing"]
        [[reason]]
        id = "speed"
        label = "Speed"
        about = "How long it took"
        any = ["late", "delay*"]
        any_de = ["spät*"]
        not = ["late shift"]
        [[reason]]
        id = "praise"
        label = "Just happy"
        general = true
        any = ["great"]
        """

    frame = read_frame(frame_file(tmp_path, content))

    assert frame.labels == {"speed": "Speed", "praise": "Just happy"}
    assert [reason.general for reason in frame.reason] == [False, True]
    assert frame.reason[0].lists == {None: ["late", "delay*"], "de": ["spät*"]}
    assert frame.reason[0].unless == ["late shift"]
    assert frame.empty.terms == ["nothing"]


def test_every_spelling_of_a_term_bears_the_same_plain_term(tmp_path: Path) -> None:
    content = '[[reason]]\nid = "speed"\nlabel = "Speed"\nany_de = ["verspät*"]'

    terms = read_frame(frame_file(tmp_path, content)).terms()

    assert terms.select("literal", "reason", "language", "term").rows() == [
        (" verspaet", "speed", "de", "verspat"),
        (" verspat", "speed", "de", "verspat"),
    ]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("reason = 1", "reason"),
        ("[[reason]]\nid = 'a'", "label"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nanny = ['x']", "anny"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nany_de = 'x'", "any_de"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nany = [1]", "any"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\n[rules]\nfold = true", "rules"),
        ("format = 2\n[[reason]]\nid = 'a'\nlabel = 'A'", "format"),
        ("[[reason]]\nid = 'a\nlabel = 'A'", "TOML"),
    ],
)
def test_a_mistake_in_a_code_frame_is_named(tmp_path: Path, content: str, names: str) -> None:
    with pytest.raises(LoopbackError) as raised:
        read_frame(frame_file(tmp_path, content))

    [problem] = raised.value.problems
    assert names in problem.what
    assert problem.file == "reasons.toml"
    assert problem.mend


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ('any_de = ["spät", 1]', "any_de"),
        ('any_ = ["late"]', "any_"),
        ('any_DE = ["spät"]', "any_DE"),
        ('any_german = ["spät"]', "any_german"),
    ],
)
def test_a_list_that_no_comment_could_match_is_a_mistake(
    tmp_path: Path, terms: str, names: str
) -> None:
    content = f'[[reason]]\nid = "speed"\nlabel = "Speed"\n{terms}'

    with pytest.raises(LoopbackError, match=names):
        read_frame(frame_file(tmp_path, content))


def test_all_mistakes_of_a_code_frame_are_named_at_once(tmp_path: Path) -> None:
    content = "[[reason]]\nid = 'a'\n[[reason]]\nlabel = 'B'"

    with pytest.raises(LoopbackError) as raised:
        read_frame(frame_file(tmp_path, content))

    assert len(raised.value.problems) == 2


def test_a_code_frame_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoopbackError, match="no file"):
        read_frame(tmp_path / "reasons.toml")


def test_the_starting_frame_has_terms_for_three_languages_and_a_catch_all() -> None:
    frame = read_frame(STARTING_FRAME)

    assert {"en", "de", "da"} <= set(frame.terms()["language"].drop_nulls())
    assert any(reason.general for reason in frame.reason)
    assert frame.empty.terms


def test_every_term_of_the_starting_frame_can_match() -> None:
    written = [
        term
        for reason in read_frame(STARTING_FRAME).reason
        for terms in reason.lists.values()
        for term in terms
    ]

    assert len(written) > 100
    assert [term for term in written if not literals(term)] == []
    assert [term for term in written if "*" in term.strip("*")] == []
