"""Roles: which column of an export holds the score, the comment, the customer and the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loopback.errors import LoopbackError, Problem, WrongUsageError
from loopback.exports.values import SCORE

if TYPE_CHECKING:
    from loopback.exports.layouts import Layout

NAMES = (
    "score",
    "comment",
    "token",
    "customer",
    "email",
    "responded_at",
    "export_id",
    "language",
    "status",
    "channel",
)
Roles = dict[str, str]
MOSTLY = 0.5
NUMBER = re.compile(r"[0-9]{1,5}")
ASKS_WHY = re.compile(r"\b(why|reasons?|warum|gr(ü|u)nde?|hvorfor|årsag(er|en)?)\b", re.IGNORECASE)


def roles(rows: pl.DataFrame, layout: Layout, chosen: Roles, file: str) -> Roles:
    """Return the column of each role: as chosen, else as the layout declares, else by content.

    `chosen` names columns by their header or their 1-based number. Raises where the score could
    stand in none of the columns, or in more than one: it is never guessed.
    """
    columns = rows.columns[2:]
    found = {role: _chosen(role, name, columns, file) for role, name in chosen.items()}
    for role in NAMES:
        declared = _declared(columns, layout, role)
        if declared and role not in found and declared not in found.values():
            found[role] = declared
    if "score" not in chosen:
        found["score"] = _score(rows.drop("row", "fields"), found, layout, file)
    if "comment" not in found:
        found |= _comment(columns, found)
    return found


def _chosen(role: str, name: str, columns: list[str], file: str) -> str:
    if name in columns:
        return name
    if NUMBER.fullmatch(name) and 1 <= int(name) <= len(columns):
        return columns[int(name) - 1]
    mend = "Give the header text or the number of one of: " + _listed(columns)
    raise WrongUsageError(Problem(f"there is no column {name!r} for the {role}", mend, file))


def _declared(columns: list[str], layout: Layout, role: str) -> str | None:
    """Return the first column that bears one of the names declared for a role.

    In a header of several rows the first names the column, the others may be translated.
    """
    several = layout.headers > 1
    names = [(c.partition(" - ")[0] if several else c).strip().casefold() for c in columns]
    wanted = [header.casefold() for header in layout.roles.get(role, [])]
    return next((columns[names.index(header)] for header in wanted if header in names), None)


def _score(columns: pl.DataFrame, found: Roles, layout: Layout, file: str) -> str:
    """Return the column named as the score, or the only one that could be it."""
    declared = layout.roles.get("score", [])
    named = [c for c in columns.columns if c.casefold().strip() in declared]
    if len(named) == 1:
        return named[0]
    others = {column for role, column in found.items() if role != "score"}
    searched = named or [c for c in columns.columns if c not in others]
    return _only_score(searched, columns, file)


def _only_score(searched: list[str], columns: pl.DataFrame, file: str) -> str:
    """Return the one column that holds scores; raise where none does, or more than one."""
    candidates = [c for c in searched if _holds_scores(columns.get_column(c).alias("score"))]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        mend = "Name the column with --score (header text or number). There are: "
        raise LoopbackError(
            Problem("no column holds scores from 0 to 10", mend + _listed(columns.columns), file)
        )
    counts = _listed(candidates, columns)
    mend = f"Choose one: --score {columns.columns.index(candidates[0]) + 1}, or [exports] score."
    raise LoopbackError(Problem(f"more than one column could be the score: {counts}", mend, file))


def _holds_scores(column: pl.Series) -> bool:
    """Say whether a column may be the score: most of its cells read as one, few are words.

    Ends of a scale are often exported as words, and unanswered cells as N/A; a cell that is
    another number speaks against it.
    """
    filled = column.str.strip_chars().replace("", None).drop_nulls().to_frame()
    counts = filled.select(
        scores=SCORE.is_not_null().sum(),
        numbers=(SCORE.is_null() & pl.col("score").str.contains(r"^\s*[-+]?[\d.,]+\s*$")).sum(),
    )
    scores, numbers = counts.row(0)
    return scores > 0 and numbers == 0 and scores >= filled.height * MOSTLY


def _comment(columns: list[str], found: Roles) -> Roles:
    """Return the column right after the score, or the only one, whose header asks why."""
    asking = [c for c in columns if c not in found.values() and ASKS_WHY.search(c)]
    after = columns.index(found["score"]) + 1
    if after < len(columns) and columns[after] in asking:
        return {"comment": columns[after]}
    return {"comment": asking[0]} if len(asking) == 1 else {}


def _listed(columns: list[str], answers: pl.DataFrame | None = None) -> str:
    """Name columns by number and shortened header, with the count of answers where asked."""
    all_columns = columns if answers is None else answers.columns
    names = [f"{all_columns.index(c) + 1} {c[:60]!r}" for c in columns]
    if answers is not None:
        counts = [answers.get_column(c).drop_nulls().len() for c in columns]
        names = [f"{name} ({n} answers)" for name, n in zip(names, counts, strict=True)]
    return ", ".join(names)
