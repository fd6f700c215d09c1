"""The report of one file: what it is and holds, and what became of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from loopback.exports.preview import Preview


@dataclass(frozen=True)
class Report(Preview):
    """What became of one file: every row is taken, known, left out or rejected.

    What the preview says of it stands here too; `rejects` are those that were not known.
    """

    source: str = ""
    already: bool = False
    remembered: dict[str, Any] = field(default_factory=dict)
    taken: int = 0
    known: int = 0
    unmatched: int = 0
    late: int = 0
    mended: int = 0
    answered: int = 0
    unanswered: int = 0

    def add_up(self) -> None:
        """Raise where rows are not accounted for, which would be a mistake of the program."""
        counted = self.taken + self.known + self.rejects + sum(self.left_out.values())
        if counted != self.rows:
            sentence = f"{self.rows} rows, but {counted} are accounted for"
            raise AssertionError(sentence)


def completed(shown: Preview, **became: object) -> Report:
    """Return the report of a file that was looked at, with what became of it."""
    known: dict[str, Any] = vars(shown) | became
    return Report(**known)
