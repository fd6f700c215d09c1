from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import places
from loopback.places import absent

KEYED = {"key": pl.String, "whose": pl.Int64}


def found(here: list[str], there: list[str]) -> list[int | None]:
    ids = (pl.Series("customer_id", texts, dtype=pl.String) for texts in (here, there))
    return places.places(*ids).to_list()


def test_each_id_is_found_where_it_stands_among_the_others() -> None:
    assert found(["C-1", "C-2", "C-3"], ["C-3", "C-9", "C-1"]) == [2, None, 0]


MANY = [f"C-{number}" for number in range(500)]
LISTS = {
    "the same": MANY,
    "the first gone, some new behind": [*MANY[100:], *(f"N-{n}" for n in range(50))],
    "some gone here and there": [text for text in MANY if not text.endswith(("3", "41"))],
    "some new in between": [
        text for one in MANY for text in (one, *["N" + one] * one.endswith("7"))
    ],
    "in another order": sorted(MANY, key=lambda text: text[::-1]),
    "one moved to the front": [MANY[250], *MANY[:250], *MANY[251:]],
}


@pytest.mark.parametrize("here", LISTS.values(), ids=LISTS)
def test_lists_that_keep_their_order_or_not_give_the_same_places(here: list[str]) -> None:
    rows = {text: row for row, text in enumerate(MANY)}

    assert found(here, MANY) == [rows.get(text) for text in here]


def test_few_are_sought_where_a_list_keeps_its_order(monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[int] = []
    seek = places.pairs

    def counted(texts: pl.Series, known: pl.LazyFrame) -> pl.DataFrame:
        sought.append(texts.len())
        return seek(texts, known)

    monkeypatch.setattr(places, "pairs", counted)
    found([*MANY[100:300], *MANY[301:]], MANY)

    assert sought == [0]


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


@settings(max_examples=50, deadline=None)
@given(
    here=st.lists(st.text(max_size=3), unique=True),
    there=st.lists(st.text(max_size=3), unique=True),
    together=st.integers(0, 200),
    shift=st.integers(-40, 40),
)
def test_places_are_those_of_a_dictionary(
    here: list[str], there: list[str], together: int, shift: int
) -> None:
    """Among the ids stands a row of ids that are in both lists, further up or down."""
    block = [f"C-{number}" for number in range(together)]
    here = [*here[: max(shift, 0)], *block, *here[max(shift, 0) :]]
    there = [*there[: max(-shift, 0)], *block, *there[max(-shift, 0) :]]
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
