from __future__ import annotations

import pytest

from loopback.nps.book import book_interval, bounds
from loopback.nps.counts import Counts
from loopback.nps.interval import interval
from loopback.nps.method import Method


def test_bounds_let_everyone_silent_be_a_detractor_or_a_promoter() -> None:
    assert bounds(Counts(1, 1, 3), 10) == (-30, 70)


def test_where_everyone_answered_the_score_is_known() -> None:
    found = book_interval(Counts(3, 5, 12), 20, 0.95)

    assert (found.nps, found.lower, found.upper) == (45, 45, 45)


@pytest.mark.parametrize("book", [21, 30, 100, 10_000])
def test_the_book_is_known_better_than_the_owner_and_lies_within_what_is_possible(
    book: int,
) -> None:
    counts = Counts(3, 5, 12)
    owner, found = interval(counts, Method.ADJUSTED_WALD, 0.95), book_interval(counts, book, 0.95)

    assert found.upper - found.lower < owner.upper - owner.lower
    worst, best = bounds(counts, book)
    assert worst <= found.lower <= 45 <= found.upper <= best
