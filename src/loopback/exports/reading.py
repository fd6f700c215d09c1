"""A reading of one export: its cells, what was recognised in them, and the answers they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, Problem, error
from loopback.exports import groups, scores
from loopback.exports.answers import Answers, answers, counts, left_out, no_answers
from loopback.exports.header import Header, headed, header
from loopback.exports.layouts import layout
from loopback.exports.roles import Known, Roles, declared_scores, roles, with_score
from loopback.exports.sheet import sheet
from loopback.exports.values import tidied
from loopback.grid import WORKBOOKS, Grid, grid

if TYPE_CHECKING:
    import polars as pl

    from loopback.exports.candidates import Candidate
    from loopback.exports.declarations import Layout
    from loopback.settings import Choices, Exports

CHOSEN = ("score", "comment", "customer", "token", "responded_at")
# A row an answer: one column says to which question, another what was answered.
QUESTIONS = ("question", "frage", "spørgsmål", "pergunta", "pregunta", "domanda", "vraag")
ANSWERS = ("answer", "response", "antwort", "svar", "resposta", "respuesta", "risposta", "antwoord")


@dataclass
class Reading:
    """One export as it was read, before anyone asks whose answers these are.

    Where `refused` says why its answers cannot be told, there are none, and what could be
    recognised is all there is. `rows` are those with as many cells as the header.
    """

    file: str
    cells: Grid
    declared: Layout
    header: Header
    rows: pl.DataFrame
    uneven: pl.DataFrame
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
    def height(self) -> int:
        """How many rows there are under the header."""
        return self.rows.height + self.uneven.height


def reading(content: bytes, name: str, exports: Exports, known: Known | None = None) -> Reading:
    """Return the reading of an export; raise where what it holds would have to be guessed."""
    read = recognised(content, name, exports, known)
    if read.refused:
        raise read.refused
    return read


def recognised(content: bytes, name: str, exports: Exports, known: Known | None = None) -> Reading:
    """Return the reading of an export, refused or not; raise where it is no list of responses."""
    cells = _cells(content, name, exports)
    built = layout(cells, exports.layouts, exports.layout)
    top = header(cells, built)
    uneven = cells.uneven(top.rows)
    even = headed(cells, top).join(uneven.select("row"), "row", how="anti").sort("row")
    read = Reading(name, cells, built, top, groups.condensed(even, top.questions), uneven)
    try:
        _recognise(read, exports.of_layout(built.name), known or Known())
    except LoopbackError as refused:
        read.refused = refused
        read.candidates = getattr(refused, "candidates", [])
    return read


def _cells(content: bytes, name: str, exports: Exports) -> Grid:
    """Return the cells of a file: of the sheet and in the encoding that are chosen, if any is."""
    if exports.sheet is not None and PurePath(name).suffix.lower() in WORKBOOKS:
        return sheet(content, name, exports.sheet)
    if exports.encoding is None:
        return grid(content, name)
    try:
        text = content.decode(exports.encoding)
    except LookupError:
        raise error(f"there is no encoding {exports.encoding!r}", "Such as cp1252.", name) from None
    except UnicodeDecodeError as failed:
        what = f"the file is not in {exports.encoding}: byte {failed.start + 1} means nothing in it"
        raise error(what, "Leave --encoding out, or name another.", name) from None
    read = grid(text.removeprefix("\ufeff").encode("utf-8-sig"), name)
    return Grid(read.name, read.cells, exports.encoding, read.delimiter)


def _recognise(read: Reading, choices: Choices, known: Known) -> None:
    """Find the roles of the columns, the score above all, and the answers."""
    built, top, name = read.declared, read.header, read.file
    _refuse_long(read)
    chosen = {role: c for role in CHOSEN if (c := getattr(choices, role)) is not None}
    read.roles = roles(read.rows, top, built, chosen, known, name)
    why = left_out(read.rows, built, read.roles)
    read.left_out = counts(why)
    kept, words = read.rows.filter(why.is_null()), _words(built, choices)
    skip = groups.ranks(kept, top.questions)
    one, read.candidates = scores.score(kept, read.roles, top, built, words, name, skip=skip)
    named = one.header in declared_scores(top, built)
    scores.settled(one, choices, built, name, named=named)
    read.roles = with_score(read.roles, one.header, top, built)
    read.rows = read.rows.with_columns(tidied(read.rows[one.header], words))
    read.zone = choices.zone or top.zone or built.zone
    held = answers(read.rows, read.uneven, built, read.roles, choices, read.zone)
    if choices.scale is None and scores.none_is_zero(one):
        note = f"none of {one.scores} scores is 0: if the scale is 1-10, say --scale 1-10"
        held.notes.append(note)
    read.answers, read.left_out = held, held.left_out


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
