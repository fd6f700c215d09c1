from __future__ import annotations

import polars as pl

from loopback.words import Words


def words(*texts: str | None) -> Words:
    return Words.of(pl.Series("word", texts, dtype=pl.Categorical))


def test_each_word_is_read_once_for_all_rows() -> None:
    found = words("b", "a", None, "b")

    assert found.words.len() == 3
    assert found.read(pl.col("word").str.to_uppercase()).to_list() == ["B", "A", None, "B"]


def test_a_row_without_a_word_is_read_too() -> None:
    yes = (pl.col("word") == "yes").fill_null(value=False)

    assert words("yes", None).read(yes).to_list() == [True, False]
    assert words(None, None).read(yes).to_list() == [False, False]
    assert words().read(yes).to_list() == []


def test_words_that_differ_by_the_spaces_around_them_become_the_same() -> None:
    tidy = words(" a", "a", "  ", "").tidied()

    assert tidy.read(pl.col("word")).to_list() == ["a", "a", None, None]


def test_words_that_mean_themselves_stay_the_column_they_are() -> None:
    column = pl.Series("word", ["a", None, "b"], dtype=pl.Categorical)

    assert Words.of(column).tidied().coded(pl.col("word")) is column


def test_words_that_mean_something_else_are_coded_anew() -> None:
    tidy = words("a ", "A", None, "").tidied().coded(pl.col("word").str.to_lowercase())

    assert tidy.dtype == pl.Categorical
    assert tidy.to_list() == ["a", "a", None, None]


def test_what_is_true_of_no_row_is_true_of_no_word() -> None:
    others = pl.Series("other", ["zoe"], dtype=pl.Categorical)

    assert not words("a", "b").any(pl.col("word") == others[0])
    assert words("a", "b").any(pl.col("word") == "b")
    assert words("a", None).any(pl.col("word").is_null())
    assert not words("a").any(pl.col("word").is_null())
