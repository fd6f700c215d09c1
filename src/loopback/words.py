"""Words: a column of text that says the same few things again and again, each looked at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from typing import Self


@dataclass(frozen=True)
class Words:
    """The words of a column, the empty one among them, and which of them each row has."""

    words: pl.Series
    places: pl.Series

    @classmethod
    def of(cls, column: pl.Series) -> Self:
        """Return the words of a column that is Categorical."""
        found = column.unique()
        words, numbers = found.cast(pl.String), found.to_physical()
        none = pl.select(pl.lit(numbers).max().fill_null(-1) + 1).item()  # the number of no word
        nowhere = pl.repeat(None, none + 1, dtype=pl.UInt32, eager=True)
        at = pl.int_range(found.len(), dtype=pl.UInt32, eager=True)
        places = nowhere.scatter(numbers.fill_null(none), at)
        return cls(words, places.gather(column.to_physical().fill_null(none)))

    def tidied(self) -> Self:
        """Return the words without the spaces around them; one without letters is empty."""
        text = self.words.str.strip_chars()
        return replace(self, words=text.set(text == "", None))

    def read(self, what: pl.Expr) -> pl.Series:
        """Return what an expression of the column makes of each row."""
        return self._made(what).gather(self.places)

    def any(self, what: pl.Expr) -> bool:
        """Say whether an expression of the column is true of a row."""
        return bool(self._made(what).any())

    def _made(self, what: pl.Expr) -> pl.Series:
        return self.words.to_frame().select(what.alias(self.words.name)).to_series()
