"""Letters: which encoding a text that is not in UTF-8 is in, by its words."""

# ruff: noqa: RUF001 - the marks themselves are what is read

from __future__ import annotations

import pytest

from loopback.letters import letters


def read(text: str, encoding: str) -> str:
    """Return a text as it is read from the bytes of an encoding that nobody named."""
    lines = [text.encode(encoding)]
    return "".join(letters(lines).lines(lines))


@pytest.mark.parametrize(
    "text",
    [
        *("„Krone“", "„Gut“ sagt er", "„schlimm“", "„Zur Post“ Gasthof", "die „Krone“-Karte"),
        *("„Gut!“", "‚so‘", "“Good”; she said", "the ‘Bull’", "guests’ room", "«Oui»", "‹so›"),
        *("I don’t like it", "d’accord", "l’hôtel", "10 – gut"),
    ],
)
def test_words_in_quotation_marks_are_read_as_windows_writes_them(text: str) -> None:
    assert read(text, "cp1252") == text


@pytest.mark.parametrize(
    "text",
    [
        *("„Krone“", "“Good”", "‘so’", "«Oui»", "don’t", "Größe", "mañana", "perché"),
        *("era très bien", "„Krone“ schön", "así; qué más", "così; è vero"),
    ],
)
def test_words_that_a_mac_wrote_are_read_as_it_writes_them(text: str) -> None:
    assert read(text, "mac_roman") == text
