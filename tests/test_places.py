from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import places
from loopback.places import absent

if TYPE_CHECKING:
    import pytest


KEYED = {"key": pl.String, "whose": pl.Int64}


def found(here: list[str], there: list[str]) -> list[int | None]:
    ids = (pl.Series("customer_id", texts, dtype=pl.String) for texts in (here, there))
    return places.places(*ids).to_list()


def test_each_id_is_found_where_it_stands_among_the_others() -> None:
    assert found(["C-1", "C-2", "C-3"], ["C-3", "C-9", "C-1"]) == [2, None, 0]


def test_what_is_in_none_of_the_places_is_absent() -> None:
    at = places.places(pl.Series("id", ["C-1", "C-2"]), pl.Series("id", ["C-3", "C-1", "C-4"]))

    assert absent(at, 3).to_list() == [0, 2]


def test_where_one_of_the_lists_is_empty_nothing_is_found() -> None:
    assert found([], ["C-1"]) == []
    assert found(["C-1"], []) == [None]


def test_ids_that_share_a_hash_are_told_apart_by_their_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "_MARKED", pl.col("key").str.len_bytes().alias("mark"))

    assert found(["C-1", "C-2", "C-10"], ["C-10", "C-2", "C-7"]) == [None, 1, 0]


@settings(max_examples=25, deadline=None)
@given(
    here=st.lists(st.text(max_size=3), unique=True),
    there=st.lists(st.text(max_size=3), unique=True),
)
def test_places_are_those_of_a_dictionary(here: list[str], there: list[str]) -> None:
    rows = {text: row for row, text in enumerate(there)}

    assert found(here, there) == [rows.get(text) for text in here]


def paired(texts: list[str | None], known: list[str | None]) -> list[tuple[int, int]]:
    rows = pl.LazyFrame({"key": known, "whose": range(len(known))}, schema_overrides=KEYED)
    pairs = places.pairs(pl.Series("texts", texts, dtype=pl.String), rows)
    return pairs.select("here", "whose").sort("here", "whose").rows()


def test_a_text_that_stands_several_times_makes_as_many_pairs() -> None:
    assert paired(["b", "a", "b"], ["b", "c", "b"]) == [(0, 0), (0, 2), (2, 0), (2, 2)]


def test_an_empty_cell_is_the_same_as_no_other() -> None:
    assert paired([None, "a"], [None, "a", None]) == [(1, 1)]
    assert paired([None], [None]) == paired([], ["a"]) == paired(["a"], []) == []


def test_pairs_that_share_a_hash_alone_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_MARKED", pl.col("key").str.len_bytes().alias("mark"))

    assert paired(["C-1", "C-2", "C-10"], ["C-10", "C-2", "C-7", "C-2"]) == [(1, 1), (1, 3), (2, 0)]
