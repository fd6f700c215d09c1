from __future__ import annotations

import email
import os
import re
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.mail.message import Letter, compose, message_id, one_line
from tests.hostile import HEADERS, hostile

SENDER = "Customer feedback <feedback@company.example>"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
LETTER = Letter(
    to_name="Anna Berg",
    to_address="anna@company.example",
    subject="Acme: 2 customers to call (2026-11)",
    text="Call them.\n",
    html="<p>Call them.</p>",
    attachments={"anna.xlsx": b"PK\x03\x04"},
    mark="anna 2026-11 0123456789abcdef",
)
HEADER_NAMES = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "List-Id",
    "List-Unsubscribe",
    "MIME-Version",
    "Content-Type",
]


def letter(**fields: Any) -> Letter:  # noqa: ANN401 - whatever the field holds
    return Letter(**(vars(LETTER) | fields))


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def sent(**fields: Any) -> EmailMessage:  # noqa: ANN401 - whatever the field holds
    return parsed(compose(letter(**fields), SENDER, AT))


def recipients(message: EmailMessage) -> list[str]:
    return [address.addr_spec for address in message["To"].addresses]


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_says_who_to_whom_what_and_when() -> None:
    message = sent()

    assert message.keys() == HEADER_NAMES
    assert message["From"] == SENDER
    assert message["To"] == "Anna Berg <anna@company.example>"
    assert message["Subject"] == "Acme: 2 customers to call (2026-11)"
    assert message["Date"].datetime == AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<loopback.company.example>"
    assert message["List-Unsubscribe"] == "<mailto:feedback@company.example?subject=unsubscribe>"


def test_a_mail_holds_text_page_and_workbook() -> None:
    message = sent()

    assert body(message, "plain") == "Call them.\n"
    assert body(message, "html").strip() == "<p>Call them.</p>"
    [workbook] = message.iter_attachments()
    assert workbook.get_filename() == "anna.xlsx"
    assert workbook.get_content() == b"PK\x03\x04"
    assert workbook.get_content_type().endswith("spreadsheetml.sheet")


def test_a_manager_without_calls_gets_a_mail_without_a_workbook() -> None:
    message = sent(attachments={})

    assert list(message.iter_attachments()) == []
    assert body(message, "plain") == "Call them.\n"


def naughty() -> list[str]:
    """Return the strings that hold what means something in a header; those of pages do not.

    `LOOPBACK_HOSTILE=all pytest tests/mail/test_message.py` takes every string: half a minute.
    """
    if os.environ.get("LOOPBACK_HOSTILE") == "all":
        return hostile()
    pages_and_folders = re.compile(r"[<>/\\]")
    meaningful = re.compile(r"""[\x00-\x1f\x7f-\x9f,;:@"'()=?]|[^\x00-\x7f]""")
    strings = [s for s in hostile() if meaningful.search(s) and not pages_and_folders.search(s)]
    return strings + HEADERS


def spaceless(text: str) -> str:
    """Return a text without spaces, of which long encoded headers may lose one where they fold."""
    return "".join(text.split())


def test_no_name_and_no_subject_adds_a_recipient_or_a_header() -> None:
    for string in naughty():
        try:
            message = sent(to_name=string, subject=string, attachments={})
        except LoopbackError as refused:
            assert "plain name" in refused.problems[0].mend  # noqa: PT017 - either is well
            continue
        assert message.keys() == HEADER_NAMES, string
        assert recipients(message) == ["anna@company.example"], string
        assert spaceless(message["Subject"]) == spaceless(one_line(string)), string
        assert body(message, "plain") == "Call them.\n", string


def test_every_string_is_fit_for_a_header_once_it_is_one_line() -> None:
    lines = [one_line(string) for string in hostile()]

    assert max(map(len, lines)) == 200
    assert [line for line in lines if not (line.isprintable() and "=?" not in line)] == []
    assert [line for line in lines if line != line.strip()] == []


def test_words_of_customers_are_read_as_they_were_written() -> None:
    words = "\n".join(s.replace("\r", " ").replace("\n", " ") for s in hostile()) + "\n"

    message = sent(text=words, html=words)

    assert body(message, "plain") == words
    assert body(message, "html") == words
    assert recipients(message) == ["anna@company.example"]


@pytest.mark.parametrize(
    "text", ["From here on\n.\n..\n\nTo: x@y.example\n", "a" * 5000 + "\n", "\n"]
)
def test_lines_that_mean_something_in_mail_are_only_words(text: str) -> None:
    message = sent(text=text)

    assert body(message, "plain") == text
    assert message.keys() == HEADER_NAMES


def test_no_line_of_a_mail_is_longer_than_mail_allows() -> None:
    content = compose(letter(text="ä" * 5000, subject="ä" * 500, to_name="ä" * 500), SENDER, AT)

    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert content.isascii()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one\r\ntwo", "one two"),
        ("  a \t b  ", "a b"),
        ("a\x00b\x1bc\x7fd", "a b c d"),
        ("a\u2028b\u2029c\x85d", "a b c d"),
        ("\u202egpj.exe", "gpj.exe"),
        ("=?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("Ærø & Søn", "Ærø & Søn"),
        ("", ""),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_text_for_a_header_is_one_printable_line(text: str, line: str) -> None:
    assert one_line(text) == line


@settings(max_examples=40, deadline=None)
@given(text=st.text(), name=st.text())
def test_whatever_the_name_and_subject_there_is_one_recipient_or_a_clear_refusal(
    text: str, name: str
) -> None:
    try:
        message = sent(to_name=name, subject=text, attachments={})
    except LoopbackError:
        return
    assert recipients(message) == ["anna@company.example"]
    assert message.keys() == HEADER_NAMES


@pytest.mark.parametrize(
    "address",
    [
        "anna@company.example",
        "a.b+c@x.example",
        "o'hara@x.example",
        "a_b-c@x-y.example",
        "1@x.example",
    ],
)
def test_a_plain_address_is_the_one_recipient(address: str) -> None:
    assert recipients(sent(to_address=address)) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@x.example",
        "anna@",
        "a@b@x.example",
        "a b@x.example",
        "a@x.example, b@y.example",
        "a@x.example;b@y.example",
        "Anna <a@x.example>",
        "<a@x.example>",
        '"a b"@x.example',
        "a@x.example\r\nBcc: b@y.example",
        "a@x.example\n",
        "a(b)@x.example",
        "a@[192.0.2.1]",
        "group:a@x.example;",
        "a..b@x.example",
        ".a@x.example",
        "a.@x.example",
        "a@x..example",
        "a@.x.example",
        "a@x.example.",
        "jörg@x.example",
        "a@münchen.example",
        "a\x00b@x.example",
        "a\x7fb@x.example",
        "a\u200bb@x.example",
        "=?utf-8?q?a?=@x.example",
    ],
)
def test_what_is_not_plainly_one_address_is_refused_by_name(address: str) -> None:
    with pytest.raises(LoopbackError, match="is not an e-mail address") as raised:
        compose(letter(to_address=address), SENDER, AT)

    assert repr(address) in raised.value.problems[0].what
    assert "people list" in raised.value.problems[0].mend


def test_a_hostile_string_is_no_address() -> None:
    for string in hostile():
        with pytest.raises(LoopbackError, match="is not an e-mail address"):
            compose(letter(to_address=string), SENDER, AT)


@pytest.mark.parametrize(
    "sender",
    ["", "Feedback", "a@b@c", "x@y.example, z@y.example", "jörg@x.example", "a..b@x.example"],
)
def test_a_sender_that_is_not_one_address_is_refused_with_the_setting_to_mend(sender: str) -> None:
    with pytest.raises(LoopbackError, match="sender") as raised:
        compose(LETTER, sender, AT)

    assert "[mail] sender" in raised.value.problems[0].mend


def test_a_sender_may_have_any_name() -> None:
    message = parsed(compose(LETTER, '"Ærø & Søn, Kundenservice" <us@x.example>', AT))

    assert [a.addr_spec for a in message["From"].addresses] == ["us@x.example"]


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert compose(LETTER, SENDER, AT) == compose(letter(), SENDER, AT)


def test_the_id_of_a_message_is_that_of_its_mark() -> None:
    same = letter(subject="other", text="other", to_name="other", attachments={})

    assert message_id(LETTER, SENDER) == message_id(same, SENDER)
    assert message_id(LETTER, SENDER) != message_id(letter(mark="anna 2026-12"), SENDER)
    assert sent()["Message-ID"] == message_id(LETTER, SENDER)


def test_the_id_of_a_message_is_the_same_for_ever() -> None:
    assert message_id(LETTER, SENDER) == "<0944b0ae2df88d60cff29dfa@company.example>"


def test_the_id_of_a_message_does_not_name_the_person() -> None:
    assert "anna" not in message_id(LETTER, SENDER)


def test_the_date_bears_its_zone() -> None:
    local = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))

    content = compose(LETTER, SENDER, local)

    assert b"Date: Sun, 22 Nov 2026 13:00:00 +0100\r\n" in content
