"""Encryption, and signing in: what holds, what is refused, and what an error may say."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from loopback.mail.connection import connected, trust
from loopback.mail.transport import UnusableError
from loopback.settings import Smtp
from tests.mail.certificates import Certificate, certificate
from tests.mail.servers import DROP, Behaviour, free_port, serving

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-of-many-letters"  # noqa: S105 - of nobody
USERS = {b"us": SECRET.encode()}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("ours"))


def smtp(port: int, **given: object) -> Smtp:
    return Smtp.model_validate({"host": "127.0.0.1", "port": port, "timeout": 30} | given)


def opened(rules: Smtp, ours: Certificate, password: str | None = None) -> str:
    """Connect as the settings say, trusting our certificate; return how it is encrypted."""
    context = trust(rules, str(ours.file) if rules.ca_file else None)
    server = connected(rules, context, password)
    encrypted = type(server.sock).__name__
    server.quit()
    return encrypted


def refusal(rules: Smtp, ours: Certificate, password: str | None = None) -> UnusableError:
    with pytest.raises(UnusableError) as raised:
        opened(rules, ours, password)
    return raised.value


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_certificate_that_is_trusted_encrypts(
    ours: Certificate, security: str, *, at_once: bool
) -> None:
    with serving(Behaviour(), ours.context, at_once=at_once) as port:
        assert opened(smtp(port, security=security, ca_file="x"), ours) == "SSLSocket"


@pytest.mark.parametrize(("security", "at_once"), [("starttls", False), ("tls", True)])
def test_a_certificate_that_nobody_signed_is_refused(
    ours: Certificate, security: str, *, at_once: bool
) -> None:
    behaviour = Behaviour(users=USERS)
    with serving(behaviour, ours.context, at_once=at_once) as port:
        found = refusal(smtp(port, security=security, user="us"), ours, SECRET)

    assert "a certificate that does not hold: self-signed certificate" in str(found)
    assert "ca_file" in found.problems[0].mend
    assert not found.temporary
    assert behaviour.signed_in == []


def test_a_certificate_of_another_server_is_refused(tmp_path: Path) -> None:
    other = certificate(tmp_path, "DNS:other.example")
    with serving(Behaviour(), other.context) as port:
        found = refusal(smtp(port, ca_file="x"), other)

    assert "does not hold: IP address mismatch" in str(found)


def test_a_server_without_starttls_gets_no_password_and_no_mail(ours: Certificate) -> None:
    behaviour = Behaviour(users=USERS)
    with serving(behaviour) as port:
        found = refusal(smtp(port, user="us"), ours, SECRET)

    assert "offers no STARTTLS" in str(found)
    assert behaviour.signed_in == []


@pytest.mark.parametrize("auth", ["password", "xoauth2"])
def test_the_right_password_or_token_is_let_in(ours: Certificate, auth: str) -> None:
    behaviour = Behaviour(users=USERS | {b"": f"user=us\1auth=Bearer {SECRET}\1\1".encode()})
    with serving(behaviour, ours.context) as port:
        opened(smtp(port, user="us", auth=auth, ca_file="x"), ours, SECRET)

    assert behaviour.signed_in == [b"PLAIN" if auth == "password" else b"XOAUTH2"]


def test_a_server_that_knows_only_login_is_signed_in_to(ours: Certificate) -> None:
    behaviour = Behaviour(users=USERS)
    with serving(behaviour, ours.context, without=["PLAIN"]) as port:
        opened(smtp(port, user="us", ca_file="x"), ours, SECRET)

    assert behaviour.signed_in == [b"LOGIN"]


@pytest.mark.parametrize("auth", ["password", "xoauth2"])
@pytest.mark.parametrize("without", [[], ["PLAIN"]])
def test_the_wrong_password_is_told_without_a_word_of_it(
    ours: Certificate, auth: str, without: list[str]
) -> None:
    with serving(Behaviour(users=USERS), ours.context, without=without) as port:
        found = refusal(smtp(port, user="us", auth=auth, ca_file="x"), ours, "wr0ng-word")

    assert "does not let us in" in str(found)
    assert "[mail.smtp]" in found.problems[0].mend
    said = repr(found) + repr(found.problems) + str(found.__cause__) + str(found.__context__)
    assert [word for word in spellings("wr0ng-word") if word in said] == []


def test_a_server_that_repeats_the_password_is_not_quoted(ours: Certificate) -> None:
    echo = f"535 5.7.8 no: us {SECRET} {base64.b64encode(SECRET.encode()).decode()}"
    with serving(Behaviour(users=USERS, sign_in=echo), ours.context) as port:
        found = refusal(smtp(port, user="us", ca_file="x"), ours, SECRET)

    assert "(535 5.7.8)" in str(found)
    assert [word for word in spellings(SECRET) if word in repr(found.problems)] == []


@pytest.mark.parametrize(
    ("fault", "words", "temporary"),
    [
        (DROP, "cannot be reached", True),
        ("421 4.3.2 too busy", "refuses: 421 4.3.2 too busy", True),
        ("554 5.7.1 not from you", "refuses: 554 5.7.1 not from you", False),
        ("hello", "refuses", True),
    ],
)
def test_a_server_that_does_not_open_says_why(
    ours: Certificate, fault: str, words: str, *, temporary: bool
) -> None:
    with serving(Behaviour({"connect": fault})) as port:
        found = refusal(smtp(port, security="none"), ours)

    assert words in str(found)
    assert found.temporary is temporary


def test_a_server_that_is_not_there_may_be_there_later(ours: Certificate) -> None:
    found = refusal(smtp(free_port(), security="none"), ours)

    assert "cannot be reached: Connection refused" in str(found)
    assert found.temporary


def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("not a certificate", encoding="utf-8")
    for name in ("x.pem", "none.pem"):
        with pytest.raises(UnusableError, match=f"certificates of {name} cannot be read"):
            trust(smtp(1, ca_file=name), str(tmp_path / name))


def spellings(secret: str) -> list[str]:
    """Return a secret as it is, and as it goes over the line."""
    said = [secret, f"\0us\0{secret}", f"user=us\1auth=Bearer {secret}\1\1"]
    return [secret, *(base64.b64encode(text.encode()).decode() for text in said)]
