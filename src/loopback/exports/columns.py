"""The columns of an export: looked at in its first rows, read in full where that matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopback.exports.candidates import candidate, near, numbers_the_rows
from loopback.exports.texts import texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

    from loopback.exports.candidates import Candidate
    from loopback.exports.values import Words


@dataclass(frozen=True)
class Columns:
    """The columns of an export by their header.

    `shown` are the first rows that count, under the header; `rows` all rows, with `row` and the
    columns under the names in `places`, and `counts` says which of them count. `whole` says that
    there are no more rows than those of which `shown` are taken.
    """

    shown: pl.DataFrame
    rows: pl.LazyFrame
    places: dict[str, str]
    counts: pl.Expr
    whole: bool
    _read: dict[str, pl.DataFrame] = field(default_factory=dict)

    def texts(self, column: str) -> pl.DataFrame:
        """Return the `texts` of a column, of all rows."""
        if column not in self._read:
            self._read[column] = texts(self.rows, self.places[column], self.counts)
        return self._read[column]

    def candidate(self, column: str, words: Words) -> Candidate:
        """Return what the cells of a column are, of all rows."""
        return candidate(self.texts(column), self._number(column), column, words)

    def candidates(self, columns: Iterable[str], words: Words) -> list[Candidate]:
        """Return what the columns are that do not count rows or people.

        Of one whose first cells are nothing like scores, the first are all that is looked at.
        """
        sought = [c for c in columns if not numbers_the_rows(self.shown.get_column(c), c)]
        return [self._judged(column, words) for column in sought]

    def _judged(self, column: str, words: Words) -> Candidate:
        if self.whole:
            return self.candidate(column, words)
        first = self.shown.select("row", self.shown.get_column(column).alias("cells")).lazy()
        seen = candidate(texts(first, "cells"), self._number(column), column, words)
        hopeless = seen.answers and not (seen.sure or seen.doubtful or near([seen]))
        return seen if hopeless else self.candidate(column, words)

    def _number(self, column: str) -> int:
        return list(self.places).index(column) + 1
