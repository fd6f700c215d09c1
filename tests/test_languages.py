from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from loopback.errors import LoopbackError
from loopback.languages import CODE, FOLDER, PLACE, Languages, templates_folder
from loopback.tomlfile import toml

if TYPE_CHECKING:
    from pathlib import Path

SHIPPED = ("da", "de", "en", "es", "fr")
DAY = date(2026, 3, 1)


def texts(code: str) -> dict[str, Any]:
    """Return the texts of a file we ship, as a translator wrote them."""

    def flat(table: dict[str, Any], start: str = "") -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in table.items():
            inner = flat(value, f"{start}{key}.") if isinstance(value, dict) else {}
            found |= inner or {f"{start}{key}": value}
        return found

    return flat(toml(templates_folder() / FOLDER / f"{code}.toml", ""))


@pytest.fixture
def languages(tmp_path: Path) -> Languages:
    return Languages(tmp_path)


def own(folder: Path, code: str, content: str) -> Languages:
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / f"{code}.toml").write_text(content, encoding="utf-8")
    return Languages(folder)


def test_these_languages_are_there(languages: Languages) -> None:
    assert languages.codes() == list(SHIPPED)


@pytest.mark.parametrize("code", SHIPPED)
def test_every_language_has_every_text_with_its_places(code: str) -> None:
    english, found = texts("en"), texts(code)

    assert set(found) == set(english)
    for key, text in found.items():
        assert type(text) is type(english[key]), key
        if isinstance(text, str) and not key.endswith((".one", ".other")):
            assert set(PLACE.findall(text)) == set(PLACE.findall(english[key])), key
        if isinstance(text, list):
            assert len(text) == len(english[key]), key


@pytest.mark.parametrize("code", [code for code in SHIPPED if code != "en"])
def test_a_language_is_translated(code: str) -> None:
    english, found = texts("en"), texts(code)
    words = [
        key
        for key, text in found.items()
        if isinstance(text, str) and len(PLACE.sub("", text)) > 12 and text == english[key]
    ]
    assert words == []


@pytest.mark.parametrize(
    ("code", "day", "with_year", "month", "number"),
    [
        ("en", "Sun 1 Mar", "1 Mar 2026", "March 2026", "12,500.5"),
        ("de", "So, 1. März", "1. März 2026", "März 2026", "12.500,5"),
        ("da", "søn. 1. mar.", "1. mar. 2026", "marts 2026", "12.500,5"),
        ("fr", "dim. 1 mars", "1 mars 2026", "mars 2026", "12\u202f500,5"),
        ("es", "dom 1 mar", "1 mar 2026", "marzo de 2026", "12.500,5"),
    ],
)
def test_days_and_numbers_are_written_as_the_language_does(
    languages: Languages, code: str, day: str, with_year: str, month: str, number: str
) -> None:
    language = languages.of(code)

    assert language.day(DAY) == day
    assert language.date(DAY) == with_year
    assert language.month("2026-03") == month
    assert language.number(12500.5, 1) == number
    assert language.number(-7) == "\N{MINUS SIGN}7"


@pytest.mark.parametrize(
    ("code", "n", "text"),
    [
        ("en", 0, "and 0 more calls"),
        ("en", 1, "and 1 more call"),
        ("en", 1200, "and 1,200 more calls"),
        ("fr", 0, "et 0 autre appel"),
        ("fr", 2, "et 2 autres appels"),
    ],
)
def test_a_count_takes_the_form_of_its_number(
    languages: Languages, code: str, n: int, text: str
) -> None:
    assert languages.of(code).say("rollup.more", n=n) == text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("de", "de"),
        (" DE", "de"),
        ("de-AT", "de"),
        ("fr_CA", "fr"),
        ("xx", "en"),
        ("", "en"),
        (None, "en"),
        ("../../etc/passwd", "en"),
    ],
)
def test_a_person_is_addressed_in_the_own_language_or_in_english(
    languages: Languages, said: str | None, code: str
) -> None:
    assert languages.of(said).code == code


def test_values_are_filled_in_as_they_are_and_never_again(languages: Languages) -> None:
    text = languages.of("en").say("head.copies", names="{names} {0.__class__}")

    assert text == "Copies go to {names} {0.__class__}."


def test_a_workspace_may_say_some_texts_otherwise(tmp_path: Path) -> None:
    languages = own(tmp_path, "de", '[calls]\nheading = "Zu rufen"')

    assert languages.of("de").say("calls.heading") == "Zu rufen"
    assert languages.of("de").say("made.heading") == "Schon angerufen"


def test_a_workspace_may_add_a_language_and_english_says_the_rest(tmp_path: Path) -> None:
    languages = own(tmp_path, "it", '[calls]\nheading = "Le sue chiamate"')

    assert languages.of("it").say("calls.heading") == "Le sue chiamate"
    assert languages.of("it").say("made.heading") == "Already called"
    assert "it" in languages.codes()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('[calls]\nheadnig = "x"', "unknown text calls.headnig"),
        ("[calls]\nheading = 7", "calls.heading is not written as in en.toml"),
        ('[form]\nmonths = ["a"]', "form.months is not written as in en.toml"),
        ('[calls]\nby = "by {date}"', "calls.by has a place for date, which is not known there"),
        ("[calls", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_language_file_is_named(tmp_path: Path, content: str, what: str) -> None:
    with pytest.raises(LoopbackError, match=what) as raised:
        own(tmp_path, "de", content).of("de")

    [problem] = raised.value.problems
    assert (problem.file or "").endswith("de.toml")
    assert problem.mend


def test_only_two_letters_name_a_file() -> None:
    assert CODE.match("../x") is None
