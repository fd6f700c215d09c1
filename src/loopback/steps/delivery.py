"""Delivery: the mails of a month to those who are due one, each handed over once."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopback import files
from loopback.errors import LoopbackError, Problem, error
from loopback.mail import message
from loopback.mail.message import Letter
from loopback.mail.outside import Pace
from loopback.mail.post import Mailing, Post
from loopback.mail.transport import Parcel
from loopback.mail.transports import transport
from loopback.steps.deliveries import journal_of, taken_in
from loopback.tables import ACCEPTED, LATER, REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loopback.clock import Clock
    from loopback.journal import Event
    from loopback.ledger import Ledger, Run
    from loopback.mail.outside import Outside
    from loopback.people import Person
    from loopback.steps.rendering import Rendered
    from loopback.workspace import Workspace


@dataclass(frozen=True)
class Delivered:
    """What a run did with the mails: every event, who has theirs, and what went wrong."""

    events: list[Event]
    accepted: set[str]
    failures: list[Problem]


def deliver(
    workspace: Workspace,
    run: Run,
    forms: Iterable[Rendered],
    due: set[str],
    clock: Clock,
    outside: Outside,
) -> Delivered:
    """Mail the sheets of those who are due one, each as soon as it is rendered."""
    rules, ledger = workspace.settings.mail, workspace.ledger
    carrier = transport(rules, outside.environment, workspace.folder) if due else None
    if carrier is None:
        for _ in forms:
            pass  # written, which is all there is to do
        return Delivered([], set(), [])
    stamp = {"at": clock.now.isoformat(), "transport": rules.transport}
    waits = [rules.retry_after * 2**n for n in range(rules.attempts - 1)]
    record = _recorder(ledger, run, stamp)
    post = Post(carrier, record, Pace(rules.a_minute, outside), waits)
    with contextlib.closing(carrier):
        failures = _sent(workspace, post, forms, due, clock)
        post.finish()
    failures += _failures(post, workspace)
    accepted = {who for who, outcome in post.outcomes.items() if outcome.event == ACCEPTED}
    return Delivered([event | stamp for event in post.events], accepted, failures)


def _recorder(ledger: Ledger, run: Run, stamp: dict[str, str]) -> Callable[[Event], None]:
    """Return what writes an event to the journal; it is begun with the first one."""
    journal = journal_of(ledger)

    def record(event: Event) -> None:
        if journal.path not in run.spent:
            begin()
        journal.append(event | stamp)

    def begin() -> None:
        if taken_in(ledger, journal.content().digest):
            files.remove(journal.path)
        journal.begin(ledger.runs.height + 1)
        run.spent.append(journal.path)

    return record


def _sent(
    workspace: Workspace, post: Post, forms: Iterable[Rendered], due: set[str], clock: Clock
) -> list[Problem]:
    """Compose and hand over the mails; return why some could not be composed."""
    failures: list[Problem] = []
    for rendered in forms:
        if rendered.sheet.person.person_id not in due:
            continue
        try:
            mailing = _mailing(workspace, rendered, clock)
        except LoopbackError as failed:
            failures.extend(failed.problems)
        else:
            post.send(mailing)
    return failures


def _mailing(workspace: Workspace, rendered: Rendered, clock: Clock) -> Mailing:
    sheet, sender = rendered.sheet, workspace.settings.mail.sender
    letter = _letter(rendered)
    content = message.compose(letter, sender, clock.now)
    name = f"{sheet.month}-{rendered.name}-{sheet.version}"
    return Mailing(
        sheet.person.person_id,
        sheet.month,
        sheet.version,
        message.message_id(letter, sender),
        workspace.ledger.runs.height,
        Parcel(message.sender_address(sender), letter.to_address, content, name),
    )


def address(person: Person) -> str:
    """Return where the mail of a person goes; raise where it can go nowhere."""
    if person.email is None:
        mend = "Add the address to the people list, then run `loopback route` again."
        raise error(f"{person.name} has no e-mail address and got no mail", mend)
    return message.checked(person.email)


def _letter(rendered: Rendered) -> Letter:
    sheet, person = rendered.sheet, rendered.sheet.person
    return Letter(
        person.name,
        address(person),
        rendered.subject,
        rendered.text,
        rendered.html,
        rendered.attachments,
        f"{person.person_id} {sheet.month} {sheet.version}",
    )


def _failures(post: Post, workspace: Workspace) -> list[Problem]:
    """Return what to do about each mail that did not go; what ails the server is said once."""
    words = {
        REFUSED: ("was refused", "Correct the address in the people list, or ask who runs it."),
        LATER: ("was put off", "Run `loopback route` again later; nothing of it was delivered."),
    }
    told = [
        Problem(
            f"the mail to {workspace.people.name(who)} {words[event][0]}: {reply}", words[event][1]
        )
        for who, (event, reply, _) in post.outcomes.items()
        if event in words and not (post.down and event == LATER)
    ]
    return [*([_nothing_more(post, post.down)] if post.down else []), *told]


def _nothing_more(post: Post, down: Problem) -> Problem:
    left = sum(outcome.event == LATER for outcome in post.outcomes.values())
    return Problem(f"{left} mails wait: {down.what}", down.mend)
