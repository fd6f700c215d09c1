"""The customer list: what its columns mean, and what can be wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

NEEDED = ("customer_id", "name", "owner")
OPTIONAL = (
    "email",
    "phone",
    "person",
    "role",
    "language",
    "region",
    "segment",
    "value",
    "joined",
    "opted_out",
)
COLUMNS = (*NEEDED, *OPTIONAL)
YES = ("yes", "y", "true", "1", "x", "ja", "j", "oui", "si")
NO = ("no", "n", "false", "0", "nein", "nej", "non")

_READ = pl.col("value").str.strip_chars().cast(pl.Float64, strict=False)
_NUMBER = pl.when(_READ.is_finite()).then(_READ)
# A workbook writes a day with a time: 2026-11-22 00:00:00.
_DATE = pl.col("joined").str.extract(r"^\s*(\d{4}-\d{2}-\d{2})(?:[ T][\d:.+Z-]*)?\s*$")
_DAY = _DATE.str.to_date("%Y-%m-%d", strict=False)
_OPTED_OUT = pl.col("opted_out").str.strip_chars().str.to_lowercase()
_AGAIN = ~pl.col("customer_id").is_first_distinct() & pl.col("customer_id").is_not_null()
_OWNER_MEND = "Add the person to the people list, or correct the owner."


def customers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the customers of the rows of the list: values typed, other columns passed through.

    `value` is a number, `joined` a day, `opted_out` true or false; a cell that `problems`
    complains of is empty here.
    """
    absent = [pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in rows.columns]
    return rows.with_columns(*absent).with_columns(
        value=_NUMBER,
        joined=_DAY,
        opted_out=_OPTED_OUT.is_in(YES).fill_null(value=False),
    )


def problems(rows: pl.DataFrame, owners: Iterable[str], file: str) -> list[Problem]:
    """Return what is wrong with the rows of the list; `owners` are the people there are."""
    known = pl.Series(sorted(owners), dtype=pl.String).implode()
    rules = [
        *((pl.col(c).is_null(), c, f"{c} is empty", "Fill it in.") for c in NEEDED),
        (_AGAIN, "customer_id", "{!r} stands twice", "Each customer stands on one row."),
        (~pl.col("owner").is_in(known), "owner", "no such person: {!r}", _OWNER_MEND),
        (_NUMBER.is_null(), "value", "{!r} is not a number", "Write it like 12500.50."),
        (_DAY.is_null(), "joined", "{!r} is not a day", "Write it like 2026-11-22."),
        (~_OPTED_OUT.is_in((*YES, *NO)), "opted_out", "{!r} is not yes or no", "Write yes or no."),
    ]
    return [
        Problem(what.format(value), mend, file, row, column)
        for broken, column, what, mend in rules
        if column in rows.columns
        for row, value in rows.filter(_filled(column) & broken).select("row", column).iter_rows()
    ]


def _filled(column: str) -> pl.Expr:
    """Say where a rule about a column's content applies; needed columns must not be empty."""
    return pl.lit(value=True) if column in NEEDED else pl.col(column).is_not_null()
