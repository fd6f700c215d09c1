from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import draws
from loopback.guarantees import (
    AGREEMENT,
    FAILED,
    GAPS,
    PASSED,
    SKIPPED,
    TOLD,
    WAITS,
    YEARS,
    Check,
    checks,
)
from tests.lived import Lived, lived


def found(lives: Lived, **options: int) -> dict[str, Check]:
    return {check.name: check for check in checks(*lives, **options)}


def verdict(name: str, drawing: str, **options: int) -> str:
    return found(lived(drawing), **options)[name].verdict


def breaches(name: str, drawing: str, **options: int) -> list[tuple[Any, ...]]:
    """Return customer, months and words of what breaks a guarantee."""
    check = found(lived(drawing), **options)[name]
    assert (check.verdict == FAILED) == (check.breaches.height > 0)
    return check.breaches.select("customer_id", "months", "what").rows()


def life(months: str, asks: str = "1") -> str:
    """Draw the life of C-1, and beside it one of whom nothing is to be said."""
    other = "".join("_" if letter == "_" else "-" for letter in months)
    return f"customer_id | asks | months\nC-1 | {asks} | {months}\nC-2 | 1 | {other}"


def test_where_no_month_was_drawn_there_is_nothing_to_check() -> None:
    assert checks([], []) == []


@pytest.mark.parametrize("asks", [1, 2, 3, 4, 6, 12])
def test_a_list_asked_in_turn_keeps_every_guarantee(asks: int) -> None:
    period = 12 // asks
    lines = [
        f"C-{slot} | {asks} | anna | " + "".join("A."[(at - slot) % period > 0] for at in range(30))
        for slot in range(period)
    ]
    kept = found(lived("\n".join(["customer_id | asks | owner | months", *lines])), last=60)

    assert {name: check.verdict for name, check in kept.items() if check.verdict != PASSED} == {
        SKIPPED: TOLD
    }
    assert kept[YEARS].figures == {"customer_years": 19 * period, "exactly_k": 19 * period}
    assert kept[GAPS].figures["smallest"] == kept[GAPS].figures["largest"] == period
    assert kept[GAPS].figures["exactly_12_by_k"] == kept[GAPS].figures["gaps"]
    assert kept[WAITS].figures["longest"] == period - 1
    assert kept[AGREEMENT].figures["invitations"] == 30


# Exactly k in each rolling 12 months


def test_each_year_in_which_a_customer_was_asked_too_often_or_too_seldom_is_named() -> None:
    assert breaches(YEARS, life("A...........A.....A......")) == [
        ("C-1", f"2025-{start:02} to 2026-{start - 1:02}", "asked 2 times in 12 months, 1 promised")
        for start in range(8, 13)
    ] + [
        ("C-1", "2026-01 to 2026-12", "asked 2 times in 12 months, 1 promised"),
    ]
    assert breaches(YEARS, life(".............")) == [
        ("C-1", "2025-01 to 2025-12", "asked 0 times in 12 months, 1 promised"),
        ("C-1", "2025-02 to 2026-01", "asked 0 times in 12 months, 1 promised"),
    ]


@pytest.mark.parametrize(
    ("months", "asks"),
    [
        ("............"[:11], "1"),  # not twelve months yet
        ("......-......", "1"),  # could not be asked in all of them
        ("......~......", "1"),  # was gone for a month
        ("....._.......", "1"),  # a month was not drawn
        (".............", "1111111222222"),  # k changed
    ],
)
def test_a_year_that_is_not_whole_is_not_judged(months: str, asks: str) -> None:
    assert verdict(YEARS, life(months, asks)) == TOLD


def test_a_year_after_k_changed_is_judged_by_the_new_k() -> None:
    asks = "1" * 6 + "2" * 12

    assert verdict(YEARS, life("A.....A.....A.....", asks)) == PASSED
    assert breaches(YEARS, life("A.........A.......", asks))[0][1] == "2025-07 to 2026-06"


# The gap between two asks


def test_a_customer_asked_too_early_is_named_with_both_months() -> None:
    assert breaches(GAPS, life("A..........A")) == [
        ("C-1", "2025-01, 2025-12", "asked again after 11 months, 12 is the least")
    ]
    assert verdict(GAPS, life("A...........A")) == PASSED


def test_a_customer_asked_too_late_or_not_at_all_is_named_with_the_month_that_was_due() -> None:
    assert breaches(GAPS, life("A............A")) == [
        ("C-1", "2025-01, 2026-02", "asked again after 13 months, though due in 2026-01")
    ]
    assert breaches(GAPS, life("A............")) == [
        ("C-1", "2025-01", "asked in 2025-01, then not again, though due in 2026-01")
    ]
    assert breaches(GAPS, life("A...........")) == []


@pytest.mark.parametrize("away", ["-", "~"])
def test_who_could_not_be_asked_for_a_while_may_be_asked_late_but_never_early(away: str) -> None:
    assert breaches(GAPS, life(f"A.....{away}.........A")) == []
    assert breaches(GAPS, life(f"A.....{away}..........")) == []
    assert len(breaches(GAPS, life(f"A..{away}..A......"))) == 1


def test_an_ask_due_in_a_month_that_was_not_drawn_is_made_in_the_next_that_was() -> None:
    assert breaches(GAPS, life("A..........._A")) == []
    assert breaches(GAPS, life("A...........__A")) == []
    assert breaches(GAPS, life("A.....____..A")) == []
    assert breaches(GAPS, life("A..........._.A")) == [
        ("C-1", "2025-01, 2026-03", "asked again after 14 months, though due in 2026-02")
    ]
    assert len(breaches(GAPS, life("A.....____...A"))) == 1


def test_with_slack_an_ask_may_be_late_by_so_much_and_a_year_may_hold_fewer() -> None:
    late = life("A............A")

    assert breaches(GAPS, late, slack=1) == []
    assert breaches(YEARS, late, slack=1) == []
    assert len(breaches(GAPS, late, slack=0)) == 1
    assert len(breaches(GAPS, life("A.............A"), slack=1)) == 1
    assert len(breaches(GAPS, life("A..........A"), slack=1)) == 1
    assert len(breaches(YEARS, life("A...A........."[:12]), slack=3)) == 1


@pytest.mark.parametrize(("gap", "fails"), [(5, 1), (6, 0), (9, 0), (12, 0), (13, 1)])
def test_where_k_changed_the_gap_lies_between_the_old_and_the_new(gap: int, fails: int) -> None:
    asks = "2" * 3 + "1" * 14
    months = "A" + "." * (gap - 1) + "A" + "." * (16 - gap)

    assert len(breaches(GAPS, life(months, asks))) == fails


def test_the_share_of_exact_gaps_is_rounded_down() -> None:
    kept = [f"C-{n} | 12 | {'A' * 60}" for n in range(600)]
    drawing = "\n".join(["customer_id | asks | months", *kept, "C-X | 12 | " + "A" * 58 + ".A"])

    assert found(lived(drawing), last=60)[GAPS].words == (
        "35,458 gaps, the smallest 1 and the largest 2 months, 99.99 % exactly 12/k"
    )


# Newcomers


def test_a_newcomer_is_asked_within_12_by_k_months_of_the_first_in_which_it_could_be() -> None:
    assert breaches(WAITS, life("___...........A")) == []
    assert breaches(WAITS, life("___-...........A")) == []
    assert breaches(WAITS, life("___............A")) == [
        ("C-1", "2025-04, 2026-04", "could be asked from 2025-04 and was due by 2026-03")
    ]
    assert breaches(WAITS, life("___..A", "4")) == []
    assert len(breaches(WAITS, life("___...A", "4"))) == 1


def test_one_still_waiting_is_due_in_the_last_month_of_the_promise() -> None:
    assert breaches(WAITS, life("...........")) == []
    assert breaches(WAITS, life("............")) == [
        ("C-1", "2025-01", "could be asked from 2025-01, was not by 2025-12")
    ]
    waiting = found(lived(life("..........")))[WAITS]
    assert waiting.figures["never_asked"] == 1
    assert waiting.words == "0 asked; 1 not asked yet, the longest for 10 months"


def test_after_a_break_the_wait_begins_anew() -> None:
    assert breaches(WAITS, life("......-..........A")) == []
    assert len(breaches(WAITS, life("......-...........A"))) == 0
    assert len(breaches(WAITS, life("......-............A"))) == 1
    assert len(breaches(WAITS, life("............-A"))) == 1


def test_a_newcomer_due_in_a_month_that_was_not_drawn_is_asked_in_the_next() -> None:
    assert breaches(WAITS, life(".._A", "4")) == []
    assert len(breaches(WAITS, life(".._.A", "4"))) == 1
    assert breaches(WAITS, life("..__", "4")) == []


def test_whoever_was_asked_before_the_months_looked_at_is_no_newcomer() -> None:
    lives = lived(life("A...........A..........."))

    assert found(lives, last=11)[WAITS].verdict == TOLD
    assert found(lives, last=24)[WAITS].figures["asked"] == 1


# What was drawn and what was done


@pytest.mark.parametrize(
    ("letter", "words"),
    [
        ("!", "invited, but not drawn"),
        ("?", "invited, though left out"),
        ("x", "drawn, but not invited"),
        ("T", "invited twice in a month"),
    ],
)
def test_whoever_was_not_treated_as_drawn_is_named(letter: str, words: str) -> None:
    assert breaches(AGREEMENT, life(f"..{letter}..")) == [("C-1", "2025-03", words)]


def test_an_invitation_without_a_draw_is_a_breach() -> None:
    drawn = lived(life("A.."))
    late = lived(life("A..__A"))

    strange = found(Lived(drawn.rotation, late.invitations))[AGREEMENT]

    assert strange.breaches.select("months", "what").rows() == [
        ("2025-06", "invited in a month that was not drawn")
    ]
    others = [rows.filter(pl.col("customer_id") != "C-1") for rows in drawn.rotation]
    passed_over = found(Lived(others, drawn.invitations))[AGREEMENT].breaches
    assert passed_over.select("customer_id", "what").rows() == [("C-1", "invited, but not drawn")]


def test_of_two_runs_for_a_month_the_later_one_counts() -> None:
    kept = lived(
        """
        customer_id | asks | turn | months
        C-1         | 1    | 1    | A...
        C-1         | 1    | 2    | __.A
        C-2         | 1    | 1    | .A__
        C-2         | 1    | 2    | __..
        """
    )

    assert found(kept)[AGREEMENT].verdict == PASSED
    assert found(kept)[GAPS].breaches["months"].to_list() == ["2025-01, 2025-04"]


# The months looked at


def test_only_the_last_months_are_looked_at() -> None:
    lives = lived(life("A..A.......A"))

    assert found(lives, last=12)[GAPS].breaches.height == 2
    assert found(lives, last=9)[GAPS].breaches["months"].to_list() == ["2025-04, 2025-12"]
    assert found(lives, last=8)[GAPS].breaches.height == 0


def test_the_months_that_were_not_drawn_are_told() -> None:
    skipped = found(lived(life("A..__..__")))[SKIPPED]

    assert skipped.verdict == TOLD
    assert skipped.figures == {"drawn": 5, "skipped": 2, "months": "2025-04, 2025-05"}
    assert skipped.words == "5 months drawn from 2025-01 to 2025-07; not drawn: 2025-04, 2025-05"


# Any lives, judged once more without bits

LETTER = st.sampled_from("A" * 4 + "." * 20 + "--~_!?xT")
LIFE = st.text(LETTER, min_size=20, max_size=20)
PERIODS = st.sampled_from(["1", "2", "3", "4", "6", "1" * 8 + "2" * 12, "4" * 13 + "3" * 7])
MAY = "A.!xT"


def in_turn(months: str, start: int, gap: int) -> str:
    """Let a life be asked in turn, so that it may keep its promises, too."""
    turn = ["A" if (at - start) % gap == 0 else "." for at in range(len(months))]
    return "".join(t if letter in ".A" else letter for t, letter in zip(turn, months, strict=True))


TURNS = st.builds(in_turn, LIFE, st.integers(0, 11), st.sampled_from([3, 6, 12]))
LIVES = st.lists(st.tuples(LIFE | TURNS, PERIODS), min_size=1, max_size=25)


class Judge:
    """Looks at every month of one life."""

    def __init__(self, months: str, asks: str, drawn: list[int], slack: int) -> None:
        self.end, self.drawn, self.slack = max(drawn) + 1, drawn, slack
        self.months = months[: self.end]
        self.may = {at for at, letter in enumerate(self.months) if letter in MAY}
        self.invited = [at for at, letter in enumerate(self.months) if letter in "A!?T"]
        times = asks if len(asks) > 2 else [asks] * self.end
        self.k = {at: int(times[at]) for at in range(self.end) if self.months[at] != "_"}

    def broken(self) -> set[str]:
        """Return the names of the guarantees that are broken."""
        following = [*self.invited[1:], self.end]
        fresh = zip([None, *self.drawn], self.drawn, strict=False)
        found = {
            YEARS: any(self.odd_year(start) for start in range(self.end - 11)),
            GAPS: any(self.odd_gap(*gap) for gap in zip(self.invited, following, strict=True)),
            WAITS: any(self.long_wait(at) for before, at in fresh if before not in self.may),
            AGREEMENT: bool(set(self.months) & set("!?xT")),
        }
        return {name for name, true in found.items() if true}

    def periods(self, first: int, last: int) -> list[int]:
        return [12 // self.k[at] for at in range(first, last + 1) if at in self.k]

    def due(self, at: int) -> int:
        """Return the month in which to ask; one too late for everything where none is known."""
        return next((month for month in self.drawn if month >= at), self.end)

    def could_be(self, months: range) -> bool:
        return {at for at in self.drawn if at in months} <= self.may

    def odd_year(self, start: int) -> bool:
        year = {*range(start, start + 12)}
        if not year <= self.may or len({self.k[at] for at in year}) > 1:
            return False
        least = 12 // (12 // self.k[start] + self.slack)
        return not least <= len(year & {*self.invited}) <= self.k[start]

    def odd_gap(self, at: int, later: int) -> bool:
        periods = self.periods(at, later)
        early = later < self.end and later - at < min(periods)
        late = later > self.due(at + max(periods) + self.slack)
        return early or (late and self.could_be(range(at + 1, later)))

    def long_wait(self, since: int) -> bool:
        if since not in self.may or any(at < since for at in self.invited):
            return False
        first = min(self.invited, default=self.end)
        due = self.due(since + max(self.periods(since, first)) - 1)
        return due < self.end and first > due and self.could_be(range(since, due + 1))


@settings(max_examples=20, deadline=None)
@given(LIVES, st.integers(0, 2), st.sampled_from([1, 20, 10_000]))
def test_the_checks_agree_with_a_look_at_every_month(
    lives: list[tuple[str, str]], slack: int, at_once: int
) -> None:
    lines = [f"C-{n} | {asks} | {months}" for n, (months, asks) in enumerate(lives)]
    drawing = "\n".join(["customer_id | asks | months", *lines])
    drawn = [at for at in range(20) if any(months[at] != "_" for months, _ in lives)]
    expected = {
        (f"C-{n}", name)
        for n, (months, asks) in enumerate(lives)
        for name in Judge(months, asks, drawn, slack).broken()
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draws, "ROWS_AT_ONCE", at_once)
        checked = checks(*lived(drawing), last=60, slack=slack)

    assert expected == {
        (row["customer_id"], check.name)
        for check in checked
        for row in check.breaches.drop_nulls("customer_id").iter_rows(named=True)
    }


def test_a_customer_who_stands_twice_in_a_draw_was_told_both() -> None:
    once = lived(life("A...........A"))
    twice = Lived([pl.concat([rows, rows]) for rows in once.rotation], once.invitations)
    other = lived(life("............A")).rotation[0]
    both = Lived([pl.concat([other, once.rotation[0]]), *once.rotation[1:]], once.invitations)

    for lives in (twice, both):
        assert found(lives)[AGREEMENT].verdict == found(lives)[GAPS].verdict == PASSED
