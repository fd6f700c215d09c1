"""The commands on what customers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import typer

from loopback.errors import LoopbackError
from loopback.options import (
    Again,
    CommentColumn,
    CustomerColumn,
    DayFirst,
    DeliveryStatus,
    DryRun,
    EncodingOption,
    Everyone,
    Explain,
    Files,
    Folder,
    Json,
    LayoutOption,
    Month,
    Only,
    Preview,
    Rematch,
    ResendUnsure,
    ScaleOption,
    ScoreColumn,
    SheetOption,
    TimeColumn,
    Today,
    TokenColumn,
    UnsureArrived,
    WordOption,
    clock_at,
    words_of,
    workspace_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.clock import Clock
    from loopback.settings import Exports
    from loopback.steps.route import Wish
    from loopback.workspace import Workspace

WITH_REJECTS = 3


def ingest(
    context: typer.Context,
    files: Files = None,
    score: ScoreColumn = None,
    comment: CommentColumn = None,
    customer: CustomerColumn = None,
    token: TokenColumn = None,
    responded_at: TimeColumn = None,
    layout: LayoutOption = None,
    sheet: SheetOption = None,
    scale: ScaleOption = None,
    word: WordOption = None,
    encoding: EncodingOption = None,
    day_first: DayFirst = None,
    explain: Explain = False,
    rematch: Rematch = False,
    again: Again = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Take the answers of survey exports into the ledger; the same file twice adds nothing."""
    from loopback.received import received

    files = context.with_resource(received(files or []))
    said: dict[str, Any] = {
        "score": score,
        "comment": comment,
        "customer": customer,
        "token": token,
        "responded_at": responded_at,
        "layout": layout,
        "sheet": sheet,
        "scale": scale,
        "words": words_of(word),
        "encoding": encoding,
        "day_first": day_first,
    }
    job = _Job(workspace_of(context, workspace), said, clock_at(today), dry_run, as_json)
    if again or rematch:
        _only_one_of(again=again, rematch=rematch, explain=explain, files=bool(files))
        job.again() if again else job.rematch()
    elif not files:
        raise typer.BadParameter("name the exports to take in, or give --rematch or --again")
    elif explain:
        job.explain(files)
    elif dry_run:
        job.look(files)
    else:
        job.take(files)


def _only_one_of(**given: bool) -> None:
    """Stop where a command line asks for two things at once."""
    asked = [name for name, wanted in given.items() if wanted]
    if len(asked) > 1:
        raise typer.BadParameter(f"ask for one thing at a time, not for {' and '.join(asked)}")


class _Job(NamedTuple):
    """What `ingest` is asked to do, and how to tell of it."""

    workspace: Workspace
    said: dict[str, Any]
    clock: Clock
    dry_run: bool
    as_json: bool

    @property
    def chosen(self) -> Exports:
        """What is said of exports, over what the settings say."""
        from loopback.steps.ingest import choices

        return choices(self.workspace, **self.said)

    @property
    def chooses(self) -> bool:
        """Whether an option of this time says how to read exports."""
        return any(value not in (None, {}) for value in self.said.values())

    def take(self, files: list[Path]) -> None:
        from loopback import intake, terminal
        from loopback.steps.ingest import ingest

        with terminal.progress("reading") as watched:
            taken = ingest(
                self.workspace,
                files,
                self.chosen,
                self.clock,
                said=self.said,
                watched=watched,
            )
        if self.as_json:
            terminal.as_json(taken)
        else:
            intake.ingested(taken, dry_run=False, chosen=self.chooses)
        raise typer.Exit(WITH_REJECTS if taken.rejects.height else 0)

    def explain(self, files: list[Path]) -> None:
        from loopback import intake, terminal
        from loopback.steps.look import explain

        found = explain(self.workspace, files, self.chosen)
        terminal.as_json({"reports": found}) if self.as_json else intake.explained(found)

    def look(self, files: list[Path]) -> None:
        """Say what files would give; end as a run without `--dry-run` would."""
        from loopback import intake, terminal
        from loopback.steps.look import look

        looked = look(self.workspace, files, self.chosen, self.clock)
        if self.as_json:
            terminal.as_json({"reports": looked.reports, "rejects": looked.rejects})
        else:
            intake.looked(looked, chosen=self.chooses)
        if looked.problems:
            raise LoopbackError(*looked.problems)
        raise typer.Exit(WITH_REJECTS if looked.rejects.height else 0)

    def rematch(self) -> None:
        from loopback import intake, terminal
        from loopback.steps.rematch import rematch

        found = rematch(self.workspace, self.chosen, self.clock, dry_run=self.dry_run)
        told = found if self.as_json else None
        terminal.as_json(told) if told else intake.rematched(found, dry_run=self.dry_run)

    def again(self) -> None:
        from loopback import intake, terminal
        from loopback.steps.again import again

        built = again(self.workspace, self.said, self.clock, dry_run=self.dry_run)
        if self.as_json:
            terminal.as_json(built)
        else:
            intake.rebuilt(built, dry_run=self.dry_run)


def route(
    context: typer.Context,
    month: Month = None,
    only: Only = None,
    everyone: Everyone = False,
    dry_run: DryRun = False,
    preview: Preview = False,
    status: DeliveryStatus = False,
    resend_unsure: ResendUnsure = False,
    unsure_arrived: UnsureArrived = False,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Write each owner's sheet and each manager's roll-up; mail what is new, once."""
    from loopback import say, terminal
    from loopback.steps.route import Wish
    from loopback.steps.route import route as send

    opened, clock = workspace_of(context, workspace), clock_at(today)
    wish = Wish(frozenset(only or []), everyone, resend_unsure, unsure_arrived)
    if status:
        _status(opened, month or clock.month, as_json=as_json)
    if preview:
        _preview(opened, month, clock, wish, as_json=as_json)
    with terminal.progress("sheets") as watched:
        routed = send(opened, month, clock, dry_run=dry_run, wish=wish, watched=watched)
    if as_json:
        terminal.as_json(routed)
    else:
        say.routed(routed, dry_run=dry_run, month_asked=month is not None)
    raise typer.Exit(WITH_REJECTS if routed.failures else 0)


def _status(opened: Workspace, month: str, *, as_json: bool) -> NoReturn:
    """Say what became of the mails; end as the run that left them so."""
    from loopback import say, terminal
    from loopback.steps.deliveries import standing

    found = standing(opened, month)
    terminal.as_json(found) if as_json else say.deliveries(found, month)
    raise typer.Exit(WITH_REJECTS if found.unsure or found.failed else 0)


def _preview(
    opened: Workspace, month: str | None, clock: Clock, wish: Wish, *, as_json: bool
) -> NoReturn:
    from loopback import say, terminal
    from loopback.steps.route import preview

    pages = preview(opened, month, clock, wish)
    terminal.as_json({"pages": pages}) if as_json else say.pages(pages)
    raise typer.Exit
