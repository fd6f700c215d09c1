"""The journal: events that must be on disk before their run ends, one line each.

A run that is killed leaves it behind; the next one takes its events into the ledger. The run that
did so names the hash of the journal among what it read, so that no event is taken in twice.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from loopback import files
from loopback.errors import DamagedError, Problem

if TYPE_CHECKING:
    from pathlib import Path

Event = dict[str, Any]

MARK_BYTES = 8  # of the hash that begins each line
FILE = "journal"


class Content(NamedTuple):
    """What a journal holds: its events, the hash of its bytes, and how many of them are whole."""

    events: list[Event]
    digest: str
    length: int


class Journal:
    """One file of lines, each flushed to disk before the next is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def content(self) -> Content:
        """Return what the journal holds; a last line that is not whole was never written.

        Raises `DamagedError` where a line before the last is not what was written.
        """
        try:
            written = self.path.read_bytes()
        except FileNotFoundError:
            return Content([], "", 0)
        lines = written.splitlines(keepends=True)
        events = [_event(line) for line in lines]
        if events and events[-1] is None:
            events.pop()
        whole = [event for event in events if event is not None]
        if len(whole) < len(events):
            raise _damaged(events.index(None) + 1)
        length = sum(map(len, lines[: len(events)]))
        return Content(whole[1:], hashlib.sha256(written[:length]).hexdigest(), length)

    def problems(self) -> list[Problem]:
        """Return what is wrong with the journal."""
        try:
            self.content()
        except DamagedError as found:
            return list(found.problems)
        return []

    def begin(self, run: int) -> None:
        """Make ready to append; the number of the run makes the bytes of each journal unlike all.

        What is there already stays, but for a last line that is not whole.
        """
        length = self.content().length
        if self.path.exists():
            files.cut(self.path, length)
        if not length:
            self.append({"run": run})

    def append(self, event: Event) -> None:
        """Write an event; on return it is on the disk."""
        words = json.dumps(event, sort_keys=True).encode()
        files.append(self.path, _mark(words) + b" " + words + b"\n")


def _event(line: bytes) -> Event | None:
    """Return the event of a line, or nothing where it is not what was written."""
    mark, _, words = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or mark != _mark(words):
        return None
    event: Event = json.loads(words)
    return event


def _mark(words: bytes) -> bytes:
    return hashlib.blake2b(words, digest_size=MARK_BYTES).hexdigest().encode()


def _damaged(line: int) -> DamagedError:
    mend = (
        f"Restore ledger/{FILE} from your backup. Without it, mails that have gone may go again: "
        "remove the file only if that does no harm."
    )
    what = "this line was changed after it was written"
    return DamagedError(Problem(what, mend, f"ledger/{FILE}", line))
