"""Places: where the ids of one list stand in another, found by whole numbers instead of texts."""

from __future__ import annotations

import polars as pl

# Serves as long as it is compared within one run: another version may give another.
_MARK = pl.first().hash()


def places(ids: pl.Series, others: pl.Series) -> pl.Series:
    """Return for each id its row among the others (UInt32), empty where it is not among them.

    No id stands twice in either. They are compared by their hashes, then letter by letter; should
    two ids share a hash, all are compared by their letters alone.
    """
    at = _joined(ids, others, _MARK)
    same = others.gather(at) == ids
    return at if same.all() else _joined(ids, others, pl.first())


def absent(places: pl.Series, count: int) -> pl.Series:
    """Return which of so many rows are none of the places."""
    missing = pl.repeat(value=True, n=count, eager=True).scatter(places.drop_nulls(), values=False)
    return missing.arg_true()


def _joined(ids: pl.Series, others: pl.Series, mark: pl.Expr) -> pl.Series:
    sides = (texts.to_frame().lazy().select(mark.alias("mark")) for texts in (ids, others))
    here, there = (
        side.with_row_index(name) for side, name in zip(sides, ("row", "other"), strict=True)
    )
    found = here.join(there, on="mark").select("row", "other").collect()
    nowhere = pl.repeat(None, ids.len(), dtype=pl.UInt32, eager=True)
    return nowhere.scatter(found["row"], found["other"])
