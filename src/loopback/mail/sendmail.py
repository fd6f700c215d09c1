"""The sendmail program of the machine: it takes a message and answers with an exit code."""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from loopback.mail.message import one_line
from loopback.mail.transport import Outcome, Parcel, unusable
from loopback.tables import ACCEPTED, LATER, REFUSED, UNSURE

if TYPE_CHECKING:
    from collections.abc import Callable

# Of sysexits.h: a passing failure, a system error that may pass, a file that could not be made.
PASSING = (75, 71, 73)
REPLY_LENGTH = 200


@dataclass(frozen=True)
class Sendmail:
    """The program that mail systems install as `/usr/sbin/sendmail`."""

    program: str
    patience: float  # seconds

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:
        """Start the program on one message, and wait for its verdict.

        It reads from a file, not from us: were we killed, it would take the end of a pipe for the
        end of the message and send half of it. Once started it may deliver whatever happens here.
        """
        if not os.access(self.program, os.X_OK):
            mend = "Install it, or name yours: [mail] sendmail in loopback.toml."
            raise unusable(f"there is no program {self.program}", mend)
        with tempfile.TemporaryFile() as message, tempfile.TemporaryFile() as said:
            message.write(parcel.content.replace(b"\r\n", b"\n"))
            message.seek(0)
            intend()
            return self._verdict(parcel, message, said)

    def _verdict(self, parcel: Parcel, message: BinaryIO, said: BinaryIO) -> Outcome:
        command = [self.program, "-i", "-f", parcel.sender, "--", parcel.recipient]
        try:
            ended = subprocess.run(  # noqa: S603 - no shell, and addresses that were checked
                command,
                stdin=message,
                stdout=said,
                stderr=said,
                timeout=self.patience,
                start_new_session=True,  # Control-C here does not reach it
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Outcome(UNSURE, f"{self.program} did not end in time", lost=True)
        except OSError:
            return Outcome(LATER, f"{self.program} could not be started")
        said.seek(0)
        words = one_line(said.read(REPLY_LENGTH).decode(errors="replace"), REPLY_LENGTH)
        return Outcome(_event(ended.returncode), f"exit code {ended.returncode} {words}".strip())

    def close(self) -> None:
        """Hold nothing open."""


def _event(code: int) -> str:
    """Return what an exit code says; one that was killed may have sent the message before."""
    if code < 0:
        return UNSURE
    if code == 0:
        return ACCEPTED
    return LATER if code in PASSING else REFUSED
