"""Route: the sheets of a month, and each person's mail, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback.calls import held
from loopback.errors import Problem, error
from loopback.steps.delivery import deliver, not_sent
from loopback.steps.rendering import arrived, month_sheets, rendered
from loopback.tables import DELIVERIES, RESPONSES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopback.clock import Clock
    from loopback.sheets import Sheet
    from loopback.workspace import Workspace

BY_NAME = "answers of employees are confidential: nobody gets them by name, so nothing is routed"


@dataclass(frozen=True)
class Routed:
    """What a run of route did: who got a mail, who got nothing new, what could not be composed."""

    month: str
    sheets: int
    calls: int
    mails: list[str]
    unchanged: int
    unmatched: int
    ownerless: int
    failures: list[Problem]


def route(
    workspace: Workspace,
    month: str | None,
    clock: Clock,
    *,
    dry_run: bool,
    watched: Callable[[list[Sheet]], Iterable[Sheet]] = iter,
) -> Routed:
    """Write the sheets of a month, and one mail to each person whose sheet holds anything new."""
    if workspace.settings.audience == "employees":
        raise error(BY_NAME, "Show groups of them: loopback score and loopback reasons, by owner.")
    month = month or clock.month
    if dry_run:
        made = month_sheets(workspace, month, clock)
        return _routed(workspace, month, made, not_sent(made, workspace), [])
    with workspace.ledger.run("route", clock.now, month=month) as run:
        made = month_sheets(workspace, month, clock)
        new = not_sent(made, workspace)
        forms = rendered(workspace, watched(made), clock)
        deliveries, failures = deliver(workspace, forms, new, clock)
        run.append(DELIVERIES, pl.DataFrame(deliveries, DELIVERIES.columns, orient="row"))
    sent = {delivery[0] for delivery in deliveries}
    return _routed(workspace, month, made, sent, failures)


def _routed(
    workspace: Workspace, month: str, made: list[Sheet], sent: set[str], failures: list[Problem]
) -> Routed:
    responses = arrived(workspace.ledger.current(RESPONSES), month)
    unmatched = responses["customer_id"].null_count()
    holders = held(responses, workspace.customers)["current_owner"]
    ownerless = int((~holders.is_in(list(workspace.people.by_id))).sum())
    to_call = sum(len(sheet.calls) for sheet in made)
    return Routed(
        month,
        sheets=len(made),
        calls=to_call,
        mails=sorted(workspace.people.name(person_id) for person_id in sent),
        unchanged=len(made) - len(sent) - len(failures),
        unmatched=unmatched,
        ownerless=ownerless,
        failures=failures,
    )
