"""SMTP: a message handed over step by step, so that it is known how far it came.

smtplib's own `sendmail` raises the same error whether the connection broke before the message was
complete or after the server had taken it. Until the final dot is on its way nothing was delivered;
after it, only the server's reply says so (RFC 5321, 4.2.5 and 6.1).
"""

from __future__ import annotations

import select
import smtplib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loopback.mail.connection import connected, words
from loopback.mail.transport import Outcome, Parcel
from loopback.tables import ACCEPTED, LATER, REFUSED, UNSURE

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Callable

    from loopback.settings import Smtp

DONE, GO_ON, PASSING, FINAL, BEYOND = 200, 300, 400, 500, 600
GO_AHEAD = 354
CLOSING = 421  # the server is about to hang up


@dataclass
class SmtpServer:
    """A mail server, connected to while there are parcels for it."""

    smtp: Smtp
    context: ssl.SSLContext
    password: str | None = field(repr=False)
    server: smtplib.SMTP | None = field(default=None, repr=False)

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:
        """Hand a parcel over; reconnect first where the connection was lost."""
        server = self.server or connected(self.smtp, self.context, self.password)
        self.server = server
        try:
            outcome = _refused(server, parcel, self.smtp)
            if outcome is None:
                intend()
                outcome = _ended(server, self.smtp)
        except BaseException:
            self._drop()  # without a word: half a message must not look like a whole one
            raise
        if outcome.lost:
            self._drop()
        return outcome

    def close(self) -> None:
        """Say goodbye and hang up."""
        try:
            if self.server:
                self.server.quit()
        except OSError:
            pass  # all that mattered was said before
        finally:
            self._drop()

    def _drop(self) -> None:
        if self.server:
            self.server.close()
        self.server = None


def _refused(server: smtplib.SMTP, parcel: Parcel, smtp: Smtp) -> Outcome | None:
    """Give everything but the final dot; return why it was not taken, or nothing if it was."""
    try:
        refusal = _asked(server, parcel) or _given(server, parcel, smtp)
        if refusal and not refusal.lost:
            server.rset()
    except OSError as broken:  # smtplib's errors are of this kind too
        return Outcome(LATER, _why(broken), lost=True)
    return refusal


def _asked(server: smtplib.SMTP, parcel: Parcel) -> Outcome | None:
    """Name sender and recipient; return why the server wants no message, or nothing."""
    size = [f"size={len(parcel.content)}"] if server.has_extn("size") else []
    for reply in (
        lambda: server.mail(parcel.sender, size),
        lambda: server.rcpt(parcel.recipient),
    ):
        code, said = reply()
        if not DONE <= code < GO_ON:
            return _refusal(code, said)
    code, said = server.docmd("DATA")
    return None if code == GO_AHEAD else _refusal(code, said)


def _given(server: smtplib.SMTP, parcel: Parcel, smtp: Smtp) -> Outcome | None:
    """Give the message; return what the server says before its end, which is no consent."""
    sock = _socket(server)
    sock.settimeout(smtp.reply_timeout)
    server.send(_dotted(parcel.content))
    spoken = select.select([sock], [], [], 0)[0]
    return _refusal(*server.getreply()) if spoken else None


def _ended(server: smtplib.SMTP, smtp: Smtp) -> Outcome:
    """Give the final dot; what comes back decides, and where nothing does, nobody knows."""
    try:
        sock = _socket(server)
        sock.sendall(b".\r\n")
        outcome = _verdict(*server.getreply())
        sock.settimeout(smtp.timeout)
    except (BrokenPipeError, ConnectionResetError) as broken:  # of sendall: the dot did not leave
        return Outcome(LATER, _why(broken), lost=True)
    except OSError as broken:
        return Outcome(UNSURE, _why(broken), lost=True)
    return outcome


def _socket(server: smtplib.SMTP) -> socket.socket:
    if server.sock is None:
        raise smtplib.SMTPServerDisconnected("the server hung up")
    return server.sock


def _verdict(code: int, said: bytes) -> Outcome:
    """Return what a reply to the final dot says; one that is no reply says nothing."""
    if DONE <= code < GO_ON:
        return Outcome(ACCEPTED, f"{code} {words(said)}")
    if PASSING <= code < BEYOND:
        return _refusal(code, said)
    return Outcome(UNSURE, "the server's reply is not one that SMTP knows", lost=True)


def _refusal(code: int, said: bytes) -> Outcome:
    """Return what a reply says that is no consent, before the end of a message or after it."""
    if FINAL <= code < BEYOND:
        return Outcome(REFUSED, f"{code} {words(said)}")
    if PASSING <= code < FINAL:
        return Outcome(LATER, f"{code} {words(said)}", lost=code == CLOSING)
    return Outcome(LATER, "the server's reply is not one that SMTP knows", lost=True)


def _dotted(content: bytes) -> bytes:
    """Return a message as it is given: a dot that begins a line is doubled (RFC 5321, 4.5.2)."""
    ended = content if content.endswith(b"\r\n") else content + b"\r\n"
    return (b"." if ended.startswith(b".") else b"") + ended.replace(b"\r\n.", b"\r\n..")


def _why(broken: OSError) -> str:
    said = broken.strerror or str(broken) or type(broken).__name__
    return f"the connection broke: {said}"
