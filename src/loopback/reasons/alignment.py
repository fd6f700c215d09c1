"""Alignment: where in a comment each letter of its folded text comes from."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from loopback.folding import folded

NEAR = 200  # bytes: as far back as words before a match are looked for


@dataclass(frozen=True)
class Alignment:
    """A comment, its folded text in UTF-8, and how many of its bytes lie before each letter."""

    comment: str
    text: bytes
    before: list[int]

    def words(self, first: int, last: int) -> tuple[int, int]:
        """Return between which letters of the comment some bytes stand, widened to whole words."""
        left = self.text.rfind(b" ", 0, first) + 1
        right = self.text.find(b" ", last)
        start = bisect_right(self.before, left) - 1
        end = bisect_right(self.before, right - 1)
        while end < len(self.comment) and unicodedata.category(self.comment[end])[0] == "M":
            end += 1  # an accent that is written after its letter
        return start, end

    def words_before(self, first: int, count: int) -> list[str]:
        """Return so many words before a byte of the folded text."""
        near = self.text[max(0, first - NEAR) : first].decode(errors="ignore")
        return near.split()[-count:]


def alignment(comment: str, symbols: str = "") -> Alignment:
    """Return a comment folded letter by letter, which gives what it gives as a whole."""
    alone = _alone(set(comment), symbols)
    parts = [b" "]
    spaced = True
    for letter in comment:
        plain = alone[letter]
        part = plain[1:] if spaced and plain.startswith(b" ") else plain
        parts.append(part)
        spaced = part.endswith(b" ") if part else spaced
    sizes = accumulate(map(len, parts))
    return Alignment(comment, b"".join(parts) + (b"" if spaced else b" "), list(sizes))


def _alone(different: set[str], symbols: str) -> dict[str, bytes]:
    """Return what each letter is folded to between two others."""
    letters = pl.DataFrame({"letter": sorted(different)}, schema={"letter": pl.String})
    between = folded(pl.format("x{}x", "letter"), symbols).str.slice(2)
    rows = letters.select("letter", plain=between.str.head(-2)).iter_rows()
    return {letter: plain.encode() for letter, plain in rows}
