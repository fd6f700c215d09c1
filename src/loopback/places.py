"""Places: where the ids of one list stand in another, found by whole numbers instead of texts."""

from __future__ import annotations

import polars as pl

# Serves as long as it is compared within one run: another version may give another.
_MARK = pl.col("key").hash()
_MARKED = pl.when(pl.col("key").is_not_null()).then(_MARK).alias("mark")


def places(ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return for each id its row among the others (UInt32), empty where it is not among them.

    No id stands twice in either.
    """
    rows = others.to_frame("key").lazy().with_row_index("there")
    found = pairs(ids, rows)
    return scattered(found["there"], found["here"], ids.len())


def pairs(texts: pl.Series, known: pl.LazyFrame) -> pl.DataFrame:
    """Return the rows of `known` whose `key` is one of the texts, with its row there (`here`).

    Either may hold a text again and again. They are compared by their hashes, then letter by
    letter.
    """
    if texts.is_empty():
        return known.head(0).with_columns(here=pl.lit(0, pl.UInt32)).collect()
    marks = texts.to_frame("key").select(_MARKED)
    sought = marks.with_row_index("here").lazy()
    joined = known.with_columns(_MARKED).join(sought, on="mark").drop("mark")
    found = joined.collect(engine="streaming")
    own = texts.gather(found["here"]).alias("key")
    same = found["key"] == own
    found = found.with_columns(own)  # no room is taken for the same texts twice
    return found if same.all() else found.filter(same)


def scattered(cells: pl.Series, places: pl.Series, count: int) -> pl.Series:
    """Return a column of so many rows with each cell at its place, and others empty."""
    nowhere = pl.repeat(None, count, dtype=cells.dtype, eager=True).alias(cells.name)
    return nowhere.scatter(places, cells)


def absent(places: pl.Series, count: int) -> pl.Series:
    """Return which of so many rows are none of the places."""
    return unmarked(places, count).arg_true()


def unmarked(places: pl.Series, count: int) -> pl.Series:
    """Say of so many rows which are none of the places."""
    return pl.repeat(value=True, n=count, eager=True).scatter(places.drop_nulls(), values=False)
