"""Free text: the columns of an export that nobody reads, though people may have written there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loopback.exports.table import kind_of

if TYPE_CHECKING:
    import polars as pl

    from loopback.exports.header import Header

SEVERAL = 2  # texts that differ: one alone may be a note of the tool
OFTEN = 0.5  # of the filled cells are texts of their own; choices repeat
SHOWN, LETTERS = 3, 60
# Texts of several words that are no comment.
NO_COMMENT = re.compile(
    r"(name|navn|nombre|nom|company|firma|address|adresse|agent|browser|referr?er)\W*$",
    re.IGNORECASE,
)


def unread(shown: pl.DataFrame, header: Header, taken: set[str]) -> list[str]:
    """Say which columns could be the comment, where none is read as it.

    `shown` are rows under the header, `taken` the columns that are known to hold something else.
    """
    free = [
        f"{number} {column[:LETTERS]!r}"
        for number, column in enumerate(header.names, start=1)
        if column not in taken and _could(shown.get_column(column))
    ]
    if not free:
        return []
    named = ", ".join(free[:SHOWN]) + " ..." * (len(free) > SHOWN)
    one = named if len(free) == 1 else f"one of {named}"
    return [f"no column is read as the comment; if it is {one}, say --comment {free[0].split()[0]}"]


def _could(column: pl.Series) -> bool:
    """Say whether most filled cells are texts of several words that differ."""
    if NO_COMMENT.search(column.name) or kind_of(column):
        return False
    filled = column.alias("cells").str.strip_chars().replace("", None).drop_nulls()
    texts = filled.filter(filled.str.contains(r"\S\s+\S")).n_unique()
    return texts >= max(SEVERAL, filled.len() * OFTEN)
