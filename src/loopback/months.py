"""Months, the only period: `2026-11` as text, counted as whole numbers to add and compare."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import Problem, WrongUsageError

if TYPE_CHECKING:
    from datetime import date

MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
A_YEAR = 12


def month_of(day: date) -> str:
    """Return the month of a day."""
    return f"{day:%Y-%m}"


def number(month: str) -> int:
    """Return the count of months since the year 0, so that months can be added to."""
    found = MONTH.fullmatch(month)
    if found is None:
        mend = "Write a month as year-month, such as 2026-11."
        raise WrongUsageError(Problem(f"{month!r} is not a month", mend))
    return int(found[1]) * A_YEAR + int(found[2]) - 1


def named(number: int) -> str:
    """Return the month of a count: the inverse of `number`."""
    year, month = divmod(number, A_YEAR)
    return f"{year:04}-{month + 1:02}"


def later(month: str, months: int) -> str:
    """Return the month so many months later; earlier where negative."""
    return named(number(month) + months)


def ending(month: str, months: int) -> list[str]:
    """Return the months of a span that ends with `month`, oldest first."""
    return [later(month, step) for step in range(1 - months, 1)]


def numbers(column: str) -> pl.Expr:
    """Return a column of months as whole numbers, like `number`."""
    text = pl.col(column).cast(pl.String)  # it may be stored as words that stand there once
    year, month = text.str.slice(0, 4), text.str.slice(5, 2)
    return year.cast(pl.Int64) * A_YEAR + month.cast(pl.Int64) - 1


def texts(numbers: pl.Expr) -> pl.Expr:
    """Return whole numbers as months, like `named`."""
    year, month = numbers // A_YEAR, numbers % A_YEAR + 1
    return pl.concat_str(
        year.cast(pl.String).str.zfill(4), pl.lit("-"), month.cast(pl.String).str.zfill(2)
    )
