"""Ticked reasons: those a customer chose from a list in the survey, apart from the coded ones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from loopback.folding import all_normalised

if TYPE_CHECKING:
    from collections.abc import Collection

    from loopback.frame import CodeFrame

TICKED = pl.Schema({"response_id": pl.String, "answer": pl.String, "reason": pl.String})
BETWEEN = re.compile(r"\s*[;|\n]\s*")
COMMA = re.compile(r"\s*,\s*")


def ticked(responses: pl.DataFrame, frame: CodeFrame) -> pl.DataFrame:
    """Return the answers ticked in each response, a row each (schema `TICKED`).

    `reason` is that of the frame whose id or label the answer is, else empty. Answers are parted
    by semicolons, bars or lines; where there are none of these, by commas.
    """
    cells = responses.drop_nulls("ticked").select("response_id", "ticked")
    known = meanings(cells["ticked"].unique().to_list(), frame)
    rows = [
        (response_id, answer, reason)
        for response_id, cell in cells.iter_rows()
        for answer, reason in known[cell].items()
    ]
    return pl.DataFrame(rows, schema=TICKED, orient="row").sort("response_id", "answer")


def meanings(cells: Collection[str], frame: CodeFrame) -> dict[str, dict[str, str | None]]:
    """Return for each cell its answers, each with the reason whose id or label it is.

    An answer that is known stays whole, even with a comma in it.
    """
    ids = {name: reason.id for reason in frame.reason for name in (reason.id, reason.label)}
    parts = {cell: BETWEEN.split(cell.strip()) for cell in cells}
    finer = {cell: COMMA.split(cell.strip()) for cell in cells}
    texts = {answer for split in (parts, finer) for found in split.values() for answer in found}
    plain = all_normalised([*ids, *texts])
    known = {plain[name]: reason for name, reason in ids.items()}
    whole = {c for c, found in parts.items() if len(found) > 1 or plain[found[0]] in known}
    return {
        cell: {a: known.get(plain[a]) for a in (parts if cell in whole else finer)[cell] if a}
        for cell in cells
    }
