"""Calls and sheets of which only what matters is drawn."""

from __future__ import annotations

from datetime import date
from typing import Any

from loopback.calls import Call, mark
from loopback.figures import Numbers
from loopback.people import Person
from loopback.rollups import RollUp, Silent
from loopback.sheets import Sheet
from loopback.stories import Pair, Story

TODAY = date(2026, 11, 22)
ANNA = Person("anna", "Anna Berg", "anna@company.example", "carla", None, None, None)
CALL = Call(
    response_id="R-1",
    mark=mark("R-1"),
    customer_id="C-1",
    owner="anna",
    name="Ahorn Mill",
    score=3,
    category="detractor",
    comment="late again",
    reasons=["Speed"],
    previous=None,
    previous_comment=None,
    previous_month=None,
    month="2026-11",
    arrived=date(2026, 11, 20),
    call_by=date(2026, 11, 25),
    new=False,
    contact=False,
    unnamed=False,
    person="Ida Ahorn",
    role="buyer",
    phone="+49 1",
    email="mill@ahorn.example",
    preferred_time=None,
    segment="large",
    value=900.0,
    value_class=None,
    more={},
    called_on=None,
    outcome=None,
    cause=None,
    note=None,
    promise=None,
    promised_for=None,
    closed=False,
    responded_at=None,
    promises=[],
    flags=[],
)
SHEET = Sheet(
    person=ANNA,
    month="2026-11",
    today=TODAY,
    copies=[],
    calls=[],
    made=[],
    unnamed=[],
    promises=[],
    silent=[],
    items=[],
    stories=Pair(),
    tally=[],
    rollup=None,
    this_month=Numbers(),
    pool=Numbers(),
    version="0123456789abcdef",
)
ROLLUP = RollUp(alerts=[], quiet=[], quiet_more=0, owners=[], teams=[], stories=Pair())
SILENT = Silent("anna", "C-2", "Birch Tools", None, None, date(2026, 11, 1))
STORY = Story("anna", "promoter", "Cedar Foods", 9, "they came on a Sunday", "2026-09", 21)
# What is to be called of a customer who is not to be named.
UNNAMED: dict[str, Any] = {
    **dict.fromkeys(("customer_id", "name", "person", "role", "phone", "email", "segment")),
    "unnamed": True,
}


def call(**fields: Any) -> Call:  # noqa: ANN401 - whatever the field holds
    """Return a call in which some fields are other than usual."""
    drawn = CALL._replace(**fields)
    return drawn._replace(mark=mark(drawn.response_id))


def sheet(*calls: Call, **fields: Any) -> Sheet:  # noqa: ANN401 - whatever the field holds
    """Return Anna's sheet with these calls, in which some fields are other than usual."""
    return Sheet(**(vars(SHEET) | {"calls": list(calls)} | fields))


def rollup(**fields: Any) -> RollUp:  # noqa: ANN401 - whatever the field holds
    """Return a roll-up in which some fields are other than empty."""
    return RollUp(**(vars(ROLLUP) | fields))
