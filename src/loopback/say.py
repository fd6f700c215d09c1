"""What is said of each result: what was done, what is wrong, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from loopback.terminal import line, message, opened, out, problems, table, text, warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback.demo.year import Lived
    from loopback.steps.check import Checked
    from loopback.steps.deliveries import Standing
    from loopback.steps.plan import Planned
    from loopback.steps.route import Routed
    from loopback.steps.sample import Drawn
    from loopback.steps.status import Status
    from loopback.steps.verify import Verified

BREACHES_SHOWN = 10
OVERLOADS_SHOWN = 10
VERDICTS = {"passed": "pass", "failed": "FAIL", "told": "told"}
WENT = {
    "outbox": "The mails wait in outbox/",
    "smtp": "The mail server took them.",
    "sendmail": "The mail system took them.",
    "maildir": "The mails lie in the Maildir.",
}
NAME, CELL = 30, 7  # letters of a name, and of a month, in the table of a plan


def cohort(drawn: Drawn, *, dry_run: bool) -> None:
    """Say whom a sample drew."""
    tell = line if dry_run else message  # what would be done is the result of a dry run
    invited, fresh = drawn.invitations.height, drawn.fresh.height
    if not drawn.already:
        tell(f"{drawn.month}: {invited} of {drawn.listed} customers to ask.")
    elif fresh:
        tell(f"{drawn.month}: {fresh} customers more to ask, {invited} in all.")
    else:
        tell(f"{drawn.month} was drawn before: the same {invited} invitations.")
    for why, count in drawn.excluded.items():
        tell(f"  left out, {why}: {count}")
    if drawn.skipped:
        warning(f"nobody was asked in {', '.join(drawn.skipped)}: who was due then is asked now")
    for row in drawn.overloads.iter_rows(named=True):
        calls = f"about {row['calls']:.0f} calls expected in {row['month']}"
        warning(f"{row['owner']}: {calls}, capacity {row['capacity']:.0f}")
    lists = ", ".join(map(str, drawn.files))
    tell("Nothing was written." if dry_run else f"For your survey tool: {lists}")


def plan(planned: Planned) -> None:
    """Print the coming months, as many side by side as there is room for."""
    if planned.rows.is_empty():
        line("There is no customer who may be asked.")
        return
    every = max(1, (out().width - NAME) // (CELL + 3) - 1)
    for start in range(0, len(planned.months), every):
        _planned(planned, planned.months[start : start + every])
    if planned.response_rate is None:
        line("How many will answer is not known yet: set response_rate in [rotation].")
    else:
        calls = f"{planned.total['calls'].mean():.0f} calls a month"
        line(f"{planned.response_rate:.0%} of those asked answer: about {calls} in all.")
    if planned.left_out:
        line(f"Customers who may not be asked, not in the plan: {planned.left_out}")
    overloads(planned.overloads)


def _planned(planned: Planned, months: list[str]) -> None:
    """Print some months of a plan: a row a group, the total last; `!` is more than can be done."""
    total = planned.total.with_columns(name=pl.lit("all"), calls=None, capacity=None)
    groups = planned.rows.partition_by("group", maintain_order=True) if planned.by else []
    grid = [
        {"name": group["name"][0][:NAME]}
        | {row["month"]: _load(row) for row in group.iter_rows(named=True)}
        for group in [*groups, total]
    ]
    title = f"Customers to ask, {months[0]} to {months[-1]}"
    frame = pl.DataFrame(grid).select("name", *months).rename({"name": planned.by or ""})
    table(frame, title, dict.fromkeys(frame.columns, text))


def _load(row: dict[str, Any]) -> str:
    calls, capacity = row["calls"], row["capacity"]
    over = calls is not None and capacity is not None and calls > capacity
    return f"{row['asks']}{'!' if over else ' '}".rjust(CELL)


def overloads(found: pl.DataFrame) -> None:
    """Warn of months with more calls than an owner can make."""
    for row in found.head(OVERLOADS_SHOWN).iter_rows(named=True):
        calls = f"about {row['calls']:.0f} calls expected in {row['month']}"
        warning(f"{row['name']}: {calls}, capacity {row['capacity']:g}")
    if found.height > OVERLOADS_SHOWN:
        warning(f"... and {found.height - OVERLOADS_SHOWN} more: loopback plan --by owner")


def verified(result: Verified) -> None:
    """Print the verdict on each guarantee, and what breaks it."""
    if not result.checks:
        line("No month has been drawn yet: there is nothing to verify. Next: loopback sample")
        return
    rows = [(check.name, VERDICTS[check.verdict], check.words) for check in result.checks]
    guarantees = pl.DataFrame(rows, schema=["guarantee", "verdict", "what was found"], orient="row")
    table(guarantees, "The guarantees of the rotation", dict.fromkeys(guarantees.columns, text))
    line("Groups are judged while their customers, owners and asks are those of the first draw;")
    line("no rotation evens out what changed since without asking someone too early.")
    _breaches(result.breaches)
    _removals(result.removals)


def _breaches(found: pl.DataFrame) -> None:
    for row in found.head(BREACHES_SHOWN).iter_rows(named=True):
        whom = f"customer {row['customer_id']}" if row["customer_id"] else row["group"]
        line(f"FAIL {row['guarantee']}: {whom}, {row['months']}: {row['what']}")
    if found.height > BREACHES_SHOWN:
        more = found.height - BREACHES_SHOWN
        line(f"... and {more} more: loopback verify --to breaches.csv")


def _removals(found: pl.DataFrame) -> None:
    if found.height:
        shown = found.drop("owner")
        table(shown, "Left out at the owner's wish", dict.fromkeys(shown.columns, text))


def routed(result: Routed, *, dry_run: bool, month_asked: bool = False) -> None:
    """Say who got a mail, and who could not."""
    tell = line if dry_run else message  # what would be done is the result of a dry run
    if not result.sheets:
        tell = tell if dry_run or not month_asked else warning
        tell(f"{result.month}: no answers came in, so there is no sheet to send.")
    else:
        verb = "would get" if dry_run else "got"
        tell(f"{result.month}: {result.sheets} sheets, {result.calls} calls to make.")
        tell(f"{len(result.mails)} people {verb} a mail; {result.unchanged} had nothing new.")
    for letter in result.letters if dry_run else ():
        line(f"  {letter.name} ({letter.person_id}), {letter.address}: {letter.subject}")
    if dry_run:
        line("Nothing was written or sent.")
    elif result.mails:
        message(WENT[result.transport])
    if result.unmatched:
        warning(f"{result.unmatched} responses match no customer and were sent to nobody")
    if result.ownerless:
        count = result.ownerless
        warning(f"{count} responses belong to owners who are in no list and were sent to nobody")
    problems(result.failures, "not sent")


def deliveries(found: Standing, month: str) -> None:
    """Print what became of each mail, and what to do about those that are unsure."""
    if found.deliveries.is_empty():
        line(f"{month}: no mail yet. Next: loopback route")
        return
    columns: dict[str, Callable[[Any], str]] = dict.fromkeys(
        ("name", "month", "event", "at", "transport", "reply"), text
    )
    columns["at"] = lambda moment: f"{moment:%Y-%m-%d %H:%M}"
    table(found.deliveries, f"Mails, {month}", columns)
    if found.busy:
        line("Another run is sending mails at this moment.")
    if found.unsure:
        line(f"{found.unsure} mails may or may not have arrived. Ask, then:")
        line("  loopback route --resend-unsure, or loopback route --unsure-arrived;")
        line("  with --only OWNER for one person, with --month for an earlier month.")


def pages(found: list[Path]) -> None:
    """Show the first page; name them all where no browser shows it."""
    if not found:
        line("No answers came in, so there is no sheet to show.")
    elif not opened(found[0]):
        for page in found:
            line(str(page))


def checked(result: Checked) -> None:
    """Say whether all is well, or every problem there is."""
    problems(result.problems)
    problems(result.warnings, "warning")
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
    if found.unsure:
        line(f"{found.unsure} mails may or may not have arrived")
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
