"""Mending: rejects with the cells of their rows, and the rows of a file in which they were mended.

`loopback export rejects` writes the one; it is itself a plain export once its cells are right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.exports.identity import SHORT_ID
from loopback.exports.own import REJECTS as OWN
from loopback.exports.own import columns
from loopback.exports.times import DAY, is_day_first, times
from loopback.tables import REJECTED_CELLS, REJECTS, WITHDRAWN

if TYPE_CHECKING:
    from loopback.exports.reading import Reading

FROM = ("source", "row")
CELL = ("file", "column", "value", "why")
ORIGIN = {"file": pl.String, "source": pl.String, "row": pl.Int64}
ROLES = {"customer_id": "customer", "response_id": "export_id"}  # where the cell is named otherwise
BETWEEN_CELLS = " | "
MENDED = "mended: {}, row {}"
SAME = ("value", "why", *REJECTED_CELLS)
WHOSE = ("customer_id", "email", "response_id")
# Such cells are of one answer, in whatever export they stand.
OF_ONE_ANSWER = (
    pl.col("token").is_not_null()
    | ~pl.col("response_id").str.contains(SHORT_ID)
    | (pl.col("responded_at").is_not_null() & pl.any_horizontal(pl.col(WHOSE).is_not_null()))
).fill_null(value=False)
GONE = "the export is read otherwise now"


def rejects(read: Reading, *, day_first: bool | None) -> pl.DataFrame:
    """Return the rejects of an export as the ledger keeps them, with `row`, sorted by it."""
    found = read.answers.rejects.select("row", "column", "value", "why")
    cells = _cells(read, found, day_first=day_first)
    whole = found.join(cells, "row", how="left").join(_uneven(read), "row", how="left")
    named = whole.with_columns(
        pl.lit(read.file).alias("file"), pl.lit(None, pl.String).alias(WITHDRAWN)
    )
    return named.select("row", *REJECTS.columns.names()).sort("row")


def origins(read: Reading) -> pl.DataFrame:
    """Return where the rows of a file of rejects come from: its `ORIGIN`, and `mended_row`.

    Any other file has no such rows.
    """
    if read.layout != OWN.name:
        return pl.DataFrame(schema={**ORIGIN, "mended_row": pl.Int64})
    named = columns(read.header)
    places = {name: pl.col(read.places[named[name]]) for name in ORIGIN}
    told = [place.cast(ORIGIN[name], strict=False).alias(name) for name, place in places.items()]
    return read.full.select(*told, pl.col("row").alias("mended_row")).collect()


def mended(
    open_: pl.DataFrame, origins: pl.DataFrame, answered: pl.Series, file: str
) -> pl.DataFrame:
    """Return the events that withdraw rejects whose mended rows have become answers.

    `open_` are the rejects that stand, `answered` the rows of the file that are answers.
    """
    whole = origins.filter(pl.col("mended_row").is_in(answered.implode()))
    once = whole.unique(["source", "row"], keep="first", maintain_order=True)
    found = open_.join(once.drop("file"), ["source", "row"])
    return withdrawn(found, pl.format(MENDED, pl.lit(file), "mended_row"))


def traced(rejects: pl.DataFrame, origins: pl.DataFrame, source: str) -> pl.DataFrame:
    """Return rejects with `source`: one that was a reject before stays that of its first file."""
    if origins.is_empty():
        return rejects.with_columns(pl.lit(source).alias("source"))
    first = origins.rename({name: f"first_{name}" for name in ORIGIN})
    joined = rejects.join(first, left_on="row", right_on="mended_row", how="left")
    return joined.with_columns(
        file=pl.coalesce("first_file", "file"),
        source=pl.coalesce("first_source", pl.lit(source)),
        row=pl.coalesce("first_row", "row"),
    ).drop(f"first_{name}" for name in ORIGIN)


def fresh(rejects: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the rejects that an export of the same name did not show before it grew.

    A reject that was known before it was tried to be mended is known by its source and row.
    """
    cell = ["row", *CELL]
    other = rejects.join(known, cell, how="anti", nulls_equal=True)
    return other.join(known, ["source", "row", "value"], how="anti", nulls_equal=True).sort("row")


def once_mended(known: pl.DataFrame) -> pl.DataFrame:
    """Return all that was ever wrong with the rows that were mended since."""
    told = known.filter(pl.col(WITHDRAWN).str.starts_with(MENDED.partition("{")[0]))
    return known.join(told, FROM, how="semi")


def unmended(rejects: pl.DataFrame, mended: pl.DataFrame) -> pl.DataFrame:
    """Return rejects without those of an answer that came before, just so, and was mended.

    Where cells do not say which answer they are of, another one may look alike: it stands.
    """
    return rejects.join(mended.filter(OF_ONE_ANSWER), SAME, how="anti", nulls_equal=True)


def withdrawn(current: pl.DataFrame, why: pl.Expr) -> pl.DataFrame:
    """Return the events that withdraw rejects, each with the reason."""
    told = current.with_columns(why.alias(WITHDRAWN))
    return told.select(*REJECTS.columns.names(), *FROM)


def _cells(read: Reading, found: pl.DataFrame, *, day_first: bool | None) -> pl.DataFrame:
    """Return the cells of the rejected rows by their roles; a time is written out in UTC."""
    roles = read.placed(read.roles)
    held = {name: roles.get(ROLES.get(name, name)) for name in REJECTED_CELLS}
    texts = {name: pl.col(at) if at else pl.lit(None, pl.String) for name, at in held.items()}
    rows = read.full.join(found.lazy().select("row"), "row", how="semi")
    cells = rows.select("row", **texts).collect()
    if day_first is None:
        day_first = is_day_first(cells["responded_at"].str.strip_chars().str.head(DAY))
    if day_first is None:
        return cells
    moments = times(cells["responded_at"], day_first=day_first, zone=read.zone)
    told = moments.dt.strftime("%Y-%m-%d %H:%M:%S+00:00").alias("moment")
    return (
        cells.with_columns(told)
        .with_columns(responded_at=pl.coalesce("moment", "responded_at"))
        .drop("moment")
    )


def _uneven(read: Reading) -> pl.DataFrame:
    texts = [pl.col(name).fill_null("") for name in read.cells.columns]
    shown = pl.concat_list(texts).list.head(pl.col("fields")).list.join(BETWEEN_CELLS)
    return read.cells.uneven(read.header.rows).select("row", cells=shown)
