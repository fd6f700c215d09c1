"""The calculator: scores and their difference from counts that anyone can type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loopback.errors import Problem, WrongUsageError
from loopback.nps.counts import Counts
from loopback.nps.difference import difference
from loopback.nps.interval import interval

if TYPE_CHECKING:
    from loopback.nps.method import Method

THREE = re.compile(r"\s*(\d{1,12})\s*,\s*(\d{1,12})\s*,\s*(\d{1,12})\s*")
MEND = "Write detractors, passives and promoters, such as --counts 16,139,6."
NO_WIDTH = (
    "Wald knows no doubt where all answers are alike: the interval has no width. "
    "Use adjusted-wald or score."
)
LEFT_OUT = (
    "So few answers do not outweigh the three imaginary customers that adjusted Wald adds: "
    "the interval lies around the centre and leaves out the score itself."
)


@dataclass(frozen=True)
class Calculated:
    """What was asked, and what came of it by name, in points; empty where there are no answers."""

    method: Method
    confidence: float
    values: dict[str, Any]
    versus: dict[str, Any] | None
    notes: list[str]

    @property
    def result(self) -> dict[str, Any]:
        """The result as one flat object, as it is printed in JSON."""
        versus = {"versus": self.versus} if self.versus is not None else {}
        head = {"method": self.method, "confidence": self.confidence}
        return head | self.values | versus | {"notes": self.notes}


def counts_of(text: str, option: str = "--counts") -> Counts:
    """Return the counts that were typed as `16,139,6`: detractors, passives, promoters."""
    found = THREE.fullmatch(text)
    if found is None:
        what = f"{option} {text!r} are not three whole numbers"
        raise WrongUsageError(Problem(what, MEND))
    return Counts(*map(int, found.groups()))


def calculated(
    counts: Counts, versus: Counts | None, method: Method, confidence: float
) -> Calculated:
    """Return score, standard error and limits of one group, and its difference from another.

    Limits are the formula's own, cut to the scale, so that they compare with other programs.
    """
    values, other = _values(counts, method, confidence), None
    notes = _notes(values)
    if versus is not None:
        other = _values(versus, method, confidence)
        notes += [note for note in _notes(other) if note not in notes]
        values |= _difference(counts, versus, method, confidence)
    return Calculated(method, confidence, values, other, notes)


def _values(counts: Counts, method: Method, confidence: float) -> dict[str, Any]:
    found = interval(counts, method, confidence) if counts.n else None
    names = ("nps", "se", "lower", "upper", "centre")
    numbers = {name: getattr(found, name) if found else None for name in names}
    return counts._asdict() | {"responses": counts.n} | numbers


def _difference(
    counts: Counts, versus: Counts, method: Method, confidence: float
) -> dict[str, float | None]:
    found = difference(counts, versus, method, confidence) if counts.n and versus.n else None
    names = {
        "difference": "difference",
        "difference_se": "se",
        "difference_lower": "lower",
        "difference_upper": "upper",
        "difference_centre": "centre",
        "p_value": "p_value",
    }
    return {name: getattr(found, of) if found else None for name, of in names.items()}


def _notes(values: dict[str, Any]) -> list[str]:
    if values["nps"] is None:
        return ["Without answers there is no score."]
    if values["lower"] == values["upper"]:
        return [NO_WIDTH]
    return [] if values["lower"] <= values["nps"] <= values["upper"] else [LEFT_OUT]
