"""Draws: the months that are looked at, and the runs that drew them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loopback import months
from loopback.tables import ASKED, LEFT_OUT, WAITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

ROWS_AT_ONCE = 2_000_000  # of a table; what is more is looked at in parts, to save memory
MAY_BE_ASKED = pl.col("decision").is_in([ASKED, WAITS])
CHOSEN = pl.col("decision") == ASKED
LEFT = pl.col("decision") == LEFT_OUT


@dataclass(frozen=True, eq=False)
class Draws:
    """The months looked at, drawn or not, and the runs whose rows tell of them."""

    first: int  # the first month, as `months.number` counts
    count: int  # how many months
    runs: pl.DataFrame  # month, at (counted from the first), run: the last of it, part, rows
    founding: pl.DataFrame  # that of the first draw of all, if these months reach back to it

    @cached_property
    def drawn(self) -> list[int]:
        """The months that were drawn, in order."""
        return self.runs["at"].to_list()

    @property
    def bits(self) -> int:
        """The months that were drawn, as bits."""
        return sum(1 << at for at in self.drawn)

    @property
    def skipped(self) -> list[int]:
        """The months between the first draw and the last that were not drawn."""
        return [at for at in range(self.drawn[0], self.drawn[-1]) if at not in self.drawn]

    def name(self, at: int) -> str:
        """Return the month of a count."""
        return months.named(self.first + at)

    def names(self, at: pl.Expr) -> pl.Expr:
        """Return the months of counts."""
        return months.texts(at + self.first)

    def next_drawn(self, at: pl.Expr) -> pl.Expr:
        """Return the month in which to ask whoever is due at one: itself, if it was drawn.

        Empty where none was drawn since.
        """
        following = {at: min(d for d in self.drawn if d >= at) for at in range(self.count)}
        return at.replace_strict(following, default=None, return_dtype=pl.Int64)

    def listed(self, bits: pl.Expr) -> pl.Expr:
        """Return the months of bits, separated by commas."""
        named = [
            pl.when(bits & (1 << at) != 0).then(pl.lit(self.name(at))) for at in range(self.count)
        ]
        return pl.concat_str(named, separator=", ", ignore_nulls=True)

    def months(self, rotation: Sequence[pl.LazyFrame]) -> Iterator[pl.LazyFrame]:
        """Return the rows that count, those of the last run of each month, some months at a time.

        They have customer_id, decision, asks, owner, region, segment and `at`.
        """
        found = (_rows(rotation, *run) for run in self.runs.select(_RUN).iter_rows())
        return some_at_once(zip(found, self.runs["rows"], strict=True))

    def founders(self, rotation: Sequence[pl.LazyFrame]) -> pl.LazyFrame:
        """Return the rows of the first draw of all; none where it lies before these months."""
        found = [_rows(rotation, *run) for run in self.founding.select(_RUN).iter_rows()]
        return found[0] if found else _rows(rotation, *self.runs.select(_RUN).row(0)).clear()


def draws(rotation: Sequence[pl.LazyFrame], last: int) -> Draws | None:
    """Return the last months up to the last that was drawn; None where none was.

    `rotation` are the rows in parts, the rows of a run all in one.
    """
    decided = pl.concat([_NONE.lazy(), *(_decided(rows, at) for at, rows in enumerate(rotation))])
    every = decided.with_columns(number=months.numbers("month")).sort("number", "run").collect()
    if every.is_empty():
        return None
    first, end = every["number"][0], every["number"][-1] + 1
    start = max(first, end - last)
    counted = every.with_columns(at=pl.col("number") - start).drop("number")
    drawn = counted.filter(pl.col("at") >= 0).unique("month", keep="last", maintain_order=True)
    return Draws(start, end - start, drawn, counted.head(1 if start == first else 0))


def some_at_once(parts: Iterable[tuple[pl.LazyFrame, int]]) -> Iterator[pl.LazyFrame]:
    """Return parts, each with its number of rows, together as long as they are small."""
    together: list[pl.LazyFrame] = []
    size = 0
    for part, rows in parts:
        size += rows
        if together and size > ROWS_AT_ONCE:
            yield pl.concat(together)
            together.clear()
            size = rows
        together.append(part)
    if together:
        yield pl.concat(together)


_RUN = ("at", "month", "run", "part")
_NONE = pl.DataFrame(
    schema={"month": pl.String, "run": pl.Int64, "part": pl.Int64, "rows": pl.Int64}
)


def _decided(rows: pl.LazyFrame, part: int) -> pl.LazyFrame:
    """Return the months and the runs of one part."""
    decided = rows.filter(pl.col("decision").is_not_null()).group_by("month", "run")
    counted = decided.agg(part=pl.lit(part, pl.Int64), rows=pl.len().cast(pl.Int64))
    return counted.with_columns(pl.col("month").cast(pl.String))


def _rows(
    rotation: Sequence[pl.LazyFrame], at: int, month: str, run: int, part: int
) -> pl.LazyFrame:
    of_run = rotation[part].filter(pl.col("month") == month, pl.col("run") == run)
    coded = pl.col("decision", "region", "owner", "segment").cast(pl.Categorical)
    return of_run.select("customer_id", "asks", coded, at=pl.lit(at, pl.Int64))
