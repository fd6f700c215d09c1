from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import newcomers
from loopback.loads import Loads
from loopback.months import A_YEAR
from tests.frames import frame

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from loopback.loads import Group, Kind
    from loopback.newcomers import Plans

Months = dict[str, int]  # of each customer
PLANNED = pl.Schema(
    {
        "owner": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "period": pl.Int64,
        "at": pl.Int64,
    }
)
FREE = pl.Schema(
    {
        "customer_id": pl.String,
        **{name: kind for name, kind in PLANNED.items() if name != "at"},
        "earliest": pl.Int64,
        "latest_at": pl.Int64,
        "prn": pl.Int64,
    }
)
QUARTER = 4  # the period where none is drawn


class Company:
    """Customers who have a month and newcomers without; 0 is this month."""

    def __init__(self, bound: pl.DataFrame, free: pl.DataFrame) -> None:
        """Take those who have a month (`PLANNED`) and those without (`FREE`)."""
        self.ids = free["customer_id"].to_list()
        self.loads = Loads(pl.concat([bound, free], how="diagonal").lazy())
        self.newcomers = self.loads.newcomers(free.with_row_index("row"))

    def months(self, kind: Kind, *names: str | None) -> dict[int, int]:
        """Return how many of a group are asked in each month that has any."""
        return {month: count for month, count in enumerate(self.counts(kind, *names)) if count}

    def counts(self, kind: Kind, *names: str | None) -> list[int]:
        return self.loads.months(self._group(kind, *names))

    def levels(self, period: int, kind: Kind, *names: str | None) -> list[int]:
        return self.loads.levels(self._group(kind, *names), period)

    def _group(self, kind: Kind, *names: str | None) -> Group:
        groups = self.loads.uneven(kind, -1).iter_rows()
        return next(start for *known, start in groups if known == [*names])

    def placed(self) -> Months:
        """Return the months in which the newcomers are placed."""
        return self._named(newcomers.placed(self.newcomers, self.loads))

    def rebalanced(self, at: Months) -> Months:
        """Return the months of newcomers who had one and may be moved."""
        plans = {newcomer.row: at[self.ids[newcomer.row]] for newcomer in self.newcomers}
        for newcomer in self.newcomers:
            self.loads.count(newcomer, plans[newcomer.row], 1)
        newcomers.rebalance(self.newcomers, plans, self.loads)
        return self._named(plans)

    def _named(self, plans: Plans) -> Months:
        return {self.ids[row]: month for row, month in plans.items()}


def completed(drawing: str, schema: pl.Schema) -> pl.DataFrame:
    """Return a drawn table with the columns that are not drawn, which are empty."""
    drawn = frame(drawing, schema)
    blank = [pl.lit(None, schema[c]).alias(c) for c in schema.names() if c not in drawn.columns]
    whole = drawn.with_columns(blank).with_columns(pl.col("period").fill_null(QUARTER))
    return whole.select(schema.names())


def company(bound: str = "owner | at", free: str = "customer_id | owner") -> Company:
    """Return a drawn company; who is free may be asked in any month if no other is drawn."""
    drawn = completed(free, FREE).with_columns(
        pl.col("earliest").fill_null(0),
        pl.col("latest_at").fill_null(pl.col("period") - 1),
        pl.col("prn").fill_null(0),
    )
    return Company(completed(bound, PLANNED), drawn)


def placed(free: str, bound: str = "owner | at") -> Months:
    return company(bound, free.replace("latest", "latest_at")).placed()


def rebalanced(free: str, bound: str = "owner | at") -> Months:
    """Return the months of newcomers who had one (column `at`) and may be moved."""
    free = free.replace("latest", "latest_at")
    at = frame(free, pl.Schema({"at": pl.Int64})).select("customer_id", "at").iter_rows()
    return company(bound, free).rebalanced(dict(at))


def test_loads_count_the_customers_of_each_group_and_month() -> None:
    found = company(
        """
        owner | region | segment | period | at
        anna  | North  | large   | 12     | 0
        anna  | North  | small   | 12     | 0
        ben   | North  | small   | 12     | 2
        ben   |        |         | 12     | 11
        """
    )

    assert found.months("owner", "anna") == {0: 2}
    assert found.months("owner", "ben") == {2: 1, 11: 1}
    assert found.months("cell", "anna", "small") == {0: 1}
    assert found.months("cell", "ben", None) == {11: 1}
    assert found.months("region", "North") == {0: 2, 2: 1}
    assert found.months("region", None) == {11: 1}
    assert found.months("segment", "small") == {0: 1, 2: 1}
    assert found.months("all") == {0: 2, 2: 1, 11: 1}


def test_loads_count_each_ask_of_those_who_are_asked_more_often() -> None:
    found = company(
        """
        owner | period | at
        anna  | 12     | 5
        anna  | 6      | 1
        anna  | 4      | 3
        ben   | 3      | 0
        carla | 1      | 0
        dan   | 3      | 2
        eve   | 3      | 5
        """
    )

    assert found.months("owner", "anna") == {1: 1, 3: 1, 5: 1, 7: 2, 11: 1}
    assert found.months("owner", "ben") == {0: 1, 3: 1, 6: 1, 9: 1}
    assert found.months("owner", "carla") == dict.fromkeys(range(A_YEAR), 1)
    assert found.months("owner", "dan") == {2: 1, 5: 1, 8: 1, 11: 1}
    assert found.months("owner", "eve") == {5: 1, 8: 1, 11: 1}


def test_the_level_of_a_month_counts_the_asks_that_follow_from_it() -> None:
    found = company(
        """
        owner | period | at
        anna  | 12     | 5
        anna  | 6      | 1
        anna  | 4      | 3
        """
    )

    assert found.levels(12, "owner", "anna") == [0, 1, 0, 1, 0, 1, 0, 2, 0, 0, 0, 1]
    assert found.levels(6, "owner", "anna") == [0, 3, 0, 1, 0, 2]
    assert found.levels(1, "owner", "anna") == [6]


def test_a_newcomer_gets_the_month_in_which_the_owner_has_fewest_to_call() -> None:
    full = """
        owner | at
        anna  | 0
        anna  | 1
        anna  | 3
        ben   | 2
        ben   | 2
        """

    assert placed("customer_id | owner\nJ-1 | anna", full) == {"J-1": 2}


def test_where_the_owner_is_even_the_segment_of_the_owner_decides() -> None:
    even = """
        owner | segment | at
        anna  | small   | 0
        anna  | small   | 1
        anna  | large   | 2
        anna  | small   | 3
        """

    assert placed("customer_id | owner | segment\nJ-1 | anna | small", even) == {"J-1": 2}


def test_where_owner_and_segment_are_even_the_region_decides() -> None:
    even = """
        owner | region | at
        ben   | North  | 0
        ben   | South  | 1
        ben   | North  | 2
        ben   | North  | 3
        """

    assert placed("customer_id | owner | region\nJ-1 | anna | North", even) == {"J-1": 1}


def test_where_region_and_owner_are_even_the_segment_of_others_decides() -> None:
    even = """
        owner | region | segment | at
        ben   | South  | small   | 0
        ben   | South  | small   | 1
        ben   | South  | small   | 2
        ben   | South  | large   | 3
        """

    newcomer = "customer_id | owner | region | segment\nJ-1 | anna | North | small"
    assert placed(newcomer, even) == {"J-1": 3}


def test_where_all_else_is_even_the_month_with_fewest_in_all_is_taken() -> None:
    even = """
        owner | region | segment | at
        ben   | South  | large   | 0
        ben   | South  | large   | 1
        ben   | South  | large   | 3
        """

    newcomer = "customer_id | owner | region | segment\nJ-1 | anna | North | small"
    assert placed(newcomer, even) == {"J-1": 2}


def test_whoever_is_asked_twice_a_year_gets_the_half_year_that_is_lightest_in_all() -> None:
    full = """
        owner | period | at
        anna  | 12     | 6
        anna  | 12     | 6
        anna  | 12     | 1
        anna  | 12     | 2
        anna  | 12     | 3
        anna  | 12     | 4
        anna  | 12     | 11
        """
    twice = "customer_id | owner | period\nJ-1 | anna | 6\nJ-2 | anna | 6"

    found = company(full, twice)

    assert found.placed() == {"J-1": 1, "J-2": 2}
    assert found.months("owner", "anna") == {1: 2, 2: 2, 3: 1, 4: 1, 6: 2, 7: 1, 8: 1, 11: 1}


def test_nobody_is_placed_before_the_first_or_after_the_last_month() -> None:
    made = placed(
        """
        customer_id | owner | earliest | latest
        J-1         | anna  |          | 0
        J-2         | anna  |          | 0
        J-3         | anna  |          | 1
        J-4         | anna  |          | 3
        J-5         | anna  | 2        | 2
        J-6         | anna  | 3        | 3
        """
    )

    assert made["J-1"] == made["J-2"] == 0
    assert made["J-3"] == 1
    assert made["J-4"] > 1
    assert (made["J-5"], made["J-6"]) == (2, 3)


def test_whoever_waited_longest_is_placed_first_then_whose_number_is_lower() -> None:
    made = placed(
        """
        customer_id | owner | latest | prn
        J-1         | anna  | 3      | 2
        J-2         | anna  | 3      | 1
        J-3         | anna  | 1      | 3
        """
    )

    assert made == {"J-3": 0, "J-2": 1, "J-1": 2}


def test_a_plan_that_is_even_stays_as_it_is() -> None:
    made = rebalanced(
        """
        customer_id | owner | at
        J-1         | anna  | 3
        J-2         | anna  | 1
        """,
        "owner | at\nanna | 1\nanna | 3\nanna | 0\nanna | 2",
    )

    assert made == {"J-1": 3, "J-2": 1}


def test_customers_never_asked_move_to_even_out_an_owner() -> None:
    uneven = """
        owner | period | at
        anna  | 12     | 1
        anna  | 12     | 1
        anna  | 12     | 1
        """

    found = company(uneven, "customer_id | owner | period\nJ-1 | anna | 12")

    assert found.rebalanced({"J-1": 1}) == {"J-1": 0}
    assert found.months("owner", "anna") == {0: 1, 1: 3}


def test_of_those_who_may_move_the_one_whose_segment_gains_most_is_moved() -> None:
    uneven = """
        owner | segment | period | at
        anna  | large   | 12     | 1
        anna  | small   | 12     | 0
        """

    made = rebalanced(
        """
        customer_id | owner | segment | period | latest | at | prn
        J-1         | anna  | small   | 12     | 1      | 1  | 1
        J-2         | anna  | large   | 12     | 1      | 1  | 2
        J-3         | anna  | small   | 12     | 1      | 1  | 3
        """,
        uneven,
    )

    assert made == {"J-1": 1, "J-2": 0, "J-3": 1}


def test_nobody_is_moved_out_of_the_months_that_were_promised() -> None:
    made = rebalanced(
        """
        customer_id | owner | period | earliest | latest | at
        J-1         | anna  | 12     | 2        | 3      | 2
        J-2         | anna  | 12     | 2        | 3      | 2
        J-3         | anna  | 12     | 2        | 3      | 2
        J-4         | anna  | 12     | 2        | 2      | 2
        """
    )

    assert sorted(made.values()) == [2, 2, 3, 3]
    assert made["J-4"] == 2


def test_whoever_is_asked_twice_a_year_moves_only_where_both_months_gain() -> None:
    full = "owner | period | at\n" + "anna | 12 | 1\n" * 2 + "anna | 12 | 6\n" * 3
    twice = "customer_id | owner | period | latest | at\nJ-1 | anna | 6 | 1 | 1"

    assert rebalanced(twice, full) == {"J-1": 1}
    assert rebalanced(twice, full.replace("| 6\n", "| 5\n")) == {"J-1": 0}


def test_customers_never_asked_move_to_even_out_a_region_where_the_owner_gets_no_worse() -> None:
    drawn = """
        owner | region | period | at
        ben   | North  | 12     | 1
        carla | North  | 12     | 1
        """
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, drawn) == {"J-1": 0}


def test_a_region_that_is_nearly_even_stays_as_it_is() -> None:
    drawn = "owner | region | period | at\nben | North | 12 | 1"
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, drawn) == {"J-1": 1}


def test_a_region_is_not_evened_out_at_the_cost_of_an_owner() -> None:
    everywhere = "".join(f"anna | North | 12 | {month}\n" for month in range(A_YEAR) if month != 1)
    others = "ben | North | 12 | 1\ncarla | North | 12 | 1\ndan | North | 12 | 1\n"
    drawn = "owner | region | period | at\n" + everywhere + others
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, drawn) == {"J-1": 1}


def test_the_total_is_evened_out_across_regions() -> None:
    drawn = """
        owner | region | period | at
        ben   | South  | 12     | 1
        carla | West   | 12     | 1
        dan   | East   | 12     | 1
        """
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, drawn) == {"J-1": 0}
    assert rebalanced(waits, drawn.replace("dan   | East   | 12     | 1", "")) == {"J-1": 1}


class Due(NamedTuple):
    """A customer whose month is bound."""

    owner: str
    period: int
    at: int


class Free(NamedTuple):
    """A customer never asked, planned in `at`."""

    owner: str
    segment: str | None
    period: int
    earliest: int
    latest: int
    prn: int
    at: int


OWNERS = st.sampled_from(("anna", "ben", "carla", "dan"))
REGION_OF = {"anna": "North", "ben": "South", "carla": "North", "dan": None}
SEGMENTS = st.sampled_from(("large", "small", None))


@st.composite
def due(draw: st.DrawFn, periods: tuple[int, ...]) -> Due:
    period = draw(st.sampled_from(periods))
    return Due(draw(OWNERS), period, draw(st.integers(0, period - 1)))


@st.composite
def free(draw: st.DrawFn, periods: tuple[int, ...]) -> Free:
    owner, period = draw(OWNERS), draw(st.sampled_from(periods))
    earliest = draw(st.just(0) | st.integers(0, period - 1))
    latest = draw(st.just(period - 1) | st.integers(earliest, period - 1))
    segment, prn = draw(SEGMENTS), draw(st.integers(0, 9))
    return Free(owner, segment, period, earliest, latest, prn, draw(st.integers(earliest, latest)))


Customers = tuple[list[Due], list[Free]]


def customers(*periods: int) -> st.SearchStrategy[Customers]:
    """Return customers whose month is bound and some whose month is free."""
    return st.tuples(
        st.lists(due(periods), max_size=25),
        st.lists(free(periods), max_size=25),
    )


ALIKE = customers(12) | customers(3)
MIXED = customers(12, 6, 4, 3, 2, 1)


def built(bound: list[Due], frees: list[Free]) -> Company:
    """Return the company of some customers; those whose month is free are J-0, J-1, ..."""
    planned = [(owner, REGION_OF[owner], None, period, at) for owner, period, at in bound]
    waits = [
        (f"J-{n}", f.owner, REGION_OF[f.owner], f.segment, f.period, f.earliest, f.latest, f.prn)
        for n, f in enumerate(frees)
    ]
    return Company(
        pl.DataFrame(planned, schema=PLANNED, orient="row"),
        pl.DataFrame(waits, schema=FREE, orient="row"),
    )


def before(frees: list[Free]) -> Months:
    return {f"J-{n}": waiter.at for n, waiter in enumerate(frees)}


def counted(bound: list[Due], frees: list[Free], at: Months) -> dict[str, list[int]]:
    """Count the asks of each owner's months from scratch, of owners who have customers."""
    asks = [(owner, at, period) for owner, period, at in bound]
    asks += [(waiter.owner, at[f"J-{n}"], waiter.period) for n, waiter in enumerate(frees)]
    counts = Counter((o, month) for o, at, period in asks for month in range(at, A_YEAR, period))
    return {owner: [counts[owner, month] for month in range(A_YEAR)] for owner, *_ in asks}


def loaded(found: Company, owners: Iterable[str]) -> dict[str, list[int]]:
    """Return what the loads of a company say of its owners."""
    return {owner: found.counts("owner", owner) for owner in owners}


def in_span(frees: list[Free], at: Months) -> bool:
    return all(f.earliest <= at[f"J-{n}"] <= f.latest for n, f in enumerate(frees))


def squares(counts: list[int]) -> int:
    return sum(count * count for count in counts)


@settings(max_examples=40, deadline=None)
@given(drawn=MIXED)
def test_everyone_is_placed_in_a_month_of_the_own_span(drawn: Customers) -> None:
    bound, frees = drawn
    found = built(bound, frees)

    at = found.placed()

    assert at.keys() == before(frees).keys()
    assert in_span(frees, at)
    counts = counted(bound, frees, at)
    assert loaded(found, counts) == counts


@settings(max_examples=60, deadline=None)
@given(drawn=MIXED)
def test_rebalancing_keeps_the_spans_and_the_loads_and_makes_no_owner_less_even(
    drawn: Customers,
) -> None:
    bound, frees = drawn
    was = counted(bound, frees, before(frees))
    found = built(bound, frees)

    at = found.rebalanced(before(frees))

    counts = counted(bound, frees, at)
    assert loaded(found, counts) == counts
    assert in_span(frees, at)
    assert all(squares(counts[owner]) <= squares(was[owner]) for owner in was)


@settings(max_examples=60, deadline=None)
@given(drawn=ALIKE)
def test_an_owner_stays_uneven_only_where_no_move_is_left(drawn: Customers) -> None:
    bound, frees = drawn
    found = built(bound, frees)

    at = found.rebalanced(before(frees))

    for n, waiter in enumerate(frees):
        load, month = found.counts("owner", waiter.owner), at[f"J-{n}"]
        assert load[month] - min(load[waiter.earliest : waiter.latest + 1]) <= 1


@pytest.mark.parametrize("period", [3, 12])
@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_where_nobody_was_asked_yet_every_book_is_even(period: int, sizes: list[int]) -> None:
    books = dict(zip(REGION_OF, sizes, strict=False))
    fresh = [
        Free(owner, None, period, 0, period - 1, n, 0)
        for owner, size in books.items()
        for n in range(size)
    ]
    found = built([], fresh)

    found.placed()

    for owner, size in books.items():
        counts = found.counts("owner", owner)
        assert sum(counts) == size * A_YEAR // period
        assert max(counts) - min(counts) <= 1


@settings(max_examples=40, deadline=None)
@given(drawn=MIXED, order=st.randoms(use_true_random=False))
def test_the_order_of_the_waiting_is_immaterial(drawn: Customers, order: Random) -> None:
    bound, frees = drawn
    numbered = [waiter._replace(prn=number) for number, waiter in enumerate(frees)]
    orders = numbered, order.sample(numbered, len(numbered))

    first, second = (
        (
            by_number(waits, built(bound, waits).placed()),
            by_number(waits, built(bound, waits).rebalanced(before(waits))),
        )
        for waits in orders
    )

    assert first == second


def by_number(frees: list[Free], at: Months) -> dict[int, int]:
    return {waiter.prn: at[f"J-{n}"] for n, waiter in enumerate(frees)}
