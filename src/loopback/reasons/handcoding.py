"""Hand coding: a sheet of comments with a column for each reason, and what comes back in it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.frame import CodeFrame

NONE = "none of these"
ID, COMMENT, LANGUAGE = "response_id", "comment", "language"
UNMARKED = ("", "0", "no", "-")


def drawn(responses: pl.DataFrame, count: int, seed: str) -> pl.DataFrame:
    """Return so many responses with a comment, drawn by their ids alone; the same seed, the same.

    They stand in the order of the draw, which says nothing of who wrote when, and how happily.
    """
    told = responses.drop_nulls("comment").unique("response_id", keep="last")
    lots = [_lot(seed, response_id) for response_id in told["response_id"]]
    order = told.with_columns(pl.Series("lot", lots, dtype=pl.String))
    return order.sort("lot").head(count).drop("lot")


def _lot(seed: str, response_id: str) -> str:
    return hashlib.blake2b(f"{seed}\n{response_id}".encode(), digest_size=8).hexdigest()


def sheet(responses: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the sheet to be filled in: the comment, a column a reason, and one for none.

    Neither the score nor what the frame finds is shown: both would lead whoever codes.
    """
    blank = [pl.lit(None, pl.String).alias(name) for name in (*frame.labels, NONE)]
    return responses.select(ID, LANGUAGE, COMMENT, *blank)


def is_sheet(columns: Sequence[str], frame: CodeFrame) -> bool:
    """Say whether a file is such a sheet."""
    return NONE in columns and any(reason in columns for reason in frame.labels)


def marked(rows: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the rows that somebody has coded, with the `given` reasons as a list.

    Any mark counts. A row without any, not even that none of the reasons is given, waits still.
    """
    named = [name for name in (*frame.labels, NONE) if name in rows.columns]
    text = pl.col(named).cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    marks = rows.with_columns(~text.is_in(UNMARKED))
    names = [pl.when(pl.col(name)).then(pl.lit(name)) for name in named if name != NONE]
    given = pl.concat_list(names).list.drop_nulls().alias("given")
    kept = marks.filter(pl.any_horizontal(named)).select(ID, given)
    return rows.join(kept, ID, maintain_order="left")
