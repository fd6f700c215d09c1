"""The rest: the least time between two asks of a customer, held against how often all are asked."""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, NamedTuple

from loopback import months
from loopback.customers import TIMES_A_YEAR
from loopback.errors import Problem
from loopback.settings import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable

AHEAD = 4 * months.A_YEAR  # a leap year is among them
SHOWN = 6
WORDS = {1: "once", 2: "twice"}


class Rest(NamedTuple):
    """The least time between two asks, and the month (counted) from which it is looked at."""

    months: int
    days: int
    start: int


def contradictions(
    asks: Iterable[int], rest_months: int, rest_days: int, month: str
) -> list[Problem]:
    """Return what of a rest cannot be kept by customers who are asked so often.

    `asks` are the numbers of asks a year that customers have. Days are counted from the first of a
    month to the first of a later one, over the 4 years from `month`.
    """
    rest = Rest(rest_months, rest_days, months.number(month))
    found = [
        problem
        for times in sorted(set(asks))
        for problem in (_in_months(times, rest), _in_days(times, rest))
    ]
    return [problem for problem in found if problem]


def _in_months(times: int, rest: Rest) -> Problem | None:
    between = months.A_YEAR // times
    if between >= rest.months:
        return None
    left = f"{between} month{'s'[: between > 1]}"
    what = f"asking {_often(times)} leaves {left}, fewer than the {rest.months} of rest_months"
    return Problem(what, _mend(f"rest_months = {between}", rest), FILE)


def _in_days(times: int, rest: Rest) -> Problem | None:
    between = months.A_YEAR // times
    left = _days(between, rest.start)
    short = [month for month, days in left.items() if days < rest.days]
    if not short:
        return None
    first, until = months.named(short[0]), months.named(short[0] + between)
    what = (
        f"asking {_often(times)} leaves {left[short[0]]} days from {first} to {until}, "
        f"fewer than the {rest.days} of rest_days{_also(short[1:])}"
    )
    return Problem(what, _mend(f"rest_days = {min(left.values())}", rest), FILE)


def _days(between: int, start: int) -> dict[int, int]:
    """Return the days from each month of the years ahead to the month so many months later."""
    ahead = range(start, start + AHEAD)
    return {month: sum(map(_length, range(month, month + between))) for month in ahead}


def _length(number: int) -> int:
    year, month = divmod(number, months.A_YEAR)
    return monthrange(year, month + 1)[1]


def _also(others: list[int]) -> str:
    """Name the other months, only the first where there are many."""
    named = ", ".join(months.named(month) for month in others[:SHOWN])
    more = f" and {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return f" (and so in {named}{more})" if others else ""


def _mend(setting: str, rest: Rest) -> str:
    """Say what to write: a shorter rest, or the most asks a year that leave the whole of it."""
    slower = [times for times in TIMES_A_YEAR if not _in_want(times, rest)]
    instead = f", or ask {_often(max(slower))}" if slower else ""
    return f"Write {setting} in [rotation]{instead}."


def _in_want(times: int, rest: Rest) -> bool:
    """Say whether a rest is longer than the time between two asks."""
    between = months.A_YEAR // times
    return between < rest.months or min(_days(between, rest.start).values()) < rest.days


def _often(times: int) -> str:
    return f"{WORDS.get(times, f'{times} times')} a year"
