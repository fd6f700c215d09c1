"""Which owners can be told apart from the company, with few of those flagged wrongly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

RATE = 0.05  # of those flagged, the share expected to be on the other side


def flags(below: Sequence[float], rate: float = RATE) -> list[str | None]:
    """Return "below", "above" or nothing for each owner from the probability of lying below.

    Bayesian false discovery rate: the largest set whose mean probability of being wrong is at most
    `rate`. Owners with equal probabilities are flagged together or not at all.
    """
    wrong = [min(chance, 1 - chance) for chance in below]
    limit = _limit(sorted(wrong), rate)
    return [
        ("below" if chance > 0.5 else "above") if error <= limit else None  # noqa: PLR2004 - half
        for chance, error in zip(below, wrong, strict=True)
    ]


def _limit(errors: list[float], rate: float) -> float:
    """Return the largest error that may be flagged; below zero where none may."""
    limit, total = -1.0, 0.0
    for place, error in enumerate(errors):
        total += error
        last_of_equals = place + 1 == len(errors) or errors[place + 1] > error
        if last_of_equals and total <= rate * (place + 1):
            limit = error
    return limit
