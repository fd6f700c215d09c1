"""Answers: the rows of an export that count, those left out and why, and those rejected."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback.exports.times import DAY, is_day_first, times
from loopback.exports.values import SCORE, UNANSWERED, tidied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback.exports.declarations import Layout
    from loopback.exports.values import Words
    from loopback.settings import Choices

TEXT_ROLES = (
    *("comment", "token", "customer", "email", "export_id", "language"),
    *("consent", "contact", "named", "ticked"),
)
MARKS = ("status", "channel", "survey_type")
BOUNCED = "bounced"
UNANSWERED_ROWS = "unanswered"
OTHER_SURVEY = "another survey"
HEADER_AGAIN = "the header again"
MOMENT = pl.Datetime("us", "UTC")
NO_SCORE = "the score is not a whole number from 0 to 10"
NO_SCORE_FROM_ONE = "the score is not on the scale 1-10"
UNSCORED = "a comment without a score"
SCHEMA = {
    "row": pl.Int64,
    "score": pl.Int64,
    "responded_at": MOMENT,
    **dict.fromkeys(TEXT_ROLES, pl.String),
}
TAKEN = pl.col("why").is_null() & pl.col("reject").is_null()
REJECTED = pl.col("why").is_null() & pl.col("reject").is_not_null()
BROKEN = {"row": pl.Int64, "column": pl.String, "value": pl.String, "why": pl.String}
# Of every row, where a literal is of one: Polars takes that apart where it filters many rows.
NEVER = pl.when(pl.col("row").is_null()).then(pl.lit(""))
_FOLDED = pl.col("score").str.strip_chars().str.to_lowercase()


class Meanings(NamedTuple):
    """What each text in the column of the score means: a score, no answer, or `wrong`, why."""

    scores: Mapping[str, int]
    wrong: Mapping[str, str]


@dataclass(frozen=True)
class Answers:
    """What an export holds. Answers, rejects and the rows left out add up to all of its rows.

    `stream` are the answers, to be read bit by bit, in the order of the file; they were read once
    to count them: `scores` says how often each score was given, and `taken` of how many rows.
    """

    stream: pl.LazyFrame
    rejects: pl.DataFrame
    bounced: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    comments: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def taken(self) -> int:
        """How many answers there are."""
        return sum(self.scores.values())

    @cached_property
    def answers(self) -> pl.DataFrame:
        """The answers, all at once, in the order of the file."""
        return self.stream.collect().sort("row")


class Sheet(NamedTuple):
    """The rows of an export: all of them, blank ones too, with the column of each role.

    `rows` are to be read bit by bit; `row` is their number, `roles` where each role stands, and
    `headers` what the file calls it. `broken` are rows that could not be told into cells.
    """

    rows: pl.LazyFrame
    full: pl.LazyFrame
    roles: Mapping[str, str]
    headers: Mapping[str, str]
    broken: pl.DataFrame


def answers(
    sheet: Sheet, meant: Meanings, layout: Layout, choices: Choices, zone: str | None = None
) -> Answers:
    """Return the answers of an export, the texts of whose scores are `meant`."""
    marks = _marks(layout, sheet, meant)
    taken = _named(sheet.rows, sheet.roles).with_columns(marks).filter(TAKEN)
    day_first, notes = _decided(taken, sheet, choices)
    moments = _moments(sheet, day_first, zone)
    dated = pl.col("responded_at").is_not_null().alias("dated")
    named = _named(sheet.full, sheet.roles).with_columns(marks)
    tally = _tally(named.with_columns(dated, responded_at=moments))
    unread = int(tally.filter(TAKEN)["unread"].sum())
    if unread and day_first is not None:
        notes.append(f"{unread} times could not be read and are left empty")
    left_out = _counts(tally.drop_nulls("why"), "why")
    rejected = tally.filter(REJECTED).height > 0
    bounced = named.filter(pl.col("why") == BOUNCED).select("row", "token", "customer", "email")
    return Answers(
        taken.with_columns(responded_at=moments, score="value").select(*SCHEMA),
        _rejects(named if rejected else named.clear(), sheet),
        (bounced if BOUNCED in left_out else bounced.clear()).collect(),
        left_out,
        _counts(tally.filter(TAKEN), "value"),
        int(tally.filter(pl.col("why").is_null())["comments"].sum()),
        notes,
    )


def no_answers() -> Answers:
    """Return the answers of an export that is refused."""
    none = pl.DataFrame(schema=SCHEMA)
    return Answers(none.lazy(), none, none)


def meanings(found: pl.DataFrame, words: Words, lowest: int) -> Meanings:
    """Return what the texts in the column of the score mean, on a scale that begins at `lowest`."""
    tidy = found.select("text", score=tidied(found["text"], words))
    given = tidy.filter(~_FOLDED.is_in(["", *UNANSWERED])).with_columns(value=SCORE)
    known = pl.col("value") >= lowest
    good = given.filter(known).select("text", "value")
    bad = given.filter(known.fill_null(value=False).not_())
    why = pl.when(pl.col("value").is_null()).then(pl.lit(NO_SCORE))
    wrong = bad.select("text", why.otherwise(pl.lit(NO_SCORE_FROM_ONE)))
    return Meanings(dict(good.iter_rows()), dict(wrong.iter_rows()))


def left_out(full: pl.LazyFrame, layout: Layout, roles: Mapping[str, str]) -> dict[str, int]:
    """Return how many rows do not count by what they say of themselves, for each reason."""
    why = full.select(why=out(layout, roles)).drop_nulls()
    return _counts(why.group_by("why").agg(n=pl.len()).collect(), "why")


def out(layout: Layout, roles: Mapping[str, str]) -> pl.Expr:
    """Return why a row does not count, by its status, its channel, or the survey it belongs to.

    `roles` says in which columns these stand.
    """
    reasons = [
        _by_value(roles[role], declared)
        for role, declared in {"status": layout.left_out, "channel": layout.channel}.items()
        if role in roles
    ]
    if "survey_type" in roles:
        kind = _mark(roles["survey_type"])
        ours, others = layout.surveys, layout.other_surveys
        other = ~kind.is_in(ours) if ours else kind.is_in(others)
        reasons.append(pl.when(other).then(pl.lit(OTHER_SURVEY)))
    return pl.coalesce(*reasons, NEVER)


def _by_value(column: str, declared: dict[str, list[str]]) -> pl.Expr:
    reasons = {value: why for why, listed in declared.items() for value in listed}
    return _mark(column).replace_strict(reasons, default=None, return_dtype=pl.String)


def _mark(column: str) -> pl.Expr:
    return pl.col(column).fill_null("").str.strip_chars().str.to_lowercase()


def _named(rows: pl.LazyFrame, roles: Mapping[str, str]) -> pl.LazyFrame:
    """Return one column a role, named by it; a role the file does not have is empty."""
    names = ("score", "responded_at", *MARKS, *TEXT_ROLES)
    cells = {n: pl.col(roles[n]) if n in roles else pl.lit(None, pl.String) for n in names}
    return rows.select("row", **cells).with_columns(
        comment=_unguarded("comment").replace("", None),
        token=pl.col("token").str.strip_chars(),
        customer=_unguarded("customer"),
    )


def _unguarded(column: str) -> pl.Expr:
    """Return texts without the apostrophe that keeps a spreadsheet from running them."""
    text = pl.col(column).str.strip_chars()
    guarded = pl.any_horizontal(text.str.starts_with(f"'{mark}") for mark in "=+-@")
    return pl.when(guarded).then(text.str.slice(1)).otherwise(text)


def _marks(layout: Layout, sheet: Sheet, meant: Meanings) -> list[pl.Expr]:
    """Return the score (`value`), why a row does not count, and why one that does is rejected."""
    value = _meant(meant.scores, pl.Int64)
    wrong = _meant(meant.wrong, pl.String)
    empty = value.is_null() & wrong.is_null() & pl.col("comment").is_null()
    again = pl.all_horizontal(
        pl.col(role).fill_null("").str.strip_chars() == header.strip()
        for role, header in sheet.headers.items()
        if role in sheet.roles
    )
    why = pl.coalesce(
        pl.when(again).then(pl.lit(HEADER_AGAIN)),
        out(layout, {role: role for role in MARKS if role in sheet.roles}),
        pl.when(empty).then(pl.lit(UNANSWERED_ROWS)),
    )
    reject = pl.coalesce(wrong, pl.when(value.is_null()).then(pl.lit(UNSCORED)))
    return [value.alias("value"), why.alias("why"), reject.alias("reject")]


def _meant(meanings: Mapping[str, int] | Mapping[str, str], kind: type[pl.DataType]) -> pl.Expr:
    if not meanings:
        return pl.lit(None, kind)
    return pl.col("score").replace_strict(dict(meanings), default=None, return_dtype=kind)


def _tally(named: pl.LazyFrame) -> pl.DataFrame:
    """Count the rows by what becomes of them, their comments, and times that were not read."""
    unread = pl.col("dated") & pl.col("responded_at").is_null()
    groups = named.group_by("why", "reject", "value")
    counted = groups.agg(n=pl.len(), comments=pl.col("comment").count(), unread=unread.sum())
    return counted.collect()


def _counts(tally: pl.DataFrame, by: str) -> dict[Any, int]:
    return dict(tally.group_by(by).agg(pl.col("n").sum()).sort(by).iter_rows())


def _rejects(named: pl.LazyFrame, sheet: Sheet) -> pl.DataFrame:
    """Return the rejected rows: where, and the cell that is to be mended or kept."""
    unscored = pl.col("reject") == UNSCORED
    comment, score = (pl.lit(sheet.headers.get(role)) for role in ("comment", "score"))
    rejects = named.filter(REJECTED).select(
        "row",
        pl.when(unscored).then(comment).otherwise(score).alias("column"),
        value=pl.when(unscored).then("comment").otherwise("score"),
        why="reject",
    )
    return pl.concat([sheet.broken, rejects.collect()]).sort("row")


def _decided(taken: pl.LazyFrame, sheet: Sheet, choices: Choices) -> tuple[bool | None, list[str]]:
    """Say whether days come before months; where the file leaves that open, say so."""
    if choices.day_first is not None or "responded_at" not in sheet.roles:
        return choices.day_first or False, []
    begins = pl.col("responded_at").str.strip_chars().str.head(DAY)
    decided = is_day_first(taken.select(day=begins).unique().collect()["day"])
    note = "the file does not tell days from months: times are left empty; see --day-first"
    return decided, [note] if decided is None else []


def _moments(sheet: Sheet, day_first: bool | None, zone: str | None) -> pl.Expr:  # noqa: FBT001 - decided or not
    """Return the times in UTC; none where days and months cannot be told."""
    if day_first is None or "responded_at" not in sheet.roles:
        return pl.lit(None, MOMENT)

    def read(texts: pl.Series) -> pl.Series:
        return times(texts, day_first=day_first, zone=zone)

    column = pl.col("responded_at")
    return column.map_batches(read, return_dtype=MOMENT, is_elementwise=True)
