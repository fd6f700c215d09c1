"""What is said of exports that are looked at, taken in, and read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from loopback.terminal import line, message, table, text, warning

if TYPE_CHECKING:
    from loopback.exports.near import Near
    from loopback.steps.again import Rebuilt
    from loopback.steps.ingest import Ingested
    from loopback.steps.look import Looked
    from loopback.steps.rematch import Rematched
    from loopback.steps.reports import Report

SHOWN = 10  # rejects, and answers that match no customer
LETTERS = 40  # of the name of a column
UNHEARD = (
    "ingested before, so what you chose now does not count; "
    "to read it and all other exports so: loopback ingest --again, with the same options"
)
NO_NEAR = "Whom these may be from is told after: pip install 'loopback-nps[match]'"


def ingested(result: Ingested, *, dry_run: bool, chosen: bool) -> None:
    """Say what became of every file and every row; `chosen`: options say how to read them."""
    for report in result.reports:
        _ingested_file(report, chosen=chosen)
    if dry_run:
        message("Nothing was written.")
    rejects = result.rejects
    for row in rejects.head(SHOWN).iter_rows(named=True):
        column = f", column {row['column']}" if row["column"] else ""
        warning(f"reject: {row['why']}: {row['value']!r} ({row['file']}, row {row['row']}{column})")
    if rejects.height > SHOWN:
        more = rejects.height - SHOWN
        warning(f"... and {more} more: loopback export rejects --to rejects.csv")


def _ingested_file(report: Report, *, chosen: bool) -> None:
    if report.already and chosen:
        warning(f"{report.file}: {UNHEARD}")
        return
    if report.already:
        message(f"{report.file}: ingested before, nothing to add.")
        return
    line(f"{report.file}: {report.rows} rows = {_sum(report)}")
    message(f"  {report.layout} layout")
    roles = ", ".join(f"{role} = {column[:LETTERS]!r}" for role, column in report.roles.items())
    message(f"  read as: {roles}")
    if report.remembered:
        message(f"  as before: {_said(report.remembered)}")
    asked = report.answered + report.unanswered
    if report.unanswered:
        message(f"  answered: {report.answered} of {asked} ({report.answered / asked:.0%})")
    if report.mended:
        message(f"  rejects mended: {report.mended}")
    if report.late:
        warning(f"{report.file}: {report.late} responses came after their time, marked as late")
    if report.unmatched:
        warning(
            f"{report.file}: {report.unmatched} responses match no customer; no owner sees them. "
            "Whom they may be from: loopback ingest --rematch --dry-run"
        )
    for note in report.notes:
        warning(f"{report.file}: {note}")


def _sum(report: Report) -> str:
    """Say how the rows of a file add up."""
    left_out = {f"left out, {why}": count for why, count in report.left_out.items()}
    counts = {"taken": report.taken, "known already": report.known, "rejected": report.rejects}
    return " + ".join(f"{count} {what}" for what, count in (counts | left_out).items())


def _said(remembered: dict[str, Any]) -> str:
    return ", ".join(f"{key} = {value!r}" for key, value in remembered.items())


def rematched(result: Rematched, *, dry_run: bool) -> None:
    """Say which answers of nobody could be matched, and whom the others may be from."""
    line(f"{result.tried} responses matched no customer; {result.matched} of them match now.")
    shown = result.unmatched.head(SHOWN)
    near = result.near or []
    for number, row in enumerate(shown.iter_rows(named=True)):
        named = (row["named_token"], row["named_customer"], row["named_email"])
        given = ", ".join(repr(key) for key in named if key is not None) or "nobody"
        line(f"  row {row['row']} of {row['source'][:12]} names {given}{_like(near, number)}")
    if result.unmatched.height > SHOWN:
        line(f"  ... and {result.unmatched.height - SHOWN} more: loopback ingest --rematch --json")
    if result.near is None:
        message(NO_NEAR)
    if dry_run:
        message("Nothing was written.")


def _like(near: list[Near], number: int) -> str:
    found = [f"{one.customer_id} ({one.like}, {one.percent}%)" for one in near if one.row == number]
    return f"; near: {', '.join(found)}" if found else ""


def rebuilt(result: Rebuilt, *, dry_run: bool) -> None:
    """Say what it changed to read all exports again."""
    line(f"{result.exports} exports read again.")
    changes = {"added": result.added, "corrected": result.corrected, "withdrawn": result.withdrawn}
    line("  responses: " + ", ".join(f"{count} {what}" for what, count in changes.items()))
    line(f"  rejects: {result.rejects} new, {result.mended} that stand no more")
    if dry_run:
        message("Nothing was written.")


def looked(result: Looked, *, chosen: bool) -> None:
    """Say what files are and would give; nothing was written."""
    for report in result.reports:
        _looked_file(report)
    if result.ingested:
        ingested(result.ingested, dry_run=True, chosen=chosen)
    else:
        message("Nothing was written.")


def _looked_file(report: dict[str, Any]) -> None:
    """Print the counts of a file; what is wrong with one that is refused is said at the end."""
    if report["rows"] is None:
        line(f"{report['file']}: refused")
        return
    how = f"{report['layout']} layout, {report['header_rows']} header rows, {report['rows']} rows"
    line(f"{report['file']}: {how}{', refused' if report['refused'] else ''}")
    names = ("scores", "promoters", "passives", "detractors", "comments", "rejects")
    if not report["refused"]:
        line("  " + ", ".join(f"{report[name]} {name}" for name in names))
    for why, count in report["left_out"].items():
        line(f"  left out, {why}: {count}")


def explained(reports: list[dict[str, Any]]) -> None:
    """Print what was recognised in each file, and why."""
    for report in reports:
        line(f"{report['file']}")
        if report["refused"]:
            warning(f"{report['file']}: {report['refused']}")
        if report["rows"] is None:
            continue
        line(f"  layout: {report['layout']}; {report['layout_why']}")
        cut = f", delimiter {report['delimiter']!r}" if report["delimiter"] else ""
        line(f"  encoding: {report['encoding'] or 'none, a workbook or the like'}{cut}")
        line(f"  header rows: {report['header_rows']}; {report['header_why']}")
        line(f"  rows: {report['rows']}")
        for key, value in report["remembered"].items():
            line(f"  remembered in {report['remembered_in']}: {key} = {value!r}")
        line(f"  times: {report['zone']}")
        for why, count in report["left_out"].items():
            line(f"  left out, {why}: {count}")
        _columns(report["columns"])


def _columns(columns: list[dict[str, Any]]) -> None:
    rows = [column | {"examples": " | ".join(column["examples"])} for column in columns]
    table(pl.DataFrame(rows), "", dict.fromkeys(("column", "header", "role", "examples"), text))
