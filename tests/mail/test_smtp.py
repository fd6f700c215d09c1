"""What is known of a message after each way in which a mail server can fail over it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from loopback.mail.smtp import SmtpServer
from loopback.mail.transport import Parcel
from loopback.settings import Smtp
from tests.mail.servers import DROP, GARBAGE, LATE, Behaviour, serving

if TYPE_CHECKING:
    from loopback.mail.transport import Outcome

CONTENT = b"Subject: x\r\nMessage-ID: <1@x.example>\r\n\r\n" + b"word " * 10 + b"\r\n.dot\r\n" * 80
PARCEL = Parcel("from@x.example", "anna@x.example", CONTENT, "anna")

# stage | what happens there | what is known then | whether the server kept the message
FAULTS = [
    ("mail", "451 4.3.0 busy", "later", False),
    ("mail", "550 5.7.1 not you", "refused", False),
    ("mail", "421 4.3.2 closing", "later", False),
    ("mail", DROP, "later", False),
    ("mail", GARBAGE, "later", False),
    ("mail", f"{LATE}3", "later", False),
    ("rcpt", "450 4.2.0 greylisted", "later", False),
    ("rcpt", "550 5.1.1 nobody", "refused", False),
    ("rcpt", DROP, "later", False),
    ("rcpt", GARBAGE, "later", False),
    ("data", "451 4.3.0 busy", "later", False),
    ("data", "554 5.6.0 no", "refused", False),
    ("data", "250 out of step", "later", False),
    ("data", DROP, "later", False),
    ("dot", "451 4.3.0 busy", "later", False),
    ("dot", "552 5.3.4 too large", "refused", False),
    ("dot", "421 4.3.2 closing", "later", False),
    ("dot", DROP, "unsure", False),
    ("dot", GARBAGE, "unsure", False),
    ("dot", f"{LATE}3", "unsure", True),
    ("kept", DROP, "unsure", True),
    ("kept", GARBAGE, "unsure", True),
    ("kept", "350 out of step", "unsure", True),
]


def server(port: int, fault: str = "") -> SmtpServer:
    """Return a connection to a server, with little patience only for one that will be late."""
    patience = 1 if fault.startswith(LATE) else 30
    rules = {"timeout": patience, "reply_timeout": patience}
    smtp = Smtp.model_validate({"host": "127.0.0.1", "port": port, "security": "none"} | rules)
    return SmtpServer(smtp, ssl.create_default_context(), None)


def handed(at: SmtpServer, parcel: Parcel = PARCEL) -> tuple[Outcome, int]:
    """Hand a parcel over; return the outcome, and how often the last moment was called."""
    called: list[str] = []
    return at.hand_over(parcel, lambda: called.append("now")), len(called)


@pytest.mark.parametrize(("stage", "fault", "known", "kept"), FAULTS)
def test_what_is_known_is_never_more_than_what_happened(
    stage: str, fault: str, known: str, *, kept: bool
) -> None:
    behaviour = Behaviour({stage: fault})
    with serving(behaviour) as port:
        outcome, called = handed(at := server(port, fault))
        at.close()

    assert (outcome.event, called) == (known, stage in {"dot", "kept"})
    assert len(behaviour.received) <= kept


def test_a_connection_that_breaks_in_the_middle_has_delivered_nothing() -> None:
    large = Parcel("from@x.example", "anna@x.example", CONTENT * 10_000, "anna")
    behaviour = Behaviour({"middle": DROP})
    with serving(behaviour) as port:
        outcome, called = handed(at := server(port), large)
        at.close()

    assert (outcome.event, called, behaviour.received) == ("later", 0, [])


@pytest.mark.parametrize(("stage", "fault"), [(row[0], row[1]) for row in FAULTS])
def test_after_a_fault_the_next_message_goes(stage: str, fault: str) -> None:
    behaviour = Behaviour({stage: fault})
    with serving(behaviour) as port:
        at = server(port, fault)
        handed(at)
        outcome, _ = handed(at, Parcel("from@x.example", "ben@x.example", CONTENT, "ben"))
        at.close()

    assert outcome.event == "accepted"
    assert behaviour.received[-1].recipients == ["ben@x.example"]


def test_a_message_arrives_to_the_letter() -> None:
    behaviour = Behaviour()
    with serving(behaviour) as port:
        at = server(port)
        outcomes = [handed(at)[0].event for _ in range(3)]
        at.close()

    assert outcomes == ["accepted"] * 3
    assert [r.content for r in behaviour.received] == [CONTENT] * 3
    assert behaviour.received[0].sender == "from@x.example"
    assert behaviour.connections == 1


@pytest.mark.parametrize(
    "ending", [b"", b"x", b"\r\n", b".\r\n", b"\r\n.\r\n", b"\r\n.\r\nQUIT\r\n"]
)
def test_no_content_ends_a_message_early(ending: bytes) -> None:
    behaviour = Behaviour()
    with serving(behaviour) as port:
        at = server(port)
        handed(at, Parcel("from@x.example", "anna@x.example", CONTENT + ending, "anna"))
        at.close()

    [received] = behaviour.received
    assert received.content.rstrip(b"\r\n") == (CONTENT + ending).rstrip(b"\r\n")


def test_the_last_moment_comes_while_nothing_is_delivered_yet() -> None:
    behaviour = Behaviour()
    seen: list[int] = []
    with serving(behaviour) as port:
        at = server(port)
        at.hand_over(PARCEL, lambda: seen.append(len(behaviour.received)))
        at.close()

    assert (seen, len(behaviour.received)) == ([0], 1)


def test_where_the_intent_cannot_be_written_nothing_is_delivered() -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    behaviour = Behaviour()
    with serving(behaviour) as port:
        at = server(port)
        with pytest.raises(OSError, match="No space left"):
            at.hand_over(PARCEL, full)
        at.close()

    assert behaviour.received == []


def test_a_slow_server_is_waited_for() -> None:
    behaviour = Behaviour(slow=0.3)
    with serving(behaviour) as port:
        outcome, _ = handed(at := server(port))
        at.close()

    assert outcome.event == "accepted"
    assert len(behaviour.received) == 1


def test_a_recipient_who_is_refused_keeps_no_other_from_theirs() -> None:
    behaviour = Behaviour(refused={"ben@x.example": "550 5.1.1 nobody"})
    people = ["anna", "ben", "carla"]
    with serving(behaviour) as port:
        at = server(port)
        parcels = [Parcel("from@x.example", f"{who}@x.example", CONTENT, who) for who in people]
        outcomes = [handed(at, parcel)[0] for parcel in parcels]
        at.close()

    assert [o.event for o in outcomes] == ["accepted", "refused", "accepted"]
    assert outcomes[1].reply == "550 5.1.1 nobody"
    assert [r.recipients for r in behaviour.received] == [["anna@x.example"], ["carla@x.example"]]
    assert behaviour.connections == 1
