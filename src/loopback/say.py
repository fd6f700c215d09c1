"""What is said of each result: what was done, what is wrong, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback.score import points
from loopback.terminal import line, message, problems, table, text, warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback.demo.year import Lived
    from loopback.steps.check import Checked
    from loopback.steps.ingest import Ingested, Report
    from loopback.steps.reasons import Tallied
    from loopback.steps.route import Routed
    from loopback.steps.sample import Drawn
    from loopback.steps.score import Scored
    from loopback.steps.status import Status

REJECTS_SHOWN = 10
BAR = 16


def cohort(drawn: Drawn, *, dry_run: bool) -> None:
    """Say whom a sample drew."""
    if drawn.already:
        message(f"{drawn.month} was drawn before: the same {drawn.invitations.height} invitations.")
    else:
        message(f"{drawn.month}: {drawn.invitations.height} of {drawn.listed} customers to ask.")
    for why, count in drawn.excluded.items():
        message(f"  left out, {why}: {count}")
    message("Nothing was written." if dry_run else f"The list for your survey tool: {drawn.file}")


def ingested(result: Ingested, *, dry_run: bool) -> None:
    """Say what became of every file and every row."""
    for report in result.reports:
        _ingested_file(report)
    if dry_run:
        message("Nothing was written.")
    rejects = result.rejects
    for row in rejects.head(REJECTS_SHOWN).iter_rows(named=True):
        column = f", column {row['column']}" if row["column"] else ""
        warning(f"reject: {row['why']}: {row['value']!r} ({row['file']}, row {row['row']}{column})")
    if rejects.height > REJECTS_SHOWN:
        more = rejects.height - REJECTS_SHOWN
        warning(f"... and {more} more: loopback export rejects --to rejects.csv")


def _ingested_file(report: Report) -> None:
    if report.already:
        message(f"{report.file}: ingested before, nothing to add.")
        return
    message(f"{report.file}: {report.layout} layout, {report.rows} rows.")
    roles = ", ".join(f"{role} = {column[:40]!r}" for role, column in report.roles.items())
    message(f"  read as: {roles}")
    counts = {"taken": report.taken, "known already": report.known, "rejected": report.rejects}
    counts |= {f"left out, {why}": count for why, count in report.left_out.items()}
    message("  " + ", ".join(f"{what}: {count}" for what, count in counts.items() if count))
    if report.unmatched:
        warning(
            f"{report.file}: {report.unmatched} responses match no customer; no owner sees them"
        )
    for note in report.notes:
        warning(f"{report.file}: {note}")


def scores(scored: Scored) -> None:
    """Print scores with their intervals; few answers are shown for what they are."""
    title = f"NPS, {scored.months[0]} to {scored.months[-1]}"
    columns: dict[str, Callable[[Any], str]] = {
        "name" if scored.by == "owner" else scored.by or "": text,
        "invited": str,
        "answered": str,
        "responses": str,
        "detractors, passives, promoters": _bar,
        "nps": lambda value: "" if value is None else points(value),
        "interval": _interval,
    }
    if scored.by is None:
        columns.pop("")
    table(scored.scores, title, columns)
    if scored.by and scored.total.height:
        total = scored.total.row(0, named=True)
        nps = "" if total["nps"] is None else f", NPS {points(total['nps'])} ({_interval(total)})"
        line(f"All: {total['responses']} responses{nps}")
    if scored.unmatched:
        warning(f"{scored.unmatched} responses match no customer: counted in the total alone")


def _bar(row: dict[str, Any]) -> str:
    """Draw the shares of detractors, passives and promoters in sixteen cells."""
    total = row["responses"]
    if not total:
        return ""
    first = round(BAR * row["detractors"] / total)
    last = round(BAR * row["promoters"] / total)
    return "▒" * first + "░" * (BAR - first - last) + "█" * last


def _interval(row: dict[str, Any]) -> str:
    if row["nps"] is None:
        return ""
    return f"{points(row['lower'])} to {points(row['upper'])}"


def tally(tallied: Tallied) -> None:
    """Print how often each reason was given, with the words that say so."""
    title = f"Reasons, {tallied.months[0]} to {tallied.months[-1]}"
    columns: dict[str, Callable[[Any], str]] = {
        "label": text,
        "comments": str,
        "promoters": str,
        "detractors": str,
        "words": text,
    }
    table(tallied.tally, title, ({tallied.by: text} if tallied.by else {}) | columns)
    found = tallied.coverage
    line(
        f"Comments with a reason: {found['specific']}, general only: {found['general']}, "
        f"none known: {found['uncovered']}, saying nothing: {found['empty']}; "
        f"without a comment: {found['silent']}"
    )


def routed(result: Routed, *, dry_run: bool) -> None:
    """Say who got a mail, and who could not."""
    verb = "would get" if dry_run else "got"
    message(f"{result.month}: {result.sheets} sheets, {result.calls} calls to make.")
    message(f"{len(result.mails)} people {verb} a mail; {result.unchanged} had nothing new.")
    if result.mails and not dry_run:
        message("The mails wait in outbox/")
    if result.unmatched:
        warning(f"{result.unmatched} responses match no customer and were sent to nobody")
    if result.ownerless:
        count = result.ownerless
        warning(f"{count} responses belong to owners who are in no list and were sent to nobody")
    problems(result.failures, "not sent")


def checked(result: Checked) -> None:
    """Say whether all is well, or every problem there is."""
    problems(result.problems)
    for name in result.leftovers:
        done = "removed" if result.removed else "remove it with `loopback check --repair`"
        warning(f"left behind by a killed run: {name}; {done}")
    if not result.problems:
        counts = f"{result.people} people, {result.customers} customers, {result.runs} runs"
        line(f"All is well: {counts}.")


def status(found: Status) -> None:
    """Print the state of a workspace, and what to do next."""
    line(f"{found.month}: {found.invited} invited, {found.answered} answered")
    line(f"{found.customers} customers, {found.people} people, {found.responses} responses")
    if found.unmatched or found.rejects:
        line(f"{found.unmatched} responses match no customer, {found.rejects} rows rejected")
    if found.runs.height:
        columns: dict[str, Callable[[Any], str]] = dict.fromkeys(found.runs.columns, str)
        columns["recorded_at"] = lambda moment: f"{moment:%Y-%m-%d %H:%M}"
        table(found.runs, "Last runs", columns)
    line(f"Next: {found.next}")


def made(folder: Path, written: list[Path]) -> None:
    """Say what a new workspace holds, and what to do with it."""
    message(f"A workspace in {folder}: {', '.join(path.name for path in written)}")
    message("Put your own customers and people in, then: loopback check -w " + str(folder))


def exported(rows: int, table: str, to: Path) -> None:
    """Say what was written where."""
    message(f"{rows} rows of {table} in {to}")


def lived(result: Lived) -> None:
    """Say what a year of the made-up company gave, and where to look."""
    line(f"{result.company}, made up with seed {result.seed}: {result.customers} customers.")
    line(f"{len(result.months)} months: {result.invited} invited, {result.responses} answers.")
    line(f"{result.sheets} sheets with {result.calls} calls to make; all in {result.folder}")
    for what, path in result.places.items():
        line(f"  {what}: {path}")
