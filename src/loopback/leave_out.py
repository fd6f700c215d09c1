"""The customers whom an owner asked to leave out: each with who asked, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.customers import day
from loopback.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

NEEDED = ("customer_id", "asked_by", "reason")
IDS = ("customer_id", "asked_by")
COLUMNS = pl.Schema(
    {
        "customer_id": pl.String,
        "asked_by": pl.String,
        "reason": pl.String,
        "until": pl.Date,
    }
)
NOBODY = pl.DataFrame(schema=dict.fromkeys(("row", *COLUMNS), pl.String))

_AGAIN = ~pl.col("customer_id").is_first_distinct() & pl.col("customer_id").is_not_null()
_MENDS = {
    "customer_id": "Fill it in, or remove the row.",
    "asked_by": "Write the person_id of whoever asked for it.",
    "reason": "Write why: nobody is left out without a reason.",
}


def left_out(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the customers of the rows of the list: `COLUMNS`, with `until` the last day or empty.

    A day that `problems` complains of is empty here.
    """
    until = day("until") if "until" in rows.columns else pl.lit(None, pl.Date)
    return rows.select(*NEEDED, until=until)


def problems(rows: pl.DataFrame, people: Iterable[str], file: str) -> list[Problem]:
    """Return what is wrong with the rows of the list; `people` are the ids there are.

    A customer who is not in the customer list is no problem: that customer is gone.
    """
    missing = [
        Problem(f"there is no column {column!r}", _naming(rows), file)
        for column in NEEDED
        if column not in rows.columns
    ]
    return missing or _wrong(rows, people, file)


def _naming(rows: pl.DataFrame) -> str:
    there = ", ".join(column for column in rows.columns if column != "row")
    return f"The file has: {there}. Name the one that is it so, or add it."


def _wrong(rows: pl.DataFrame, people: Iterable[str], file: str) -> list[Problem]:
    known = pl.Series(sorted(people), dtype=pl.String).implode()
    rules = [
        *((pl.col(c).is_null(), c, f"{c} is empty", _MENDS[c]) for c in NEEDED),
        (_AGAIN, "customer_id", "{!r} stands twice", "Keep one row for each customer."),
        (~pl.col("asked_by").is_in(known), "asked_by", "no such person: {!r}", _MENDS["asked_by"]),
        (
            pl.col("until").is_not_null() & day("until").is_null(),
            "until",
            "{!r} is not a day",
            "Write the last day like 2026-11-22, or leave the cell empty.",
        ),
    ]
    return [
        Problem(what.format(value), mend, file, row, column)
        for broken, column, what, mend in rules
        if column in rows.columns
        for row, value in rows.filter(broken).select("row", column).iter_rows()
    ]
