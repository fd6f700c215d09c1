"""Mails through a real mail server of Debian: over TLS, refused, mended, and never twice."""

from __future__ import annotations

import email
from email.policy import SMTP
from typing import TYPE_CHECKING

import pytest

from tests.mail.postfix import RUNS, Postfix, postfix
from tests.mail.servers import by_smtp
from tests.test_delivery import ANNA, BEN, CARLA, answered, lived, route, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.test_delivery import Run

__all__ = ["answered", "lived"]
pytestmark = [
    pytest.mark.postfix,
    pytest.mark.skipif(not RUNS, reason="needs Postfix, and root to start it"),
]


@pytest.fixture
def server(answered: Path) -> Iterator[Postfix]:
    """A Postfix that does not know Ben, and that the workspace sends through."""
    with postfix([ANNA, CARLA]) as server:
        path = answered / "loopback.toml"
        settings = path.read_text(encoding="utf-8") + by_smtp(server.port)
        path.write_text(settings, encoding="utf-8")
        yield server


def trust(server: Postfix, workspace: Path) -> None:
    path = workspace / "loopback.toml"
    trusted = f'ca_file = "{server.trusted.file}"\n'
    path.write_text(path.read_text(encoding="utf-8") + trusted, encoding="utf-8")


def count(server: Postfix) -> dict[str, int]:
    return {name: len(server.mails(name)) for name in ("anna", "ben", "carla")}


def test_who_is_refused_gets_the_mail_once_mended_and_nobody_another(
    server: Postfix, answered: Path, run: Run
) -> None:
    trust(server, answered)

    said = route(run, expect=3)
    assert said["mails"] == ["Anna Berg", "Carla Dahl"]
    assert standing(run, expect=3) == {"anna": "accepted", "ben": "refused", "carla": "accepted"}
    assert count(server) == {"anna": 1, "ben": 0, "carla": 1}

    server.knows([ANNA, BEN, CARLA])
    server.command("reload")
    assert route(run)["mails"] == ["Ben Cole"]
    assert route(run)["mails"] == []
    assert count(server) == {"anna": 1, "ben": 1, "carla": 1}


def test_what_arrives_is_what_was_sent(server: Postfix, answered: Path, run: Run) -> None:
    trust(server, answered)
    route(run, expect=3)

    [path] = server.mails("anna")
    message = email.message_from_bytes(path.read_bytes(), policy=SMTP)
    [page] = (answered / "out" / "2026-11" / "sheets").glob("anna*.html")
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().split() == page.read_text(encoding="utf-8").split()
    [workbook] = message.iter_attachments()
    assert workbook.get_content() == page.with_suffix(".xlsx").read_bytes()
    assert "ESMTPS" in message["Received"]


def test_a_certificate_that_is_not_trusted_gets_no_mail(server: Postfix, run: Run) -> None:
    said = route(run, expect=3)

    assert said["mails"] == []
    assert count(server) == {"anna": 0, "ben": 0, "carla": 0}
