"""Long exports: a row an answer, put together to a row a respondent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from loopback.exports.header import Header
    from loopback.grid import Grid
    from loopback.settings import Choices

# One column says to which question, another what was answered.
QUESTIONS = ("question", "frage", "spørgsmål", "pergunta", "pregunta", "domanda", "vraag")
ANSWERS = ("answer", "response", "antwort", "svar", "resposta", "respuesta", "risposta", "antwoord")
SHOWN, LISTED = 60, 8


class Long(NamedTuple):
    """Where a long export has its questions and answers, and which questions there are."""

    question: str
    answer: str
    questions: list[str]


def long(header: Header, rows: pl.DataFrame) -> Long | None:
    """Return what makes an export a long one with several questions; None where it is none."""
    texts = [text.strip().casefold() for text in header.roles]
    places = dict(zip(texts, header.names, strict=True))
    asked = next((places[text] for text in QUESTIONS if text in places), None)
    answered = next((places[text] for text in ANSWERS if text in places), None)
    if asked is None or answered is None:
        return None
    questions = rows.get_column(asked).drop_nulls().unique(maintain_order=True).to_list()
    return Long(asked, answered, questions) if len(questions) > 1 else None


def chosen(found: Long, choices: Choices) -> bool:
    """Say whether the question of the score is chosen, by its text."""
    return choices.score in found.questions


def unfolded(cells: Grid, header: Header, rows: pl.DataFrame, found: Long) -> Grid:
    """Return the cells with a row a respondent and a column a question, under a row of names.

    Respondents are told apart by all other columns; `row` is that of their first answer. Raises
    where one answered a question twice.
    """
    placed = rows.rename(dict(zip(header.names, cells.columns, strict=True)))
    places = dict(zip(header.names, cells.columns, strict=True))
    asked, answered = pl.col(places[found.question]), pl.col(places[found.answer])
    names = [name for name in header.names if name not in {found.question, found.answer}]
    keys = [places[name] for name in names]
    _refuse_twice(placed, [*keys, places[found.question]], cells.name)
    texts = [
        answered.filter(asked == question).first().alias(f"answer_{n}")
        for n, question in enumerate(found.questions)
    ]
    wide = placed.group_by(keys, maintain_order=True).agg(pl.col("row").min(), *texts)
    columns = [f"column_{n}" for n in range(len(keys) + len(texts))]
    named = dict(zip([*keys, *(f"answer_{n}" for n in range(len(texts)))], columns, strict=True))
    body = (
        wide.select("row", *named)
        .rename(named)
        .select("row", pl.lit(len(columns), pl.Int64).alias("fields"), *columns)
    )
    first = (cells.cells["row"][0], len(columns), *names, *found.questions)
    top = pl.DataFrame([first], schema=body.schema, orient="row")
    return replace(cells, cells=pl.concat([top, body]), stream=None)


def _refuse_twice(rows: pl.DataFrame, keys: list[str], name: str) -> None:
    twice = rows.filter(~pl.struct(keys).is_first_distinct())
    if twice.height:
        what = "a question is answered a second time: nothing tells the respondents apart"
        mend = "Export it with an id of the response, or with one row a response."
        raise LoopbackError(Problem(what, mend, name, row=twice["row"][0]))


def refused(found: Long, name: str) -> LoopbackError:
    """Return the error of a long export where nobody said which question is that of the score."""
    listed = ", ".join(repr(question[:SHOWN]) for question in found.questions[:LISTED])
    more = " ..." * (len(found.questions) > LISTED)
    what = f"there is a row for each answer, to {len(found.questions)} questions: {listed}{more}"
    one = json.dumps(found.questions[0], ensure_ascii=False)
    mend = f"Say which question is that of the score, such as --score {one}; "
    return LoopbackError(
        Problem(what, mend + "another is the comment with --comment.", name, column=found.question)
    )
