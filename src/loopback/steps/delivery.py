"""Delivery: each person's mail, composed and handed over once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import files
from loopback.errors import LoopbackError, Problem, error
from loopback.mail import message
from loopback.mail.message import Letter
from loopback.tables import DELIVERIES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.clock import Clock
    from loopback.sheets import Sheet
    from loopback.steps.rendering import Rendered
    from loopback.workspace import Workspace

WRITTEN = "written to the outbox"


def not_sent(made: list[Sheet], workspace: Workspace) -> set[str]:
    """Return the people whose sheet holds answers that no mail has carried to them."""
    deliveries = workspace.ledger.rows(DELIVERIES)
    sent = set(deliveries.select(DELIVERIES.key).iter_rows())
    return {
        sheet.person.person_id
        for sheet in made
        if (sheet.person.person_id, sheet.month, sheet.version) not in sent
    }


def deliver(
    workspace: Workspace, rendered: Iterable[Rendered], new: set[str], clock: Clock
) -> tuple[list[tuple[str, ...]], list[Problem]]:
    """Mail the sheets of those to whom they are new; return the deliveries, and what failed."""
    deliveries: list[tuple[str, ...]] = []
    failures: list[Problem] = []
    for forms in rendered:
        if forms.sheet.person.person_id in new:
            try:
                deliveries.append(_delivered(workspace, forms, clock))
            except LoopbackError as failed:
                failures.extend(failed.problems)
    if deliveries:
        files.sync_folder(workspace.path("outbox"))
    return deliveries, failures


def _delivered(workspace: Workspace, forms: Rendered, clock: Clock) -> tuple[str, ...]:
    """Write a mail to the outbox; return its row in the delivery record."""
    sheet, sender = forms.sheet, workspace.settings.mail.sender
    letter = _letter(forms)
    file = f"{sheet.month}-{forms.name}-{sheet.version}.eml"
    content = message.compose(letter, sender, clock.now)
    files.replace(workspace.path("outbox", file), content, durable=True)
    identity = message.message_id(letter, sender)
    return (sheet.person.person_id, sheet.month, sheet.version, identity, WRITTEN, file)


def _letter(forms: Rendered) -> Letter:
    sheet, person = forms.sheet, forms.sheet.person
    if person.email is None:
        mend = "Add the address to the people list, then run `loopback route` again."
        raise error(f"{person.name} has no e-mail address and got no mail", mend)
    workbooks = {f"{forms.name}.xlsx": forms.workbook} if forms.workbook else {}
    return Letter(
        person.name,
        person.email,
        forms.subject,
        forms.text,
        forms.html,
        workbooks,
        f"{person.person_id} {sheet.month} {sheet.version}",
    )
