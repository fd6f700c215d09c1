"""Non-response: the score as it would be if all classes of customers had answered alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.nps.counts import Counts
from loopback.nps.weighting import (
    HIGH_EFFECT,
    Cell,
    Weighted,
    capped,
    class_weights,
    classes,
    raked_weights,
    weighted,
)
from loopback.score import CATEGORIES, points, tallies

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def by_classes(
    responses: pl.DataFrame, invitations: pl.DataFrame, columns: Sequence[str], confidence: float
) -> Weighted | None:
    """Return the score weighted so that each class counts by those asked; None without answers.

    A class is a combination of the columns; what was asked without one of them is a class too.
    """
    answers, asked = _cells(responses, invitations, columns)
    joined = classes(answers, asked)
    weights = class_weights(answers, asked, joined)
    held = {cell: weight for cell, weight in weights.items() if cell in answers}
    if not held:
        return None
    return weighted(answers, capped(answers, held), [joined], confidence)


def by_raking(
    responses: pl.DataFrame, invitations: pl.DataFrame, columns: Sequence[str], confidence: float
) -> Weighted | None:
    """Return the score weighted so that each column by itself is as it was asked."""
    answers, asked = _cells(responses, invitations, columns)
    if not answers:
        return None
    margins = [_margin(asked, answers, place) for place in range(len(columns))]
    weights = capped(answers, raked_weights(answers, margins))
    groupings = [{cell: cell[place] for cell in answers} for place in range(len(columns))]
    return weighted(answers, weights, groupings, confidence)


def sentence(how: str, found: Weighted, columns: Sequence[str], plain: Mapping[str, float]) -> str:
    """Say the weighted score beside the unweighted, and what to think of it."""
    limits = f"{points(found.lower)} to {points(found.upper)}"
    said = f"{how.capitalize()} by {', '.join(columns)}: NPS {points(found.nps)} ({limits})"
    worth = f"worth {found.effective:.0f} answers; unweighted {points(plain['nps'])}."
    return " ".join([f"{said}, {worth}", *_doubts(found, plain)])


def _doubts(found: Weighted, plain: Mapping[str, float]) -> list[str]:
    doubts: list[str] = []
    if found.design_effect > HIGH_EFFECT:
        doubts.append(f"The weights cost much: design effect {found.design_effect:.2f}.")
    if abs(found.nps - plain["nps"]) > (plain["upper"] - plain["lower"]) / 2:
        doubts.append("The two lie further apart than chance: those who answered are others.")
    return doubts


def _cells(
    responses: pl.DataFrame, invitations: pl.DataFrame, columns: Sequence[str]
) -> tuple[dict[Cell, Counts], dict[Cell, int]]:
    """Return answers and numbers asked by cell; an answer to no invitation is left out."""
    named = [pl.col(column).fill_null("") for column in columns]
    asked = invitations.group_by(named).agg(asked=pl.len())
    rows = responses.join(invitations.select("customer_id", "month"), ["customer_id", "month"])
    counts = tallies(rows.lazy(), named).select(*columns, *CATEGORIES).collect()
    width = len(columns)
    sizes = {tuple(row[:width]): row[width] for row in asked.iter_rows()}
    answers = {tuple(row[:width]): Counts(*row[width:]) for row in counts.iter_rows()}
    return {cell: found for cell, found in answers.items() if cell in sizes}, sizes


def _margin(
    asked: Mapping[Cell, int], answers: Mapping[Cell, Counts], place: int
) -> dict[str, int]:
    """Return how many were asked by one column, of the values of which somebody answered."""
    known = {cell[place] for cell in answers}
    margin = dict.fromkeys(sorted(known), 0)
    for cell, size in asked.items():
        if cell[place] in known:
            margin[cell[place]] += size
    return margin
