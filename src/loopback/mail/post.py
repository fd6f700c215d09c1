"""The post of one run: hands mails over, tries again what may pass, and records every event.

Before the last moment at which nothing is delivered yet, the intent is on the disk; after it, what
became of it. Whoever kills the run between the two leaves a mail that is told as unsure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from loopback.mail.transport import Outcome, Parcel, Transport, UnusableError, unusable
from loopback.tables import HANDING_OVER, LATER, PREPARED

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback.errors import Problem
    from loopback.journal import Event
    from loopback.mail.outside import Pace

LOST_IN_A_ROW = 3  # connections, before the server is given up


class Mailing(NamedTuple):
    """A mail on its way: what the record says of it, and the parcel."""

    person_id: str
    month: str
    version: str
    message_id: str
    as_of: int
    parcel: Parcel

    @property
    def key(self) -> tuple[str, str, str]:
        """The key of its events."""
        return (self.person_id, self.month, self.version)


class Post:
    """Hands mails over, one after the other."""

    def __init__(
        self,
        transport: Transport,
        record: Callable[[Event], None],
        pace: Pace,
        waits: list[float],
    ) -> None:
        self.events: list[Event] = []
        self.outcomes: dict[str, Outcome] = {}  # by person
        self.down: Problem | None = None  # why nothing more was tried
        self._transport = transport
        self._record = record
        self._pace = pace
        self._waits = waits
        self._later: list[Mailing] = []
        self._lost = 0

    def send(self, mailing: Mailing) -> None:
        """Hand a mail over, or keep it for `finish` where it was refused for now."""
        self._note(mailing, PREPARED, "")
        self._try(mailing)

    def finish(self) -> None:
        """Try again what was refused for now, with growing waits."""
        for wait in self._waits:
            if not self._later or self.down:
                break
            self._pace.outside.sleep(wait)
            waiting = self._later.copy()
            self._later.clear()
            for mailing in waiting:
                self._try(mailing)

    def _try(self, mailing: Mailing) -> None:
        outcome = self._handed_over(mailing)
        self.outcomes[mailing.person_id] = outcome
        self._note(mailing, outcome.event, outcome.reply)
        if outcome.event == LATER and not self.down:
            self._later.append(mailing)
        self._lost = self._lost + 1 if outcome.lost else 0
        if self._lost == LOST_IN_A_ROW:
            what = f"the mail server was given up: {outcome.reply}, {LOST_IN_A_ROW} times in a row"
            self.down = unusable(what, "Run `loopback route` again later.").problems[0]

    def _handed_over(self, mailing: Mailing) -> Outcome:
        if self.down:
            return Outcome(LATER, "not tried")
        try:
            return self._patiently(mailing)
        except UnusableError as failed:
            self.down = failed.problems[0]
            return Outcome(LATER, "not tried")

    def _patiently(self, mailing: Mailing) -> Outcome:
        """Hand over; wait for a transport that may be back soon."""
        for wait in self._waits:
            try:
                return self._once(mailing)
            except UnusableError as failed:
                if not failed.temporary:
                    raise
            self._pace.outside.sleep(wait)
        return self._once(mailing)

    def _once(self, mailing: Mailing) -> Outcome:
        self._pace.wait()
        intended = False

        def intend() -> None:
            nonlocal intended
            intended = True
            self._note(mailing, HANDING_OVER, "")
            self._record(self.events[-1])

        outcome = self._transport.hand_over(mailing.parcel, intend)
        if intended:
            self._record(self._event(mailing, outcome.event, outcome.reply))
        return outcome

    def _note(self, mailing: Mailing, event: str, reply: str) -> None:
        self.events.append(self._event(mailing, event, reply))

    @staticmethod
    def _event(mailing: Mailing, event: str, reply: str) -> Event:
        return {
            "person_id": mailing.person_id,
            "month": mailing.month,
            "version": mailing.version,
            "message_id": mailing.message_id,
            "event": event,
            "reply": reply,
            "file": mailing.parcel.name,
            "as_of": mailing.as_of,
        }
