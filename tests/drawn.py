"""Calls and sheets of which only what matters is drawn."""

from __future__ import annotations

from typing import Any

from loopback.calls import Call
from loopback.people import Person
from loopback.sheets import Numbers, Sheet

ANNA = Person("anna", "Anna Berg", "anna@company.example", "carla", None, None, None)
CALL = Call(
    response_id="R-1",
    customer_id="C-1",
    owner="anna",
    name="Ahorn Mill",
    score=3,
    category="detractor",
    comment="late again",
    reasons=["Speed"],
    previous=None,
    month="2026-11",
    new=False,
    person="Ida Ahorn",
    role="buyer",
    phone="+49 1",
    email="mill@ahorn.example",
    segment="large",
    value=900.0,
    responded_at=None,
)
SHEET = Sheet(
    person=ANNA,
    month="2026-11",
    copies=[],
    calls=[],
    silent=[],
    leads=False,
    unhappy=[],
    happy=[],
    owners=[],
    tally=[],
    this_month=Numbers(),
    pool=Numbers(),
    version="0123456789abcdef",
)


def call(**fields: Any) -> Call:  # noqa: ANN401 - whatever the field holds
    """Return a call in which some fields are other than usual."""
    return CALL._replace(**fields)


def sheet(*calls: Call, **fields: Any) -> Sheet:  # noqa: ANN401 - whatever the field holds
    """Return Anna's sheet with these calls, in which some fields are other than usual."""
    return Sheet(**(vars(SHEET) | {"calls": list(calls)} | fields))
