"""Promises: what a history keeps or breaks.

A promise is a row: `history`, `customers` (how many have it), `broken`, the columns it is counted
by, and those that say what happened.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.histories import ASKS, covers, periods, run_of
from loopback.months import A_YEAR

if TYPE_CHECKING:
    from loopback.draws import Draws

_INVITED, _CHOSEN, _LEFT = pl.col("invited"), pl.col("chosen"), pl.col("left")
_AT, _GAP, _WAIT, _DUE = pl.col("at"), pl.col("gap"), pl.col("wait"), pl.col("due")
_WHOSE = ("history", "customers")
_SHORTEST, _LONGEST, _UNTIL = pl.col("shortest"), pl.col("longest"), pl.col("until")


class Promises(NamedTuple):
    """The promises of one kind: their rows, what they are counted by, and a breach in words."""

    rows: pl.LazyFrame
    keys: tuple[str, ...]
    months: pl.Expr
    what: pl.Expr


def years(histories: pl.LazyFrame, drawn: Draws, slack: int) -> Promises:
    """Return the years of each history: 12 months in which it could be asked, k being the same.

    `asked` is to be `asks` (k); where an ask may be put off, a year may hold fewer.
    """
    least = A_YEAR // (A_YEAR // pl.col("asks") + slack)
    starts = range(max(1, drawn.count - A_YEAR + 1))
    return Promises(
        pl.concat([_year(histories, at) for at in starts]).with_columns(
            broken=~pl.col("asked").is_between(least, "asks")
        ),
        ("asks", "asked"),
        pl.format("{} to {}", drawn.names(_AT), drawn.names(_AT + A_YEAR - 1)),
        pl.format("asked {} times in 12 months, {} promised", "asked", "asks"),
    )


def _year(histories: pl.LazyFrame, first: int) -> pl.LazyFrame:
    whole = ((1 << A_YEAR) - 1) << first
    asks = [pl.when(covers(f"k{asks}", whole)).then(pl.lit(asks, pl.Int64)) for asks in ASKS]
    asked = (_INVITED & whole).bitwise_count_ones().cast(pl.Int64)
    rows = histories.filter(covers("may", whole)).select(
        *_WHOSE, at=pl.lit(first, pl.Int64), asks=pl.coalesce(asks), asked=asked
    )
    return rows.drop_nulls("asks")


def gaps(histories: pl.LazyFrame, drawn: Draws, slack: int) -> Promises:
    """Return the `gap` after each ask: the months to the next, empty where there is none yet.

    It is never less than 12/k. For a customer who could be asked in every month between it is
    never more, save that an ask due in a month that was not drawn waits for the next that was.
    """
    rows = pl.concat([_gap(histories, drawn, slack, at) for at in range(drawn.count)])
    early = (_SHORTEST > _GAP).fill_null(value=False)
    late = pl.col("unbroken") & (_AT + _UNTIL > _DUE).fill_null(value=False)
    asked, due = drawn.names(_AT), drawn.names(_DUE)
    words = (
        pl.when(early)
        .then(pl.format("asked again after {}, {} is the least", _several(_GAP), "shortest"))
        .when(_GAP.is_null())
        .then(pl.format("asked in {}, then not again, though due in {}", asked, due))
        .otherwise(pl.format("asked again after {}, though due in {}", _several(_GAP), due))
    )
    punctual = pl.col("unbroken") & (_SHORTEST == _GAP) & (_LONGEST == _GAP)
    return Promises(
        rows.with_columns(broken=early | late, punctual=punctual.fill_null(value=False)),
        ("gap", "unbroken", "punctual"),
        pl.concat_str(asked, drawn.names(_AT + _GAP), separator=", ", ignore_nulls=True),
        words,
    )


def _gap(histories: pl.LazyFrame, drawn: Draws, slack: int, at: int) -> pl.LazyFrame:
    rest = _INVITED // (1 << (at + 1))
    gap = pl.when(rest != 0).then(rest.bitwise_trailing_zeros().cast(pl.Int64) + 1)
    until = gap.fill_null(drawn.count - at)  # of no next ask is known how late it is already
    shortest, longest = periods(run_of(at, until + 1))
    between = run_of(at + 1, until - 1) & drawn.bits
    rows = histories.filter(covers("invited", 1 << at)).select(
        *_WHOSE,
        at=pl.lit(at, pl.Int64),
        gap=gap,
        until=until,
        unbroken=covers("may", between),
        shortest=shortest,
        longest=longest,
    )
    return rows.with_columns(due=drawn.next_drawn(_AT + _LONGEST + slack))


def waits(histories: pl.LazyFrame, drawn: Draws) -> Promises:
    """Return the `wait` of newcomers: the months to the first ask, empty where there is none yet.

    It begins in the first month in which a customer never asked could be; after a break it begins
    anew. Within 12/k months, the first of them being one, the customer is asked, or in the next
    month that is drawn.
    """
    before = [None, *drawn.drawn]
    spells = [_wait(histories, drawn, *pair) for pair in zip(drawn.drawn, before, strict=False)]
    kept = pl.col("promised") & (_AT + _UNTIL > _DUE)
    since, due = drawn.names(_AT), drawn.names(_DUE)
    words = (
        pl.when(_WAIT.is_null())
        .then(pl.format("could be asked from {}, was not by {}", since, due))
        .otherwise(pl.format("could be asked from {} and was due by {}", since, due))
    )
    return Promises(
        pl.concat(spells).with_columns(broken=kept.fill_null(value=False)),
        ("wait", "until", "unbroken"),
        pl.concat_str(since, drawn.names(_AT + _WAIT), separator=", ", ignore_nulls=True),
        words,
    )


def _wait(histories: pl.LazyFrame, drawn: Draws, at: int, before: int | None) -> pl.LazyFrame:
    rest = _INVITED // (1 << at)
    wait = pl.when(rest != 0).then(rest.bitwise_trailing_zeros().cast(pl.Int64))
    until = wait.fill_null(drawn.count - at)
    _, longest = periods(run_of(at, until + 1))
    never = (pl.col("before") == 0) & (_INVITED & ((1 << at) - 1) == 0)
    fresh = ~covers("may", 1 << before) if before is not None else pl.lit(value=True)
    rows = histories.filter(covers("may", 1 << at) & never & fresh).select(
        *_WHOSE,
        "may",
        at=pl.lit(at, pl.Int64),
        wait=wait,
        until=until,
        unbroken=covers("may", run_of(at, until) & drawn.bits),
        due=drawn.next_drawn(at + longest - 1),
    )
    promised = covers("may", run_of(at, _DUE - at + 1) & drawn.bits)
    return rows.with_columns(promised=promised).drop("may")


def agreement(histories: pl.LazyFrame, drawn: Draws) -> Promises:
    """Return all histories: an invitation in each month that was drawn, and in no other.

    `invitations` counts the months with an invitation.
    """
    invitations = _INVITED.bitwise_count_ones().cast(pl.Int64)
    twice = pl.when(pl.col("twice") != 0).then(_INVITED).otherwise(0)
    odd = {
        "invited, but not drawn": _INVITED & ~(_CHOSEN | _LEFT),
        "invited, though left out": _INVITED & _LEFT,
        "drawn, but not invited": _CHOSEN & ~_INVITED,
        "invited twice in a month": twice,
    }
    after = pl.col("after").is_not_null()
    conditions = {word: bits != 0 for word, bits in odd.items()}
    conditions["invited in a month that was not drawn"] = after
    words = [pl.when(true).then(pl.lit(word)) for word, true in conditions.items()]
    bits = functools.reduce(operator.or_, odd.values())
    months = pl.when(bits != 0).then(drawn.listed(bits))
    return Promises(
        histories.with_columns(
            invitations=invitations, broken=pl.any_horizontal(conditions.values())
        ),
        ("invitations",),
        pl.concat_str(months, "after", separator=", ", ignore_nulls=True),
        pl.concat_str(words, separator="; ", ignore_nulls=True),
    )


def _several(months: pl.Expr) -> pl.Expr:
    return pl.format(
        "{} month{}", months, pl.when(months != 1).then(pl.lit("s")).otherwise(pl.lit(""))
    )
