"""The ways to an interval."""

from __future__ import annotations

from enum import StrEnum


class Method(StrEnum):
    """The ways to an interval, as they are named on the command line."""

    ADJUSTED_WALD = "adjusted-wald"
    WALD = "wald"
    SCORE = "score"
