"""Counts of detractors, passives and promoters: all that an NPS is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

POINTS = 100


class Counts(NamedTuple):
    """Answers by category; whole numbers, unless they are effective ones."""

    detractors: float
    passives: float
    promoters: float

    @property
    def n(self) -> float:
        """All answers."""
        return self.detractors + self.passives + self.promoters

    @property
    def balance(self) -> float:
        """Promoters less detractors."""
        return self.promoters - self.detractors

    @property
    def outside(self) -> float:
        """Promoters and detractors: the sum of squares where answers are -1, 0 and 1."""
        return self.promoters + self.detractors

    @property
    def nps(self) -> float:
        """The score in points; one division, at the end. There must be answers."""
        return POINTS * self.balance / self.n

    def plus(self, other: tuple[float, float, float]) -> Counts:
        """Return these counts and others together."""
        return Counts(*(mine + more for mine, more in zip(self, other, strict=True)))

    def times(self, factor: float) -> Counts:
        """Return the counts, each multiplied."""
        return Counts(*(count * factor for count in self))


NOTHING = Counts(0, 0, 0)


def pooled(groups: Iterable[Counts]) -> Counts:
    """Return the counts of all groups together."""
    total = NOTHING
    for group in groups:
        total = total.plus(group)
    return total
