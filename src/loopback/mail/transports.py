"""The transport that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.mail.folders import Maildir, Outbox
from loopback.mail.secret import secret
from loopback.mail.sendmail import Sendmail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from loopback.mail.transport import Transport
    from loopback.settings import Mail, Smtp

OUTBOX = "outbox"


def transport(mail: Mail, environment: Mapping[str, str], folder: Path) -> Transport:
    """Return the transport of the settings, their paths seen from *folder*.

    Raises where a password is needed and cannot be had; nothing is connected to yet.
    """
    match mail.transport:
        case "smtp":
            return _smtp(mail.smtp, environment, folder)
        case "sendmail":
            return Sendmail(mail.sendmail, mail.smtp.reply_timeout)
        case "maildir":
            return Maildir(folder / mail.maildir)
        case "outbox":
            return Outbox(folder / OUTBOX)


def _smtp(smtp: Smtp, environment: Mapping[str, str], folder: Path) -> Transport:
    from loopback.mail.connection import trust
    from loopback.mail.smtp import SmtpServer

    password = secret(smtp, environment, folder) if smtp.user else None
    authorities = str(folder / smtp.ca_file) if smtp.ca_file else None
    return SmtpServer(smtp, trust(smtp, authorities), password)
