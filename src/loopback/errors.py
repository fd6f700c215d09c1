"""What can go wrong and be mended by the user."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to mend: what is wrong, where it stands, and what to do."""

    what: str
    mend: str
    file: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None

    @property
    def where(self) -> str:
        """The place in words: `customers.csv, row 3, column owner`; empty where there is none."""
        line = f"line {self.line}" if self.line is not None else None
        row = f"row {self.row}" if self.row is not None else None
        column = f"column {self.column}" if self.column else None
        return ", ".join(part for part in (self.file, line, row, column) if part)


class LoopbackError(Exception):
    """Something the user can mend; raised anywhere, caught once, in the command line."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{p.where}: {p.what}" if p.where else p.what for p in problems))
        self.problems = problems


class WrongUsageError(LoopbackError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class BusyError(LoopbackError):
    """Another run holds the workspace."""

    exit_code = 75


class DamagedError(LoopbackError):
    """A part of the ledger is not what was written."""


def error(what: str, mend: str, file: str | None = None) -> LoopbackError:
    """Return the error of a single problem."""
    return LoopbackError(Problem(what, mend, file))


def stop_at(problems: list[Problem]) -> None:
    """Raise all the problems at once, if there are any."""
    if problems:
        raise LoopbackError(*problems)
