"""The command on scores: of a workspace, or of counts that are typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from loopback.nps.method import Method
from loopback.options import (
    Account,
    BookInterval,
    Bounds,
    By,
    Confidence,
    Counted,
    Folder,
    FunnelFile,
    FunnelOption,
    Json,
    Last,
    MethodOption,
    Month,
    Monthly,
    Needed,
    Rake,
    ScoresFile,
    Today,
    ValueOption,
    Versus,
    Weight,
    clock_at,
    workspace_of,
)

MEND = "Write loopback score --funnel FILE, or --to FILE for the numbers."

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.steps.material import Wish
    from loopback.workspace import Workspace


def score(
    context: typer.Context,
    file: FunnelFile = None,
    by: By = None,
    month: Month = None,
    last: Last = None,
    monthly: Monthly = False,
    method: MethodOption = Method.ADJUSTED_WALD,
    confidence: Confidence = None,
    needed: Needed = None,
    funnel: FunnelOption = False,
    to: ScoresFile = None,
    book_interval: BookInterval = False,
    bounds: Bounds = False,
    value: ValueOption = False,
    account: Account = None,
    weight: Weight = None,
    rake: Rake = None,
    counts: Counted = None,
    versus: Versus = None,
    as_json: Json = False,
    today: Today = None,
    workspace: Folder = None,
) -> None:
    """Show the NPS with its interval; or reckon it from counts, in any folder."""
    from loopback.errors import Problem, WrongUsageError
    from loopback.steps.material import Wish, columns, probability

    confidence = None if confidence is None else probability(confidence)
    if counts is not None or versus is not None:
        _calculate(counts, versus, method, confidence, as_json=as_json)
        return
    if file and not funnel:
        raise WrongUsageError(
            Problem(str(file) + ": name a file to draw in only with --funnel", MEND)
        )
    wish = Wish(
        by or ("owner" if funnel else None),
        month or clock_at(today).month,
        1 if month and not last else last,
        method,
        confidence,
        needed,
        book_interval,
        bounds,
        value,
        account,
        columns(weight),
        columns(rake),
        monthly,
    )
    opened = workspace_of(context, workspace)
    _score(opened, wish, to, file, funnel=funnel, as_json=as_json)


def _calculate(
    counts: str | None,
    versus: str | None,
    method: Method,
    confidence: float | None,
    *,
    as_json: bool,
) -> None:
    from loopback import scorecard, terminal
    from loopback.calculator import calculated, counts_of

    other = None if versus is None else counts_of(versus, "--versus")
    found = calculated(counts_of(counts or ""), other, method, confidence or 0.95)
    terminal.as_json(found.result) if as_json else scorecard.calculated(found)


def _score(
    opened: Workspace,
    wish: Wish,
    to: Path | None,
    file: Path | None,
    *,
    funnel: bool,
    as_json: bool,
) -> None:
    from loopback import scorecard, terminal
    from loopback.steps.funnel import draw
    from loopback.steps.score import score as scored
    from loopback.steps.tablefile import write_table

    found = scored(opened, wish)
    if to:
        write_table(opened, found.scores, "scores", to)
    plot = draw(opened, found, file) if funnel else None
    terminal.as_json(found) if as_json else scorecard.scores(found)
    if plot and not as_json:
        scorecard.funnel(plot)
