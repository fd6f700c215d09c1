from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from loopback.mail.sendmail import Sendmail
from loopback.mail.transport import Parcel, UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.mail.transport import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sendmail")

PARCEL = Parcel("from@x.example", "anna@x.example", b"Subject: x\r\n\r\nwords\r\n.\r\n", "anna")


def program(folder: Path, script: str) -> Sendmail:
    """Return a sendmail that does what a shell script says."""
    path = folder / "sendmail"
    path.write_text(f"#!/bin/sh\ncd {folder}\n{script}\n", encoding="utf-8")
    path.chmod(0o700)
    return Sendmail(str(path), 30)


def handed(at: Sendmail) -> tuple[Outcome, int]:
    called: list[int] = []
    return at.hand_over(PARCEL, lambda: called.append(1)), len(called)


def test_the_program_gets_the_whole_message_and_the_one_recipient(tmp_path: Path) -> None:
    outcome, called = handed(program(tmp_path, 'echo "$@" > arguments; cat > message'))

    assert (outcome.event, called) == ("accepted", 1)
    arguments = (tmp_path / "arguments").read_text(encoding="utf-8").strip()
    assert arguments == "-i -f from@x.example -- anna@x.example"
    assert (tmp_path / "message").read_bytes() == b"Subject: x\n\nwords\n.\n"


@pytest.mark.parametrize(
    ("ending", "event"),
    [
        ("exit 0", "accepted"),
        ("exit 75", "later"),
        ("exit 71", "later"),
        ("exit 67", "refused"),
        ("exit 1", "refused"),
        ("kill -9 $$", "unsure"),
    ],
)
def test_the_exit_code_says_what_became_of_the_message(
    tmp_path: Path, ending: str, event: str
) -> None:
    outcome, _ = handed(program(tmp_path, f"cat > /dev/null; {ending}"))

    assert outcome.event == event


def test_the_words_of_the_program_are_kept(tmp_path: Path) -> None:
    outcome, _ = handed(program(tmp_path, "echo 'no such\tuser' >&2; exit 67"))

    assert outcome.reply == "exit code 67 no such user"


def test_a_program_that_hangs_leaves_a_message_of_which_nobody_knows(tmp_path: Path) -> None:
    at = Sendmail(program(tmp_path, "cat > message; exec sleep 60").program, 0.5)

    assert handed(at)[0].event == "unsure"


def test_a_program_that_is_not_there_takes_nothing(tmp_path: Path) -> None:
    called: list[int] = []
    with pytest.raises(UnusableError, match="there is no program"):
        Sendmail(str(tmp_path / "none"), 30).hand_over(PARCEL, lambda: called.append(1))

    assert called == []


def test_a_program_that_cannot_be_started_has_delivered_nothing(tmp_path: Path) -> None:
    (tmp_path / "sendmail").write_bytes(b"not a program")
    (tmp_path / "sendmail").chmod(0o700)

    assert handed(Sendmail(str(tmp_path / "sendmail"), 30))[0].event == "later"
