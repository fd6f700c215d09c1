"""A year of the made-up company: month by month, with the steps that real data takes."""

from __future__ import annotations

import calendar
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from random import Random
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, months
from loopback.clock import Clock, clock_of
from loopback.demo import company as made_up
from loopback.demo.voices import Row, answers
from loopback.errors import error
from loopback.languages import templates_folder
from loopback.settings import FILE
from loopback.steps.ingest import choices, ingest
from loopback.steps.route import route
from loopback.steps.sample import sample
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from loopback.demo.company import Company

LATE = 0.06  # share of the answers that come a month later
HEADER = (
    "Response ID",
    "Status",
    "Token",
    "Submitted",
    "Language",
    "How likely are you to recommend us to a colleague? (0-10)",
    "What are the reasons?",
)
SETTINGS = """\
# The settings of a made-up company: everything in this workspace is invented.
[company]
name = "{name}"
[survey]
link = "https://survey.nordlys.example/?token={{token}}"
[mail]
sender = "Customer feedback <feedback@nordlys.example>"
"""


@dataclass
class Lived:
    """What the months gave, and where to look."""

    folder: Path
    company: str
    seed: int
    customers: int = 0
    months: list[str] = field(default_factory=list)
    invited: int = 0
    responses: int = 0
    sheets: int = 0
    calls: int = 0
    places: dict[str, str] = field(default_factory=dict)


def demo(
    folder: Path,
    seed: int,
    count: int,
    customers: int,
    clock: Clock,
    watched: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> Lived:
    """Make up a company, live the months that end with today's, and route the last of them.

    The same seed and day give the same company, the same answers and the same sheets.
    """
    if folder.exists() and any(folder.iterdir()):
        raise error(f"{folder} is not empty", "Name a folder that does not exist yet.")
    span = months.ending(clock.month, count)
    company = made_up.founded(customers, _day(span[0], 1), Random(f"{seed} company"))  # noqa: S311
    _found(folder, company, seed)
    lived = Lived(folder, company.name, seed)
    late: list[Row] = []
    for month in watched(span):
        chance = Random(f"{seed} {len(lived.months)}")  # noqa: S311 - a demo, not a secret
        late = _live(folder, company, month, clock, late, chance, lived)
    _route(folder, clock, lived)
    lived.customers = len(company.customers)
    return lived


def _found(folder: Path, company: Company, seed: int) -> None:
    """Write the files that do not change with the months."""
    files.make_folder(folder)
    key = hashlib.blake2b(f"demo {seed}".encode(), digest_size=32).hexdigest()
    files.publish(folder / "ledger" / "secret.key", key.encode())
    settings = SETTINGS.format(name=company.name)
    files.replace(folder / FILE, settings.encode())
    frame = templates_folder() / "workspace" / "reasons.toml"
    files.replace(folder / "reasons.toml", frame.read_bytes())
    files.replace(folder / "people.csv", company.people_rows().write_csv().encode())


def _live(  # noqa: PLR0917 - one month needs all of it
    folder: Path,
    company: Company,
    month: str,
    clock: Clock,
    late: list[Row],
    chance: Random,
    lived: Lived,
) -> list[Row]:
    """Live one month: the list changes, a cohort is asked, an export comes back, some is late."""
    first, last = _day(month, 1), min(_day(month, 31), clock.today)
    if lived.months:
        made_up.live_a_month(company, first, chance)
    files.replace(folder / "customers.csv", company.customer_rows().write_csv().encode())
    workspace = Workspace(folder)
    drawn = sample(workspace, month, clock_of(first), dry_run=False)
    tokens = drawn.invitations.select("customer_id", "token").iter_rows()
    opens, closes = _at(first, 12), _at(last, 11)
    came: list[Row] = []
    missed: list[Row] = []
    for rows in answers(company, tokens, opens, closes, chance):
        (missed if chance.random() < LATE else came).extend(rows)
    export = _write_export(folder, month, late + came)
    taken = ingest(workspace, [export], choices(workspace), clock_of(last))
    lived.months.append(month)
    lived.invited += drawn.invitations.height
    lived.responses += sum(report.taken for report in taken.reports)
    return missed


def _write_export(folder: Path, month: str, rows: list[Row]) -> Path:
    """Write the export of the made-up survey tool."""
    path = folder / "exports" / f"made-up-{month}.csv"
    table = pl.DataFrame(rows, schema=list(Row._fields), orient="row", infer_schema_length=None)
    named = table.with_columns(pl.col("submitted").dt.strftime("%Y-%m-%d %H:%M:%S"))
    named.columns = list(HEADER)
    files.replace(path, named.write_csv().encode())
    return path


def _route(folder: Path, clock: Clock, lived: Lived) -> None:
    """Route the last month, and name the best places to look."""
    workspace = Workspace(folder)
    routed = route(workspace, None, clock, dry_run=False)
    lived.sheets, lived.calls = routed.sheets, routed.calls
    sheets = folder / "out" / routed.month / "sheets"
    fullest = max(sheets.glob("*.xlsx"), key=lambda path: (path.stat().st_size, path.name))
    top = workspace.file_name("M1", workspace.people.name("M1"))
    lived.places = {
        "an owner's sheet": str(fullest.with_suffix(".html")),
        "the workbook to fill in": str(fullest),
        "the whole company's roll-up": str(sheets / f"{top}.html"),
        "the mails": str(folder / "outbox"),
    }


def _day(month: str, day: int) -> date:
    """Return a day of a month, or its last where the month is shorter."""
    year, number = (int(part) for part in month.split("-"))
    return date(year, number, min(day, calendar.monthrange(year, number)[1]))


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour, tzinfo=UTC))
