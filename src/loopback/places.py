"""Places: where the ids of one list stand in another, found by whole numbers instead of texts."""

from __future__ import annotations

import polars as pl

# Serves as long as it is compared within one run: another version may give another.
_MARK = pl.col("key").hash()
SOUGHT = 16  # one in so many ids tells where those beside it stand
_MARKED = pl.when(pl.col("key").is_not_null()).then(_MARK).alias("mark")


def places(ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return for each id its row among the others (UInt32), empty where it is not among them.

    No id stands twice in either. Lists keep most of their order from month to month: where one id
    in `SOUGHT` is found, those beside it are expected beside it, and only the rest is sought.
    """
    moved = _moved(ids, others)
    rows = pl.int_range(ids.len(), dtype=pl.Int32, eager=True)
    at = _beside(rows + moved.fill_null(strategy="forward"), ids, others)
    lost = at.is_null().arg_true()
    down = moved.fill_null(strategy="backward").gather(lost)
    at = at.scatter(lost, _beside(rows.gather(lost) + down, ids.gather(lost), others))
    lost, free = at.is_null().arg_true(), absent(at, others.len())
    unseen = others.gather(free).to_frame("key").with_row_index("there")
    found = pairs(ids.gather(lost), unseen.lazy())
    return at.scatter(lost.gather(found["here"]), free.gather(found["there"]))


def _moved(ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return how far down some ids stand among the others, empty for those that are not looked at.

    It is a guess: a mark may be that of two.
    """
    some = pl.col("mark") % SOUGHT == 0
    here, there = (
        texts.to_frame("key").lazy().select(_MARKED).with_row_index(place).filter(some)
        for texts, place in ((ids, "here"), (others, "there"))
    )
    found = here.join(there, on="mark").collect()
    down = found["there"].cast(pl.Int32) - found["here"].cast(pl.Int32)
    return scattered(down, found["here"], ids.len())


def _beside(guess: pl.Series, ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return the rows of the others where ids are guessed to stand, empty where they do not."""
    at = pl.col("at").cast(pl.UInt32)
    there = pl.when(pl.col("at").is_between(0, others.len() - 1)).then(at)
    rows = guess.to_frame("at").select(there)
    same = others.gather(rows["at"]) == ids
    return rows.select(pl.when(same).then("at")).to_series()


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
