from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import months, rotation
from loopback.months import A_YEAR
from loopback.prn import prn, prns
from loopback.tables import ASKED, GONE, LEFT_OUT, ROTATION, WAITS
from tests.frames import frame, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

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
STORED = ROTATION.compact(pl.DataFrame(schema=ROTATION.columns)).schema
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
        return rotation.draw(*known, months.named(now), slack=self.slack, seed=SEED)

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
    sizes = Counter[tuple[int, tuple[object, ...]]]()
    counts = Counter[tuple[int, tuple[object, ...], int]]()
    for customer_id, holder in customers.items():
        for kind in kinds.split(", "):
            group = (kind, *(getattr(holder, part) for part in kind.split() if part != "total"))
            sizes[holder.asks, group] += 1
            counts.update((holder.asks, group, now) for now in asked[customer_id])
    return [
        (asks, group, months.named(now), counts[asks, group, now], size)
        for (asks, group), size in sizes.items()
        for now in span
        if abs(counts[asks, group, now] * A_YEAR - size * asks) >= A_YEAR
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

    assert_dealt_out(Life().draw(customers, START), customers, START)


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


@settings(max_examples=8, deadline=None)
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


def test_after_a_skipped_month_those_never_asked_make_room() -> None:
    found = decided(
        """
        customer_id | month   | owner | asks | decision | asked   | planned | latest
        missed      | 2026-04 | anna  | 1    | waits    | 2025-05 | 2026-05 |
        due         | 2026-04 | anna  | 1    | waits    | 2025-06 | 2026-06 |
        never asked | 2026-04 | anna  | 1    | waits    |         | 2026-06 | 2026-07
        """,
        """
        customer_id | owner | asks
        missed      | anna  | 1
        due         | anna  | 1
        never asked | anna  | 1
        """,
    )

    assert_decided(
        found,
        """
        customer_id | decision | asked   | planned | latest
        due         | asked    | 2026-06 | 2027-06 |
        missed      | asked    | 2026-06 | 2027-06 |
        never asked | waits    |         | 2026-07 | 2026-07
        """,
    )


def test_a_customer_who_returns_after_three_months_is_asked_as_if_never_gone() -> None:
    customers = {"C-1": Held("anna")}
    life = lived(customers, 3)

    life.sizes({}, START + 3, 3)
    life.sizes(customers, START + 6, 12)

    assert life.asked["C-1"] == [START, START + 12]


def test_a_customer_who_returns_when_the_question_is_overdue_is_asked_at_once() -> None:
    customers = {"C-1": Held("anna", asks=4)}
    life = lived(customers, 1)

    life.sizes({}, START + 1, 4)
    life.sizes(customers, START + 5, 4)

    assert life.asked["C-1"] == [START, START + 5, START + 8]


def test_a_customer_who_returns_after_fifteen_months_is_a_newcomer() -> None:
    others = named([Held("anna")] * 11)
    life = lived(others | {"X-1": Held("anna")}, 12)
    [asked] = life.asked["X-1"]

    life.sizes(others, START + 12, asked - START + 3)
    life.draw(others | {"X-1": Held("anna")}, asked + 15)

    back = life.state.filter(pl.col("customer_id") == "X-1")
    lightest, promised = months.named(asked + 24), months.named(asked + 15 + 11)
    assert back.select("asked", "planned", "latest").rows() == [(None, lightest, promised)]


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


@settings(max_examples=8, deadline=None)
@given(holders=st.lists(held(st.sampled_from((1, 4))), min_size=20, max_size=90))
def test_where_all_customers_are_replaced_the_new_ones_are_dealt_out(holders: list[Held]) -> None:
    life = lived(named([Held("anna", "North", "large")] * 30), 3)

    assert_dealt_out(life.draw(named(holders, "J"), START + 3), named(holders, "J"), START + 3)


@settings(max_examples=8, deadline=None)
@given(holders=st.lists(held(st.sampled_from((1, 4))), min_size=20, max_size=90))
def test_where_all_were_left_out_at_first_they_are_dealt_out_later(holders: list[Held]) -> None:
    customers = named(holders)
    life = lived({c: holder._replace(why=OPTED_OUT) for c, holder in customers.items()}, 2)

    assert_dealt_out(life.draw(customers, START + 2), customers, START + 2)


def assert_dealt_out(drawn: pl.DataFrame, customers: Customers, now: int) -> None:
    """See to it that every group of a list is even, the customers of each k by themselves."""
    months_planned = plan(drawn)
    for asks in {holder.asks for holder in customers.values()}:
        of_k = {c: holder for c, holder in customers.items() if holder.asks == asks}
        planned = {customer_id: [months_planned[customer_id]] for customer_id in of_k}
        span = range(now, now + A_YEAR // asks)
        assert uneven(planned, of_k, EVEN_WITH_ONE_REGION_EACH, span) == []


def test_owners_whom_nothing_happened_to_keep_their_months_while_others_change() -> None:
    steady = named([Held("anna", "North", "large", 4), Held("anna", "South", None, 1)] * 9)
    life = lived(steady | named([Held("ben", "North")] * 9, "B"), 1)
    first_plan = plan(life.state)

    for n in range(1, 12):
        others = named([Held("ben", "North")] * (n % 9), "B")
        joiners = named([Held("ben", "North")] * n, f"J-{n}")
        life.draw(steady | others | joiners, START + n)

    assert {c: life.asked[c][0] for c in steady} == {c: first_plan[c] for c in steady}


def a_month_later(others: Customers, chance: Random, apart: Callable[[Held], bool]) -> Customers:
    """Return what a month leaves of customers: some leave, some change, some join."""

    def anyone() -> Held:
        regions, segments = ("North", "South", None), ("large", "medium", "small", None)
        place = chance.choice(regions), chance.choice(segments)
        held = Held(chance.choice(OWNERS), *place, chance.choice(ASKS))
        return held if apart(held) else anyone()

    stay = {c: holder for c, holder in others.items() if chance.random() < 0.8}
    changed = {c: anyone() for c in stay if chance.random() < 0.2}
    joined = {f"J-{chance.random()}": anyone() for _ in range(chance.randrange(8))}
    return stay | changed | joined


@pytest.mark.parametrize("kind", ["region", "segment", "owner", "owner segment"])
@settings(max_examples=4, deadline=None)
@given(
    holders=st.lists(held(SOME), min_size=6, max_size=50),
    chance=st.randoms(use_true_random=False),
)
def test_a_group_whose_own_customers_stay_is_even_while_all_others_change(
    kind: str, holders: list[Held], chance: Random
) -> None:
    customers = named(holders)
    parts = kind.split()
    one = chance.choice(holders)
    group = [getattr(one, part) for part in parts]

    def apart(holder: Held) -> bool:
        return [getattr(holder, part) for part in parts] != group

    steady = {c: holder for c, holder in customers.items() if not apart(holder)}
    others = {c: holder for c, holder in customers.items() if apart(holder)}
    life = Life()

    for now in range(START, START + 18):
        life.draw(steady | others, now)
        others = a_month_later(others, chance, apart)

    assert uneven(life.asked, steady, kind, range(START, START + 18)) == []


# Newcomers


def test_a_newcomer_is_asked_within_a_period_of_the_day_of_joining() -> None:
    known = named([Held("anna")] * 12)
    life = lived(known, 1)
    joiners = frame(
        """
        customer_id | owner | region | segment | joined     | asks | why
        J-1         | anna  |        |         | 2025-03-15 | 1    |
        J-2         | anna  |        |         | 2025-06-15 | 1    |
        J-3         | anna  |        |         | 2024-01-01 | 1    |
        J-4         | anna  |        |         |            | 1    |
        J-5         | anna  |        |         | 2026-01-31 | 4    |
        J-6         | anna  |        |         | 2031-01-01 | 1    |
        """,
        LISTED,
    )

    drawn = life.draw(pl.concat([listed(known), joiners]), START + 1)

    assert chosen(drawn) & set(joiners["customer_id"]) == {"J-1"}  # the last month to ask it
    waits = drawn.filter(pl.col("customer_id").str.starts_with("J-"), pl.col("decision") == WAITS)
    assert dict(waits.select("customer_id", "latest").iter_rows()) == {
        "J-2": "2026-05",
        "J-3": "2027-01",
        "J-4": "2027-01",
        "J-5": "2026-03",
        "J-6": "2027-01",
    }
    assert waits.filter(pl.col("planned") > pl.col("latest")).is_empty()


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


# What is decided of everyone

NOW = "2026-06"
DECIDED = ("customer_id", "owner", "decision", "why", "asked", "planned", "latest")


def decided(known: str, listing: str, slack: int = 0) -> pl.DataFrame:
    """Return what a draw decides, from the drawn rows of the last draw and a drawn list."""
    state = table(ROTATION, known).select(ROTATION.columns.names())
    drawn = frame(listing, LISTED)
    blank = [pl.lit(None, LISTED[c]).alias(c) for c in LISTED if c not in drawn.columns]
    remembered = rotation.remembered(drawn.with_columns(blank).select(LISTED.names()), state.lazy())
    found = rotation.draw(*remembered, NOW, slack=slack, seed=SEED)
    assert found.schema == STORED
    assert set(found["month"]) <= {NOW}
    return by_id(found)


def assert_decided(found: pl.DataFrame, drawing: str) -> None:
    expected = frame(drawing, ROTATION.columns)
    assert found.select(expected.columns).rows(named=True) == expected.rows(named=True)


def test_customers_who_were_asked() -> None:
    found = decided(
        """
        customer_id | month   | owner | asks | decision | asked   | planned
        due         | 2026-05 | anna  | 1    | waits    | 2025-06 | 2026-06
        late        | 2026-05 | anna  | 1    | waits    | 2025-03 | 2026-03
        out         | 2026-05 | anna  | 1    | waits    | 2025-06 | 2026-06
        out again   | 2026-05 | anna  | 1    | left out | 2024-06 | 2025-06
        rests       | 2026-05 | anna  | 1    | asked    | 2026-05 | 2027-05
        four        | 2026-05 | anna  | 4    | waits    | 2026-03 | 2026-06
        """,
        """
        customer_id | owner | asks | why
        due         | anna  | 1    |
        late        | ben   | 1    |
        out         | anna  | 1    | opted out
        out again   | anna  | 1    | bounced
        rests       | anna  | 1    |
        four        | anna  | 4    |
        """,
    )

    assert_decided(
        found,
        """
        customer_id | owner | asks | decision | why       | asked   | planned | latest
        due         | anna  | 1    | asked    |           | 2026-06 | 2027-06 |
        four        | anna  | 4    | asked    |           | 2026-06 | 2026-09 |
        late        | ben   | 1    | asked    |           | 2026-06 | 2027-06 |
        out         | anna  | 1    | left out | opted out | 2025-06 | 2026-06 |
        out again   | anna  | 1    | left out | bounced   | 2024-06 | 2025-06 |
        rests       | anna  | 1    | waits    |           | 2026-05 | 2027-05 |
        """,
    )


def test_customers_never_asked() -> None:
    found = decided(
        """
        customer_id | month   | owner | asks | decision | asked | planned | latest
        planned     | 2026-05 | anna  | 1    | waits    |       | 2026-06 | 2026-12
        later       | 2026-05 | ben   | 1    | waits    |       | 2026-09 | 2026-12
        out         | 2026-05 | ben   | 1    | waits    |       | 2026-09 | 2026-12
        promised    | 2026-05 | carla | 1    | waits    |       | 2026-06 | 2026-06
        """,
        """
        customer_id | owner | asks | why
        planned     | anna  | 1    |
        later       | ben   | 1    |
        out         | ben   | 1    | opted out
        promised    | carla | 1    |
        new         | carla | 12   |
        new and out | carla | 2    | no address
        """,
    )

    assert_decided(
        found,
        """
        customer_id | owner | asks | decision | why        | asked   | planned | latest
        later       | ben   | 1    | waits    |            |         | 2026-09 | 2026-12
        new         | carla | 12   | asked    |            | 2026-06 | 2026-07 |
        new and out | carla | 2    | left out | no address |         |         |
        out         | ben   | 1    | left out | opted out  |         |         |
        planned     | anna  | 1    | asked    |            | 2026-06 | 2027-06 |
        promised    | carla | 1    | asked    |            | 2026-06 | 2027-06 |
        """,
    )


def test_customers_who_are_gone() -> None:
    found = decided(
        """
        customer_id | month   | owner | region | segment | asks | decision | why | asked   | planned
        leaves      | 2026-05 | anna  | North  | large   | 1    | waits    |     | 2025-08 | 2026-08
        was out     | 2026-05 | anna  | North  | large   | 1    | left out | bad | 2025-08 | 2026-08
        was gone    | 2026-05 |       |        |         | 4    | gone     |     | 2025-07 | 2025-10
        forgotten   | 2026-05 | anna  | North  | large   | 1    | waits    |     | 2025-06 | 2026-06
        never       | 2026-05 | anna  | North  | large   | 1    | waits    |     |         | 2026-08
        back        | 2026-05 |       |        |         | 1    | gone     |     | 2025-09 | 2026-09
        """,
        """
        customer_id | owner | asks
        back        | ben   | 1
        """,
    )

    assert_decided(
        found,
        """
        customer_id | owner | region | segment | asks | decision | why | asked   | planned | latest
        back        | ben   |        |         | 1    | waits    |     | 2025-09 | 2026-09 |
        leaves      |       |        |         | 1    | gone     |     | 2025-08 | 2026-08 |
        was gone    |       |        |         | 4    | gone     |     | 2025-07 | 2025-10 |
        was out     |       |        |         | 1    | gone     |     | 2025-08 | 2026-08 |
        """,
    )


def test_customers_whose_month_is_drawn_again() -> None:
    found = decided(
        """
        customer_id | month   | owner | asks | decision | why | asked   | planned | latest
        asked       | 2026-06 | anna  | 1    | asked    |     | 2026-06 | 2027-06 |
        asked, k    | 2026-06 | anna  | 1    | asked    |     | 2026-06 | 2027-06 |
        asked, out  | 2026-06 | anna  | 1    | asked    |     | 2026-06 | 2027-06 |
        waits       | 2026-06 | anna  | 1    | waits    |     |         | 2026-07 | 2027-05
        was out     | 2026-06 | anna  | 1    | left out | bad | 2025-06 | 2026-06 |
        """,
        """
        customer_id | owner | asks | why
        asked       | anna  | 1    |
        asked, k    | anna  | 4    |
        asked, out  | anna  | 1    | opted out
        waits       | anna  | 1    |
        was out     | anna  | 1    |
        late        | ben   | 12   |
        """,
    )

    assert_decided(
        found,
        """
        customer_id | asks | decision | why       | asked   | planned | latest
        asked       | 1    | asked    |           | 2026-06 | 2027-06 |
        asked, k    | 4    | asked    |           | 2026-06 | 2026-09 |
        asked, out  | 1    | asked    |           | 2026-06 | 2027-06 |
        late        | 12   | asked    |           | 2026-06 | 2026-07 |
        waits       | 1    | waits    |           |         | 2026-07 | 2027-05
        was out     | 1    | asked    |           | 2026-06 | 2027-06 |
        """,
    )


def test_where_a_month_is_drawn_again_nobody_who_waits_is_moved_into_it() -> None:
    known = """
        customer_id | month   | owner | asks | decision | asked   | planned | latest
        asked       | 2026-06 | ben   | 1    | asked    | 2026-06 | 2027-06 |
        leaves      | 2026-06 | anna  | 1    | waits    |         | 2026-07 | 2027-05
        waits       | 2026-06 | anna  | 1    | waits    |         | 2026-07 | 2027-05
        waits, too  | 2026-06 | anna  | 1    | waits    |         | 2026-07 | 2027-05
        """
    listing = """
        customer_id | owner | asks
        waits       | anna  | 1
        waits, too  | anna  | 1
        """

    again = decided(known, listing + "asked | ben | 1")
    assert_decided(
        again.filter(pl.col("customer_id") != "asked"),
        """
        customer_id | decision | planned
        waits       | waits    | 2026-07
        waits, too  | waits    | 2026-07
        """,
    )
    drawn_first = decided(known.replace("2026-06 | 2027-06", "2026-05 | 2027-05"), listing)
    assert len(chosen(drawn_first)) == 1


@pytest.mark.parametrize(("looked_at", "moved"), [(0, set[str]()), (1, {"a"}), (2, {"b"})])
def test_for_a_region_only_the_first_of_a_month_are_looked_at(
    monkeypatch: pytest.MonkeyPatch, looked_at: int, moved: set[str]
) -> None:
    """Three of North stand in 2026-09, one too many; b goes before a by random number."""
    monkeypatch.setattr(rotation, "CANDIDATES", looked_at)
    found = decided(
        """
        customer_id | month   | owner | region | asks | decision | asked | planned | latest
        a           | 2026-05 | anna  | North  | 1    | waits    |       | 2026-09 | 2027-04
        b           | 2026-05 | ben   | North  | 1    | waits    |       | 2026-09 | 2027-04
        c           | 2026-05 | carla | North  | 1    | waits    |       | 2026-09 | 2027-04
        left anna   | 2026-05 | anna  | North  | 1    | waits    |       | 2026-10 | 2027-04
        left ben    | 2026-05 | ben   | North  | 1    | waits    |       | 2026-10 | 2027-04
        left carla  | 2026-05 | carla | North  | 1    | waits    |       | 2026-10 | 2027-04
        """,
        """
        customer_id | owner | region | asks
        a           | anna  | North  | 1
        b           | ben   | North  | 1
        c           | carla | North  | 1
        """,
    )

    assert set(found.filter(pl.col("planned") != "2026-09")["customer_id"]) == moved


def test_customers_whose_k_changed_are_asked_between_the_old_gap_and_the_new() -> None:
    found = decided(
        """
        customer_id | month   | owner | asks | decision | asked   | planned | latest
        more often  | 2026-05 | anna  | 1    | waits    | 2026-04 | 2027-04 |
        as before   | 2026-05 | anna  | 1    | waits    | 2025-08 | 2026-08 |
        less often  | 2026-05 | ben   | 12   | asked    | 2026-05 | 2026-06 |
        as before 2 | 2026-05 | ben   | 1    | waits    | 2025-06 | 2026-06 |
        overdue     | 2026-05 | carla | 1    | waits    | 2025-04 | 2026-04 |
        never       | 2026-05 | dan   | 1    | waits    |         | 2026-12 | 2027-04
        out         | 2026-05 | dan   | 1    | waits    | 2026-04 | 2027-04 |
        """,
        """
        customer_id | owner | asks | why
        more often  | anna  | 4    |
        as before   | anna  | 1    |
        less often  | ben   | 6    |
        as before 2 | ben   | 1    |
        overdue     | carla | 6    |
        never       | dan   | 12   |
        out         | dan   | 4    | opted out
        """,
    )

    assert_decided(
        found,
        """
        customer_id | asks | decision | asked   | planned | latest
        as before   | 1    | waits    | 2025-08 | 2026-08 |
        as before 2 | 1    | asked    | 2026-06 | 2027-06 |
        less often  | 6    | waits    | 2026-05 | 2026-07 |
        more often  | 4    | waits    | 2026-04 | 2026-07 |
        never       | 12   | asked    | 2026-06 | 2026-07 |
        out         | 4    | left out | 2026-04 | 2027-04 |
        overdue     | 6    | asked    | 2026-06 | 2026-08 |
        """,
    )


# k changes


def test_where_all_are_asked_four_times_instead_of_once_they_are_spread_over_the_quarter() -> None:
    for slack in (0, 1, 3):
        life = lived(named([Held("anna")] * 12), 12, slack)

        assert life.sizes(named([Held("anna", asks=4)] * 12), START + 12, 12) == [4] * 12


def test_where_all_are_asked_once_instead_of_four_times_they_are_spread_over_the_year() -> None:
    for slack in (0, 1, 3):
        life = lived(named([Held("anna", asks=4)] * 12), 12, slack)

        assert life.sizes(named([Held("anna")] * 12), START + 12, 24) == [1] * 24


@settings(max_examples=15, deadline=None)
@given(
    holders=st.lists(st.tuples(anywhere(SOME), SOME), min_size=1, max_size=40),
    slack=st.sampled_from((0, 0, 1, 2)),
    before=st.integers(1, 14),
)
def test_after_a_change_of_k_the_next_question_comes_between_the_old_gap_and_the_new(
    holders: list[tuple[Held, int]], slack: int, before: int
) -> None:
    old = named(holder for holder, _ in holders)
    new = named(holder._replace(asks=asks) for holder, asks in holders)
    life = lived(old, before, slack)
    last = {customer_id: asked[-1] for customer_id, asked in life.asked.items()}
    change = START + before
    life.sizes(new, change, A_YEAR + slack)

    for customer_id, holder in new.items():
        period, former = A_YEAR // holder.asks, A_YEAR // old[customer_id].asks
        asked = [now for now in life.asked[customer_id] if now >= change]
        gaps = {b - a for a, b in pairwise(asked)}
        assert gaps <= set(range(period, period + slack + 1))
        if customer_id in last:
            earliest, latest = sorted((period, former))
            due = max(last[customer_id] + earliest, change)
            assert due <= asked[0] <= max(last[customer_id] + latest + slack, change)
        else:
            assert asked[0] < change + max(period, former)


# Slack


@settings(max_examples=12, deadline=None)
@given(
    asks=st.sampled_from((1, 2, 4, 6)),
    books=st.lists(
        st.tuples(st.sampled_from(("anna", "ben")), st.sampled_from((0, 0, 0, 1, 2, 7))),
        min_size=6,
        max_size=40,
    ),
    slack=st.integers(0, 3),
)
def test_with_slack_months_in_which_many_are_due_are_drawn_apart_and_none_gets_fuller(
    asks: int, books: list[tuple[str, int]], slack: int
) -> None:
    period = A_YEAR // asks
    customers = named(Held(owner, asks=asks) for owner, _ in books)
    asked = [START - 1 - ago % period for _, ago in books]
    life = Life(slack, state=asked_before(customers, asked))
    life.sizes(customers, START, period + slack)

    for before, customer_id in zip(asked, customers, strict=True):
        found = [before, *life.asked[customer_id]]
        assert {b - a for a, b in pairwise(found)} <= {*range(period, period + slack + 1)}
        assert len(found) > 1
    for owner in ("anna", "ben"):
        book = [c for c, holder in customers.items() if holder.owner == owner]
        due = Counter(now for now, c in zip(asked, customers, strict=True) if c in book)
        drawn = Counter(now for c in book for now in life.asked[c])
        assert max(drawn.values(), default=0) <= max(due.values(), default=0)


def asked_before(customers: Customers, asked: list[int]) -> pl.DataFrame:
    """Return the last draw of customers who were asked in these months."""
    return listed(customers).select(
        "customer_id",
        month=pl.lit(months.named(START - 1)),
        owner="owner",
        region="region",
        segment="segment",
        asks="asks",
        decision=pl.lit(WAITS),
        why="why",
        asked=pl.Series(map(months.named, asked), dtype=pl.String),
        planned=months.texts(pl.Series(asked, dtype=pl.Int64) + A_YEAR // pl.col("asks")),
        latest=pl.lit(None, pl.String),
    )


def test_with_slack_a_skipped_month_is_made_up_for_one_by_one() -> None:
    customers = named([Held("anna")] * 12)
    for slack, sizes in ((0, [2] + [1] * 10), (1, [1] * 11)):
        life = lived(customers, 12, slack)

        assert life.sizes(customers, START + 13, 11) == sizes


def test_with_slack_a_book_taken_over_is_asked_in_turn() -> None:
    """Both books are due in the same month: one waits for the month after it, in which none is."""
    known = """
        customer_id | month   | owner | asks | decision | asked   | planned
        C-1         | 2026-05 | anna  | 1    | waits    | 2025-06 | 2026-06
        C-2         | 2026-05 | ben   | 1    | waits    | 2025-06 | 2026-06
        """
    listing = """
        customer_id | owner | asks
        C-1         | anna  | 1
        C-2         | anna  | 1
        """

    assert decided(known, listing)["decision"].to_list() == [ASKED, ASKED]
    late = decided(known, listing, slack=1).filter(pl.col("decision") == WAITS)
    assert late.select("asked", "planned").rows() == [("2025-06", "2026-07")]


def test_with_slack_nobody_is_put_off_twice() -> None:
    known = """
        customer_id | month   | owner | asks | decision | asked   | planned
        C-1         | 2026-05 | anna  | 1    | waits    | 2025-05 | 2026-06
        C-2         | 2026-05 | anna  | 1    | waits    | 2025-05 | 2026-06
        C-3         | 2026-05 | anna  | 1    | waits    | 2025-06 | 2026-06
        """
    listing = "customer_id | owner | asks\nC-1 | anna | 1\nC-2 | anna | 1\nC-3 | anna | 1"

    assert_decided(
        decided(known, listing, slack=1),
        """
        customer_id | decision | planned
        C-1         | asked    | 2027-06
        C-2         | asked    | 2027-06
        C-3         | waits    | 2026-07
        """,
    )


# Edges


@pytest.mark.parametrize("slack", [0, 1])
def test_an_empty_list_is_decided_of_nobody(slack: int) -> None:
    life = lived({}, 2, slack)

    assert life.state.is_empty()
    assert life.state.schema == STORED
    assert life.sizes({"C-1": Held("anna")}, START + 2, 13) == [1, *[0] * 11, 1]


def test_a_list_from_which_all_are_gone_is_remembered() -> None:
    life = lived(named([Held("anna")] * 12), 6)

    assert life.sizes({}, START + 6, 3) == [0] * 3
    assert set(life.state["decision"]) == {GONE}
    assert set(life.state["owner"]) == {None}


def test_decisions_stand_in_the_order_of_the_list_before_those_of_who_is_gone() -> None:
    """The draw finds those to be asked in the list by where they stand."""
    life = lived(named([Held("anna")] * 12), 2)
    left = [f"C-{n}" for n in (7, 3, 11, 0)]
    gone = {*life.state["customer_id"].filter(life.state["asked"].is_not_null())} - {*left}

    drawn = life.draw(dict.fromkeys(left, Held("anna")), START + 2)["customer_id"].to_list()

    assert drawn[:4] == left
    assert {*drawn[4:]} == gone


def test_a_month_drawn_again_asks_nobody_in_place_of_those_who_are_gone() -> None:
    life, customers = Life(), named([Held("anna")] * 36)
    planned = plan(life.draw(customers, START))
    left = {c: held for c, held in customers.items() if planned[c] > START + 1}

    assert chosen(life.again(left, START)) == set()
    assert {c: month for c, month in plan(life.again(left, START)).items() if c in left} == {
        c: planned[c] for c in left
    }


def test_where_all_are_left_out_nobody_is_asked() -> None:
    life = lived(named([Held("anna", why=OPTED_OUT)] * 3), 2)

    assert (
        life.state.select("decision", "why", "asked", "planned", "latest").rows()
        == [(LEFT_OUT, OPTED_OUT, None, None, None)] * 3
    )
    assert life.state.schema == STORED


def test_the_draw_has_a_row_for_everyone_in_the_list() -> None:
    customers = named([Held("anna", "North", "large", 4), Held("dan", None, None, 1)] * 6)
    drawn = by_id(Life().draw(customers, START))

    assert Life().draw(customers, START)["customer_id"].to_list() == [*customers]
    holders = by_id(listed(customers)).select("customer_id", "owner", "region", "segment", "asks")
    assert drawn.select(holders.columns).equals(holders)
    assert drawn.schema == STORED


# The permanent random number


@pytest.mark.parametrize(
    ("customer_id", "seed", "number"),
    [
        ("C-1", "loopback", 3996459458686053886),
        ("C-1", "other", 9834300053564323135),
        ("Ærø-7", "loopback", 17885439983581840335),
    ],
)
def test_the_permanent_random_number_is_the_same_for_ever(
    customer_id: str, seed: str, number: int
) -> None:
    assert prn(customer_id, seed) == number
    assert prns(pl.Series([customer_id, customer_id]), seed).to_list() == [number] * 2


def test_a_seed_may_be_of_any_length() -> None:
    numbers = {prn("C-1", seed) for seed in ("", "a", "a" * 64, "a" * 65, "a" * 10_000)}

    assert len(numbers) == 5


def test_another_seed_asks_others() -> None:
    customers = rotation.remembered(
        listed(named([Held("anna")] * 48)), pl.DataFrame(schema=ROTATION.columns).lazy()
    )

    one, other = (
        chosen(rotation.draw(*customers, NOW, slack=0, seed=seed)) for seed in ("one", "two")
    )

    assert len(one) == len(other) == 4
    assert one != other
