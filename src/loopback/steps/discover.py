"""Discover what the code frame lacks: new themes, misspelt words, wider terms; and add to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, frame
from loopback.amendment import amended
from loopback.confidential import ALL, visible_comments
from loopback.reasons.codes import codes
from loopback.reasons.coverage import counted, coverage
from loopback.reasons.kinds import kinds
from loopback.reasons.slips import unused
from loopback.reasons.suggestions import suggestions
from loopback.reasons.themes import themes
from loopback.span import span
from loopback.tables import RESPONSES
from loopback.tomlfile import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopback.errors import Problem
    from loopback.frame import CodeFrame
    from loopback.reasons.suggestions import Suggestion
    from loopback.reasons.themes import Theme
    from loopback.workspace import Workspace

WELL_COVERED = 0.85  # from here on hardly a theme is left in what is not covered
AT_MOST = 200_000  # comments that are looked at: more say nothing new, and take the memory


@dataclass(frozen=True)
class Discovered:
    """The themes of each list, the list to read first, words near to a term, and idle terms."""

    months: list[str]
    comments: int
    coverage: dict[str, int]
    first: str
    themes: dict[str, list[Theme]]
    suggestions: list[Suggestion]
    unused: list[Problem]


@dataclass(frozen=True)
class Added:
    """The terms that were written into the code frame."""

    file: str
    reason: str
    terms: list[str]


def discover(workspace: Workspace, last: str, count: int | None, top: int) -> Discovered:
    """Return what the comments of the last months have and the code frame does not."""
    asked = span(workspace.ledger, last, count or workspace.settings.scores.months)
    code_frame, lines = frame.read_with_lines(workspace.path(frame.FILE))
    confidential = workspace.settings.audience == "employees"
    every = workspace.ledger.current(RESPONSES)
    told = visible_comments(every, asked.months, ALL) if confidential else asked.responses
    some = told.drop_nulls("comment").sort("response_id").tail(AT_MOST)
    known = kinds(some, codes(some, code_frame), code_frame)
    covered = coverage(counted(known))
    found = themes(known, code_frame, top)
    if confidential:
        found = {name: [t._replace(quotes=[]) for t in rows] for name, rows in found.items()}
    near = [] if confidential else suggestions(some, code_frame)[:top]
    idle = [] if confidential else unused(code_frame, lines, some)
    return Discovered(asked.months, some.height, covered, _first(covered), found, near, idle)


def _first(covered: dict[str, int]) -> str:
    saying = covered["specific"] + covered["general"] + covered["uncovered"]
    return "unhappy" if saying and covered["specific"] / saying > WELL_COVERED else "uncovered"


def add(
    workspace: Workspace,
    terms: Sequence[str],
    reason: str,
    language: str | None,
    label: str | None,
) -> Added:
    """Write terms into the code frame, or a new reason with them; all else in the file stays."""
    path = workspace.path(frame.FILE)
    before = frame.read_frame(path)
    content = amended(text(path), reason, terms, language, label)
    files.replace(path, content.encode(), durable=True)
    files.sync_folder(path.parent)
    return Added(frame.FILE, reason, _fresh(before, frame.read_frame(path), reason))


def _fresh(before: CodeFrame, after: CodeFrame, reason: str) -> list[str]:
    """Return the terms of a reason that were not there before."""
    old = set(before.terms.filter(pl.col("reason") == reason)["written"])
    new = after.terms.filter(pl.col("reason") == reason)["written"].unique().sort()
    return [term for term in new if term not in old]
