"""Weights that make those who answered resemble those who were asked.

They mend what follows from answering more in one class than in another, and nothing else: that
unhappy customers of the same class answer less, no weight can see.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.counts import POINTS, Counts, pooled
from loopback.nps.interval import adjusted, cut, quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What a cell is called: one name for each characteristic, such as ("North", "large").
Cell = tuple[str, ...]
FEWEST = 5  # answers of a class; with fewer it is joined with the next
CAP = 5.0  # times the median weight
CLOSE = 1e-10
STILL = 1e-15
ROUNDS = 1000
HIGH_EFFECT = 1.5


class Weighted(NamedTuple):
    """A weighted score in points; `effective` answers are left of those that came in.

    `se` is the linearised standard error of the weighted mean; the interval is adjusted Wald on
    the effective answers, which is the wider of the two.
    """

    nps: float
    se: float
    lower: float
    upper: float
    design_effect: float
    effective: float
    largest: float


def classes(answers: Mapping[Cell, Counts], asked: Mapping[Cell, int]) -> dict[Cell, Cell]:
    """Return the class of each cell, named after its first: cells of few answers are joined.

    A cell without enough answers goes together with the next in order of the names, what is left
    at the end with the class before.
    """
    found: list[list[Cell]] = []
    held = FEWEST
    for cell in sorted(asked):
        if held >= FEWEST:
            found.append([])
            held = 0
        found[-1].append(cell)
        held += answers[cell].n if cell in answers else 0
    if held < FEWEST and len(found) > 1:
        last = found.pop()
        found[-1].extend(last)
    return {cell: joined[0] for joined in found for cell in joined}


def class_weights(
    answers: Mapping[Cell, Counts], asked: Mapping[Cell, int], joined: Mapping[Cell, Cell]
) -> dict[Cell, float]:
    """Return for each cell how many of those asked one answer of its class stands for."""
    invited, answered = dict.fromkeys(joined.values(), 0), dict.fromkeys(joined.values(), 0.0)
    for cell, name in joined.items():
        invited[name] += asked[cell]
        answered[name] += answers[cell].n if cell in answers else 0
    return {cell: invited[name] / answered[name] for cell, name in joined.items() if answered[name]}


def raked_weights(
    answers: Mapping[Cell, Counts], margins: Sequence[Mapping[str, int]]
) -> dict[Cell, float]:
    """Return weights that fit each margin in turn until nothing changes any more.

    `margins` has for each characteristic of a cell how many were asked by its value. What nobody
    answered of is left out of the margin: its share is spread over the rest.
    """
    weights = {cell: 1.0 for cell in sorted(answers) if answers[cell].n}
    for _ in range(ROUNDS):
        before = dict(weights)
        for place, margin in enumerate(margins):
            _fit(weights, answers, place, margin)
        if max((abs(weights[c] / before[c] - 1) for c in weights), default=0) < CLOSE:
            break
    return weights


def _fit(
    weights: dict[Cell, float],
    answers: Mapping[Cell, Counts],
    place: int,
    margin: Mapping[str, int],
) -> None:
    """Multiply the weights so that one margin of the answers is that of those asked."""
    sums: dict[str, float] = {}
    for cell, weight in weights.items():
        sums[cell[place]] = sums.get(cell[place], 0.0) + weight * answers[cell].n
    for cell in weights:
        weights[cell] *= margin[cell[place]] / sums[cell[place]]


def capped(answers: Mapping[Cell, Counts], weights: Mapping[Cell, float]) -> dict[Cell, float]:
    """Return weights of which none is above `CAP` times the median answer's."""
    ordered = sorted((weight, answers[cell].n) for cell, weight in weights.items())
    half, seen, median = sum(n for _, n in ordered) / 2, 0.0, math.inf
    for weight, n in ordered:
        seen += n
        if seen >= half:
            median = weight
            break
    return {cell: min(weight, CAP * median) for cell, weight in weights.items()}


def weighted(
    answers: Mapping[Cell, Counts],
    weights: Mapping[Cell, float],
    groupings: Sequence[Mapping[Cell, str | Cell]],
    confidence: float,
) -> Weighted:
    """Return the weighted score; `groupings` name what the weights were fitted to, for `se`."""
    cells = sorted(weights)
    heavy = [answers[cell].times(weights[cell]) for cell in cells]
    total = Counts(*(math.fsum(column) for column in zip(*heavy, strict=True)))
    squares = math.fsum(answers[cell].n * weights[cell] ** 2 for cell in cells)
    n = pooled(answers[cell] for cell in cells).n
    effective = total.n**2 / squares
    group = total.times(effective / total.n)
    centre, spread = adjusted(group.n, group.balance, group.outside)
    half = quantile(confidence) * spread
    lower, upper = cut(centre - half, centre + half)
    se = standard_error(answers, weights, groupings)
    largest = max(weights.values()) * n / total.n
    limits = min(lower, total.nps), max(upper, total.nps)
    return Weighted(total.nps, se, *limits, n / effective, effective, largest)


def standard_error(
    answers: Mapping[Cell, Counts],
    weights: Mapping[Cell, float],
    groupings: Sequence[Mapping[Cell, str | Cell]],
) -> float:
    """Return the linearised standard error in points, of what the groupings do not explain.

    Without groupings the weights count as given, not as fitted. One answer tells of no error.
    """
    fitted = _fitted(answers, weights, groupings)
    residuals = [
        (weights[cell] * (score - fitted[cell]), count)
        for cell in sorted(weights)
        for score, count in zip((-1, 0, 1), answers[cell], strict=True)
    ]
    n = sum(count for _, count in residuals)
    whole = math.fsum(weight * answers[cell].n for cell, weight in weights.items())
    total = math.fsum(rest * count for rest, count in residuals)
    squares = math.fsum(rest * rest * count for rest, count in residuals) - total * total / n
    return POINTS * math.sqrt(max(0.0, squares) * n / (n - 1)) / whole if n > 1 else math.nan


def _fitted(
    answers: Mapping[Cell, Counts],
    weights: Mapping[Cell, float],
    groupings: Sequence[Mapping[Cell, str | Cell]],
) -> dict[Cell, float]:
    """Return the score of each cell, -1 to 1, that the groupings together explain best."""
    if not groupings:
        whole = math.fsum(weight * answers[cell].n for cell, weight in weights.items())
        heavy = math.fsum(weight * answers[cell].balance for cell, weight in weights.items())
        return dict.fromkeys(weights, heavy / whole)
    fitted = dict.fromkeys(sorted(weights), 0.0)
    for _ in range(ROUNDS):
        if max(_sweep(fitted, answers, grouping) for grouping in groupings) < STILL:
            break
    return fitted


def _sweep(
    fitted: dict[Cell, float], answers: Mapping[Cell, Counts], grouping: Mapping[Cell, str | Cell]
) -> float:
    """Move what is fitted by the mean that is left in each group; return the largest move."""
    left: dict[str | Cell, float] = {}
    size: dict[str | Cell, float] = {}
    for cell, value in fitted.items():
        name, n = grouping[cell], answers[cell].n
        left[name] = left.get(name, 0.0) + answers[cell].balance - value * n
        size[name] = size.get(name, 0.0) + n
    for cell in fitted:
        fitted[cell] += left[grouping[cell]] / size[grouping[cell]]
    return max(abs(left[name] / size[name]) for name in left)
