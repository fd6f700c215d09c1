"""Books: the score of just the customers there are, and how far their silence could move it."""

from __future__ import annotations

import polars as pl

from loopback.nps.book import book_interval, bounds
from loopback.nps.counts import Counts
from loopback.score import CATEGORIES, beside, tallies

BOOK = ("book", "book_nps", "book_lower", "book_upper")
BOUNDS = ("lowest", "highest")


def latest(responses: pl.DataFrame, by: str) -> pl.DataFrame:
    """Return the last response of each customer in each group."""
    known = responses.drop_nulls("customer_id").sort("month", "responded_at", "response_id")
    return known.unique([by, "customer_id"], keep="last", maintain_order=True)


def with_book(
    scores: pl.DataFrame,
    responses: pl.DataFrame,
    customers: pl.DataFrame,
    by: str,
    confidence: float,
) -> pl.DataFrame:
    """Add the book's own score, with finite-population correction: book, book_nps and limits.

    `customers` are those of the list today; a customer who left but answered counts with them.
    """
    sizes = customers.group_by(by).agg(book=pl.len())
    rows = [
        _book(counts, size, confidence) for counts, size in _sized(scores, responses, sizes, by)
    ]
    return _joined(scores, rows, BOOK)


def with_bounds(scores: pl.DataFrame, responses: pl.DataFrame, by: str) -> pl.DataFrame:
    """Add the scores if everyone asked who is silent were a detractor, and if a promoter."""
    sizes = scores.select(by, book="customers")
    rows = [_bounds(counts, size) for counts, size in _sized(scores, responses, sizes, by)]
    return _joined(scores, rows, BOUNDS)


def _bounds(counts: Counts, size: int) -> tuple[float | None, ...]:
    whole = max(size, int(counts.n))
    return bounds(counts, whole) if whole else (None, None)


def _book(counts: Counts, size: int, confidence: float) -> tuple[float | None, ...]:
    if not counts.n:
        return size, None, None, None
    whole = max(size, int(counts.n))
    found = book_interval(counts, whole, confidence)
    return whole, found.nps, found.lower, found.upper


def _sized(
    scores: pl.DataFrame, responses: pl.DataFrame, sizes: pl.DataFrame, by: str
) -> list[tuple[Counts, int]]:
    """Return for each row of scores the counts of its customers, each once, and their number."""
    counts = tallies(latest(responses, by).lazy(), [by]).collect()
    both = beside(beside(scores.select(by), counts, by), sizes, by).fill_null(0)
    return [(Counts(*row[:3]), row[3]) for row in both.select(*CATEGORIES, "book").iter_rows()]


def _joined(
    scores: pl.DataFrame, rows: list[tuple[float | None, ...]], names: tuple[str, ...]
) -> pl.DataFrame:
    added = pl.DataFrame(rows, dict.fromkeys(names, pl.Float64), orient="row")
    return pl.concat([scores, added], how="horizontal")
