"""The code frame on trial: against comments whose reasons people have given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl

from loopback.comments import comments
from loopback.errors import LoopbackError, Problem
from loopback.frame import read_with_lines
from loopback.reasons import handcoding
from loopback.reasons.agreement import (
    alpha,
    overall,
    quality,
    reasons_quality,
    terms_quality,
    to_drop,
)
from loopback.reasons.matches import matches, pairs, texts_of
from loopback.reasons.slips import unused
from loopback.reasons.ticked import meanings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopback.comments import Comments
    from loopback.frame import CodeFrame

USUAL = ("human", "given", "given_reasons", "reasons", "codes")
IDS = ("response_id", "id")
BETWEEN = "\n"  # names of a list: no name holds it


@dataclass(frozen=True)
class Tried:
    """What a frame is worth on some comments: overall, by reason, by term, and once audited.

    `audit` are the terms to drop, `audited` the quality without them, on the same comments.
    `coders` is how far the people agree who coded the same comments, where several did; `unused`
    are the terms that none of the comments has.
    """

    comments: int
    overall: dict[str, float | None]
    reasons: pl.DataFrame
    terms: pl.DataFrame
    audit: pl.DataFrame
    audited: dict[str, float | None]
    coders: pl.DataFrame
    unknown: list[str]
    unused: list[Problem]


@dataclass(frozen=True)
class _Coded:
    """Comments with the reasons that one person gave: comment, language, given, and an id."""

    rows: pl.DataFrame
    unknown: list[str]


@dataclass(frozen=True)
class Columns:
    """Which columns hold the comment, its language, and the reasons; the usual ones if none."""

    comment: str | None = None
    language: str | None = None
    reasons: str | None = None


def trial(paths: Sequence[Path], frame: Path, columns: Columns) -> Tried:
    """Return how well a code frame finds the reasons that people gave, worst first."""
    code_frame, lines = read_with_lines(frame)
    coded = [_coded(comments(path), code_frame, columns) for path in paths]
    rows = coded[0].rows
    given = rows.with_row_index("place").explode("given", empty_as_null=False)
    people = given.select("place", reason="given").drop_nulls().unique()
    told = rows.with_columns(pl.col("comment").fill_null(""))
    found = matches(texts_of(told, code_frame), code_frame).join(pairs(code_frame), "pair")
    terms = terms_quality(found, people)
    drop = to_drop(terms)
    table = _table(found, people, code_frame, rows.height)
    without = found.join(drop, ["reason", "term"], how="anti")
    return Tried(
        rows.height,
        overall(table),
        table,
        _written(terms, code_frame),
        _written(drop, code_frame),
        overall(_table(without, people, code_frame, rows.height)),
        _coders([c.rows for c in coded], code_frame),
        sorted({name for c in coded for name in c.unknown}),
        unused(code_frame, lines, rows, frame.name),
    )


def _written(terms: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return terms as the code frame writes them."""
    written = frame.terms.sort("written").unique(["reason", "term"], keep="first")
    both = terms.join(
        written.select("reason", "term", "written"), ["reason", "term"], maintain_order="left"
    )
    return both.with_columns(term="written").drop("written")


def _table(codes: pl.DataFrame, people: pl.DataFrame, frame: CodeFrame, n: int) -> pl.DataFrame:
    found = codes.select("place", "reason").unique()
    return reasons_quality(found, people, list(frame.labels), n)


def _coded(file: Comments, frame: CodeFrame, columns: Columns) -> _Coded:
    """Read comments and the reasons that somebody gave them; raise where no reason is known."""
    rows = pl.concat(file.batches(), how="vertical_relaxed")
    if columns.reasons is None and handcoding.is_sheet(rows.columns, frame):
        marked = handcoding.marked(rows, frame)
        return _Coded(_plain(marked, file, columns).with_columns(marked["given"]), [])
    cells = rows[file.column(columns.reasons, USUAL)].to_list()
    texts = [BETWEEN.join(c) if isinstance(c, list) else str(c or "") for c in cells]
    known = meanings(set(texts), frame)
    given = [[reason for reason in known[text].values() if reason] for text in texts]
    unknown = {name for found in known.values() for name, reason in found.items() if not reason}
    if unknown and not any(given):
        mend = f"They are to be ids or labels of the frame: {', '.join(frame.labels)}."
        raise LoopbackError(Problem("none of the reasons given is known", mend, file.name))
    listed = pl.Series("given", given, dtype=pl.List(pl.String))
    return _Coded(_plain(rows, file, columns).with_columns(listed), sorted(unknown))


def _plain(rows: pl.DataFrame, file: Comments, columns: Columns) -> pl.DataFrame:
    """Return comment, language and an id of each row, by their number where there is none."""
    spoken = columns.language or next((n for n in ("language", "lang") if n in rows.columns), None)
    named = next((name for name in IDS if name in rows.columns), None)
    numbers = pl.int_range(pl.len()).cast(pl.String)
    return rows.select(
        comment=pl.col(file.column(columns.comment)).cast(pl.String),
        language=(pl.col(spoken) if spoken else pl.lit(None)).cast(pl.String),
        id=pl.col(named).cast(pl.String) if named else numbers,
    )


def _coders(coded: Sequence[pl.DataFrame], frame: CodeFrame) -> pl.DataFrame:
    """Return the agreement of coders on each reason: kappa of each pair, alpha of all."""
    schema = {
        "reason": pl.String,
        "comments": pl.Int64,
        "alpha": pl.Float64,
        "kappas": pl.List(pl.Float64),
    }
    if len(coded) == 1:
        return pl.DataFrame(schema=schema)
    said = [dict(rows.select("id", "given").iter_rows()) for rows in coded]
    ids = sorted(set.union(*(set(s) for s in said)))
    rows = []
    for reason in frame.labels:
        votes = [[reason in s[i] if i in s else None for i in ids] for s in said]
        kappas = [_kappa(one, other) for one, other in combinations(votes, 2)]
        shared = sum(sum(v is not None for v in unit) > 1 for unit in zip(*votes, strict=True))
        rows.append((reason, shared, alpha(votes), kappas))
    return pl.DataFrame(rows, schema=schema, orient="row").sort("alpha", "reason", nulls_last=True)


def _kappa(one: Sequence[bool | None], other: Sequence[bool | None]) -> float | None:
    both = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if not both:
        return None
    agreed = sum(a and b for a, b in both)
    return quality(agreed, sum(a for a, _ in both), sum(b for _, b in both), len(both)).kappa
