"""Groups of columns: a question that an export spreads over several."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST = 4  # columns of a scale that has a column for each point
RANKED = 3
MOSTLY = 0.9
POINT = re.compile(r"^\D*(\d{1,2})\D*$")


def condensed(rows: pl.DataFrame, questions: list[str]) -> pl.DataFrame:
    """Return the rows with each scale that has a column for each point in the first of them.

    An expanded export writes 9 into the column `9` of the question; the other columns of the
    scale become empty.
    """
    for question, columns in _groups(rows.columns[2:], questions):
        points = [c for c in columns if _is_point(rows[c], c.removeprefix(question))]
        if len(points) >= LEAST and _one_a_row(rows.select(points)):
            first, *others = points
            empty = [pl.lit(None, pl.String).alias(c) for c in others]
            rows = rows.with_columns(pl.coalesce(points).alias(first), *empty)
    return rows


def ranks(rows: pl.DataFrame, questions: list[str]) -> set[str]:
    """Return the columns of questions that put things in order: no row has a number twice."""
    found: set[str] = set()
    for _, columns in _groups(rows.columns[2:], questions):
        if len(columns) < RANKED:
            continue
        places = rows.select(pl.col(columns).cast(pl.Int64, strict=False)).with_row_index("line")
        long = places.unpivot(columns, index="line").drop_nulls("value")
        if long.height and _is_order(long, len(columns)):
            found |= set(columns)
    return found


def _groups(columns: list[str], questions: list[str]) -> Iterator[tuple[str, list[str]]]:
    pairs = groupby(zip(questions, columns, strict=True), key=lambda pair: pair[0])
    return ((question, [column for _, column in group]) for question, group in pairs)


def _is_point(column: pl.Series, label: str) -> bool:
    """Say whether a column is a point of a scale: all its cells are the number in its name."""
    point = _number(re.sub(r"\(column \d+\)$", "", label))
    return point is not None and all(
        _number(cell) == point for cell in column.drop_nulls().unique()
    )


def _number(text: str) -> str | None:
    """Return the only number in a text, and nothing where there are more or none."""
    found = POINT.match(text)
    return found[1] if found else None


def _one_a_row(points: pl.DataFrame) -> bool:
    filled = points.select(pl.sum_horizontal(pl.all().is_not_null()).alias("n"))["n"]
    return bool((filled <= 1).all()) and bool((filled == 1).any())


def _is_order(long: pl.DataFrame, places: int) -> bool:
    by_line = long.group_by("line").agg(
        alone=pl.col("value").n_unique() == pl.len(), several=pl.len() > 1
    )
    several = by_line.filter("several")
    inside = long["value"].is_between(1, places).all()
    alone = several["alone"].mean()
    return bool(inside) and isinstance(alone, float) and alone >= MOSTLY
