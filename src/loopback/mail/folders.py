"""Folders that mails are written to: drafts in the outbox, or a Maildir."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopback import files
from loopback.mail.transport import Outcome, Parcel
from loopback.tables import ACCEPTED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DRAFT = b"X-Unsent: 1\r\n"  # lets mail programs open the file to be sent, not to be read
MAILDIR = ("tmp", "new", "cur")


@dataclass(frozen=True)
class Outbox:
    """A folder of `.eml` files to open and send; writing one again changes nothing."""

    folder: Path

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:  # noqa: ARG002 - see Transport
        """Write the parcel as a draft."""
        files.replace(self.folder / f"{parcel.name}.eml", DRAFT + parcel.content, durable=True)
        return Outcome(ACCEPTED)

    def close(self) -> None:
        """Flush the names of the files to disk."""
        if self.folder.exists():
            files.sync_folder(self.folder)


@dataclass(frozen=True)
class Maildir:
    """A mailbox of one file a message, from which a mail program takes them."""

    folder: Path

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:
        """Put the parcel among the new messages, unless it lies there or was read already."""
        for name in MAILDIR:
            files.make_folder(self.folder / name)
        file = f"{parcel.name}.loopback"
        if any(self.folder.glob(f"cur/{file}*")):
            return Outcome(ACCEPTED, "it was there already")
        intend()
        files.publish(self.folder / "new" / file, parcel.content.replace(b"\r\n", b"\n"))
        return Outcome(ACCEPTED)

    def close(self) -> None:
        """Hold nothing open."""
