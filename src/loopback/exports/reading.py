"""A reading of one export: its cells, what was recognised in them, and the answers they hold."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import blank
from loopback.errors import LoopbackError, Problem, error
from loopback.exports import groups, scores
from loopback.exports.answers import (
    Answers,
    Sheet,
    answers,
    left_out,
    meanings,
    no_answers,
    out,
)
from loopback.exports.columns import Columns
from loopback.exports.header import Header, headed, header
from loopback.exports.layouts import layout
from loopback.exports.roles import Known, Roles, declared_scores, roles, with_score
from loopback.exports.sheet import sheet
from loopback.grid import WORKBOOKS, Grid, grid

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.exports.candidates import Candidate
    from loopback.exports.declarations import Layout
    from loopback.settings import Choices, Exports

CHOSEN = ("score", "comment", "customer", "token", "responded_at")
FIRST = 20_000  # rows of a large file in which it is recognised
# A row an answer: one column says to which question, another what was answered.
QUESTIONS = ("question", "frage", "spørgsmål", "pergunta", "pregunta", "domanda", "vraag")
ANSWERS = ("answer", "response", "antwort", "svar", "resposta", "respuesta", "risposta", "antwoord")


@dataclass
class Reading:
    """One export as it was read, before anyone asks whose answers these are.

    Where `refused` says why its answers cannot be told, there are none, and what could be
    recognised is all there is. `rows` are those with as many cells as the header; of a large file
    the first ones alone, while `every` has all, under the names of `places`, and blank ones too.
    """

    file: str
    cells: Grid
    declared: Layout
    header: Header
    rows: pl.DataFrame
    broken: pl.DataFrame
    roles: Roles = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    answers: Answers = field(default_factory=no_answers)
    zone: str | None = None
    refused: LoopbackError | None = None

    @property
    def layout(self) -> str:
        """The name of the layout."""
        return self.declared.name

    @property
    def places(self) -> dict[str, str]:
        """The column of cells of each header."""
        return dict(zip(self.header.names, self.cells.columns, strict=True))

    @cached_property
    def every(self) -> pl.LazyFrame:
        """All rows with as many cells as the header, to be read bit by bit."""
        if self.cells.stream is None:
            return self.rows.rename(self.places).lazy()
        return self.cells.stream.filter(
            pl.col("row") > self.cells.cells["row"][self.header.rows - 1]
        )

    @cached_property
    def full(self) -> pl.LazyFrame:
        """The same without blank rows."""
        return self.every.filter(~blank(self.cells.columns))

    @cached_property
    def height(self) -> int:
        """How many rows there are under the header."""
        if self.cells.stream is None:
            return self.rows.height + self.broken.height
        return int(self.full.select(pl.len()).collect().item())

    def placed(self, roles: Roles) -> Roles:
        """Return the columns of cells in which roles stand."""
        return {role: self.places[column] for role, column in roles.items()}


def reading(
    source: Path | bytes, name: str, exports: Exports, known: Known | None = None
) -> Reading:
    """Return the reading of an export; raise where what it holds would have to be guessed."""
    read = recognised(source, name, exports, known)
    if read.refused:
        raise read.refused
    return read


def recognised(
    source: Path | bytes, name: str, exports: Exports, known: Known | None = None
) -> Reading:
    """Return the reading of an export, refused or not; raise where it is no list of responses."""
    read = _laid_out(_cells(source, name, exports, FIRST), exports)
    if read is None:  # a question over several columns is only put together of all rows
        read = _laid_out(_cells(source, name, exports, None), exports)
    assert read is not None  # noqa: S101 - all rows are there
    choices = exports.of_layout(read.layout, read.header.names)
    try:
        _recognise(read, choices, known or Known())
    except LoopbackError as refused:
        read.refused = refused
        read.candidates = getattr(refused, "candidates", [])
        read.left_out = left_out(read.full, read.declared, read.placed(read.roles))
    return read


def _laid_out(cells: Grid, exports: Exports) -> Reading | None:
    """Return the reading of cells without its roles; None where all rows are needed for it."""
    built = layout(cells, exports.layouts, exports.layout)
    top = header(cells, built)
    uneven = cells.uneven(top.rows)
    even = headed(cells, top).join(uneven.select("row"), "row", how="anti").sort("row")
    rows = groups.condensed(even, top.questions)
    if cells.stream is not None and (uneven.height or not rows.equals(even)):
        return None
    return Reading(cells.name, cells, built, top, rows, _broken(uneven))


def _broken(uneven: pl.DataFrame) -> pl.DataFrame:
    """Return the rejects of rows that have not as many cells as the header."""
    return uneven.select(
        "row",
        pl.lit(None, pl.String).alias("column"),
        pl.col("fields").cast(pl.String).alias("value"),
        pl.lit("the row does not have as many cells as the header").alias("why"),
    )


def _cells(source: Path | bytes, name: str, exports: Exports, first: int | None) -> Grid:
    """Return the cells of a file: of the sheet and in the encoding that are chosen, if any is."""
    if exports.sheet is not None and PurePath(name).suffix.lower() in WORKBOOKS:
        return sheet(source, name, exports.sheet)
    if exports.encoding is None:
        return grid(source, name, first)
    content = source if isinstance(source, bytes) else source.read_bytes()
    try:
        text = content.decode(exports.encoding)
    except LookupError:
        raise error(f"there is no encoding {exports.encoding!r}", "Such as cp1252.", name) from None
    except UnicodeDecodeError as failed:
        what = f"the file is not in {exports.encoding}: byte {failed.start + 1} means nothing in it"
        raise error(what, "Leave --encoding out, or name another.", name) from None
    read = grid(text.removeprefix("\ufeff").encode("utf-8-sig"), name, first)
    return replace(read, encoding=exports.encoding)


def _recognise(read: Reading, choices: Choices, known: Known) -> None:
    """Find the roles of the columns, the score above all, and the answers."""
    built, top, name = read.declared, read.header, read.file
    _refuse_long(read)
    chosen = {role: c for role in CHOSEN if (c := getattr(choices, role)) is not None}
    read.roles = roles(read.rows, top, built, chosen, known, name)
    columns, words = _columns(read), _words(built, choices)
    skip = groups.ranks(columns.shown, top.questions)
    one, read.candidates = scores.score(columns, read.roles, top, built, words, name, skip=skip)
    named = one.header in declared_scores(top, built)
    scores.settled(one, choices, built, name, named=named)
    read.roles = with_score(read.roles, one.header, top, built)
    read.zone = choices.zone or top.zone or built.zone
    meant = meanings(columns.texts(one.header), words, 1 if choices.scale == "1-10" else 0)
    sheet = Sheet(read.every, read.full, read.placed(read.roles), read.roles, read.broken)
    held = answers(sheet, meant, built, choices, read.zone)
    if choices.scale is None and scores.none_is_zero(one):
        note = f"none of {one.scores} scores is 0: if the scale is 1-10, say --scale 1-10"
        held.notes.append(note)
    read.answers, read.left_out = held, held.left_out


def _columns(read: Reading) -> Columns:
    """Return the columns, with the rows that count by what they say of themselves."""
    counts = out(read.declared, read.placed(read.roles)).is_null()
    headers = {place: header for header, place in read.places.items()}
    shown = read.rows.rename(read.places).filter(counts).rename(headers)
    return Columns(shown, read.every, read.places, counts, whole=read.cells.stream is None)


def _words(layout: Layout, choices: Choices) -> dict[str, int | None]:
    """Return what words mean as scores: those of the layout, then those that the user explains."""
    said = {word: None if n == "none" else n for word, n in choices.words.items()}
    return dict.fromkeys(layout.unanswered) | said


def _refuse_long(read: Reading) -> None:
    """Raise for a file with a row an answer, where more than one question was asked."""
    texts = [text.strip().casefold() for text in read.header.roles]
    asked = [n for n, text in zip(read.header.names, texts, strict=True) if text in QUESTIONS]
    if not asked or not set(texts) & set(ANSWERS):
        return
    questions = read.rows[asked[0]].drop_nulls().unique(maintain_order=True)
    if questions.len() > 1:
        listed = ", ".join(repr(question[:60]) for question in questions.head(5))
        what = f"there is a row for each answer, to {questions.len()} questions: {listed}"
        mend = "Export it with one row a response, or keep the rows of one question alone."
        raise LoopbackError(Problem(what, mend, read.file, column=asked[0]))
