"""The letters of bytes: the encoding of a text, also where it changes from cell to cell."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

UTF_8 = "utf-8"
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WINDOWS, MAC, ANY = "cp1252", "mac_roman", "latin-1"
MARKS = re.compile(rb'([,;\t|"\r\n]+)')
SHOWN = 5  # rows that are named
CLEARLY = 2  # by so much must a cell speak against the encoding of the file
MANY_NULS, FEW_NULS = 0.3, 0.05
# In Mac-Roman most of their bytes are letters: without them every quoted word would speak for it.
OPENING = "\u201e\u201c\u201a\u2018\u00ab\u2039"
CLOSING = "\u201c\u201d\u2018\u2019\u00bb\u203a"
APOSTROPHE = "\u2019"


def rows_named(rows: Sequence[int], count: int | None = None) -> str:
    """Name rows: the first ones, and how many there are."""
    first = ", ".join(map(str, rows[:SHOWN]))
    more = (count or len(rows)) > len(rows[:SHOWN])
    return f"row {first}" if len(rows) == 1 and not more else f"rows {first}" + " ..." * more


def marked(begins: bytes) -> str | None:
    """Return the encoding that the mark at the beginning of a text names."""
    return next((encoding for mark, encoding in BOMS if begins.startswith(mark)), None)


def unmarked(begins: bytes) -> str | None:
    """Return UTF-16 without a mark, which has a NUL beside most letters; else None."""
    pairs = len(begins) // 2
    if not pairs:
        return None
    even, odd = (begins[start : 2 * pairs : 2].count(0) / pairs for start in (0, 1))
    if odd > MANY_NULS and even < FEW_NULS:
        return "utf-16-le"
    return "utf-16-be" if even > MANY_NULS and odd < FEW_NULS else None


@dataclass
class Letters:
    """The letters of a text that is not in UTF-8 alone.

    Each cell is in UTF-8, where it can be; else in `usual`, unless it makes clear that it is in
    another. `rows` are the first lines with cells of each encoding, and `cells` their number.
    """

    usual: str
    rows: dict[str, list[int]] = field(default_factory=dict)
    cells: Counter[str] = field(default_factory=Counter)

    @property
    def name(self) -> str:
        """The encodings that the cells are in, the most frequent first."""
        return " and ".join(encoding for encoding, _ in self.cells.most_common()) or self.usual

    def notes(self) -> list[str]:
        """Say what was taken for which encoding, and where it is not the usual one."""
        said = (
            f"the file is not in UTF-8: read as {self.name}; if letters are wrong, say --encoding"
        )
        others = [e for e, _ in self.cells.most_common()[1:]]
        where = [f"{e} in {rows_named(self.rows[e], self.cells[e])}" for e in others]
        return ["; ".join([said, *where])]

    def lines(self, content: Iterable[bytes]) -> Iterator[str]:
        """Yield the lines of a text, and note the encodings of their cells."""
        for number, line in enumerate(content, start=1):
            yield line.decode("ascii") if line.isascii() else self._line(line, number)

    def _line(self, line: bytes, number: int) -> str:
        return "".join(
            cell.decode("ascii") if cell.isascii() else self._cell(cell, number)
            for cell in MARKS.split(line)
        )

    def _cell(self, cell: bytes, number: int) -> str:
        text, encoding = _read(cell, self.usual)
        self.cells[encoding] += 1
        named = self.rows.setdefault(encoding, [])
        if len(named) < SHOWN and number not in named:
            named.append(number)
        return text


def letters(content: Iterable[bytes]) -> Letters:
    """Return the letters of the lines of a text that is not in UTF-8."""
    found: Counter[bytes] = Counter(
        cell
        for line in content
        if not line.isascii()
        for cell in MARKS.split(line)
        if not cell.isascii() and not _is_utf_8(cell)
    )
    likely = {
        encoding: sum(n * likeness(_decoded(cell, encoding)) for cell, n in found.items())
        for encoding in (WINDOWS, MAC)
    }
    if likely[MAC] > max(likely[WINDOWS], 0):
        return Letters(MAC)
    odd = any(_is_odd(cell) for cell in found)
    return Letters(ANY if odd and likely[WINDOWS] <= 0 else WINDOWS)


def likeness(text: str) -> float:
    """Say how like words a text is: accents stand in words, and quotation marks around them."""
    return sum(
        _likely(text[at - 1 : at], letter, text[at + 1 : at + 2])
        for at, letter in enumerate(text)
        if not letter.isascii()
    )


def _likely(before: str, letter: str, after: str) -> float:
    if letter.isalpha():
        return _accent(before, letter, after)
    if "\x7f" < letter < "\xa0":
        return -3.0
    if _quotes(before, letter, after):
        return 1.0
    if before.isalpha() and after.isalpha():
        return 0.5 if letter in "\u2013\xad" else -1.0
    return 0.0


def _accent(before: str, letter: str, after: str) -> float:
    if letter.islower():
        return 1.0 if before.isalpha() or after.isalpha() else 0.0
    odd = before.islower() or (before.isalpha() and after.islower())
    return -1.0 if odd else float(after.isalpha())


def _quotes(before: str, letter: str, after: str) -> bool:
    """Say whether a quotation mark begins or ends a word, or an apostrophe stands in one."""
    begins = letter in OPENING and not before.isalpha() and after.isalpha()
    ends = letter in CLOSING and before.strip() != "" and not after.isalpha()
    return begins or ends or (letter == APOSTROPHE and before.isalpha() and after.isalpha())


def _read(cell: bytes, usual: str) -> tuple[str, str]:
    """Return the text of a cell, and the encoding it is in."""
    if _is_utf_8(cell):
        return cell.decode(UTF_8), UTF_8
    text = _decoded(cell, usual)
    other = WINDOWS if usual == MAC else MAC
    if likeness(_decoded(cell, other)) >= max(likeness(text) + CLEARLY, 1):
        return _decoded(cell, other), other
    return text, usual


def _decoded(cell: bytes, encoding: str) -> str:
    """Return a cell in an encoding; a byte that means nothing in it keeps its number."""
    try:
        return cell.decode(encoding)
    except UnicodeDecodeError:
        one = (bytes([byte]) for byte in cell)
        return "".join(b.decode(ANY if b in UNDEFINED else encoding) for b in one)


UNDEFINED = {b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"}  # in Windows-1252


def _is_odd(cell: bytes) -> bool:
    return any(bytes([byte]) in UNDEFINED for byte in cell)


def _is_utf_8(cell: bytes) -> bool:
    try:
        cell.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True
