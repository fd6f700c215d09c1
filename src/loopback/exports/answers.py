"""Answers: the rows of an export that count, those left out and why, and those rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import LoopbackError, Problem
from loopback.exports import values
from loopback.exports.values import SCORE, UNANSWERED

if TYPE_CHECKING:
    from loopback.exports.layouts import Layout
    from loopback.exports.roles import Roles

TEXT_ROLES = ("comment", "token", "customer", "email", "export_id", "language")
SCALES = ("0-10", "1-10")
BOUNCED = "bounced"
UNANSWERED_ROWS = "unanswered"
_TEXT = pl.col("score")
_FOLDED = _TEXT.str.strip_chars().str.to_lowercase()


class Answers(NamedTuple):
    """What an export holds. Answers, rejects and the rows left out add up to all of its rows."""

    answers: pl.DataFrame
    rejects: pl.DataFrame
    left_out: dict[str, int]
    bounced: pl.DataFrame
    notes: list[str]


def answers(
    rows: pl.DataFrame,
    uneven: pl.DataFrame,
    layout: Layout,
    roles: Roles,
    file: str,
    *,
    scale: str | None,
    day_first: bool | None,
) -> Answers:
    """Return the answers of the rows of an export; `uneven` are its rows of the wrong length."""
    _refuse_other_scale(roles["score"], scale, file)
    even = rows.join(uneven.select("row"), "row", how="anti")
    named = _named(even, roles).with_columns(
        why=_left_out(layout), reject=_rejection(lowest=1 if scale == "1-10" else 0)
    )
    kept = named.filter(pl.col("why").is_null())
    good = kept.filter(pl.col("reject").is_null())
    timed, notes = _timed(good.with_columns(SCORE), day_first=day_first)
    return Answers(
        timed.drop("status", "channel", "why", "reject").sort("row"),
        pl.concat([_uneven(uneven), _rejects(kept, roles)]).sort("row"),
        _counts(named),
        named.filter(pl.col("why") == BOUNCED).select("row", "token", "customer", "email"),
        notes + _scale_note(good, scale),
    )


def _refuse_other_scale(header: str, scale: str | None, file: str) -> None:
    from_one = values.STARTS_AT_ONE.search(header) and not values.STARTS_AT_ZERO.search(header)
    if scale is None and from_one:
        mend = 'Say how to take it: --scale 1-10 counts 9-10 and 7-8 as they stand; or "0-10".'
        raise LoopbackError(
            Problem(f"the scale seems to start at 1: {header[:80]!r}", mend, file, column="score")
        )


def _named(rows: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    """Return one column a role, named by it; a role the file does not have is empty."""
    names = ("score", "responded_at", "status", "channel", *TEXT_ROLES)
    held = {name: rows.get_column(roles[name]) for name in names if name in roles}
    absent = {name: pl.lit(None, pl.String) for name in names if name not in roles}
    return (
        rows.select("row")
        .with_columns(**held, **absent)
        .with_columns(
            score=pl.when(~_FOLDED.is_in(("", *UNANSWERED))).then(_TEXT),
            comment=pl.col("comment").str.strip_chars().replace("", None),
            token=pl.col("token").str.strip_chars(),
            customer=pl.col("customer").str.strip_chars(),
        )
    )


def _left_out(layout: Layout) -> pl.Expr:
    """Return why a row does not count: its status, or nothing was answered."""
    status = pl.col("status").str.strip_chars().str.to_lowercase()
    channel = pl.col("channel").str.strip_chars().str.to_lowercase()
    by_status = {value: why for why, listed in layout.left_out.items() for value in listed}
    empty = pl.col("score").is_null() & pl.col("comment").is_null()
    return pl.coalesce(
        status.replace_strict(by_status, default=None, return_dtype=pl.String),
        pl.when(channel.is_in(layout.tests)).then(pl.lit("test")),
        pl.when(empty).then(pl.lit(UNANSWERED_ROWS)),
    )


def _rejection(lowest: int) -> pl.Expr:
    """Return why a row cannot be taken, in words for the one who will mend it."""
    score = SCORE
    return (
        pl.when(pl.col("score").is_null())
        .then(pl.lit("a comment without a score"))
        .when(score.is_null())
        .then(pl.lit("the score is not a whole number from 0 to 10"))
        .when(score < lowest)
        .then(pl.lit("the score is not on the scale 1-10"))
    )


def _rejects(kept: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    """Return the rejected rows: where, and the cell that is to be mended or kept."""
    scored = pl.col("score").is_not_null()
    columns = pl.when(scored).then(pl.lit(roles["score"])).otherwise(pl.lit(roles.get("comment")))
    return kept.filter(pl.col("reject").is_not_null()).select(
        "row", columns.alias("column"), value=pl.coalesce("score", "comment"), why="reject"
    )


def _uneven(uneven: pl.DataFrame) -> pl.DataFrame:
    return uneven.select(
        "row",
        pl.lit(None, pl.String).alias("column"),
        pl.col("fields").cast(pl.String).alias("value"),
        pl.lit("the row does not have as many cells as the header").alias("why"),
    )


def _counts(named: pl.DataFrame) -> dict[str, int]:
    counts = named.drop_nulls("why").group_by("why").len().sort("why")
    return dict(counts.iter_rows())


def _timed(good: pl.DataFrame, *, day_first: bool | None) -> tuple[pl.DataFrame, list[str]]:
    """Read the times of the answers; where the file leaves day and month open, say so."""
    times = values.times(good["responded_at"], day_first=day_first)
    if times is None:
        empty = pl.lit(None, pl.Datetime("us", "UTC"))
        note = "the file does not tell days from months: times are left empty; see --day-first"
        return good.with_columns(responded_at=empty), [note]
    unread = good["responded_at"].is_not_null() & times.is_null()
    notes = [f"{unread.sum()} times could not be read and are left empty"] if unread.any() else []
    return good.with_columns(responded_at=times), notes


def _scale_note(good: pl.DataFrame, scale: str | None) -> list[str]:
    many = 100
    none_is_zero = good.height >= many and not good.select((SCORE == 0).any()).item()
    if scale is None and none_is_zero:
        return [f"none of {good.height} scores is 0: if the scale is 1-10, say --scale 1-10"]
    return []
