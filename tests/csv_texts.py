"""Random CSV text: plain, broken, and everything between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from loopback.marks import DELIMITERS

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

ENDINGS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252")
CALM = st.text(st.sampled_from("aé7 "), max_size=3)
WILD = st.text(st.sampled_from('a7 ",;\t|\n\r\0\ufeff\x0b\u2028'), max_size=4)


def quoted(cell: str) -> str:
    """Return a cell in quotes, those in it doubled."""
    return '"' + cell.replace('"', '""') + '"'


def lines(delimiter: str, width: int, cells: SearchStrategy[str]) -> SearchStrategy[str]:
    """Return lines of so many cells, some in quotes; a few are blank or of another width."""
    written = cells | cells.map(quoted)
    line = st.lists(written, min_size=width, max_size=width).map(delimiter.join)
    uneven = st.lists(written, max_size=5).map(delimiter.join)
    blank = st.sampled_from(["", delimiter * (width - 1)])
    return st.one_of(line, line, line, line, uneven, blank)


@st.composite
def csv_texts(draw: DrawFn) -> bytes:
    """Return the bytes of a file: calm ones are mostly plain, wild ones mostly broken."""
    delimiter, ending = draw(st.sampled_from(DELIMITERS)), draw(st.sampled_from(ENDINGS))
    cells = draw(st.sampled_from([CALM, CALM, CALM | WILD]))
    written = draw(st.lists(lines(delimiter, draw(st.integers(1, 4)), cells), max_size=6))
    text = ending.join(written) + draw(st.sampled_from(["", ending, ending, ending * 2]))
    return text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
