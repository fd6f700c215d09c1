"""Histories: the months of each customer as the bits of whole numbers.

A month counts from the first that is looked at, which is 0 and the lowest bit. So a history of
years is a few numbers, and a question about it a few operations on whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from loopback import months
from loopback.tables import ASKED, LEFT_OUT, WAITS

LONGEST = 60  # months that fit into the bits of a whole number
ASKS = (1, 2, 3, 4, 6, 12)

MAY_BE_ASKED = pl.col("decision").is_in([ASKED, WAITS])
CHOSEN = pl.col("decision") == ASKED
LEFT = pl.col("decision") == LEFT_OUT


@dataclass(frozen=True, eq=False)
class Draws:
    """The months looked at, drawn or not, and the runs whose rows tell of them."""

    first: int  # the first month, as `months.number` counts
    count: int  # how many months
    runs: pl.DataFrame  # month, at (counted from the first), run: the last that drew the month
    whole: bool  # whether these months reach back to the first draw of all
    founding: int | None  # the run of that draw

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

    def rows(self, rotation: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows that count, each with `at`: those of the last run of each month."""
        return rotation.join(self.runs.lazy(), on=["month", "run"], nulls_equal=True)


def draws(rotation: pl.LazyFrame, last: int) -> Draws | None:
    """Return the last months up to the last that was drawn; None where none was."""
    decided = rotation.filter(pl.col("decision").is_not_null())
    runs = decided.group_by("month").agg(pl.col("run").max(), founding=pl.col("run").min())
    every = runs.sort("month").with_columns(number=months.numbers("month")).collect()
    if every.is_empty():
        return None
    first, end = every["number"][0], every["number"][-1] + 1
    first = max(first, end - last)
    drawn = every.filter(pl.col("number") >= first)
    runs = drawn.select("month", "run", at=pl.col("number") - first)
    return Draws(first, end - first, runs, drawn.height == every.height, every["founding"][0])


def histories(
    rotation: pl.LazyFrame, invitations: pl.LazyFrame, drawn: Draws, part: tuple[int, int] = (0, 1)
) -> pl.DataFrame:
    """Return the history of each customer, or of one part of so many parts of them.

    `may`, `chosen`, `left` and `invited` hold the months in which the customer could be asked, was
    to be asked, was left out and was invited; `k1` to `k12` those with so many asks a year. `sent`
    counts the invitations of these months; `before` says whether there are earlier ones, `after` is
    the month of a later one.
    """
    number, of = part
    # The hash of another version of Polars would cut other parts, but of all it makes the same.
    here = pl.col("customer_id").hash() % of == number if of > 1 else pl.lit(value=True)
    told = _of_rotation(drawn.rows(rotation.filter(here)))
    asked = _of_invitations(invitations.filter(here), drawn)
    both = told.join(asked, on="customer_id", how="full", coalesce=True)
    whole = pl.exclude("customer_id", "before", "after").fill_null(0)
    return both.with_columns(whole, pl.col("before").fill_null(value=False)).collect()


def _of_rotation(rows: pl.LazyFrame) -> pl.LazyFrame:
    kinds = {"may": MAY_BE_ASKED, "chosen": CHOSEN, "left": LEFT}
    times = {f"k{asks}": pl.col("asks") == asks for asks in ASKS}
    bit = pl.lit(2, pl.Int64).pow("at")
    return (
        rows.with_columns(bit=bit)
        .group_by("customer_id")
        .agg(
            pl.when(true).then("bit").otherwise(0).bitwise_or().alias(name)
            for name, true in (kinds | times).items()
        )
    )


def _of_invitations(invitations: pl.LazyFrame, drawn: Draws) -> pl.LazyFrame:
    bits = {drawn.name(at): 1 << at for at in range(drawn.count)}
    bit = pl.col("month").replace_strict(bits, default=0, return_dtype=pl.Int64)
    month = pl.col("month")
    return invitations.group_by("customer_id").agg(
        invited=bit.bitwise_or(),
        sent=(bit > 0).sum().cast(pl.Int64),
        before=(month < drawn.name(0)).any(),
        after=month.filter(month > drawn.name(drawn.count - 1)).max(),
    )


def covers(column: str, bits: pl.Expr | int) -> pl.Expr:
    """Say whether a column of bits has all of these."""
    return pl.col(column) & bits == bits


def run_of(first: int, length: pl.Expr) -> pl.Expr:
    """Return the bits of so many months in a row."""
    return (pl.lit(2, pl.Int64).pow(length) - 1) * (1 << first)


def periods(bits: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the shortest and the longest time between two asks that held in these months."""
    there = [
        pl.when(pl.col(f"k{asks}") & bits != 0).then(pl.lit(months.A_YEAR // asks, pl.Int64))
        for asks in ASKS
    ]
    return pl.min_horizontal(there), pl.max_horizontal(there)
