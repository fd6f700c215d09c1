"""Certificates made on the spot, as a company makes its own."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path


class Certificate(NamedTuple):
    """A certificate that signs itself, in a file, and what a server needs of it."""

    file: Path
    context: ssl.SSLContext


def certificate(folder: Path, name: str = "IP:127.0.0.1") -> Certificate:
    """Return a certificate for this machine, or for another name."""
    if not shutil.which("openssl"):
        pytest.skip("openssl, which makes the certificate, is not installed")
    file, key = folder / "certificate.pem", folder / "key.pem"
    made = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    )
    named = ["-addext", f"subjectAltName={name}", "-out", str(file), "-keyout", str(key)]
    subprocess.run(["openssl", *made.split(), *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return Certificate(file, context)
