"""Material: what scores are made from: what was wished for, asked and answered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loopback import months
from loopback.confidential import visible
from loopback.errors import Problem, WrongUsageError, error
from loopback.nps.method import Method
from loopback.reach import Reach, reach
from loopback.score import GROUPS, counted, pooled
from loopback.tables import INVITATIONS, RESPONSES

if TYPE_CHECKING:
    from loopback.workspace import Workspace

ALL = "all"  # the column by which the total is a group like others
IN_LISTS = ("owner", "region", "segment", "language")
HELD = (ALL, *GROUPS, "response_id", "customer_id", "responded_at", "score")
SINGLED_OUT = "scores by month, weight, value, account or book could single an employee out"


@dataclass(frozen=True)
class Wish:
    """What is asked for: the group, the last month and how many, and what to show beside.

    `monthly` scores each month by itself; `method` and `confidence` stand in for the settings;
    `needed` is a half width in points; `account` a column of the customer list; `weight` and
    `rake` columns of the invitations.
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
    monthly: bool = False

    @property
    def singles_out(self) -> bool:
        """Whether it is for scores in which single people may count for much."""
        return self.book or self.bounds or self.value or self.account is not None

    @property
    def weighs(self) -> bool:
        """Whether it is for a score in which answers count differently."""
        return bool(self.weight or self.rake)


@dataclass(frozen=True)
class Material:
    """What the scores are made from: all that was asked and answered, read as far as needed.

    `now` are the months that are scored, `before` as many months before them.
    """

    wish: Wish
    workspace: Workspace
    now: list[str]
    before: list[str]
    invitations: pl.LazyFrame
    responses: pl.LazyFrame
    confidence: float

    @property
    def confidential(self) -> bool:
        """Whether those who answer are employees."""
        return self.workspace.settings.audience == "employees"

    @property
    def asked(self) -> pl.LazyFrame:
        """The invitations of the months that are scored."""
        return self.invitations.filter(pl.col("month").is_in(self.now))

    def answers(self, by: str, months: list[str] | None = None) -> pl.LazyFrame:
        """Return the responses of some months that may be counted by a group."""
        wanted = months or self.now
        if self.confidential:
            return _with_all(visible(self._every, wanted, by).lazy())
        return self.responses.filter(pl.col("month").is_in(wanted))

    def held(self, by: str) -> pl.DataFrame:
        """Return those responses with what scores of single customers are made from."""
        return self.answers(by).select(HELD).collect()

    def counts(self, by: str, months: list[str] | None = None) -> pl.DataFrame:
        """Return the counts of each group in some months; of all together there is one row."""
        wanted = months or self.now
        keys = [] if by == ALL else [by]
        if self.confidential:
            asked = self.invitations.filter(pl.col("month").is_in(wanted))
            counts = counted(self.answers(by, wanted), asked, keys)
        else:
            counts = pooled(self._cube.filter(pl.col("month").is_in(wanted)), keys)
        return counts if keys else counts.select(pl.lit(ALL).alias(ALL), pl.all())

    def monthly(self) -> pl.DataFrame:
        """Return the counts of each group in each month that is scored."""
        return self._cube.filter(pl.col("month").is_in(self.now))

    def unmatched(self) -> int:
        """Return how many responses match no customer: these alone have no owner."""
        nobody = pl.col("month").is_in(self.now), pl.col("owner").is_null()
        if self.wish.by == "owner" and not self.confidential:  # counted with all others
            return self._cube.filter(*nobody).select(pl.col("responses").sum()).item()
        return self.responses.filter(*nobody).select(pl.len()).collect().item()

    def reached(self, by: str) -> pl.DataFrame:
        """Return who was asked and who answered in each group, each customer once."""
        if self.confidential:
            groups, total = self._reach(self.answers(by), None if by == ALL else by)
        else:
            groups, total = self._reaches
        return total.select(pl.lit(ALL).alias(ALL), pl.all()) if by == ALL else groups

    @cached_property
    def _reaches(self) -> Reach:
        return self._reach(self.responses, self.wish.by)

    def _reach(self, responses: pl.LazyFrame, by: str | None) -> Reach:
        return reach(self.asked, responses, self.now, by, rows=self._rows)

    @cached_property
    def _rows(self) -> int:
        """How many rows there are of customers who were asked or answered."""
        size = [rows.select(pl.len()) for rows in (self.invitations, self.responses)]
        return sum(found.item() for found in pl.collect_all(size))

    @cached_property
    def _cube(self) -> pl.DataFrame:
        """The counts of each group and month, from which all others are added up.

        The responses are read for this once, however many scores are made from it.
        """
        keys = list(dict.fromkeys([self.wish.by or "month", "month"]))
        inside = pl.col("month").is_in([*self.before, *self.now])
        return counted(self.responses.filter(inside), self.invitations.filter(inside), keys)

    @cached_property
    def _every(self) -> pl.DataFrame:
        return self.responses.collect()


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
    employees = workspace.settings.audience == "employees"
    if employees and (wish.singles_out or wish.weighs or wish.monthly):
        raise error(SINGLED_OUT, "Ask for scores by owner, region, segment, language or month.")
    if wish.monthly and (wish.singles_out or wish.by in {None, "month"}):
        mend = "Write such as --by owner --monthly, without scores by value, account or book."
        raise WrongUsageError(Problem("--monthly shows the counts of groups by month", mend))
    rules = workspace.settings.scores
    count = wish.count or rules.months
    before = months.later(wish.last, -count)
    return Material(
        wish,
        workspace,
        months.ending(wish.last, count),
        months.ending(before, count),
        _with_all(workspace.ledger.scan_current(INVITATIONS)),
        _with_all(workspace.ledger.scan_current(RESPONSES)),
        wish.confidence or rules.confidence,
    )


def _with_all(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.with_columns(pl.lit(ALL).alias(ALL))
