"""Strangers: entries of lists of customers not to be asked that are no customer's."""

from __future__ import annotations

import polars as pl
import pytest

from loopback.strangers import strangers
from tests.frames import frame

CUSTOMERS = frame(
    """
    customer_id | email
    003         | mill@ahorn.example
    C-1         | Tools@Birch.example
    7           |
    """,
    pl.Schema({"customer_id": pl.String, "email": pl.String}),
)


def said(*entries: str) -> list[str]:
    found = strangers(pl.Series("never", entries, pl.String), CUSTOMERS, "never.csv")
    return [problem.what for problem in found]


@pytest.mark.parametrize(
    "entries",
    [
        *((), ("003", "C-1", "7"), ("mill@ahorn.example", "TOOLS@birch.example")),
        *(("7.0", "7"), ("Customer", "C-1")),
    ],
)
def test_entries_that_are_all_customers_are_not_spoken_of(entries: tuple[str, ...]) -> None:
    assert said(*entries) == []


def test_an_id_that_lost_its_zeros_is_named_with_the_one_that_has_them() -> None:
    assert said("3", "C-1") == ["1 of 2 entries match no customer: '3'; '3' may be '003'"]


def test_of_ids_that_are_words_none_is_taken_for_a_header() -> None:
    assert said("Oak", "Elm", "C-1") == ["2 of 3 entries match no customer: 'Oak', 'Elm'"]


def test_of_many_strangers_the_first_are_named() -> None:
    many = said("C-1", "C-5", "C-6", "gone@cedar.example", "C-7")

    assert many == ["4 of 5 entries match no customer: 'C-5', 'C-6', 'gone@cedar.example' ..."]
