from __future__ import annotations

import mailbox
from typing import TYPE_CHECKING

from loopback.mail.folders import Maildir, Outbox
from loopback.mail.transport import Outcome, Parcel

if TYPE_CHECKING:
    from pathlib import Path

PARCEL = Parcel("from@x.example", "anna@x.example", b"Subject: hello\r\n\r\nwords\r\n", "anna-v1")


def test_a_mail_in_the_outbox_opens_as_a_draft(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.hand_over(PARCEL, lambda: None)
    outbox.close()

    [file] = (tmp_path / "outbox").iterdir()
    assert file.name == "anna-v1.eml"
    assert file.read_bytes() == b"X-Unsent: 1\r\n" + PARCEL.content


def test_a_mail_written_twice_to_the_outbox_lies_there_once(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    called: list[int] = []

    assert outbox.hand_over(PARCEL, lambda: called.append(1)) == Outcome("accepted")
    assert outbox.hand_over(PARCEL, lambda: called.append(1)) == Outcome("accepted")
    assert (len(list(tmp_path.iterdir())), called) == (1, [])


def test_an_outbox_that_nothing_was_written_to_is_not_made(tmp_path: Path) -> None:
    Outbox(tmp_path / "outbox").close()

    assert not (tmp_path / "outbox").exists()


def test_a_mail_program_finds_the_mail_in_the_maildir(tmp_path: Path) -> None:
    called: list[int] = []
    Maildir(tmp_path / "box").hand_over(PARCEL, lambda: called.append(1))

    [message] = mailbox.Maildir(tmp_path / "box", create=False)
    assert message["Subject"] == "hello"
    assert message.get_payload() == "words\n"
    assert called == [1]


def test_a_mail_that_was_read_in_the_maildir_does_not_come_again(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)
    maildir.hand_over(PARCEL, lambda: None)
    (tmp_path / "new" / "anna-v1.loopback").rename(tmp_path / "cur" / "anna-v1.loopback:2,S")

    assert maildir.hand_over(PARCEL, lambda: None).reply == "it was there already"
    assert len(list(mailbox.Maildir(tmp_path, create=False))) == 1


def test_a_mail_that_lies_unread_in_the_maildir_is_not_doubled(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path)

    assert maildir.hand_over(PARCEL, lambda: None).event == "accepted"
    assert maildir.hand_over(PARCEL, lambda: None).event == "accepted"
    assert len(list(mailbox.Maildir(tmp_path, create=False))) == 1
