"""A connection to a mail server: opened, encrypted, and signed in to."""

from __future__ import annotations

import base64
import re
import smtplib
import ssl
from typing import TYPE_CHECKING

from loopback.mail.message import one_line
from loopback.mail.transport import UnusableError, unusable

if TYPE_CHECKING:
    from loopback.settings import Smtp

Reply = tuple[int, bytes]

PERMANENT = 500
SIGNED_IN = 235
CHALLENGE = 334
ENHANCED = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")
PASSWORD_WORDS = "Correct user and password in [mail.smtp]; many providers want an app password."  # noqa: S105 - words about one
TOKEN_WORDS = "Get a fresh token: password_command in [mail.smtp] must print one that is valid."  # noqa: S105 - words about one


def connected(smtp: Smtp, context: ssl.SSLContext, password: str | None) -> smtplib.SMTP:
    """Return a connection that is ready for a message; raise `UnusableError` where there is none.

    What can pass is marked temporary: a server that is away, or has no time now.
    """
    server = _reached(smtp, context)
    try:
        server.ehlo_or_helo_if_needed()
        if smtp.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if password is not None:
            _sign_in(server, smtp, password)
    except UnusableError:
        server.close()
        raise
    except OSError as failed:  # smtplib's errors are of this kind too
        server.close()
        raise _worded(smtp, failed) from None
    return server


def trust(smtp: Smtp, ca_file: str | None) -> ssl.SSLContext:
    """Return what certificates are checked against: those of the system, or a file."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        mend = "ca_file in [mail.smtp] names a file of certificates in PEM form."
        raise unusable(f"the certificates of {smtp.ca_file} cannot be read", mend) from None


def words(reply: bytes) -> str:
    """Return what a server said as one printable line."""
    return one_line(reply.decode(errors="replace"))


def _reached(smtp: Smtp, context: ssl.SSLContext) -> smtplib.SMTP:
    port, patience = smtp.at_port, smtp.timeout
    try:
        if smtp.security == "tls":
            return smtplib.SMTP_SSL(smtp.host, port, timeout=patience, context=context)
        return smtplib.SMTP(smtp.host, port, timeout=patience)
    except OSError as failed:
        raise _worded(smtp, failed) from None


def _worded(smtp: Smtp, failed: OSError) -> UnusableError:
    """Say what keeps a connection from being used."""
    place = f"the mail server {smtp.host}, port {smtp.at_port},"
    if isinstance(failed, ssl.SSLCertVerificationError):
        what = f"{place} shows a certificate that does not hold: {failed.verify_message}"
        return unusable(
            what, "Correct host in [mail.smtp]; for a certificate of your own, ca_file."
        )
    if isinstance(failed, ssl.SSLError):
        what = f"{place} cannot be spoken to in TLS: {failed.reason}"
        return unusable(what, 'Correct port and security ("starttls", "tls") in [mail.smtp].')
    if isinstance(failed, smtplib.SMTPNotSupportedError):
        mend = 'Correct port and security in [mail.smtp]; "none" only inside your own network.'
        return unusable(f"{place} offers no STARTTLS", mend)
    if isinstance(failed, smtplib.SMTPResponseException):
        what = f"{place} refuses: {failed.smtp_code} {words(_bytes(failed.smtp_error))}"
        passing = failed.smtp_code < PERMANENT
        return unusable(what, "Ask who runs it.", temporary=passing)
    why = failed.strerror or str(failed) or type(failed).__name__
    mend = "Correct host and port in [mail.smtp], or run `loopback route` again later."
    return unusable(f"{place} cannot be reached: {one_line(why)}", mend, temporary=True)


def _sign_in(server: smtplib.SMTP, smtp: Smtp, password: str) -> None:
    """Prove who we are. What the server says to it is not repeated: it could hold the password."""
    offered = server.esmtp_features.get("auth", "").upper().split()
    sign_in = {"xoauth2": _xoauth2, "password": _plain if "PLAIN" in offered else _login}[smtp.auth]
    try:
        code, reply = sign_in(server, smtp.user, password)
    except smtplib.SMTPResponseException as refused:
        code, reply = refused.smtp_code, _bytes(refused.smtp_error)
    except smtplib.SMTPServerDisconnected:
        code, reply = PERMANENT, b""
    if code != SIGNED_IN:
        enhanced = ENHANCED.match(reply)
        said = f"{code} {enhanced[0].decode()}" if enhanced else f"{code}"
        what = f"the mail server {smtp.host} does not let {smtp.user} in ({said})"
        mend = TOKEN_WORDS if smtp.auth == "xoauth2" else PASSWORD_WORDS
        raise unusable(what, mend, temporary=code < PERMANENT)


def _plain(server: smtplib.SMTP, user: str, password: str) -> Reply:
    said = _base64(f"\0{user}\0{password}")
    return server.docmd("AUTH", f"PLAIN {said}")


def _login(server: smtplib.SMTP, user: str, password: str) -> Reply:
    code, reply = server.docmd("AUTH", f"LOGIN {_base64(user)}")
    return server.docmd(_base64(password)) if code == CHALLENGE else (code, reply)


def _xoauth2(server: smtplib.SMTP, user: str, token: str) -> Reply:
    """Sign in with a token; a server that refuses it sends its reason first, and waits."""
    said = _base64(f"user={user}\1auth=Bearer {token}\1\1")
    code, reply = server.docmd("AUTH", f"XOAUTH2 {said}")
    return server.docmd("") if code == CHALLENGE else (code, reply)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode("ascii")


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()
