"""Answers: the rows of an export that count, those left out and why, and those rejected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback.exports.order import in_order
from loopback.exports.times import DAY, MOMENT, is_day_first, times, usual_times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopback.exports.declarations import Layout
    from loopback.exports.meanings import Meanings
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
GUARDED = r"^'[=+@-]"
UNSCORED = "a comment without a score"
SCHEMA = {
    "row": pl.Int64,
    "score": pl.Int64,
    "responded_at": MOMENT,
    **dict.fromkeys(TEXT_ROLES, pl.String),
}
HELD = {**SCHEMA, "unread": pl.String}
TAKEN = pl.col("why").is_null() & pl.col("reject").is_null()
REJECTED = pl.col("why").is_null() & pl.col("reject").is_not_null()
# Of every row, where a literal is of one: Polars takes that apart where it filters many rows.
NEVER = pl.when(pl.col("row").is_null()).then(pl.lit(""))


@dataclass(frozen=True)
class Answers:
    """What an export holds. Answers, rejects and the rows left out add up to all of its `rows`.

    The answers are in the order of the file; `scores` says how often each score was given.
    """

    answers: pl.DataFrame
    rejects: pl.DataFrame
    bounced: pl.DataFrame
    left_out: dict[str, int] = field(default_factory=dict)
    scores: dict[int, int] = field(default_factory=dict)
    comments: int = 0
    notes: list[str] = field(default_factory=list)
    rows: int = 0

    @property
    def taken(self) -> int:
        """How many answers there are."""
        return self.answers.height


class Sheet(NamedTuple):
    """The rows of an export that are not blank, with the column of each role.

    `full` is to be read bit by bit; `row` is their number, `roles` where each role stands, and
    `headers` what the file calls it. `broken` are rows that could not be told into cells.
    """

    full: pl.LazyFrame
    roles: Mapping[str, str]
    headers: Mapping[str, str]
    broken: pl.DataFrame


def answers(
    sheet: Sheet, meant: Meanings, layout: Layout, choices: Choices, zone: str | None = None
) -> Answers:
    """Return the answers of an export, the texts of whose scores are `meant`.

    The file is read once, and only what has a role is held of it.
    """
    taken, others = _parted(_rows(sheet, _marks(layout, sheet, meant), zone))
    day_first, notes = _decided(taken, sheet, choices)
    taken = _timed(taken, day_first, zone)
    unread = _many(taken, pl.col("unread").is_not_null() & pl.col("responded_at").is_null())
    if unread and day_first is not None:
        notes.append(f"{unread} times could not be read and are left empty")
    commented = pl.col("comment").is_not_null() & pl.col("why").is_null()
    return Answers(
        taken.with_columns(score="value").select(*SCHEMA),
        _rejects(others.filter(REJECTED), sheet),
        others.filter(why=BOUNCED).select("row", "token", "customer", "email"),
        _counts(others["why"].drop_nulls()),
        _counts(taken["value"]),
        _many(taken, commented) + _many(others, commented),
        notes,
        taken.height + others.height + sheet.broken.height,
    )


def no_answers() -> Answers:
    """Return the answers of an export that is refused."""
    none = pl.DataFrame(schema=SCHEMA)
    return Answers(none, none, none)


def left_out(full: pl.LazyFrame, layout: Layout, roles: Mapping[str, str]) -> dict[str, int]:
    """Return how many rows do not count by what they say of themselves, for each reason."""
    why = full.select(why=out(layout, roles)).drop_nulls()
    return _counts(why.collect()["why"])


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


def _rows(sheet: Sheet, marks: list[pl.Expr], zone: str | None) -> pl.DataFrame:
    """Return the rows that are not blank: what becomes of each, and the text of each role.

    `responded_at` is a moment where its text is written as most are, else `unread` is the text.
    The text of a score is only kept of a row that is rejected.
    """
    marked = _named(sheet.full, sheet.roles).with_columns(marks)
    if "responded_at" in sheet.roles:
        marked = marked.with_columns(unread="responded_at").with_columns(_usual(zone))
        marked = marked.with_columns(
            unread=pl.when(pl.col("responded_at").is_null()).then("unread")
        )
    texts = [role for role in TEXT_ROLES if role in sheet.roles]
    read = [name for name in ("responded_at", "unread") if "responded_at" in sheet.roles]
    score = pl.when(REJECTED).then("score").alias("score")
    rows = marked.select("row", "value", "why", "reject", score, *read, *texts).collect()
    # What the file does not have takes no room now that all rows are together.
    none = {name: kind for name, kind in HELD.items() if name not in rows.columns}
    return in_order(rows).with_columns(pl.lit(None, kind).alias(n) for n, kind in none.items())


def _parted(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that are answers, and the others; the whole is not held any longer."""
    return rows.filter(TAKEN), rows.filter(~TAKEN)


def _usual(zone: str | None) -> pl.Expr:
    def read(texts: pl.Series) -> pl.Series:
        return usual_times(texts, zone)

    column = pl.col("responded_at")
    return column.map_batches(read, return_dtype=MOMENT, is_elementwise=True)


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
    return pl.when(text.str.contains(GUARDED)).then(text.str.slice(1)).otherwise(text)


def _marks(layout: Layout, sheet: Sheet, meant: Meanings) -> list[pl.Expr]:
    """Return the score (`value`), why a row does not count, and why one that does is rejected."""
    value = _meant(meant.scores, pl.Int64)
    wrong = _meant(meant.wrong, pl.String)
    empty = value.is_null() & wrong.is_null() & pl.col("comment").is_null()
    why = pl.coalesce(
        *([pl.when(_again(sheet)).then(pl.lit(HEADER_AGAIN))] if meant.again else []),
        out(layout, {role: role for role in MARKS if role in sheet.roles}),
        pl.when(empty).then(pl.lit(UNANSWERED_ROWS)),
    )
    reject = pl.coalesce(wrong, pl.when(value.is_null()).then(pl.lit(UNSCORED)))
    return [value.alias("value"), why.alias("why"), reject.alias("reject")]


def _again(sheet: Sheet) -> pl.Expr:
    """Say which rows repeat the header."""
    return pl.all_horizontal(
        pl.col(role).fill_null("").str.strip_chars() == header.strip()
        for role, header in sheet.headers.items()
        if role in sheet.roles
    )


def _meant(meanings: Mapping[str, int] | Mapping[str, str], kind: type[pl.DataType]) -> pl.Expr:
    if not meanings:
        return pl.lit(None, kind)
    return pl.col("score").replace_strict(dict(meanings), default=None, return_dtype=kind)


def _many(rows: pl.DataFrame, where: pl.Expr) -> int:
    return int(rows.select(where.sum()).item())


def _counts(of: pl.Series) -> dict[Any, int]:
    return dict(of.value_counts().sort(of.name).iter_rows())


def _rejects(rejected: pl.DataFrame, sheet: Sheet) -> pl.DataFrame:
    """Return the rejected rows: where, and the cell that is to be mended or kept."""
    unscored = pl.col("reject") == UNSCORED
    comment, score = (pl.lit(sheet.headers.get(role)) for role in ("comment", "score"))
    rejects = rejected.select(
        "row",
        pl.when(unscored).then(comment).otherwise(score).alias("column"),
        value=pl.when(unscored).then("comment").otherwise("score"),
        why="reject",
    )
    return pl.concat([sheet.broken, rejects]).sort("row")


def _decided(taken: pl.DataFrame, sheet: Sheet, choices: Choices) -> tuple[bool | None, list[str]]:
    """Say whether days come before months; where the file leaves that open, say so."""
    if choices.day_first is not None or "responded_at" not in sheet.roles:
        return choices.day_first or False, []
    begins = taken["unread"].drop_nulls().str.strip_chars().str.head(DAY)
    decided = is_day_first(begins.unique())
    note = "the file does not tell days from months: times are left empty; see --day-first"
    return decided, [note] if decided is None else []


def _timed(taken: pl.DataFrame, day_first: bool | None, zone: str | None) -> pl.DataFrame:  # noqa: FBT001 - decided or not
    """Return answers with their times in UTC; none where days and months cannot be told."""
    if day_first is None:
        return taken.with_columns(responded_at=pl.lit(None, MOMENT))
    if not taken["unread"].count():
        return taken
    read = times(taken["unread"], day_first=day_first, zone=zone)
    return taken.with_columns(responded_at=pl.coalesce("responded_at", read))
