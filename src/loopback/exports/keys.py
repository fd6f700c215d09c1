"""Keys: tokens, ids and addresses as answers name them, sought among those that are known."""

from __future__ import annotations

import polars as pl

from loopback.places import pairs, unmarked


def folded(column: str) -> pl.Expr:
    """Return keys as they are compared where case and spaces do not tell them apart."""
    return pl.col(column).str.replace_all(r"\s+", "").str.to_lowercase()


def is_address(*columns: str) -> pl.Expr:
    """Say which keys are addresses."""
    return pl.col(columns).str.contains("@", literal=True).fill_null(value=False)


def addressed(answers: pl.DataFrame) -> bool:
    """Say whether any answer names an address, be it where the customer stands."""
    return bool(answers.select(pl.any_horizontal(is_address("customer", "email").any())).item())


def found(sought: pl.DataFrame, known: pl.LazyFrame, *, exact: bool = True) -> pl.DataFrame:
    """Return the `place` of each key that is known, with what is known of it (`key` and more).

    A key that is written just so decides; where none is, case and spaces do not count, and a key
    that more than one bears identifies nobody. An address is never told apart by its case.
    """
    tried = sought if exact else sought.clear()
    found = pairs(tried["key"], known)
    same = found.drop("here").with_columns(sought["place"].gather(found["here"]))
    rest = sought.filter(unmarked(found["here"], sought.height))
    alike = _alike(rest, known).select(same.columns) if rest.height else same.clear()
    return pl.concat([same, alike]) if alike.height else same


def _alike(sought: pl.DataFrame, known: pl.LazyFrame) -> pl.DataFrame:
    """Return what is known of the only key that is like one that is sought."""
    loose = sought.select("place", loose=folded("key"))
    near = pairs(loose["loose"].unique(), known.select(written="key", key=folded("key")))
    only = near.filter(pl.col("here").is_unique()).select(loose="key", key="written")
    meant = loose.join(only, "loose")
    found = pairs(meant["key"], known)
    return found.with_columns(meant["place"].gather(found["here"]))
