"""Material: what scores are made from: what was wished for, asked and answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import months
from loopback.confidential import visible
from loopback.errors import Problem, WrongUsageError, error
from loopback.nps.method import Method
from loopback.span import Span, within
from loopback.tables import INVITATIONS, RESPONSES

if TYPE_CHECKING:
    from loopback.workspace import Workspace

ALL = "all"  # the column by which the total is a group like others
IN_LISTS = ("owner", "region", "segment", "language")
SINGLED_OUT = "scores by value, account or book could single an employee out"


@dataclass(frozen=True)
class Wish:
    """What is asked for: the group, the last month and how many, and what to show beside.

    `method` and `confidence` stand in for the settings; `needed` is a half width in points;
    `account` a column of the customer list; `weight` and `rake` columns of the invitations.
    """

    by: str | None
    last: str
    count: int | None = None
    method: Method = Method.ADJUSTED_WALD
    confidence: float | None = None
    needed: float | None = None
    book: bool = False
    bounds: bool = False
    value: bool = False
    account: str | None = None
    weight: tuple[str, ...] = ()
    rake: tuple[str, ...] = ()

    @property
    def singles_out(self) -> bool:
        """Whether it is for scores in which single people may count for much."""
        return self.book or self.bounds or self.value or self.account is not None


@dataclass(frozen=True)
class Material:
    """What the scores are made from; `before` is the span before, of as many months."""

    wish: Wish
    workspace: Workspace
    now: Span
    before: Span
    ever: pl.DataFrame
    confidence: float

    @property
    def confidential(self) -> bool:
        """Whether those who answer are employees."""
        return self.workspace.settings.audience == "employees"

    def answers(self, by: str, when: Span | None = None) -> pl.DataFrame:
        """Return the responses of a span that may be counted by a group."""
        wanted = when or self.now
        if not self.confidential:
            return wanted.responses
        return _with_all(Span([], self.ever, visible(self.ever, wanted.months, by))).responses


def columns(text: str | None) -> tuple[str, ...]:
    """Return the columns that were named with commas between them."""
    names = tuple(name.strip() for name in text.split(",")) if text else ()
    unknown = [name for name in names if name not in IN_LISTS]
    if unknown:
        mend = f"There are: {', '.join(IN_LISTS)}."
        raise WrongUsageError(Problem(f"cannot weight by {unknown[0]!r}", mend))
    return names


def probability(confidence: float) -> float:
    """Return a confidence that was typed, if it is one."""
    if not 0 < confidence < 1:
        raise WrongUsageError(
            Problem(f"{confidence:g} is no confidence", "Write 90 % as --confidence 0.9.")
        )
    return confidence


def material(workspace: Workspace, wish: Wish) -> Material:
    """Return what a wish needs of a workspace, and refuse what would single employees out."""
    if workspace.settings.audience == "employees" and wish.singles_out:
        raise error(SINGLED_OUT, "Ask for scores by owner, region, segment, language or month.")
    rules = workspace.settings.scores
    count = wish.count or rules.months
    asked, answered = (workspace.ledger.current(kind) for kind in (INVITATIONS, RESPONSES))
    before = months.later(wish.last, -count)
    return Material(
        wish,
        workspace,
        _with_all(within(months.ending(wish.last, count), asked, answered)),
        _with_all(within(months.ending(before, count), asked, answered)),
        answered,
        wish.confidence or rules.confidence,
    )


def _with_all(found: Span) -> Span:
    every = pl.lit(ALL).alias(ALL)
    return Span(
        found.months, found.invitations.with_columns(every), found.responses.with_columns(every)
    )
