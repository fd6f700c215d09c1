"""Words: a column of text that says the same few things again and again, each looked at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from loopback.places import scattered

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True)
class Words:
    """The words of a column, each once, the empty one among them; and the rows that have them.

    `found` are the words as they stand in `column`, which is Categorical; `words` what they mean.
    """

    words: pl.Series
    found: pl.Series
    column: pl.Series

    @classmethod
    def of(cls, column: pl.Series) -> Self:
        """Return the words of a column that is Categorical."""
        found = column.unique()
        return cls(found.cast(pl.String), found, column)

    def tidied(self) -> Self:
        """Return the words without the spaces around them; one without letters is empty."""
        text = self.words.str.strip_chars()
        return replace(self, words=text.set(text == "", None))

    def coded(self, what: pl.Expr) -> pl.Series:
        """Return what an expression of the column makes of each row, Categorical."""
        as_is = self._made(what).equals(self.found.cast(pl.String), null_equal=True)
        return self.column if as_is else self.read(what.cast(pl.Categorical))

    def read(self, what: pl.Expr) -> pl.Series:
        """Return what an expression of the column makes of each row."""
        numbers, rows = self.found.to_physical(), self.column.to_physical()
        none = pl.select(pl.lit(numbers).max().fill_null(-1) + 1).item()  # the number of no word
        by_number = scattered(self._made(what), numbers.fill_null(none), none + 1)
        return by_number.gather(rows.fill_null(none) if rows.null_count() else rows)

    def any(self, what: pl.Expr) -> bool:
        """Say whether an expression of the column is true of a row."""
        return bool(self._made(what).any())

    def _made(self, what: pl.Expr) -> pl.Series:
        return self.words.to_frame().select(what.alias(self.words.name)).to_series()
