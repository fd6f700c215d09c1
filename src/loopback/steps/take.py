"""What one export gives: its responses, rejects and bounces, and a report of every row."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback.errors import LoopbackError, error
from loopback.exports import events, matching, mending
from loopback.exports.answers import UNANSWERED_ROWS
from loopback.exports.identity import unmatched_ids
from loopback.exports.keys import addressed
from loopback.exports.preview import preview
from loopback.exports.reading import recognised
from loopback.exports.roles import Known
from loopback.remembered import OF_THE_FILE, Remembered, mark
from loopback.settings import FILE
from loopback.steps.reports import Report, completed
from loopback.tables import INVITATIONS, REJECTS, RESPONSES, RUNS, WITHDRAWN
from loopback.workspace import hash_of

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.exports.reading import Reading
    from loopback.exports.roles import Roles
    from loopback.settings import Exports
    from loopback.workspace import Workspace

# Of millions of customers, few owners: by their number they take a quarter of the room.
CODED = ("owner", "region", "segment")
LISTED = ("customer_id", *CODED)


class Export(NamedTuple):
    """One file to be read: where it is, the name people know it by, and its SHA-256."""

    path: Path
    name: str
    source: str


@dataclass(frozen=True)
class Taken:
    """The rows of one file that go to the ledger, and its report.

    `responses` and `rejects` end with events that withdraw what was known before.
    """

    report: Report
    responses: pl.DataFrame
    rejects: pl.DataFrame
    bounces: pl.DataFrame
    kept: Kept | None = None


class Kept(NamedTuple):
    """What of the reading of an export is kept for the next one."""

    source: str
    layout: str
    roles: Roles
    columns: list[str]


class Matched(NamedTuple):
    """One export once its answers were matched, whatever the ledger knows of them."""

    export: Export
    read: Reading
    responses: pl.DataFrame
    rejects: pl.DataFrame
    origins: pl.DataFrame
    bounces: pl.DataFrame

    @property
    def kept(self) -> Kept:
        """What of the reading is kept."""
        read = self.read
        return Kept(self.export.source, read.layout, read.roles, read.header.names)


def export_of(path: Path) -> Export:
    """Return a file that the user named; raise where there is none."""
    try:
        return Export(path, path.name, hash_of(path))
    except FileNotFoundError:
        raise error("there is no such file", "Check the name.", str(path)) from None
    except IsADirectoryError:
        raise error("this is a folder", "Name the files in it.", str(path)) from None


@dataclass
class Desk:
    """Where exports are taken in: a workspace, what was chosen, the month, and the run to be."""

    workspace: Workspace
    choices: Exports
    month: str
    run: int = 0
    added: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[pl.DataFrame] = field(default_factory=list)

    @cached_property
    def known(self) -> Known:
        """What is known before an export is read."""
        if not self.workspace.path(FILE).is_file():
            return Known()
        tokens = self.workspace.ledger.scan(INVITATIONS).select("token")
        return Known(tokens, self.workspace.settings.customers.columns)

    @cached_property
    def invitations(self) -> pl.LazyFrame:
        """The invitations of the ledger."""
        return self.workspace.ledger.scan_current(INVITATIONS)

    @cached_property
    def customers(self) -> pl.DataFrame:
        """What matching needs of the customers, their addresses apart."""
        return self.workspace.listed(LISTED, CODED)

    @cached_property
    def addressed(self) -> pl.DataFrame:
        """What matching needs of the customers, with their addresses."""
        return self.workspace.listed((*LISTED, "email"), CODED)

    @cached_property
    def unmatched(self) -> pl.DataFrame:
        """The current responses that match nobody."""
        rows = self.workspace.ledger.scan(RESPONSES)
        alone = pl.col("customer_id").is_null()
        ids = rows.filter(alone).select("response_id").unique()
        several = rows.join(ids, "response_id", how="semi").collect()
        return RESPONSES.current(several).filter(alone)

    @property
    def rejects(self) -> pl.DataFrame:
        """Every reject there ever was, in the ledger and in the files before."""
        if not self.rejected:
            self.rejected.append(self.workspace.ledger.rows(REJECTS))
        return pl.concat(self.rejected, how="diagonal")

    def reading(self, export: Export) -> Reading:
        """Return the reading of an export, refused or not, with what is remembered of its kind."""
        if not any(getattr(self.choices, key) for key in OF_THE_FILE):
            for said in self.workspace.remembered.values():
                read = self._tried(export, said) if said.of_the_file else None
                if read and mark(read.header.names) == said.header:
                    return read
        return recognised(export.path, export.name, self.choices, self.known)

    def matched(self, export: Export, read: Reading | None = None) -> Matched:
        """Return the responses of an export, with whom they are from; raise where it is refused.

        One that was read already is not read again.
        """
        read = read or self.reading(export)
        if read.refused:
            raise read.refused
        held = read.answers
        found = self.matching(held.answers)
        source = pl.lit(export.source).alias("source")
        origins = mending.origins(read)
        day_first = self.choices.of_layout(read.layout, read.header.names).day_first
        rejects = mending.traced(mending.rejects(read, day_first=day_first), origins, export.source)
        bounced = matching.bounces(held.bounced, self.invitations, self._list_for(held.bounced))
        return Matched(
            export,
            read,
            found.with_columns(source),
            rejects,
            origins,
            bounced.with_columns(source, pl.lit(None, pl.String).alias(WITHDRAWN)),
        )

    def matching(self, answers: pl.DataFrame) -> pl.DataFrame:
        """Return the responses of answers."""
        customers, window = self._list_for(answers), self.workspace.settings.survey.window_days
        return matching.responses(answers, self.invitations, customers, self.month, window)

    @cached_property
    def sources(self) -> set[str]:
        """The files that were ingested before, and those taken here, by their SHA-256."""
        runs = self.workspace.ledger.rows(RUNS)
        return set(runs["read"].explode(empty_as_null=False).drop_nulls())

    def taken(self, export: Export, read: Reading | None = None) -> Taken:
        """Return what one file holds that the ledger, and the files before it, do not."""
        if export.source in self.sources:
            return nothing(export)
        found = self.matched(export, read)
        self.sources.add(export.source)
        known = self.known_of(found.responses["response_id"])
        fresh = events.fresh(found.responses, known)
        since = self._matched_since(found)
        rows = events.events(fresh, known, self.run)
        since = since.select(pl.col(name).cast(kind) for name, kind in rows.schema.items())
        self.added.append(rows.select(*events.CONTENT, "rebuilt", WITHDRAWN))
        before = self.rejects
        rejects = mending.unmended(
            mending.fresh(found.rejects, before), mending.once_mended(before)
        )
        mended = mending.mended(
            REJECTS.current(before),
            found.origins,
            found.responses["row"],
            export.name,
        )
        every = pl.concat([rejects, mended.select(rejects.columns)])
        self.rejected.append(every.with_columns(run=pl.lit(self.run, pl.Int64)))
        return Taken(
            self._report(found, fresh, rejects, mended),
            pl.concat([rows, since]) if since.height else rows,
            every,
            found.bounces,
            found.kept,
        )

    def known_of(self, response_ids: pl.Series) -> pl.DataFrame:
        """Return the rows that the ledger, and the files before, have of some responses."""
        ids = response_ids.alias("response_id").to_frame().lazy()
        rows = self.workspace.ledger.scan(RESPONSES).select(events.KNOWN)
        before = [rows.with_columns(run=pl.lit(self.run, pl.Int64)) for rows in self.added]
        every = pl.concat([rows, *(rows.select(events.KNOWN).lazy() for rows in before)])
        if every.head(1).collect().is_empty():
            return every.collect()
        return every.join(ids, "response_id", how="semi").collect()

    def _matched_since(self, found: Matched) -> pl.DataFrame:
        """Return the events that withdraw responses of nobody that are known to be somebody's."""
        nothing = events.withdrawn(self.unmatched.clear(), pl.lit(None, pl.String))
        if self.unmatched.is_empty():
            return nothing
        whose = found.responses.drop_nulls("customer_id").select("row", "response_id")
        answers = found.read.answers.answers.join(whose.select("row"), "row", how="semi")
        loose = unmatched_ids(answers, self.month).join(whose, "row")
        return events.matched_since(self.unmatched, loose)

    def _list_for(self, answers: pl.DataFrame) -> pl.DataFrame:
        """Return the customers with what it takes to match these rows."""
        return self.addressed if addressed(answers) else self.customers_with_no_address

    @cached_property
    def customers_with_no_address(self) -> pl.DataFrame:
        """The customers where no address is looked for."""
        return self.customers.with_columns(email=pl.lit(None, pl.String))

    def _tried(self, export: Export, said: Remembered) -> Reading | None:
        choices = self.choices.model_copy(update=said.of_the_file)
        try:
            return recognised(export.path, export.name, choices, self.known)
        except (LoopbackError, LookupError):
            return None

    def _report(
        self, found: Matched, fresh: pl.DataFrame, rejects: pl.DataFrame, mended: pl.DataFrame
    ) -> Report:
        """Return what became of the rows of a file: those that are `fresh` are taken."""
        seen, new = found.responses.height + found.rejects.height, fresh.height + rejects.height
        report = completed(
            preview(found.read),
            source=found.export.source,
            remembered=self.remembered_for(found.read),
            taken=fresh.height,
            known=seen - new,
            rejects=rejects.height,
            mended=mended.height,
            unmatched=fresh["customer_id"].null_count(),
            late=int(fresh["late"].sum()),
            answered=found.responses.height,
            unanswered=found.read.answers.left_out.get(UNANSWERED_ROWS, 0),
        )
        report.add_up()
        return report

    def remembered_for(self, read: Reading) -> dict[str, Any]:
        """Return what was remembered of earlier exports and decided something in this one."""
        own = self.choices
        settled = own.model_fields_set | own.by_layout.get(read.layout, own).model_fields_set
        known = own.recalled(read.layout, read.header.names)
        return {key: value for key, value in known.items() if key not in settled and value != {}}


def nothing(export: Export) -> Taken:
    """Return what a file adds that was ingested before."""
    report = Report(export.name, layout="", rows=0, source=export.source, already=True)
    empty = pl.DataFrame()
    return Taken(report, empty, empty, empty)
