from __future__ import annotations

import pytest

from tests.polluted import DIFFERENT, FLAGGED, GOOD, REFUSED, RIGHT, Spoiled, outcome, spoiled

EVERY = list(spoiled())
STEP = 12  # of all the ways; `benchmarks/pollution.py` counts every one
# Ways in which nothing is lost, whatever else is said of the file.
KEPT = (
    "as it was",
    "no final line end",
    "several final line ends",
    "an escape character",
    "a space after each separator",
    "a separator at every end",
    "a long cell",
    "sep= above the table",
    "lines above the table",
    "padded lines above the table",
    "encoding ",
    "a row in another encoding",
    "delimiter ','",
    "delimiter ';'",
    "delimiter '\\t'",
    "delimiter '|'",
    "a row twice",
)


def test_the_table_is_spoiled_in_thousands_of_ways() -> None:
    assert len(EVERY) > 2000
    assert sum(file.content == GOOD.encode() for file in EVERY) < len(EVERY) / 50


@pytest.mark.parametrize("start", range(2))
def test_a_spoiled_table_is_right_or_refused_or_flagged_with_the_row(start: int) -> None:
    found = [(file.way, outcome(file)) for file in EVERY[start * 6 :: STEP]]

    assert [way for way, what in found if what == DIFFERENT] == []


@pytest.mark.parametrize("way", KEPT)
def test_what_can_be_decided_is_right(way: str) -> None:
    files = [file for file in EVERY if file.way.startswith(way) and " but " not in file.way]

    assert files
    assert {outcome(file) for file in files[:3]} == {RIGHT}


def test_a_row_that_is_changed_and_not_named_is_silently_different() -> None:
    content = GOOD.replace("R-003", "R-103", 1).encode()

    assert outcome(Spoiled("a slip", content, frozenset({3}))) == DIFFERENT


def test_a_row_that_is_lost_beside_one_that_is_named_is_silently_different() -> None:
    lines = GOOD.splitlines(keepends=True)
    content = "".join([*lines[:3], "x\r\n", *lines[4:]]).encode()

    assert outcome(Spoiled("a line", content, frozenset({2}))) == FLAGGED
    assert outcome(Spoiled("another line", content, frozenset({9}))) == DIFFERENT


def test_a_file_without_cells_is_refused() -> None:
    assert outcome(Spoiled("nothing", b"")) == REFUSED
