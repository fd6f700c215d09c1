"""Folding: a text as it is compared, in which a term is a plain literal."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

# Letters that are one with their plain spelling; those with two spellings are found in both.
FOLDS = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d"} | {
    "\N{GREEK SMALL LETTER FINAL SIGMA}": "\N{GREEK SMALL LETTER SIGMA}"
}
SPELLINGS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
WORD = r"\p{L}\p{N}"
# The letters and signs of western Europe: folded one by one, in a pass of their own.
WESTERN = (*range(0xA0, 0x180), *range(0x2010, 0x2028), 0x2030, 0x20AC)
APART = {"So", "Mn", "Mc", "Me", "Cf", "Cc", "Cn"}  # may be words, or join what is around them


def folded(text: pl.Expr, symbols: str = "") -> pl.Expr:
    """Return texts in lower case, plain letters and digits, one space before and after each word.

    `symbols` are signs that are words as well, such as emoji. A text without words is one space.
    """
    plain = _quickly(text)
    spaced = pl.lit(" ") + (_apart(plain, symbols) if symbols else plain)
    return (spaced + pl.lit(" ")).str.replace_all(_breaks(symbols), " ")


def letters(text: pl.Expr) -> pl.Expr:
    """Return texts in lower case and without accents; all else in them stays."""
    plain = text.str.normalize("NFKD").str.to_lowercase()
    return plain.str.replace_all(r"\p{M}+", "").str.replace_many(FOLDS)


def normalised(text: str, symbols: str = "") -> str:
    """Return a text folded, without the spaces at its ends."""
    return all_normalised([text], symbols)[text]


def all_normalised(texts: Iterable[str], symbols: str = "") -> dict[str, str]:
    """Return each text normalised, all in one query: a code frame has thousands of terms."""
    frame = pl.DataFrame({"text": list(dict.fromkeys(texts))}, schema={"text": pl.String})
    plain = frame.select("text", plain=folded(pl.col("text"), symbols).str.strip_chars(" "))
    return dict(plain.iter_rows())


def literals(term: str, symbols: str = "") -> list[str]:
    """Return the literals of a term: spaces stand for its ends, except where it has a `*`."""
    return spelled(term, all_normalised(spellings(term), symbols))


def spelled(term: str, plain: dict[str, str]) -> list[str]:
    """Return the literals of a term of which all spellings are normalised already."""
    start = "" if term.startswith("*") else " "
    end = "" if term.endswith("*") else " "
    words = {plain[spelling] for spelling in spellings(term)}
    return sorted(f"{start}{word}{end}" for word in words if word)


def spellings(term: str) -> list[str]:
    """Return a term with its umlauts kept, and with all of them spelled out."""
    composed = unicodedata.normalize("NFC", term.strip("*").lower())
    pairs = [(letter, SPELLINGS.get(letter, letter)) for letter in composed]
    return sorted("".join(choice) for choice in set(zip(*pairs, strict=True)))


def symbols_of(terms: Iterable[str]) -> str:
    """Return the signs in terms that are words of their own: emoji, and others of their kind."""
    text = unicodedata.normalize("NFKD", "".join(terms))
    return "".join(sorted({sign for sign in text if unicodedata.category(sign) == "So"}))


def _quickly(text: pl.Expr) -> pl.Expr:
    """Return texts as `letters` does, with spaces for some signs that are no words.

    Most texts are ASCII once the letters of western Europe are replaced, and to take these apart
    by the rules of Unicode would be most of the work.
    """
    near = text.str.replace_many(_western())
    far = pl.when(near.str.len_bytes() != near.str.len_chars()).then(near)
    return pl.coalesce(letters(far), near.str.to_lowercase())


@cache
def _western() -> dict[str, str]:
    """Return the letters and signs of western Europe, each with what it is folded to."""
    signs = [chr(n) for n in WESTERN if unicodedata.category(chr(n)) not in APART]
    plain = letters(pl.col("sign")).str.replace_all(rf"[^{WORD}]+", " ")
    rows = pl.DataFrame({"sign": signs}).select("sign", plain=plain).iter_rows()
    return {sign: folds for sign, folds in rows if folds.isascii()}


def _apart(text: pl.Expr, symbols: str) -> pl.Expr:
    return text.str.replace_all(f"([{symbols}])", " $1 ")


def _breaks(symbols: str) -> str:
    """Return what matches each stretch between words that is not already a single space.

    Most are, and to leave those alone takes half the time.
    """
    letter = WORD + symbols
    return rf"[^{letter} ][^{letter}]*| [^{letter}]+"
