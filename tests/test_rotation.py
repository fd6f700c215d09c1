from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import months, rotation
from loopback.rotation import PLAN, Cohort, cohort, prn
from tests.frames import frame

if TYPE_CHECKING:
    from collections.abc import Iterable

LISTED = pl.Schema(
    {
        "customer_id": pl.String,
        "owner": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "joined": pl.Date,
    }
)
INVITED = pl.Schema({"customer_id": pl.String, "month": pl.String})
ASKS_PER_YEAR = (1, 2, 3, 4, 6, 12)
START = months.number("2026-01")
SEED = "loopback"

OWNERS = ("anna", "ben", "carla", "dan", "eve")
REGION_OF = {"anna": "North", "ben": "North", "carla": "South", "dan": None, "eve": "South"}
REGIONS = st.sampled_from(("North", "South", None))
SEGMENTS = st.sampled_from(("large", "small", None))


class Held(NamedTuple):
    owner: str
    region: str | None
    segment: str | None


@st.composite
def held(draw: st.DrawFn) -> Held:
    owner = draw(st.sampled_from(OWNERS))
    return Held(owner, REGION_OF[owner], draw(SEGMENTS))


ANYWHERE = st.builds(Held, st.sampled_from(OWNERS), REGIONS, SEGMENTS)


def listed(customers: dict[str, Held]) -> pl.DataFrame:
    rows = [(customer_id, *holder, None) for customer_id, holder in customers.items()]
    return pl.DataFrame(rows, schema=LISTED, orient="row")


def named(holders: Iterable[Held]) -> dict[str, Held]:
    return {f"C-{number}": holder for number, holder in enumerate(holders)}


@dataclass
class Life:
    """A company that draws a cohort month by month; it remembers as the ledger does."""

    period: int
    shuffled: bool = False
    invitations: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=INVITED))
    plans: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PLAN))
    asked: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def draw(self, eligible: pl.DataFrame, now: int) -> Cohort:
        ordered = partial(_shuffled, seed=now) if self.shuffled else pl.DataFrame.clone
        drawn = cohort(
            ordered(eligible),
            ordered(self.invitations),
            ordered(self.plans),
            months.named(now),
            period=self.period,
            seed=SEED,
        )
        invited = drawn.customers.select("customer_id", month=pl.lit(months.named(now)))
        self.invitations = pl.concat([self.invitations, invited])
        self.plans = pl.concat([self.plans, drawn.plans]).unique("customer_id", keep="last")
        for customer_id in drawn.customers["customer_id"]:
            self.asked[customer_id].append(now)
        return drawn


def _shuffled(table: pl.DataFrame, seed: int) -> pl.DataFrame:
    return table.sample(fraction=1, shuffle=True, seed=seed)


def lived(customers: dict[str, Held], period: int, count: int) -> Life:
    life = Life(period)
    for now in range(START, START + count):
        life.draw(listed(customers), now)
    return life


def first_plan(customers: dict[str, Held], period: int) -> dict[str, int]:
    """Return the month of each customer when the list is loaded for the first time."""
    plans = Life(period).draw(listed(customers), START).plans
    return dict(plans.select("customer_id", months.numbers("month")).iter_rows())


def uneven(plan: dict[str, int], customers: dict[str, Held], kinds: str) -> list[object]:
    """Return the groups, with a month, that are one or more away from their even share."""
    sizes, counts = Counter[tuple[object, ...]](), Counter[tuple[object, ...]]()
    for customer_id, holder in customers.items():
        for kind in kinds.split(", "):
            group = (kind, *(getattr(holder, part) for part in kind.split() if part != "total"))
            sizes[group] += 1
            counts[*group, plan[customer_id]] += 1
    span = range(START, max(plan.values()) + 1)
    return [
        (group, months.named(now), counts[*group, now], size)
        for group, size in sizes.items()
        for now in span
        if abs(counts[*group, now] - size / len(span)) >= 1
    ]


def test_twelve_customers_asked_once_a_year_are_one_a_month() -> None:
    life = lived(named([Held("anna", "North", "large")] * 12), period=12, count=12)

    assert sorted(months_asked for (months_asked,) in life.asked.values()) == [
        *range(START, START + 12)
    ]


def test_every_owner_is_spread_over_the_year() -> None:
    eligible = frame(
        """
        customer_id | owner | region | segment | joined
        ------------+-------+--------+---------+-------
        C-1         | anna  | North  | large   |
        C-2         | anna  | North  | large   |
        C-3         | ben   | North  | small   |
        C-4         | ben   | North  | small   |
        C-5         | carla | South  | small   |
        C-6         | carla | South  | small   |
        """,
        LISTED,
    )
    life = Life(period=2)

    assert life.draw(eligible, START).customers["owner"].to_list() == ["anna", "ben", "carla"]
    assert life.draw(eligible, START + 1).customers["owner"].to_list() == ["anna", "ben", "carla"]


@pytest.mark.parametrize("asks", ASKS_PER_YEAR)
@settings(max_examples=4, deadline=None)
@given(holders=st.lists(held(), min_size=1, max_size=80))
def test_in_a_static_list_everyone_is_asked_so_often_at_equal_gaps(
    asks: int, holders: list[Held]
) -> None:
    period = months.A_YEAR // asks
    life = lived(named(holders), period, months.A_YEAR + period)

    for customer_id, planned in first_plan(named(holders), period).items():
        asked = life.asked[customer_id]
        assert asked[0] == planned
        assert len([now for now in asked if now < START + months.A_YEAR]) == asks
        assert {later - now for now, later in pairwise(asked)} == {period}


@pytest.mark.parametrize("asks", ASKS_PER_YEAR)
@settings(max_examples=15, deadline=None)
@given(holders=st.lists(held(), min_size=12, max_size=120))
def test_a_static_list_is_even_in_every_group_and_month(asks: int, holders: list[Held]) -> None:
    plan = first_plan(named(holders), months.A_YEAR // asks)

    assert uneven(plan, named(holders), "total, region, owner, owner segment") == []


@pytest.mark.parametrize("asks", ASKS_PER_YEAR)
@settings(max_examples=15, deadline=None)
@given(holders=st.lists(ANYWHERE, min_size=12, max_size=120))
def test_owners_with_customers_in_several_regions_are_spread_as_evenly(
    asks: int, holders: list[Held]
) -> None:
    plan = first_plan(named(holders), months.A_YEAR // asks)

    assert uneven(plan, named(holders), "total, owner, owner segment") == []


def test_an_owner_in_two_regions_has_one_of_two_customers_in_each_of_two_months() -> None:
    eligible = frame(
        """
        customer_id | owner | region | segment | joined
        ------------+-------+--------+---------+-------
        C-1         | anna  | North  |         |
        C-2         | anna  | South  |         |
        C-3         | ben   | North  |         |
        C-4         | ben   | South  |         |
        """,
        LISTED,
    )

    drawn = Life(period=2).draw(eligible, START)

    assert drawn.customers["owner"].to_list() == ["anna", "ben"]


def test_a_static_list_keeps_its_plan() -> None:
    customers = listed(named([Held("anna", "North", "large")] * 30 + [Held("ben", None, None)] * 7))
    life = Life(period=12)

    planned = [life.draw(customers, now).plans.height for now in range(START, START + 24)]

    assert planned == [37] + [0] * 23


class Month(NamedTuple):
    """What happens in a month before its cohort is drawn; customers are picked by number."""

    joiners: list[Held]
    toggled: set[int]
    moved: dict[int, str]
    skipped: bool


CHURN = st.lists(
    st.builds(
        Month,
        joiners=st.lists(ANYWHERE, max_size=5),
        toggled=st.sets(st.integers(0, 60), max_size=4),
        moved=st.dictionaries(st.integers(0, 60), st.sampled_from(OWNERS), max_size=4),
        skipped=st.sampled_from((False, False, False, False, True)),
    ),
    min_size=1,
    max_size=20,
)


@dataclass
class Churned:
    """A list of customers that changes each month, with the cohorts drawn from it."""

    life: Life
    customers: dict[str, Held]
    away: set[str] = field(default_factory=set)
    drawn: dict[int, set[str]] = field(default_factory=dict)

    def live(self, month: Month, now: int) -> None:
        joiners = {f"J-{now}-{n}": holder for n, holder in enumerate(month.joiners)}
        ids = sorted(self.customers)
        self.away ^= {ids[number % len(ids)] for number in month.toggled}
        for number, owner in month.moved.items():
            customer_id = ids[number % len(ids)]
            self.customers[customer_id] = self.customers[customer_id]._replace(owner=owner)
        self.customers |= joiners
        there = {c: holder for c, holder in self.customers.items() if c not in self.away}
        if not month.skipped:
            self.life.draw(listed(there), now)
            self.drawn[now] = set(there)

    def chances(self, customer_id: str) -> list[int]:
        """Return the months in which a cohort was drawn while the customer was on the list."""
        return [now for now, there in self.drawn.items() if customer_id in there]


def churned(holders: list[Held], churn: list[Month], period: int) -> Churned:
    company = Churned(Life(period), named(holders))
    for now, month in enumerate(churn, start=START):
        company.live(month, now)
    return company


def first(chances: list[int], earliest: int) -> int | None:
    return next((now for now in chances if now >= earliest), None)


@pytest.mark.parametrize("asks", [2, 4, 12])
@settings(max_examples=8, deadline=None)
@given(holders=st.lists(ANYWHERE, min_size=1, max_size=20), churn=CHURN)
def test_whoever_was_asked_is_asked_again_exactly_one_period_later(
    asks: int, holders: list[Held], churn: list[Month]
) -> None:
    period = months.A_YEAR // asks
    company = churned(holders, churn, period)

    for customer_id, asked in company.life.asked.items():
        chances = company.chances(customer_id)
        again = [first(chances, now + period) for now in asked]
        assert [*asked[1:], None] == again, customer_id


@pytest.mark.parametrize("asks", [2, 4, 12])
@settings(max_examples=8, deadline=None)
@given(holders=st.lists(ANYWHERE, min_size=1, max_size=20), churn=CHURN)
def test_nobody_waits_longer_than_a_period_for_the_first_question(
    asks: int, holders: list[Held], churn: list[Month]
) -> None:
    period = months.A_YEAR // asks
    company = churned(holders, churn, period)

    for customer_id in company.customers:
        chances = company.chances(customer_id)
        last = first(chances, chances[0] + period - 1) if chances else None
        if last is not None:
            assert company.life.asked[customer_id][:1] <= [last], customer_id
            assert company.life.asked[customer_id], customer_id


@settings(max_examples=5, deadline=None)
@given(holders=st.lists(ANYWHERE, min_size=1, max_size=20), churn=CHURN)
def test_the_order_of_rows_is_immaterial(holders: list[Held], churn: list[Month]) -> None:
    plain = churned(holders, churn, period=6)
    shuffled = Churned(Life(6, shuffled=True), named(holders))
    for now, month in enumerate(churn, start=START):
        shuffled.live(month, now)

    assert shuffled.life.asked == plain.life.asked
    assert shuffled.life.plans.sort("customer_id").equals(plain.life.plans.sort("customer_id"))


def test_a_month_that_was_skipped_is_made_up_for() -> None:
    customers = listed(named([Held("anna", None, None)] * 12))
    life = Life(period=12)
    for now in (*range(START, START + 12), *range(START + 13, START + 24)):
        life.draw(customers, now)

    [late] = [asked for asked in life.asked.values() if asked[0] == START]

    assert late == [START, START + 13]
    assert sorted(len(asked) for asked in life.asked.values()) == [2] * 12


def test_a_newcomer_is_asked_within_a_period_of_the_day_of_joining() -> None:
    life = Life(period=12)
    life.draw(listed({"C-1": Held("anna", None, None)}), START)
    joiner = frame(
        """
        customer_id | owner | region | segment | joined
        J-1         | anna  |        |         | 2025-06-15
        J-2         | anna  |        |         | 2024-01-01
        J-3         | anna  |        |         |
        """,
        LISTED,
    )

    plans = life.draw(joiner, START + 1).plans

    assert dict(plans.select("customer_id", "latest").iter_rows()) == {
        "J-1": "2026-05",
        "J-2": "2027-01",
        "J-3": "2027-01",
    }
    assert plans.filter(pl.col("month") > pl.col("latest")).is_empty()


def test_many_newcomers_at_once_are_spread_at_once() -> None:
    old, new = named([Held("anna", "North", None)] * 12), [Held("anna", "North", None)] * 24
    life = lived(old, period=12, count=1)
    everyone = old | {f"J-{number}": holder for number, holder in enumerate(new)}

    sizes = [
        life.draw(listed(everyone), now).customers.height for now in range(START + 1, START + 13)
    ]

    assert sizes == [3] * 11 + [3 - 2 + 2]


def test_a_customer_who_changes_hands_is_asked_when_due_and_for_the_new_owner() -> None:
    life = lived({"C-1": Held("anna", "North", None)}, period=3, count=1)
    moved = listed({"C-1": Held("ben", "South", None)})

    asked = [
        life.draw(moved, now).customers["owner"].to_list() for now in range(START + 1, START + 4)
    ]

    assert asked == [[], [], ["ben"]]


def test_the_cohort_bears_the_columns_of_the_list() -> None:
    eligible = listed({"C-1": Held("anna", "North", "large")})

    drawn = cohort(
        eligible,
        pl.DataFrame(schema=INVITED),
        pl.DataFrame(schema=PLAN),
        "2026-01",
        period=1,
        seed=SEED,
    )

    assert drawn.customers.rows() == eligible.rows()
    assert drawn.customers.schema == eligible.schema
    assert drawn.plans.rows() == [("C-1", "2026-01", "2026-01")]


def test_an_empty_list_gives_an_empty_cohort() -> None:
    drawn = Life(period=12).draw(listed({}), START)

    assert drawn.customers.is_empty()
    assert drawn.plans.is_empty()


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


def test_a_seed_may_be_of_any_length() -> None:
    numbers = {prn("C-1", seed) for seed in ("", "a", "a" * 64, "a" * 65, "a" * 10_000)}

    assert len(numbers) == 5


def test_another_seed_asks_in_another_order() -> None:
    customers = listed(named([Held("anna", None, None)] * 48))
    nothing = pl.DataFrame(schema=INVITED), pl.DataFrame(schema=PLAN)

    asked = [
        rotation.cohort(customers, *nothing, "2026-01", period=12, seed=seed).customers
        for seed in ("one", "two")
    ]

    assert asked[0].height == asked[1].height == 4
    assert not asked[0].equals(asked[1])
