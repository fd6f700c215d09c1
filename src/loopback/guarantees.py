"""The guarantees of the rotation, recomputed from what the ledger says was decided and done.

Nothing of the drawing is used: only who could be asked in which month and how often a year, and who
was invited. docs/methods.md says what each guarantee is and how it is judged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback import months, promises
from loopback.draws import Draws, draws
from loopback.evenness import Evenness, evenness
from loopback.histories import Histories, histories

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loopback.promises import Promises

PASSED, FAILED, TOLD = "passed", "failed", "told"
LAST = 24  # months looked at, if nobody says otherwise

YEARS = "k asks in every 12 months"
GAPS = "12/k months between two asks"
WAITS = "newcomers asked within 12/k months"
AGREEMENT = "invited as drawn"
EVENNESS = "even months: {}"
SKIPPED = "months skipped"

BREACHES = pl.Schema(
    dict.fromkeys(("guarantee", "customer_id", "group", "months", "what"), pl.String)
)
_BROKEN = pl.col("broken")


@dataclass(frozen=True, eq=False)
class Check:
    """One guarantee: the verdict, the figures, the same in words, and what breaks it.

    `breaches` has the columns of `BREACHES`: each of a customer or of a group.
    """

    name: str
    verdict: str  # PASSED, FAILED or TOLD
    figures: Mapping[str, float | int | str]
    words: str
    breaches: pl.DataFrame


class Tally(NamedTuple):
    """How many promises there are of each sort, and those that are broken."""

    counts: pl.DataFrame  # the keys of the promises, broken, len
    breaches: pl.DataFrame


def checks(
    rotation: Sequence[pl.LazyFrame],
    invitations: Sequence[pl.LazyFrame],
    *,
    last: int = LAST,
    slack: int = 0,
) -> list[Check]:
    """Return the check of every guarantee over the last months; none where none was drawn.

    `rotation` and `invitations` hold every row of their tables, in parts such as the ledger has;
    `slack` is the number of months by which an ask may be put off.
    """
    drawn = draws(rotation, last)
    if drawn is None:
        return []
    lived = histories(rotation, invitations, drawn)
    kinds = _promises(lived.histories.lazy(), drawn, slack)
    years, gaps, waits, agreement = (_tally(*kind, lived) for kind in kinds.items())
    return [
        _years(years),
        _gaps(gaps),
        _waits(waits),
        _agreement(agreement),
        *(_evenness(found, drawn) for found in evenness(rotation, drawn, slack)),
        _skipped(drawn),
    ]


def _promises(lived: pl.LazyFrame, drawn: Draws, slack: int) -> dict[str, Promises]:
    return {
        YEARS: promises.years(lived, drawn, slack),
        GAPS: promises.gaps(lived, drawn, slack),
        WAITS: promises.waits(lived, drawn),
        AGREEMENT: promises.agreement(lived, drawn),
    }


def _tally(name: str, kind: Promises, lived: Histories) -> Tally:
    """Count the promises of one kind, and say whose are broken."""
    counted = kind.rows.group_by(*kind.keys, "broken").agg(len=pl.col("customers").sum())
    words = {"guarantee": pl.lit(name), "months": kind.months, "what": kind.what}
    told = kind.rows.filter("broken").select("history", **words)
    counts, broken = pl.collect_all([counted, told])
    whose = lived.customers.filter(pl.col("history").is_in(broken["history"].implode()))
    breaches = whose.join(broken, on="history").drop("history")
    return Tally(counts, _fitted(breaches).sort("customer_id", "months"))


def _fitted(breaches: pl.DataFrame) -> pl.DataFrame:
    absent = [pl.lit(None, pl.String).alias(n) for n in BREACHES if n not in breaches.columns]
    return breaches.with_columns(absent).select(BREACHES.names())


def _verdict(judged: int, broken: int) -> str:
    if broken:
        return FAILED
    return PASSED if judged else TOLD


def _percent(part: int, whole: int) -> str:
    """Return a share in percent, rounded down: only all of them are 100 %."""
    return f"{part * 10_000 // whole / 100:.2f} %" if whole else "none"


def _number(counts: pl.DataFrame, *true: pl.Expr | str) -> int:
    """Return how many promises there are of some sort."""
    return int(counts.filter(*true)["len"].sum())


def _years(tally: Tally) -> Check:
    counts = tally.counts
    every = _number(counts)
    exactly = _number(counts, pl.col("asked") == pl.col("asks"))
    words = f"{_several(every, 'customer-year')}, {_percent(exactly, every)} with exactly k asks"
    return Check(
        YEARS,
        _verdict(every, tally.breaches.height),
        {"customer_years": every, "exactly_k": exactly},
        words if every else "nobody could be asked in 12 months in a row yet",
        tally.breaches,
    )


def _gaps(tally: Tally) -> Check:
    closed = tally.counts.drop_nulls("gap")
    unbroken = closed.filter("unbroken")
    figures = {
        "gaps": _number(closed),
        "smallest": min(closed["gap"].to_list(), default=0),
        "largest": max(unbroken["gap"].to_list(), default=0),
        "unbroken": _number(unbroken),
        "exactly_12_by_k": _number(unbroken, "punctual"),
        "overdue": _number(tally.counts, _BROKEN, pl.col("gap").is_null()),
    }
    words = "nobody was asked twice yet"
    if closed.height:
        exactly = _percent(figures["exactly_12_by_k"], figures["unbroken"])
        words = f"{_several(figures['gaps'], 'gap')}, the smallest {figures['smallest']} and "
        words += f"the largest {_several(figures['largest'], 'month')}, {exactly} exactly 12/k"
    words += _also(figures["overdue"], "overdue")
    verdict = _verdict(closed.height, tally.breaches.height)
    return Check(GAPS, verdict, figures, words, tally.breaches)


def _waits(tally: Tally) -> Check:
    asked = tally.counts.filter("unbroken", pl.col("wait").is_not_null())
    never = tally.counts.filter("unbroken", pl.col("wait").is_null())
    figures = {
        "asked": _number(asked),
        "longest": max(asked["wait"].to_list(), default=0),
        "never_asked": _number(never),
        "never_asked_for": max(never["until"].to_list(), default=0),
        "overdue": _number(never, _BROKEN),
    }
    words = [f"{figures['asked']:,} asked", f"{figures['never_asked']:,} not asked yet"]
    if asked.height:
        words[0] += f", the longest wait {_several(figures['longest'], 'month')}"
    if never.height:
        words[1] += f", the longest for {_several(figures['never_asked_for'], 'month')}"
    said = "; ".join(words) + _also(figures["overdue"], "overdue")
    verdict = _verdict(tally.counts.height, tally.breaches.height)
    return Check(WAITS, verdict, figures, said, tally.breaches)


def _agreement(tally: Tally) -> Check:
    counts, differ = tally.counts, tally.breaches.height
    invitations = int((counts["invitations"] * counts["len"]).sum())
    return Check(
        AGREEMENT,
        _verdict(counts.height, differ),
        {"invitations": invitations, "customers_that_differ": differ},
        _several(invitations, "invitation") + _also(differ, "customers differ from the draw"),
        tally.breaches,
    )


def _evenness(found: Evenness, drawn: Draws) -> Check:
    words = (
        f"{found.largest:.2f} customers off at most; {found.off_by_1:.1%} of {found.months:,} off "
        f"by 1 or more, {found.off_by_2:.1%} by 2 or more; "
        + (f"{found.judged:,} unchanged, judged" if found.judged else "none unchanged, none judged")
    )
    name = EVENNESS.format(found.kind)
    size, asks, asked = pl.col("size"), pl.col("asks"), pl.col("asked")
    share = (size * asks / months.A_YEAR).round(2)
    breaches = found.broken.select(
        "group",
        guarantee=pl.lit(name),
        months=drawn.names(pl.col("at")),
        what=pl.format("{} asked of {} at {} a year, {} is the share", asked, size, asks, share),
    )
    return Check(
        name,
        _verdict(found.judged, breaches.height),
        {
            "months": found.months,
            "largest": round(found.largest, 4),
            "off_by_1": round(found.off_by_1, 4),
            "off_by_2": round(found.off_by_2, 4),
            "judged": found.judged,
        },
        words,
        _fitted(breaches),
    )


def _skipped(drawn: Draws) -> Check:
    names = [drawn.name(at) for at in drawn.skipped]
    words = f"{_several(len(drawn.drawn), 'month')} drawn from {drawn.name(drawn.drawn[0])} to "
    words += f"{drawn.name(drawn.drawn[-1])}; not drawn: {', '.join(names) or 'none'}"
    return Check(
        SKIPPED,
        TOLD,
        {"drawn": len(drawn.drawn), "skipped": len(names), "months": ", ".join(names)},
        words,
        pl.DataFrame(schema=BREACHES),
    )


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("s" if count != 1 else "")


def _also(count: int, what: str) -> str:
    return f"; {count:,} {what}" if count else ""
