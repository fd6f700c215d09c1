"""Mail: one message to one person, composed so that no name can add a header or a recipient."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime, getaddresses, parseaddr
from typing import TYPE_CHECKING

from loopback.errors import error
from loopback.mail.address import ADDRESS

if TYPE_CHECKING:
    from datetime import datetime

NAME_LENGTH = 60
FILE_NAME_LENGTH = 80
MARK_BYTES = 12
# What may be attached, by the end of its name.
KINDS = {"xlsx": "vnd.openxmlformats-officedocument.spreadsheetml.sheet", "pdf": "pdf"}


@dataclass(frozen=True)
class Letter:
    """What one person is to get."""

    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    attachments: dict[str, bytes]
    mark: str  # names person, month and content: the same letter always bears the same mark


def message_id(letter: Letter, sender: str) -> str:
    """Return the id of a letter's message, the same each time it is composed."""
    mark = hashlib.blake2b(letter.mark.encode(), digest_size=MARK_BYTES).hexdigest()
    return f"<{mark}@{_address(sender)[1].partition('@')[2]}>"


def compose(letter: Letter, sender: str, at: datetime) -> bytes:
    """Return the finished bytes of a letter; raise where an address is not one.

    The bytes are parsed back: they must name exactly the one recipient that was meant.
    """
    name, address = _address(sender)
    domain = address.partition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["From"] = _header_address(name, address)
    message["To"] = _header_address(letter.to_name, checked(letter.to_address))
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(letter, sender)
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence note answers it
    message["List-Id"] = f"<loopback.{domain}>"  # RFC 2919: to be sorted by
    message["List-Unsubscribe"] = f"<mailto:{address}?subject=unsubscribe>"
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for file, content in letter.attachments.items():
        kind = KINDS[file.rpartition(".")[2]]
        message.add_attachment(
            content, maintype="application", subtype=kind, filename=one_file_name(file)
        )
    _set_boundaries(message, message["Message-ID"])
    finished = message.as_bytes()
    _check(finished, letter, message.keys())
    return finished


def sender_address(sender: str) -> str:
    """Return the address of a sender, which bounces go to; raise where it is not one."""
    return _address(sender)[1]


def checked(address: str) -> str:
    """Return an address that is plainly one; raise otherwise."""
    if not ADDRESS.fullmatch(address):
        raise error(f"{address!r} is not an e-mail address", "Correct it in the people list.")
    return address


def one_line(text: str, length: int = 200) -> str:
    """Return a text fit for a header: one line, printable, no encoded words, not too long."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(plain.replace("=?", "= ?").split())[:length]


def one_file_name(name: str) -> str:
    """Return a name for an attachment: no folder, no space, nothing that a header would obey."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[-FILE_NAME_LENGTH:].lstrip(".-") or "file"


def _header_address(name: str, address: str) -> Address:
    return Address(one_line(name, NAME_LENGTH), addr_spec=address)


def _address(text: str) -> tuple[str, str]:
    name, address = parseaddr(text)
    if not ADDRESS.fullmatch(address) or len(getaddresses([text])) != 1:
        mend = 'Set [mail] sender = "Name <name@company.com>" in loopback.toml.'
        raise error(f"the sender {text!r} is not an e-mail address", mend)
    return name, address


def _set_boundaries(message: EmailMessage, seed: str) -> None:
    """Name the boundaries after the message, so that the same letter gives the same bytes."""
    parts = [part for part in message.walk() if part.is_multipart()]
    for number, part in enumerate(parts):
        mark = hashlib.blake2b(f"{seed}{number}".encode(), digest_size=MARK_BYTES).hexdigest()
        part.set_boundary(f"=_{mark}")


def _check(finished: bytes, letter: Letter, meant: list[str]) -> None:
    parsed = BytesHeaderParser(policy=SMTP).parsebytes(finished)
    recipients = [a.addr_spec for a in parsed["To"].addresses]
    if recipients != [letter.to_address] or parsed.keys() != meant:
        mend = "Give the person a plain name in the people list."
        raise error(f"the name {letter.to_name!r} would change who gets the mail", mend)
