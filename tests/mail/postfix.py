"""A real Postfix of our own, which keeps the mails of each recipient in a maildir."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.mail.certificates import Certificate, certificate
from tests.mail.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

POSTFIX = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
RUNS = POSTFIX is not None and os.geteuid() == 0
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example
mydestination =
alias_maps =
virtual_mailbox_domains = company.example
virtual_mailbox_base = {folder}/mails
virtual_mailbox_maps = inline:{{ {known} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n - 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
ALL_DELIVERED = 20.0  # seconds after which a queue that is not empty is a mistake


class Postfix(NamedTuple):
    """A running Postfix: its folder, its port, and the certificate it shows."""

    folder: Path
    port: int
    trusted: Certificate

    def knows(self, addresses: Sequence[str]) -> None:
        """Take mail for these recipients alone; others are refused with 550."""
        known = ", ".join(f"{address}={address.partition('@')[0]}/" for address in addresses)
        owner = (self.folder / "mails").stat()
        settings = MAIN.format(folder=self.folder, known=known, uid=owner.st_uid, gid=owner.st_gid)
        (self.folder / "main.cf").write_text(settings, encoding="utf-8")

    def mails(self, name: str) -> list[Path]:
        """Return what lies in a recipient's maildir, once the queue is empty."""
        end = time.monotonic() + ALL_DELIVERED
        while any(map(self._queued, ("maildrop", "incoming", "active", "deferred"))):
            assert time.monotonic() < end, (self.folder / "log").read_text("utf-8")
            time.sleep(0.02)
        return sorted((self.folder / "mails" / name / "new").glob("*"))

    def _queued(self, queue: str) -> bool:
        return any(path.is_file() for path in (self.folder / "queue" / queue).rglob("*"))

    def command(self, word: str) -> None:
        """Run `postfix`: start, reload, stop."""
        command = [str(POSTFIX), "-c", self.folder, word]
        subprocess.run(command, check=True, capture_output=True, umask=0o022)


@contextlib.contextmanager
def postfix(addresses: Sequence[str]) -> Iterator[Postfix]:
    """Run a Postfix that knows some recipients, reachable by its own users as well as by us."""
    with tempfile.TemporaryDirectory(prefix="postfix-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for inside in ("queue", "data", "mails"):
            (folder / inside).mkdir()
            (folder / inside).chmod(0o755)
        for inside in ("data", "mails"):
            shutil.chown(folder / inside, "postfix", "postfix")
        server = Postfix(folder, free_port(), certificate(folder))
        server.knows(addresses)
        (folder / "master.cf").write_text(SERVICES.format(port=server.port), encoding="utf-8")
        server.command("start")
        try:
            yield server
        finally:
            server.command("stop")
