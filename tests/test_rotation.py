from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import months, rotation
from loopback.months import A_YEAR
from loopback.rotation import prn
from loopback.tables import ASKED, GONE, LEFT_OUT, ROTATION, WAITS
from tests.frames import frame, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LISTED = pl.Schema(
    {
        "customer_id": pl.String,
        "owner": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "joined": pl.Date,
        "asks": pl.Int8,
        "why": pl.String,
    }
)
ASKS = (1, 2, 3, 4, 6, 12)
START = months.number("2026-01")
SEED = "loopback"
OPTED_OUT = "opted out"

OWNERS = ("anna", "ben", "carla", "dan", "eve")
REGION_OF = {"anna": "North", "ben": "North", "carla": "South", "dan": None, "eve": "South"}
REGIONS = st.sampled_from(("North", "South", None))
SEGMENTS = st.sampled_from(("large", "medium", "small", None))
# The groups that are even in every list, and those that are where each owner has one region.
EVEN = "total, owner, owner segment, segment, segment region"
EVEN_WITH_ONE_REGION_EACH = f"{EVEN}, region"


class Held(NamedTuple):
    """What the list says of a customer."""

    owner: str
    region: str | None = None
    segment: str | None = None
    asks: int = 1
    why: str | None = None


Customers = dict[str, Held]


@st.composite
def held(draw: st.DrawFn, asks: st.SearchStrategy[int]) -> Held:
    owner = draw(st.sampled_from(OWNERS))
    return Held(owner, REGION_OF[owner], draw(SEGMENTS), draw(asks))


def anywhere(asks: st.SearchStrategy[int]) -> st.SearchStrategy[Held]:
    return st.builds(Held, st.sampled_from(OWNERS), REGIONS, SEGMENTS, asks, st.none())


SOME = st.sampled_from(ASKS)
WHY = st.none() | st.just(OPTED_OUT)


def named(holders: Iterable[Held], letter: str = "C") -> Customers:
    return {f"{letter}-{number}": holder for number, holder in enumerate(holders)}


def listed(customers: Customers) -> pl.DataFrame:
    rows = [(c, h.owner, h.region, h.segment, None, h.asks, h.why) for c, h in customers.items()]
    return pl.DataFrame(rows, schema=LISTED, orient="row")


@dataclass
class Life:
    """A company that draws cohorts; it remembers the last draw, as the ledger does."""

    slack: int = 0
    shuffled: bool = False
    state: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ROTATION.columns))
    asked: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def draw(self, customers: Customers | pl.DataFrame, now: int) -> pl.DataFrame:
        drawn = self.again(customers, now)
        for customer_id in chosen(drawn):
            self.asked[customer_id].append(now)
        self.state = drawn
        return drawn

    def again(self, customers: Customers | pl.DataFrame, now: int) -> pl.DataFrame:
        """Return what a draw decides, without remembering it."""
        rows = customers if isinstance(customers, pl.DataFrame) else listed(customers)
        before = self.state
        if self.shuffled:
            rows, before = (
                t.sample(fraction=1, shuffle=True, seed=now + 1) for t in (rows, before)
            )
        known = rotation.remembered(rows, before.lazy())
        return rotation.draw(known, months.named(now), slack=self.slack, seed=SEED)

    def sizes(self, customers: Customers, first: int, count: int) -> list[int]:
        """Return how many are asked in each of so many months."""
        return [len(chosen(self.draw(customers, first + n))) for n in range(count)]


def chosen(drawn: pl.DataFrame) -> set[str]:
    return set(drawn.filter(pl.col("decision") == ASKED)["customer_id"])


def plan(drawn: pl.DataFrame) -> dict[str, int]:
    """Return the month in which each customer is asked or to be asked next."""
    month = pl.when(pl.col("decision") == ASKED).then("month").otherwise("planned")
    rows = drawn.with_columns(planned=month)
    return dict(rows.select("customer_id", months.numbers("planned")).iter_rows())


def lived(customers: Customers, count: int, slack: int = 0) -> Life:
    life = Life(slack)
    life.sizes(customers, START, count)
    return life


def uneven(
    asked: dict[str, list[int]], customers: Customers, kinds: str, span: range
) -> list[object]:
    """Return groups of one k, with a month, that are one or more away from their even share."""
    sizes, counts = Counter[tuple[object, ...]](), Counter[tuple[object, ...]]()
    for customer_id, holder in customers.items():
        for kind in kinds.split(", "):
            parts = [getattr(holder, part) for part in kind.split() if part != "total"]
            group = (kind, holder.asks, *parts)
            sizes[group] += 1
            counts.update((*group, now) for now in asked[customer_id])
    return [
        (group, months.named(now), counts[*group, now], size)
        for group, size in sizes.items()
        for now in span
        if abs(counts[*group, now] * A_YEAR - size * group[1]) >= A_YEAR
    ]


# A list that does not change


def test_twelve_customers_asked_once_a_year_are_one_a_month() -> None:
    life = lived(named([Held("anna", "North", "large")] * 12), 12)

    assert sorted(life.asked.values()) == [[now] for now in range(START, START + 12)]


def test_every_owner_has_a_half_of_the_book_in_each_of_two_months() -> None:
    customers = frame(
        """
        customer_id | owner | region | segment | asks | joined | why
        C-1         | anna  | North  | large   | 6    |        |
        C-2         | anna  | North  | small   | 6    |        |
        C-3         | ben   | North  | large   | 6    |        |
        C-4         | ben   | North  | small   | 6    |        |
        C-5         | carla | South  | large   | 6    |        |
        C-6         | carla | South  | small   | 6    |        |
        """,
        LISTED,
    )
    life = Life()

    for now in range(START, START + 4):
        cohort = life.draw(customers, now).filter(pl.col("decision") == ASKED)
        assert sorted(cohort["owner"]) == ["anna", "ben", "carla"]
        assert set(cohort["segment"]) == {"large", "small"}


def assert_kept(customers: Customers, kinds: str) -> None:
    """See to it that a list that does not change is asked as promised from the first month on."""
    period = max(A_YEAR // holder.asks for holder in customers.values())
    span = range(START, START + A_YEAR + period)
    life = Life()
    first = plan(life.draw(customers, START))
    life.sizes(customers, START + 1, len(span) - 1)

    for customer_id, holder in customers.items():
        asked = life.asked[customer_id]
        assert asked[0] == first[customer_id]
        assert {b - a for a, b in pairwise(asked)} == {A_YEAR // holder.asks}
        for year in range(START, span[-1] - A_YEAR + 2):
            assert sum(year <= now < year + A_YEAR for now in asked) == holder.asks
    assert uneven(life.asked, customers, kinds, span) == []


@pytest.mark.parametrize("asks", ASKS)
@settings(max_examples=3, deadline=None)
@given(drawn=st.data())
def test_everyone_is_asked_k_times_a_year_at_equal_gaps_and_every_group_is_even(
    asks: int, drawn: st.DataObject
) -> None:
    holders = drawn.draw(st.lists(held(st.just(asks)), min_size=1, max_size=90))

    assert_kept(named(holders), EVEN_WITH_ONE_REGION_EACH)


@settings(max_examples=5, deadline=None)
@given(holders=st.lists(held(SOME), min_size=12, max_size=90))
def test_customers_with_another_k_are_even_by_themselves(holders: list[Held]) -> None:
    assert_kept(named(holders), EVEN_WITH_ONE_REGION_EACH)


@settings(max_examples=5, deadline=None)
@given(holders=st.lists(anywhere(SOME), min_size=12, max_size=90))
def test_owners_with_customers_in_several_regions_are_as_even(holders: list[Held]) -> None:
    assert_kept(named(holders), EVEN)


@pytest.mark.parametrize("asks", ASKS)
@settings(max_examples=10, deadline=None)
@given(drawn=st.data())
def test_the_first_plan_is_even_in_every_group(asks: int, drawn: st.DataObject) -> None:
    customers = named(drawn.draw(st.lists(held(st.just(asks)), max_size=200)))
    period = A_YEAR // asks
    first = plan(Life().draw(customers, START))

    asked = {customer_id: [month] for customer_id, month in first.items()}
    assert first.keys() == customers.keys()
    assert (
        uneven(asked, customers, EVEN_WITH_ONE_REGION_EACH, range(START, START + period)) == []
    )


def test_whoever_joined_a_short_while_before_the_first_draw_keeps_the_month_dealt_out() -> None:
    customers = listed(named([Held("anna", "North", "large")] * 12)).with_columns(
        joined=pl.date(2025, 7, 1)
    )
    life = Life()

    first = plan(life.draw(customers, START))
    second = plan(life.draw(customers, START + 1))

    assert sorted(first.values()) == [*range(START, START + 12)]
    assert [c for c in customers["customer_id"] if first[c] != second[c]] == [
        c for c in customers["customer_id"] if first[c] == START
    ]


# A list that changes


class Month(NamedTuple):
    """What happens in a month before its cohort is drawn; customers are picked by number."""

    joiners: list[Held]
    toggled: set[int]  # leave, or return
    left_out: set[int]  # may not be asked, or may again
    moved: dict[int, str]
    book: tuple[str, str]  # whose book goes to whom
    halved: bool
    skipped: bool


SELDOM = st.sampled_from((*[False] * 9, True))
PICKED = st.integers(0, 60)
CHURN = st.lists(
    st.builds(
        Month,
        joiners=st.lists(anywhere(SOME), max_size=3) | st.lists(anywhere(SOME), max_size=30),
        toggled=st.sets(PICKED, max_size=4),
        left_out=st.sets(PICKED, max_size=3),
        moved=st.dictionaries(PICKED, st.sampled_from(OWNERS), max_size=4),
        book=st.tuples(st.sampled_from(OWNERS), st.sampled_from(OWNERS)),
        halved=SELDOM,
        skipped=SELDOM,
    ),
    min_size=8,
    max_size=30,
)
LIST = st.lists(anywhere(SOME), max_size=20)


@dataclass
class Churned:
    """A list of customers that changes each month, with the cohorts drawn from it."""

    life: Life
    customers: Customers
    away: set[str] = field(default_factory=set)
    drawn: dict[int, Customers] = field(default_factory=dict)

    def live(self, month: Month, now: int) -> None:
        self.customers |= named(month.joiners, f"J-{now}")
        self.away ^= {customer_id for customer_id, _ in self.picked(month.toggled)}
        self.away |= {*sorted(self.customers)[::2]} if month.halved else set()
        for customer_id, holder in self.picked(month.left_out):
            self.customers[customer_id] = holder._replace(why=None if holder.why else OPTED_OUT)
        for number, owner in month.moved.items():
            for customer_id, holder in self.picked({number}):
                self.customers[customer_id] = holder._replace(owner=owner)
        giver, taker = month.book
        for customer_id, holder in self.customers.items():
            owner = taker if holder.owner == giver else holder.owner
            self.customers[customer_id] = holder._replace(owner=owner)
        if not month.skipped:
            self.drawn[now] = self.there()
            self.life.draw(self.drawn[now], now)

    def picked(self, numbers: set[int]) -> list[tuple[str, Held]]:
        ids = sorted(self.customers)
        found = {ids[number % len(ids)] for number in numbers} if ids else set()
        return [(customer_id, self.customers[customer_id]) for customer_id in sorted(found)]

    def there(self) -> Customers:
        return {c: holder for c, holder in self.customers.items() if c not in self.away}

    def chances(self, customer_id: str) -> list[int]:
        """Return the months in which the customer could be asked."""
        return [now for now, there in self.drawn.items() if may(there, customer_id)]

    def forgotten(self, customer_id: str, asked: int, now: int) -> bool:
        """Say whether a draw between found the customer gone a year after the last ask."""
        between = (at for at in self.drawn if asked + A_YEAR <= at < now)
        return any(customer_id not in self.drawn[at] for at in between)

    def spells(self, customer_id: str) -> list[list[int]]:
        """Return the months in which the customer could be asked, those in a row together."""
        found: list[list[int]] = [[]]
        for now, there in self.drawn.items():
            if may(there, customer_id):
                found[-1].append(now)
            elif found[-1]:
                found.append([])
        return [spell for spell in found if spell]


def may(there: Customers, customer_id: str) -> bool:
    return customer_id in there and there[customer_id].why is None


def churned(life: Life, holders: list[Held], churn: list[Month]) -> Churned:
    company = Churned(life, named(holders))
    for now, month in enumerate(churn, start=START):
        company.live(month, now)
    return company


def first(chances: list[int], earliest: int) -> int | None:
    return next((now for now in chances if now >= earliest), None)


def period_of(company: Churned, customer_id: str) -> int:
    return A_YEAR // company.customers[customer_id].asks


@settings(max_examples=12, deadline=None)
@given(holders=LIST, churn=CHURN)
def test_whoever_was_asked_is_asked_again_exactly_one_period_later_or_as_soon_as_possible(
    holders: list[Held], churn: list[Month]
) -> None:
    company = churned(Life(), holders, churn)

    for customer_id, asked in company.life.asked.items():
        chances, period = company.chances(customer_id), period_of(company, customer_id)
        assert set(asked) <= set(chances), customer_id
        for now, later in zip(asked, [*asked[1:], None], strict=True):
            due = first(chances, now + period)
            if due is None or not company.forgotten(customer_id, now, due):
                assert later == due, customer_id
            else:
                assert later is None or later >= due, customer_id


@settings(max_examples=12, deadline=None)
@given(holders=LIST, churn=CHURN)
def test_nobody_waits_longer_than_a_period_for_the_first_question(
    holders: list[Held], churn: list[Month]
) -> None:
    company = churned(Life(), holders, churn)

    for customer_id in company.customers:
        period, asked = period_of(company, customer_id), company.life.asked[customer_id]
        for spell in company.spells(customer_id):
            before = [now for now in asked if now < spell[0]]
            if not before or company.forgotten(customer_id, before[-1], spell[0]):
                last = first(spell, spell[0] + period - 1)
                found = first(asked, spell[0])
                assert last is None or (found is not None and found <= last), customer_id


@settings(max_examples=12, deadline=None)
@given(holders=LIST, churn=CHURN, slack=st.integers(1, 3))
def test_with_slack_an_ask_is_put_off_by_so_many_months_at_most(
    holders: list[Held], churn: list[Month], slack: int
) -> None:
    company = churned(Life(slack), holders, churn)

    for customer_id, asked in company.life.asked.items():
        chances, period = company.chances(customer_id), period_of(company, customer_id)
        for now, later in zip(asked, [*asked[1:], None], strict=True):
            due, last = first(chances, now + period), first(chances, now + period + slack)
            if later is not None:
                assert due is not None
                assert later >= due, customer_id
            if last is not None and not company.forgotten(customer_id, now, last):
                assert later is not None, customer_id
                assert later <= last, customer_id


@settings(max_examples=6, deadline=None)
@given(holders=LIST, churn=CHURN, slack=st.sampled_from((0, 0, 1)))
def test_the_order_of_rows_is_immaterial(
    holders: list[Held], churn: list[Month], slack: int
) -> None:
    plain = churned(Life(slack), holders, churn)
    shuffled = churned(Life(slack, shuffled=True), holders, churn)

    assert shuffled.life.asked == plain.life.asked
    assert by_id(shuffled.life.state).equals(by_id(plain.life.state))


def by_id(drawn: pl.DataFrame) -> pl.DataFrame:
    return drawn.sort("customer_id")


@settings(max_examples=12, deadline=None)
@given(holders=LIST, churn=CHURN, slack=st.sampled_from((0, 1, 2)), late=LIST)
def test_a_month_drawn_again_keeps_all_who_were_asked_and_adds_only_late_entries(
    holders: list[Held], churn: list[Month], slack: int, late: list[Held]
) -> None:
    company = churned(Life(slack), holders, churn)
    now, there, life = START + len(churn), company.there(), company.life
    drawn = life.draw(there, now)

    same = life.again(there, now)
    added = life.again(there | named(late, "L"), now)

    assert chosen(same) == chosen(drawn)
    assert slack or by_id(same).equals(by_id(drawn))
    assert chosen(drawn) <= chosen(added)
    assert slack or chosen(added) - chosen(drawn) <= set(named(late, "L"))
    assert slack or plan(drawn).items() <= plan(added).items()


def test_a_month_drawn_again_asks_those_whose_reason_is_gone_and_who_are_due() -> None:
    out = {"C-1": Held("anna"), "C-2": Held("anna", why=OPTED_OUT)}
    life = lived({"C-1": Held("anna"), "C-2": Held("anna")}, 12)
    due = {c: now + A_YEAR for c, [now] in life.asked.items()}
    life.sizes(out, START + 12, due["C-2"] - START - 12)

    first_drawn = life.draw(out, due["C-2"])
    again = life.again(named([Held("anna")] * 3), due["C-2"])

    assert chosen(first_drawn) <= {"C-1"}
    assert "C-2" in chosen(again)
    assert chosen(first_drawn) <= chosen(again)


# Drawn examples of what changes


def test_a_month_that_was_skipped_is_made_up_for() -> None:
    customers = named([Held("anna")] * 12)
    life = lived(customers, 12)
    life.sizes(customers, START + 13, 11)

    [late] = [asked for asked in life.asked.values() if asked[0] == START]

    assert late == [START, START + 13]
    assert sorted(len(asked) for asked in life.asked.values()) == [2] * 12


def test_months_skipped_before_the_first_question_are_made_up_for() -> None:
    customers = named([Held("anna")] * 12)
    life = lived(customers, 1)

    life.sizes(customers, START + 8, 4)

    assert sorted(asked for [asked] in life.asked.values()) == [
        START,
        *sorted([START + 8, START + 9, START + 10] * 3 + [START + 11] * 2),
    ]


def test_a_customer_who_returns_after_three_months_is_asked_as_if_never_gone() -> None:
    both = named([Held("anna")] * 2)
    life = lived(both, 12)
    asked = {customer_id: now for customer_id, [now] in life.asked.items()}
    without = {"C-0": both["C-0"]}

    life.sizes(without, START + 12, 3)
    life.sizes(both, START + 15, 12)

    due = max(asked["C-1"] + 12, START + 15)
    assert life.asked["C-1"] == [asked["C-1"], due]


@pytest.mark.parametrize("asks", [1, 4])
def test_a_customer_who_returns_when_the_ask_is_overdue_is_asked_at_once(asks: int) -> None:
    customers = {"C-1": Held("anna", asks=asks)}
    life = lived(customers, 1)

    life.sizes({}, START + 1, 11)
    life.sizes({"C-2": Held("anna")}, START + 12, 0)
    life.draw(customers, START + 12)

    assert life.asked["C-1"] == [START, START + 12]


def test_a_customer_who_returns_after_fifteen_months_is_a_newcomer() -> None:
    others = named([Held("anna")] * 11)
    life = lived({"X-1": Held("anna")} | others, 12)
    asked = life.asked["X-1"][0]

    life.sizes(others, START + 12, asked - START + 3)
    assert "X-1" not in life.state["customer_id"]
    life.draw({"X-1": Held("anna")} | others, asked + 15)

    assert life.state.filter(pl.col("customer_id") == "X-1")["latest"].to_list() in (
        [months.named(asked + 15 + 11)],
        [None],  # asked at once
    )


def test_a_customer_who_is_gone_is_remembered_for_twelve_months_from_the_last_question() -> None:
    life = lived({"C-1": Held("anna"), "C-2": Held("anna")}, 1)
    [asked] = life.asked
    [never] = {"C-1", "C-2"} - {asked}

    remembered = [life.draw({}, START + n)["customer_id"].to_list() for n in range(1, 14)]

    assert remembered == [[asked]] * 11 + [[]] * 2
    assert never not in life.asked


def test_many_newcomers_at_once_are_spread_at_once() -> None:
    old = named([Held("anna", "North")] * 12)
    everyone = old | named([Held("anna", "North")] * 24, "J")
    life = lived(old, 1)

    assert life.sizes(everyone, START + 1, 24) == [3] * 24


def test_a_book_that_is_handed_over_keeps_its_months() -> None:
    before = named([Held("anna", "North", "large")] * 12 + [Held("ben", "South", "small")] * 12)
    after = {c: Held("ben", "South", holder.segment) for c, holder in before.items()}
    life = lived(before, 6)

    assert life.sizes(after, START + 6, 18) == [2] * 18
    assert {len(asked) for asked in life.asked.values()} == {2}


def test_a_customer_who_changes_hands_is_asked_when_due_and_for_the_new_owner() -> None:
    life = lived({"C-1": Held("anna", "North", asks=4)}, 1)
    moved = {"C-1": Held("ben", "South", asks=4)}

    drawn = [life.draw(moved, now) for now in range(START + 1, START + 4)]

    assert [chosen(each) for each in drawn] == [set(), set(), {"C-1"}]
    assert [each["owner"].item() for each in drawn] == ["ben"] * 3
    assert [each["region"].item() for each in drawn] == ["South"] * 3


def test_where_half_the_list_leaves_those_who_wait_move_so_that_months_stay_even() -> None:
    customers = named([Held("anna")] * 48)
    life = lived(customers, 1)
    late = {c for c, month in plan(life.state).items() if month >= START + 6}
    early = {c: customers[c] for c in customers if c not in late}

    assert life.sizes(early, START + 1, 11) == [2] * 9 + [1] * 2
    assert {len(asked) for c, asked in life.asked.items() if c in early} == {1}


def test_where_a_list_is_replaced_the_new_customers_are_dealt_out() -> None:
    life = lived(named([Held("anna", "North", "large")] * 30), 5)
    new = named([Held("anna", "North", "large"), Held("ben", "South", "small")] * 12, "J")

    life.sizes(new, START + 5, 24)

    asked = {customer_id: life.asked[customer_id] for customer_id in new}
    assert {b - a for a, b in asked.values()} == {12}
    assert uneven(asked, new, EVEN_WITH_ONE_REGION_EACH, range(START + 5, START + 29)) == []


def test_where_all_were_left_out_at_first_the_list_is_dealt_out_later() -> None:
    customers = named([Held("anna", "North", "large"), Held("ben", None, None)] * 6)
    out = {c: holder._replace(why=OPTED_OUT) for c, holder in customers.items()}
    life = lived(out, 2)

    first_drawn = life.draw(customers, START + 2)

    assert life.asked.keys() == chosen(first_drawn)
    asked = {customer_id: [month] for customer_id, month in plan(first_drawn).items()}
    assert uneven(asked, customers, EVEN_WITH_ONE_REGION_EACH, range(START + 2, START + 14)) == []


def test_owners_whom_nothing_happened_to_keep_their_months_while_others_change() -> None:
    steady = named([Held("anna", "North", "large", 4), Held("anna", "South", None, 1)] * 9)
    life = lived(steady | named([Held("ben", "North")] * 9, "B"), 1)
    first_plan = plan(life.state)

    for n in range(1, 12):
        others = named([Held("ben", "North")] * (n % 9), "B")
        joiners = named([Held("ben", "North")] * n, f"J-{n}")
        life.draw(steady | others | joiners, START + n)

    assert {c: life.asked[c][0] for c in steady} == {c: first_plan[c] for c in steady}


# Newcomers


def test_a_newcomer_is_asked_within_a_period_of_the_day_of_joining() -> None:
    life = lived({"C-1": Held("anna"), "C-2": Held("anna")}, 1)
    customers = frame(
        """
        customer_id | owner | asks | joined     | region | segment | why
        C-1         | anna  | 1    |            |        |         |
        C-2         | anna  | 1    |            |        |         |
        J-1         | ben   | 1    | 2025-06-15 |        |         |
        J-2         | carla | 1    | 2024-01-01 |        |         |
        J-3         | dan   | 1    |            |        |         |
        J-4         | eve   | 4    | 2026-01-31 |        |         |
        J-5         | finn  | 1    | 2031-01-01 |        |         |
        """,
        LISTED,
    )

    # Late in the queue, so that nobody is asked at once: each owner has two others to ask.
    others = [("K", owner, 1) for owner in ("ben", "carla", "dan", "eve", "finn")]
    drawn = life.draw(customers, START + 1)

XXX


def test_a_promise_to_a_newcomer_is_kept_while_the_plan_moves() -> None:
    life = lived(named([Held("anna")] * 12), 1)
    customers = named([Held("anna")] * 12) | {"J-1": Held("anna")}

    promised = set()
    for now in range(START + 1, START + 13):
        customers |= named([Held("anna")] * 3, f"K-{now}")
        row = life.draw(customers, now).filter(pl.col("customer_id") == "J-1")
        promised |= set(row["latest"].drop_nulls())

    assert promised <= {"2027-01"}
    assert life.asked["J-1"][0] <= START + 12
