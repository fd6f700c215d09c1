"""Plain CSV: text that Polars splits into the very cells that Python's csv module would give."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from pathlib import Path

CELL_LIMIT = 2**27
LEAST = 2  # columns: of one alone, a blank line could be a row
# A NUL in a line makes a second cell of it, which no schema of one column takes.
NUL = "\0"
# Polars unpacks what begins like zlib; the other ways in which it and its kin begin are no UTF-8.
PACKED = (b"x\x01", b"x^")
REFUSALS: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, csv.Error)


def cells(source: Path | bytes, delimiter: str) -> pl.LazyFrame | None:
    """Return the cells of each line of UTF-8 text (`column_0`, ... as text); None if not plain.

    Plain is text in which every line has as many cells as the first, or is blank, and a quote
    stands around a whole cell or twice inside such. An empty cell is null or has no letters; a
    blank line is a row of them, so that the rows count as the lines do.
    """
    try:
        width = _width(source, delimiter)
        if width < LEAST or not _lines(source).select(_shaped(width, delimiter)).collect().item():
            return None
    except REFUSALS:
        return None
    return _scan(source, [f"column_{index}" for index in range(width)], delimiter, quote='"')


def _width(source: Path | bytes, delimiter: str) -> int:
    """Return how many cells the first line has; 0 where there is none, or nothing in it."""
    if _begins(source).startswith(PACKED):
        return 0
    first = _lines(source).head(1).collect()["line"].to_list()
    fields = [cell for line in first for cell in next(csv.reader([line], delimiter=delimiter), [])]
    return len(fields) if any(fields) else 0


def _begins(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[:4]
    with source.open("rb") as file:
        return file.read(4)


def _lines(source: Path | bytes) -> pl.LazyFrame:
    return _scan(source, ["line"], NUL, quote=None)


def _scan(
    source: Path | bytes, names: list[str], delimiter: str, quote: str | None
) -> pl.LazyFrame:
    return pl.scan_csv(
        source,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
        separator=delimiter,
        quote_char=quote,
        glob=False,
    )


def _shaped(width: int, delimiter: str) -> pl.Expr:
    """Say whether all lines are plain; a return stands nowhere but before a line feed."""
    cell = rf'(?:"(?:[^"\r]|"")*"|[^"\r\x{{{ord(delimiter):x}}}]*)'
    mark = rf"\x{{{ord(delimiter):x}}}"
    line = pl.col("line")
    shape = line.str.contains(rf"^(?:{cell}(?:{mark}{cell}){{{width - 1}}})?$")
    return (shape & (line.str.len_bytes() < CELL_LIMIT)).fill_null(value=True).all()
