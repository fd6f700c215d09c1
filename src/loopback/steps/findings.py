"""Findings: what the scores of a span tell, in sentences and in the numbers behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback import changes, nonresponse
from loopback.confidential import NUMBERS
from loopback.errors import Problem, WrongUsageError
from loopback.nps.counts import POINTS
from loopback.nps.sample_size import needed
from loopback.nps.trend import trend
from loopback.score import groups
from loopback.standings import verdict
from loopback.steps.material import ALL

if TYPE_CHECKING:
    import polars as pl

    from loopback.steps.material import Material

TREND_MONTHS = 3
# The name of a finding, its numbers and its sentence; each may be missing.
Finding = tuple[str, dict[str, Any] | None, str]
NOTHING: Finding = ("", None, "")


def findings(scores: pl.DataFrame, total: pl.DataFrame, material: Material) -> list[Finding]:
    """Return all there is to say of the scores by group, and of the one row of their total."""
    return [
        _withheld(scores, material),
        _verdict(scores, material),
        _change(total, material),
        _paired(material),
        _trend(material),
        _needed(total, material),
        _weighted(total, material, "weighted"),
        _weighted(total, material, "raked"),
    ]


def _withheld(scores: pl.DataFrame, material: Material) -> Finding:
    if not material.confidential:
        return NOTHING
    hidden = scores["responses"].null_count()
    why = f"fewer than {NUMBERS} answers that can be told of together"
    return "", None, f"Not shown: {hidden} groups, with {why}." if hidden else ""


def _verdict(scores: pl.DataFrame, material: Material) -> Finding:
    if material.wish.by != "owner" or material.wish.monthly:
        return NOTHING
    return "", None, verdict(scores.drop_nulls("owner"))


def _change(total: pl.DataFrame, material: Material) -> Finding:
    now, then = (groups(counts)[0] for counts in (total, material.counts(ALL, material.before)))
    change = changes.change(now, then, material.confidence, material.wish.method)
    if change is None:
        return NOTHING
    count = len(material.now)
    since = "the month before" if count == 1 else f"the {count} months before"
    return "change", change._asdict(), changes.change_sentence(change, since)


def _paired(material: Material) -> Finding:
    if material.confidential:  # nobody is followed from one time to the next
        return NOTHING
    spans = [material.now, material.before]
    sizes = [material.counts(ALL, months)["responses"].item() for months in spans]
    if not all(sizes):
        return NOTHING
    now, then = (material.answers(ALL, months) for months in spans)
    found = changes.of_the_same(now, then, material.confidence, rows=sum(sizes))
    return ("paired", found._asdict(), changes.pairs_sentence(found)) if found else NOTHING


def _trend(material: Material) -> Finding:
    counts = changes.by_month(material.counts("month"), material.now)
    if sum(month.n > 0 for month in counts) < TREND_MONTHS:
        return NOTHING
    found = trend(counts, material.confidence)
    return ("trend", found._asdict(), changes.trend_sentence(found)) if found else NOTHING


def _needed(total: pl.DataFrame, material: Material) -> Finding:
    if material.wish.needed is None:
        return NOTHING
    if not 0 < material.wish.needed <= POINTS:
        what = f"no score can be known to within {material.wish.needed:g} points"
        raise WrongUsageError(Problem(what, "Write such as --needed 10."))
    row, points = total.row(0, named=True), material.wish.needed
    answers = needed(points, groups(total)[0], material.confidence)
    invited, answered = row["invited"] or 0, row["answered"] or 0
    ask = -(-answers * invited // answered) if answered else None
    numbers = {"points": points, "answers": answers, "invitations": ask}
    said = f"To know a score to within {points:g} points takes about {answers:,} answers"
    rate = f", or {ask:,} customers asked, as {answered} of {invited} answered" if ask else ""
    return "needed", numbers, f"{said}{rate}."


def _weighted(total: pl.DataFrame, material: Material, how: str) -> Finding:
    wish = material.wish
    columns = wish.weight if how == "weighted" else wish.rake
    if not columns:
        return NOTHING
    estimate = nonresponse.by_classes if how == "weighted" else nonresponse.by_raking
    asked = material.asked.select("customer_id", "month", *columns).collect()
    weighted = estimate(material.held(ALL), asked, columns, material.confidence)
    if weighted is None:
        return NOTHING
    plain = total.row(0, named=True)
    said = nonresponse.sentence(how, weighted, columns, plain)
    return how, {"by": list(columns)} | weighted._asdict(), said
