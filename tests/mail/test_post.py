"""The mails of a run, one after the other: tried again, given up, and never without a record."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from loopback.mail.outside import Outside, Pace
from loopback.mail.post import Mailing, Post
from loopback.mail.smtp import SmtpServer
from loopback.mail.transport import Outcome, Parcel, unusable
from loopback.settings import Smtp
from tests.mail.servers import DROP, Behaviour, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback.journal import Event

WAITS = [30.0, 60.0]


@dataclass
class Night:
    """A clock that only sleep moves on, and the journal of what was written when."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    journal: list[Event] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def post(self, at: SmtpServer | Told, a_minute: float | None = None) -> Post:
        outside = Outside({}, lambda: self.now, self.sleep)
        return Post(at, self.journal.append, Pace(a_minute, outside), WAITS)


@dataclass
class Told:
    """A transport that answers as it is told."""

    outcomes: list[Outcome]
    intends: bool = True
    down_for: int = 0
    calls: int = 0

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:
        assert parcel.content
        self.calls += 1
        if self.down_for:
            self.down_for -= 1
            raise unusable("away", "Wait.", temporary=True)
        if self.intends:
            intend()
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    def close(self) -> None: ...


def mailing(who: str) -> Mailing:
    parcel = Parcel("from@x.example", f"{who}@x.example", b"Subject: x\r\n\r\nwords\r\n", who)
    return Mailing(who, "2026-11", "v1", f"<{who}@x.example>", 7, parcel)


def server(port: int) -> SmtpServer:
    rules = {"host": "127.0.0.1", "port": port, "security": "none", "timeout": 30}
    return SmtpServer(Smtp.model_validate(rules), ssl.create_default_context(), None)


def sent(post: Post, *people: str) -> dict[str, str]:
    """Send a mail to each and finish; return what became of them."""
    for who in people:
        post.send(mailing(who))
    post.finish()
    return {who: outcome.event for who, outcome in post.outcomes.items()}


def events(found: list[Event], who: str) -> list[object]:
    return [event["event"] for event in found if event["person_id"] == who]


def test_what_is_refused_for_now_is_tried_again_once_the_others_have_gone() -> None:
    night = Night()
    behaviour = Behaviour({"rcpt": "451 4.7.1 greylisted, try again"})
    with serving(behaviour) as port:
        post = night.post(at := server(port))
        became = sent(post, "anna", "ben")
        at.close()

    assert became == {"anna": "accepted", "ben": "accepted"}
    assert [r.recipients for r in behaviour.received] == [["ben@x.example"], ["anna@x.example"]]
    assert night.slept == [30.0]
    assert events(post.events, "anna") == ["prepared", "later", "handing over", "accepted"]
    assert events(night.journal, "anna") == ["handing over", "accepted"]


def test_what_is_refused_for_now_every_time_stays_due() -> None:
    night = Night()
    with serving(Behaviour({"rcpt": "451 4.7.1 greylisted"}, times=99)) as port:
        became = sent(night.post(at := server(port)), "anna")
        at.close()

    assert (became, night.slept, night.journal) == ({"anna": "later"}, WAITS, [])


def test_what_is_refused_for_good_is_not_tried_again() -> None:
    night = Night()
    behaviour = Behaviour(refused={"anna@x.example": "550 5.1.1 nobody"})
    with serving(behaviour) as port:
        became = sent(night.post(at := server(port)), "anna", "ben")
        at.close()

    assert (became, night.slept) == ({"anna": "refused", "ben": "accepted"}, [])


@pytest.mark.parametrize(
    "stage", ["kept", "dot"], ids=["lost after it was taken", "lost before it was taken"]
)
def test_what_may_have_arrived_is_not_tried_again(stage: str) -> None:
    night = Night()
    behaviour = Behaviour({stage: DROP})
    with serving(behaviour) as port:
        became = sent(night.post(at := server(port)), "anna", "ben")
        at.close()

    assert (became, night.slept) == ({"anna": "unsure", "ben": "accepted"}, [])
    assert events(night.journal, "anna") == ["handing over", "unsure"]
    assert [r.recipients for r in behaviour.received].count(["anna@x.example"]) == (stage == "kept")


def test_a_server_that_is_not_there_is_waited_for_once_and_then_told_once() -> None:
    night = Night()
    post = night.post(server(free_port()))

    became = sent(post, "anna", "ben", "carla")

    assert set(became.values()) == {"later"}
    assert night.slept == WAITS
    assert post.down is not None
    assert "cannot be reached" in post.down.what


def test_a_server_that_comes_back_in_time_is_used() -> None:
    night = Night()
    told = Told([Outcome("accepted")], down_for=2)

    assert sent(night.post(told), "anna", "ben") == {"anna": "accepted", "ben": "accepted"}
    assert (night.slept, told.calls) == (WAITS, 4)


@pytest.mark.parametrize("event", ["later", "unsure"])
def test_a_server_that_hangs_up_three_times_in_a_row_is_given_up(event: str) -> None:
    night = Night()
    told = Told([Outcome(event, "the connection broke", lost=True)])
    post = night.post(told)

    became = sent(post, *"abcdef")

    assert list(became.values()) == [event] * 3 + ["later"] * 3
    assert (told.calls, night.slept) == (3, [])
    assert post.down is not None
    assert "3 times in a row" in post.down.what


def test_a_server_that_hangs_up_now_and_then_is_not_given_up() -> None:
    broke, well = Outcome("unsure", "broke", lost=True), Outcome("accepted")
    post = Night().post(Told([broke, broke, well, broke, broke, well]))

    sent(post, *"abcdef")

    assert post.down is None


def test_nothing_is_journaled_of_what_never_came_to_the_last_moment() -> None:
    night = Night()
    post = night.post(Told([Outcome("accepted")], intends=False))

    assert sent(post, "anna") == {"anna": "accepted"}
    assert night.journal == []
    assert events(post.events, "anna") == ["prepared", "accepted"]


@pytest.mark.parametrize(("a_minute", "slept"), [(None, []), (60, [1, 1]), (6, [10, 10])])
def test_mails_keep_the_pace_that_the_provider_allows(
    a_minute: float | None, slept: list[float]
) -> None:
    night = Night()

    sent(night.post(Told([Outcome("accepted")]), a_minute), "anna", "ben", "carla")

    assert night.slept == slept


def test_an_event_says_all_that_the_record_keeps() -> None:
    post = Night().post(Told([Outcome("accepted", "250 ok")]))

    sent(post, "anna")

    assert post.events[-1] == {
        "person_id": "anna",
        "month": "2026-11",
        "version": "v1",
        "message_id": "<anna@x.example>",
        "event": "accepted",
        "reply": "250 ok",
        "file": "anna",
        "as_of": 7,
    }
