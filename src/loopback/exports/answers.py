"""Answers: the rows of an export that count, those left out and why, and those rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.exports.times import times
from loopback.exports.values import SCORE, UNANSWERED

if TYPE_CHECKING:
    from loopback.exports.declarations import Layout
    from loopback.exports.roles import Roles
    from loopback.settings import Choices

TEXT_ROLES = (
    *("comment", "token", "customer", "email", "export_id", "language"),
    *("consent", "contact", "ticked"),
)
MARKS = ("status", "channel", "survey_type")
BOUNCED = "bounced"
UNANSWERED_ROWS = "unanswered"
OTHER_SURVEY = "another survey"
HEADER_AGAIN = "the header again"
_TEXT = pl.col("score")
_FOLDED = _TEXT.str.strip_chars().str.to_lowercase()


class Answers(NamedTuple):
    """What an export holds. Answers, rejects and the rows left out add up to all of its rows."""

    answers: pl.DataFrame
    rejects: pl.DataFrame
    left_out: dict[str, int]
    bounced: pl.DataFrame
    comments: int
    notes: list[str]


def answers(
    rows: pl.DataFrame,
    uneven: pl.DataFrame,
    layout: Layout,
    roles: Roles,
    choices: Choices,
    zone: str | None = None,
) -> Answers:
    """Return the answers of the rows of an export; `uneven` are its rows of the wrong length."""
    named = _named(rows, roles).with_columns(why=_why(layout, roles))
    marked = named.with_columns(reject=_rejection(lowest=1 if choices.scale == "1-10" else 0))
    kept = marked.filter(pl.col("why").is_null())
    good = kept.filter(pl.col("reject").is_null())
    timed, notes = _timed(good.with_columns(SCORE), day_first=choices.day_first, zone=zone)
    return Answers(
        timed.drop(*MARKS, "why", "reject").sort("row"),
        pl.concat([_uneven(uneven), _rejects(kept, roles)]).sort("row"),
        counts(marked["why"]),
        marked.filter(pl.col("why") == BOUNCED).select("row", "token", "customer", "email"),
        kept["comment"].drop_nulls().len(),
        notes,
    )


def no_answers() -> Answers:
    """Return the answers of an export that is refused."""
    empty = pl.DataFrame(schema={"row": pl.Int64, "score": pl.Int64})
    return Answers(empty, empty, {}, empty, 0, [])


def left_out(rows: pl.DataFrame, layout: Layout, roles: Roles) -> pl.Series:
    """Return why each row does not count by its status, channel or survey; empty where it does."""
    marks = {role: column for role, column in roles.items() if role in MARKS}
    return _named(rows, marks).select(why=_left_out(layout, roles))["why"]


def counts(why: pl.Series) -> dict[str, int]:
    """Return how many rows are left out for each reason."""
    found = why.drop_nulls().to_frame("why").group_by("why").len().sort("why")
    return dict(found.iter_rows())


def _named(rows: pl.DataFrame, roles: Roles) -> pl.DataFrame:
    """Return one column a role, named by it; a role the file does not have is empty."""
    names = ("score", "responded_at", *MARKS, *TEXT_ROLES)
    held = {name: rows.get_column(roles[name]) for name in names if name in roles}
    absent = {name: pl.lit(None, pl.String) for name in names if name not in roles}
    empty = ["", *UNANSWERED]
    return (
        rows.select("row")
        .with_columns(**held, **absent)
        .with_columns(
            score=pl.when(~_FOLDED.is_in(empty)).then(_TEXT),
            comment=_unguarded("comment").replace("", None),
            token=pl.col("token").str.strip_chars(),
            customer=_unguarded("customer"),
        )
    )


def _unguarded(column: str) -> pl.Expr:
    """Return texts without the apostrophe that keeps a spreadsheet from running them."""
    return pl.col(column).str.strip_chars().str.replace(r"^'([=+\-@])", "${1}")


def _why(layout: Layout, roles: Roles) -> pl.Expr:
    """Return why a row does not count: what it says of itself, or nothing was answered."""
    empty = pl.col("score").is_null() & pl.col("comment").is_null()
    again = pl.col("score") == roles["score"]
    return pl.coalesce(
        pl.when(again).then(pl.lit(HEADER_AGAIN)),
        _left_out(layout, roles),
        pl.when(empty).then(pl.lit(UNANSWERED_ROWS)),
    )


def _left_out(layout: Layout, roles: Roles) -> pl.Expr:
    """Return why a row does not count, by its status, its channel, or the survey it belongs to."""
    survey = _mark("survey_type")
    reasons = [
        _by_value(role, declared) for role, declared in _declared(layout).items() if role in roles
    ]
    other = ~survey.is_in(layout.surveys) if layout.surveys else pl.lit(value=False)
    if "survey_type" in roles:
        reasons.append(pl.when(other).then(pl.lit(OTHER_SURVEY)))
    return pl.coalesce(*reasons, pl.lit(None, pl.String))


def _declared(layout: Layout) -> dict[str, dict[str, list[str]]]:
    return {"status": layout.left_out, "channel": layout.channel}


def _by_value(role: str, declared: dict[str, list[str]]) -> pl.Expr:
    reasons = {value: why for why, listed in declared.items() for value in listed}
    return _mark(role).replace_strict(reasons, default=None, return_dtype=pl.String)


def _mark(role: str) -> pl.Expr:
    return pl.col(role).fill_null("").str.strip_chars().str.to_lowercase()


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


def _timed(
    good: pl.DataFrame, *, day_first: bool | None, zone: str | None
) -> tuple[pl.DataFrame, list[str]]:
    """Read the times of the answers; where the file leaves day and month open, say so."""
    read = times(good["responded_at"], day_first=day_first, zone=zone)
    if read is None:
        empty = pl.lit(None, pl.Datetime("us", "UTC"))
        note = "the file does not tell days from months: times are left empty; see --day-first"
        return good.with_columns(responded_at=empty), [note]
    unread = good["responded_at"].is_not_null() & read.is_null()
    notes = [f"{unread.sum()} times could not be read and are left empty"] if unread.any() else []
    return good.with_columns(responded_at=read), notes
