"""A preview of one export: what it is and holds, in counts, and why it is read as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from loopback.exports.layouts import matches

if TYPE_CHECKING:
    import polars as pl

    from loopback.errors import LoopbackError
    from loopback.exports.candidates import Candidate
    from loopback.exports.reading import Reading
    from loopback.exports.roles import Roles

PROMOTERS, PASSIVES = {9, 10}, {7, 8}
EXAMPLES, SHOWN = 3, 40  # cells of a column that are shown, and letters of each


@dataclass(frozen=True)
class Preview:
    """What one file is and holds; `refused` says why its answers are not taken, if so.

    `rows` are those under the header; `responses` are those of customers, whole or not, whatever
    becomes of them. Counts of scores are of the answers that would be taken, those of comments
    also of the rejects.
    """

    file: str
    layout: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_rows: int | None = None
    rows: int | None = None
    responses: int | None = None
    left_out: dict[str, int] = field(default_factory=dict)
    scores: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    comments: int = 0
    rejects: int = 0
    candidates: list[Candidate] = field(default_factory=list)
    roles: Roles = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refused: str | None = None


def preview(read: Reading) -> Preview:
    """Return the preview of an export that could be read."""
    held = read.answers
    given = held.scores.items()
    return Preview(
        read.file,
        layout=read.layout,
        encoding=read.cells.encoding,
        delimiter=read.cells.delimiter,
        header_rows=read.header.rows,
        rows=read.height,
        responses=read.height - read.left_out.get("the header again", 0),
        left_out=read.left_out,
        scores=held.taken,
        promoters=sum(n for score, n in given if score in PROMOTERS),
        passives=sum(n for score, n in given if score in PASSIVES),
        detractors=sum(n for score, n in given if score not in PROMOTERS | PASSIVES),
        comments=held.comments,
        rejects=held.rejects.height,
        candidates=read.candidates,
        roles=read.roles,
        notes=held.notes,
        refused=reason(read.refused) if read.refused else None,
    )


def unreadable(file: str, refused: LoopbackError) -> Preview:
    """Return the preview of a file that could not be read at all."""
    return Preview(file, refused=reason(refused))


def reason(refused: LoopbackError) -> str:
    """Return why a file is refused, and what to do."""
    return " ".join(f"{problem.what}. {problem.mend}" for problem in refused.problems)


def explanation(read: Reading) -> dict[str, Any]:
    """Return why an export is read as it is: its layout, its header, the role of each column."""
    top, declared = read.header, read.declared
    cells = [*declared.row_1, *declared.row_2]
    first = [c for c in declared.first if top.roles and matches(top.roles[0], c)]
    seen = ", ".join(cells + first)
    return {
        "layout_why": f"it has {seen}" if seen else "it has the columns of no tool that is known",
        "header_why": top.why,
        "zone": read.zone or "UTC, where a time does not name its own",
        "columns": [_column(read, number, name) for number, name in enumerate(top.names, start=1)],
    }


def _column(read: Reading, number: int, name: str) -> dict[str, Any]:
    held = " and ".join(role for role, column in read.roles.items() if column == name)
    return {"column": number, "header": name, "role": held, "examples": _examples(read.rows[name])}


def _examples(column: pl.Series) -> list[str]:
    filled = column.drop_nulls().unique(maintain_order=True).head(EXAMPLES)
    return [cell[:SHOWN] for cell in filled]
