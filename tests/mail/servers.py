"""Real SMTP servers on this machine, which can be told to fail at any stage of a message."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import email
import socket
from dataclasses import dataclass, field
from email.policy import SMTP as SMTP_POLICY
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from typing_extensions import override

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

DROP = "drop"
LATE = "late "  # and the seconds
GARBAGE = "%&/ 12"
MIDDLE_BYTES = 300  # of a message, after which the connection breaks in the middle


def by_smtp(port: int, *, mail: str = "", server: str = "") -> str:
    """Return the settings by which mails go to a server here, with lines for either section."""
    return f"""
[mail]
sender = "Acme <feedback@acme.example>"
transport = "smtp"
{mail}
[mail.smtp]
host = "127.0.0.1"
port = {port}
{server}
"""


@dataclass
class Received:
    """A message that a server has taken."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def id(self) -> str:
        return str(email.message_from_bytes(self.content, policy=SMTP_POLICY)["Message-ID"])


@dataclass
class Behaviour:
    """What a server does instead of the usual, by stage, to the first so many that get there.

    Stages: connect, ehlo, mail, rcpt, data, middle, dot (before the message is kept), kept (after).
    """

    faults: dict[str, str] = field(default_factory=dict)
    times: int = 1
    refused: dict[str, str] = field(default_factory=dict)  # recipients, each with the reply
    users: dict[bytes, bytes] = field(default_factory=dict)
    sign_in: str = ""  # the reply to whoever signs in
    slow: float = 0.0  # seconds before each reply
    received: list[Received] = field(default_factory=list)
    armed: bool = False  # once the first connection, which aiosmtpd makes to itself, is over
    connections: int = 0
    signed_in: list[bytes] = field(default_factory=list)

    def fault(self, stage: str) -> str | None:
        """Return what goes wrong at a stage now; it counts as having happened."""
        if stage not in self.faults or self.times == 0 or not self.armed:
            return None
        self.times -= 1
        return self.faults[stage]

    # What aiosmtpd calls.

    async def handle_EHLO(  # noqa: N802 - named by aiosmtpd
        self, server: Server, session: Session, _envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        said = await server.struck("ehlo")
        return [said] if said else replies

    async def handle_MAIL(  # noqa: N802
        self,
        server: Server,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return await server.struck("mail") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self,
        server: Server,
        _session: Session,
        envelope: Envelope,
        address: str,
        _options: list[str],
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        said = await server.struck("rcpt")
        if said is None:
            envelope.rcpt_tos.append(address)
        return said or "250 OK"

    async def handle_DATA(self, server: Server, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        said = await server.struck("dot")
        if said:
            return said
        content = envelope.original_content or b""
        self.received.append(Received(str(envelope.mail_from), list(envelope.rcpt_tos), content))
        return await server.struck("kept") or "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        self.signed_in.append(mechanism.encode())
        if self.sign_in:
            return AuthResult(success=False, handled=False, message=self.sign_in)
        known = isinstance(given, LoginPassword) and self.users.get(given.login) == given.password
        return AuthResult(success=known, handled=False)


class Server(SMTP):
    """aiosmtpd's server, where a stage can be struck by a fault."""

    in_data = False
    seen = 0

    @property
    def behaviour(self) -> Behaviour:
        found: Behaviour = self.event_handler
        return found

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.behaviour.connections += self.behaviour.armed
        said = self.behaviour.fault("connect")
        if said and isinstance(transport, asyncio.Transport):
            if said != DROP:
                transport.write(said.encode() + b"\r\n")
            transport.close()
            return
        super().connection_made(transport)

    @override
    def data_received(self, data: bytes) -> None:
        self.seen += len(data) if self.in_data else 0
        if self.seen > MIDDLE_BYTES and self.behaviour.fault("middle"):
            self.hang_up()
            return
        super().data_received(data)

    async def struck(self, stage: str) -> str | None:
        """Do what the stage is to suffer; return the reply to give, if not the usual."""
        if self.behaviour.slow:
            await asyncio.sleep(self.behaviour.slow)
        said = self.behaviour.fault(stage)
        if said == DROP:
            self.hang_up()
            await asyncio.sleep(0)
        elif said and said.startswith(LATE):
            await asyncio.sleep(float(said.removeprefix(LATE)))
            return None
        return said

    def hang_up(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    @override
    async def smtp_DATA(self, arg: str) -> None:
        said = await self.struck("data")
        if said:
            await self.push(said)
            return
        self.in_data, self.seen = True, 0
        await super().smtp_DATA(arg)
        self.in_data = False

    async def auth_XOAUTH2(self, _server: SMTP, args: list[str]) -> AuthResult:  # noqa: N802
        given = base64.b64decode(args[1])
        self.behaviour.signed_in.append(b"XOAUTH2")
        if given in self.behaviour.users.values():
            return AuthResult(success=True)
        await self.push("334 eyJzdGF0dXMiOiI0MDEifQ==")
        await self._reader.readline()
        return AuthResult(success=False, handled=False)


class _Controller(Controller):
    def __init__(
        self, behaviour: Behaviour, options: dict[str, Any], context: ssl.SSLContext | None
    ) -> None:
        self.options = options
        super().__init__(behaviour, "127.0.0.1", free_port(), ssl_context=context)

    @override
    def factory(self) -> SMTP:
        return Server(self.handler, **self.options)


@contextlib.contextmanager
def serving(
    behaviour: Behaviour,
    context: ssl.SSLContext | None = None,
    *,
    at_once: bool = False,
    without: Sequence[str] = (),
) -> Iterator[int]:
    """Run a server with a behaviour; give its port. TLS comes with STARTTLS, or at once."""
    options: dict[str, Any] = {"data_size_limit": None}
    if context and not at_once:
        options["tls_context"] = context
    if without:
        options["auth_exclude_mechanism"] = without
    if behaviour.users:
        encrypts = "tls_context" in options
        options |= {"auth_required": encrypts, "auth_require_tls": encrypts}
        options["authenticator"] = behaviour.authenticate
    controller = _Controller(behaviour, options, context if at_once else None)
    controller.start()
    behaviour.armed = True
    try:
        yield controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
