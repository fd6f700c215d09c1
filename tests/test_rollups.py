from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.figures import Numbers
from loopback.people import People, Person
from loopback.rollups import ONE_BY_ONE, SHOWN, OwnerLine, alerts, owner_line, quiet, teams
from tests.drawn import SILENT, TODAY, call


def test_a_call_is_told_of_once_under_the_gravest_of_its_rules() -> None:
    calls = [
        call(response_id="R-1", flags=["late", "low"]),
        call(response_id="R-2", flags=["low"]),
        call(response_id="R-3"),
    ]

    told = alerts(calls, ["low", "late"])

    assert [(a.rule, [c.response_id for c in a.calls]) for a in told] == [("low", ["R-1", "R-2"])]


def test_of_many_calls_the_most_valuable_are_shown_and_the_others_counted() -> None:
    calls = [call(response_id=f"R-{n}", value=float(n), flags=["low"]) for n in range(SHOWN + 3)]

    [alert] = alerts(calls, ["low"])

    assert [c.value for c in alert.calls] == [float(n) for n in range(SHOWN + 2, 2, -1)]
    assert alert.more == 3


def test_an_owner_has_counts_and_no_score() -> None:
    calls = [
        call(closed=True),
        call(call_by=TODAY),
        call(call_by=date(2026, 11, 20)),
        call(call_by=date(2026, 11, 20), closed=True),
    ]

    line = owner_line("anna", "Anna Berg", Numbers(9, 4, 4, 4), calls, TODAY)

    assert line == OwnerLine("Anna Berg", "anna", 9, 4, due=4, made=2, late=1)


def test_key_accounts_who_were_asked_long_ago_are_told_of_the_most_valuable_first() -> None:
    old, young = date(2026, 11, 1), date(2026, 11, 15)
    silent = [
        SILENT._replace(name="small", value=1.0, value_class="A", invited_on=old),
        SILENT._replace(name="large", value=9.0, value_class="A", invited_on=old),
        SILENT._replace(name="young", value=9.0, value_class="A", invited_on=young),
        SILENT._replace(name="other", value=9.0, value_class="B", invited_on=old),
        SILENT._replace(name="nobody knows when", value_class="A", invited_on=None),
    ]

    assert [one.name for one in quiet(silent, date(2026, 11, 8))] == ["large", "small"]


def persons(bosses: list[int | None]) -> People:
    return People(
        Person(f"P{n}", f"Person {n}", None, None if b is None else f"P{b}", None, None, None)
        for n, b in enumerate(bosses)
    )


def test_few_owners_need_no_teams() -> None:
    lines = [OwnerLine(f"P{n}", f"P{n}", 1, 1, 1, 1, 0) for n in range(ONE_BY_ONE)]

    assert teams(lines, ["P0"], persons([None])) == []


@settings(max_examples=20, deadline=None)
@given(bosses=st.lists(st.integers(0, 4), min_size=ONE_BY_ONE, max_size=40))
def test_the_counts_of_the_teams_are_those_of_their_owners(bosses: list[int]) -> None:
    everyone = persons([None, 0, 0, 1, 2, *bosses])
    lines = [
        OwnerLine(everyone.name(p), p, n, n + 1, n + 2, n + 3, n + 4)
        for n, p in enumerate(everyone.by_id)
        if p != "P0"
    ]

    found = teams(lines, everyone.reports("P0"), everyone)

    assert [line.name for line in found] == sorted(line.name for line in found)
    for count in ("invited", "answered", "due", "made", "late"):
        assert total(found, count) == total(lines, count)


def total(lines: list[OwnerLine], count: str) -> int:
    return sum(line._asdict()[count] for line in lines)
