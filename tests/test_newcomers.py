from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import newcomers
from loopback.loads import Loads, Newcomer
from loopback.months import A_YEAR
from tests.frames import frame

if TYPE_CHECKING:
    from loopback.newcomers import Plans

PLANNED = pl.Schema(
    {
        "owner": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "period": pl.Int64,
        "at": pl.Int64,
    }
)
WAITING = pl.Schema(
    {"period": pl.Int64, "earliest": pl.Int64, "latest": pl.Int64, "prn": pl.Int64, "at": pl.Int64}
)
QUARTER = 4  # the period where none is drawn


def completed(drawing: str, columns: list[str], schema: pl.Schema) -> pl.DataFrame:
    """Return a drawn table with the columns that are not drawn, which are empty."""
    drawn = frame(drawing, schema)
    blank = [
        pl.lit(None, schema.get(name, pl.String())).alias(name)
        for name in columns
        if name not in drawn.columns
    ]
    return drawn.with_columns(blank).with_columns(pl.col("period").fill_null(QUARTER))


def loads(drawing: str = "owner | at") -> Loads:
    """Return the loads of customers who have a month; 0 is this month."""
    drawn = completed(drawing, PLANNED.names(), PLANNED)
    return Loads(drawn.lazy().select(PLANNED.names()))


def waiting(drawing: str) -> list[Newcomer]:
    """Return customers never asked, who may be asked in any month if no other is drawn."""
    drawn = completed(drawing, ["customer_id", *Newcomer._fields[1:]], WAITING).with_columns(
        pl.col("earliest").fill_null(0),
        pl.col("latest").fill_null(pl.col("period") - 1),
        pl.col("prn").fill_null(0),
    )
    rows = drawn.select("customer_id", *Newcomer._fields[1:]).iter_rows()
    return [Newcomer(*row) for row in rows]


def placed(drawing: str, loaded: Loads | None = None) -> Plans:
    return newcomers.placed(waiting(drawing), loads() if loaded is None else loaded)


def rebalanced(drawing: str, loaded: Loads) -> Plans:
    """Return the months of customers who had one (column `at`) and may be moved."""
    movable = waiting(drawing)
    plans: Plans = dict(frame(drawing, WAITING).select("customer_id", "at").iter_rows())
    for newcomer in movable:
        loaded.count(newcomer, plans[newcomer.name], 1)
    newcomers.rebalance(movable, plans, loaded)
    return plans


def months(loaded: Loads, *group: str | None) -> dict[int, int]:
    """Return how many of a group are asked in each month that has any."""
    return {month: count for month, count in enumerate(loaded.months(group)) if count}


def test_loads_count_the_customers_of_each_group_and_month() -> None:
    found = loads(
        """
        owner | region | segment | period | at
        anna  | North  | large   | 12     | 0
        anna  | North  | small   | 12     | 0
        ben   | North  | small   | 12     | 2
        ben   |        |         | 12     | 11
        """
    )

    assert months(found, "owner", "anna") == {0: 2}
    assert months(found, "owner", "ben") == {2: 1, 11: 1}
    assert months(found, "cell", "anna", "small") == {0: 1}
    assert months(found, "cell", "ben", None) == {11: 1}
    assert months(found, "region", "North") == {0: 2, 2: 1}
    assert months(found, "region", None) == {11: 1}
    assert months(found, "segment", "small") == {0: 1, 2: 1}
    assert months(found, "total") == {0: 2, 2: 1, 11: 1}
    assert months(found, "owner", "nobody") == {}


def test_loads_count_each_ask_of_those_who_are_asked_more_often() -> None:
    found = loads(
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

    assert months(found, "owner", "anna") == {1: 1, 3: 1, 5: 1, 7: 2, 11: 1}
    assert months(found, "owner", "ben") == {0: 1, 3: 1, 6: 1, 9: 1}
    assert months(found, "owner", "carla") == dict.fromkeys(range(A_YEAR), 1)
    assert months(found, "owner", "dan") == {2: 1, 5: 1, 8: 1, 11: 1}
    assert months(found, "owner", "eve") == {5: 1, 8: 1, 11: 1}


def test_the_level_of_a_month_counts_the_asks_that_follow_from_it() -> None:
    found = loads(
        """
        owner | period | at
        anna  | 12     | 5
        anna  | 6      | 1
        anna  | 4      | 3
        """
    )

    assert found.levels(("owner", "anna"), 12) == [0, 1, 0, 1, 0, 1, 0, 2, 0, 0, 0, 1]
    assert found.levels(("owner", "anna"), 6) == [0, 3, 0, 1, 0, 2]
    assert found.levels(("owner", "anna"), 1) == [6]


def test_a_newcomer_gets_the_month_in_which_the_owner_has_fewest_to_call() -> None:
    full = loads(
        """
        owner | at
        anna  | 0
        anna  | 1
        anna  | 3
        ben   | 2
        ben   | 2
        """
    )

    assert placed("customer_id | owner\nJ-1 | anna", full) == {"J-1": 2}


def test_where_the_owner_is_even_the_segment_of_the_owner_decides() -> None:
    even = loads(
        """
        owner | segment | at
        anna  | small   | 0
        anna  | small   | 1
        anna  | large   | 2
        anna  | small   | 3
        """
    )

    assert placed("customer_id | owner | segment\nJ-1 | anna | small", even) == {"J-1": 2}


def test_where_owner_and_segment_are_even_the_region_decides() -> None:
    even = loads(
        """
        owner | region | at
        ben   | North  | 0
        ben   | South  | 1
        ben   | North  | 2
        ben   | North  | 3
        """
    )

    assert placed("customer_id | owner | region\nJ-1 | anna | North", even) == {"J-1": 1}


def test_where_region_and_owner_are_even_the_segment_of_others_decides() -> None:
    even = loads(
        """
        owner | region | segment | at
        ben   | South  | small   | 0
        ben   | South  | small   | 1
        ben   | South  | small   | 2
        ben   | South  | large   | 3
        """
    )

    newcomer = "customer_id | owner | region | segment\nJ-1 | anna | North | small"
    assert placed(newcomer, even) == {"J-1": 3}


def test_where_all_else_is_even_the_month_with_fewest_in_all_is_taken() -> None:
    even = loads(
        """
        owner | region | segment | at
        ben   | South  | large   | 0
        ben   | South  | large   | 1
        ben   | South  | large   | 3
        """
    )

    newcomer = "customer_id | owner | region | segment\nJ-1 | anna | North | small"
    assert placed(newcomer, even) == {"J-1": 2}


def test_whoever_is_asked_twice_a_year_gets_the_half_year_that_is_lightest_in_all() -> None:
    full = loads(
        """
        owner | period | at
        anna  | 12     | 6
        anna  | 12     | 6
        anna  | 12     | 1
        anna  | 12     | 2
        anna  | 12     | 3
        anna  | 12     | 4
        anna  | 12     | 11
        """
    )
    twice = "customer_id | owner | period\nJ-1 | anna | 6\nJ-2 | anna | 6"

    made = placed(twice, full)

    assert made == {"J-1": 1, "J-2": 2}
    assert months(full, "owner", "anna") == {1: 2, 2: 2, 3: 1, 4: 1, 6: 2, 7: 1, 8: 1, 11: 1}


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
        loads("owner | at\nanna | 1\nanna | 3\nanna | 0\nanna | 2"),
    )

    assert made == {"J-1": 3, "J-2": 1}


def test_customers_never_asked_move_to_even_out_an_owner() -> None:
    uneven = loads(
        """
        owner | period | at
        anna  | 12     | 1
        anna  | 12     | 1
        anna  | 12     | 1
        """
    )

    made = rebalanced("customer_id | owner | period | at\nJ-1 | anna | 12 | 1", uneven)

    assert made == {"J-1": 0}
    assert months(uneven, "owner", "anna") == {0: 1, 1: 3}


def test_of_those_who_may_move_the_one_whose_segment_gains_most_is_moved() -> None:
    uneven = loads(
        """
        owner | segment | period | at
        anna  | large   | 12     | 1
        anna  | small   | 12     | 0
        """
    )

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
        """,
        loads(),
    )

    assert sorted(made.values()) == [2, 2, 3, 3]
    assert made["J-4"] == 2


def test_whoever_is_asked_twice_a_year_moves_only_where_both_months_gain() -> None:
    full = "owner | period | at\n" + "anna | 12 | 1\n" * 2 + "anna | 12 | 6\n" * 3
    twice = "customer_id | owner | period | latest | at\nJ-1 | anna | 6 | 1 | 1"

    assert rebalanced(twice, loads(full)) == {"J-1": 1}
    assert rebalanced(twice, loads(full.replace("| 6\n", "| 5\n"))) == {"J-1": 0}


def test_customers_never_asked_move_to_even_out_a_region_where_the_owner_gets_no_worse() -> None:
    drawn = """
        owner | region | period | at
        ben   | North  | 12     | 1
        carla | North  | 12     | 1
        """
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, loads(drawn)) == {"J-1": 0}


def test_a_region_that_is_nearly_even_stays_as_it_is() -> None:
    drawn = "owner | region | period | at\nben | North | 12 | 1"
    waits = "customer_id | owner | region | period | at\nJ-1 | anna | North | 12 | 1"

    assert rebalanced(waits, loads(drawn)) == {"J-1": 1}


def test_a_region_is_not_evened_out_at_the_cost_of_an_owner() -> None:
    everywhere = "".join(f"anna | North | 12 | {month}\n" for month in range(A_YEAR) if month != 1)
    others = "ben | North | 12 | 1\ncarla | North | 12 | 1\ndan | North | 12 | 1\n"
    drawn = loads("owner | region | period | at\n" + everywhere + others)
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

    assert rebalanced(waits, loads(drawn)) == {"J-1": 0}
    assert rebalanced(waits, loads(drawn.replace("dan   | East   | 12     | 1", ""))) == {"J-1": 1}


class Due(NamedTuple):
    """A customer whose month is bound."""

    owner: str
    period: int
    at: int


class Free(NamedTuple):
    """A customer never asked, planned in `at`."""

    newcomer: Newcomer
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
    newcomer = Newcomer("", owner, REGION_OF[owner], segment, period, earliest, latest, prn)
    return Free(newcomer, draw(st.integers(earliest, latest)))


def company(*periods: int) -> st.SearchStrategy[tuple[list[Due], list[Free]]]:
    """Return customers whose month is bound and some whose month is free."""
    return st.tuples(
        st.lists(due(periods), max_size=25),
        st.lists(free(periods), max_size=25).map(
            lambda frees: [
                Free(waiter._replace(name=f"J-{n}"), at) for n, (waiter, at) in enumerate(frees)
            ]
        ),
    )


ALIKE = company(12) | company(3)
MIXED = company(12, 6, 4, 3, 2, 1)


def bound_loads(bound: list[Due]) -> Loads:
    rows = [(owner, REGION_OF[owner], None, period, at) for owner, period, at in bound]
    return Loads(pl.DataFrame(rows, schema=PLANNED, orient="row").lazy())


def planned_loads(bound: list[Due], frees: list[Free]) -> tuple[Loads, Plans]:
    """Return the loads of all with the plans of those whose month is free."""
    loaded = bound_loads(bound)
    for newcomer, at in frees:
        loaded.count(newcomer, at, 1)
    return loaded, {newcomer.name: at for newcomer, at in frees}


def counted(bound: list[Due], frees: list[Newcomer], plans: Plans) -> dict[str, list[int]]:
    """Count the asks of each owner's months from scratch."""
    asks = [(owner, at, period) for owner, period, at in bound]
    asks += [(n.owner, plans[n.name], n.period) for n in frees]
    counts = Counter((o, month) for o, at, period in asks for month in range(at, A_YEAR, period))
    return {owner: [counts[owner, month] for month in range(A_YEAR)] for owner in REGION_OF}


def squares(counts: list[int]) -> int:
    return sum(count * count for count in counts)


@settings(max_examples=40, deadline=None)
@given(drawn=MIXED)
def test_everyone_is_placed_in_a_month_of_the_own_span(drawn: tuple[list[Due], list[Free]]) -> None:
    bound, frees = drawn
    fresh = [newcomer for newcomer, _ in frees]
    loaded = bound_loads(bound)

    plans = newcomers.placed(fresh, loaded)

    assert plans.keys() == {newcomer.name for newcomer in fresh}
    assert all(n.earliest <= plans[n.name] <= n.latest for n in fresh)
    assert {owner: loaded.months(("owner", owner)) for owner in REGION_OF} == counted(
        bound, fresh, plans
    )


@settings(max_examples=60, deadline=None)
@given(drawn=MIXED)
def test_rebalancing_keeps_the_spans_and_the_loads_and_makes_no_owner_less_even(
    drawn: tuple[list[Due], list[Free]],
) -> None:
    bound, frees = drawn
    movable = [newcomer for newcomer, _ in frees]
    loaded, plans = planned_loads(bound, frees)
    before = counted(bound, movable, plans)

    newcomers.rebalance(movable, plans, loaded)

    after = counted(bound, movable, plans)
    assert {owner: loaded.months(("owner", owner)) for owner in REGION_OF} == after
    assert all(n.earliest <= plans[n.name] <= n.latest for n in movable)
    assert all(squares(after[owner]) <= squares(before[owner]) for owner in REGION_OF)


@settings(max_examples=60, deadline=None)
@given(drawn=ALIKE)
def test_an_owner_stays_uneven_only_where_no_move_is_left(
    drawn: tuple[list[Due], list[Free]],
) -> None:
    bound, frees = drawn
    movable = [newcomer for newcomer, _ in frees]
    loaded, plans = planned_loads(bound, frees)

    newcomers.rebalance(movable, plans, loaded)

    for newcomer in movable:
        load, month = loaded.months(("owner", newcomer.owner)), plans[newcomer.name]
        assert load[month] - min(load[newcomer.earliest : newcomer.latest + 1]) <= 1


@pytest.mark.parametrize("period", [3, 12])
@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_where_nobody_was_asked_yet_every_book_is_even(period: int, sizes: list[int]) -> None:
    fresh = [
        Newcomer(f"J-{owner}-{n}", str(owner), None, None, period, 0, period - 1, n)
        for owner, size in enumerate(sizes)
        for n in range(size)
    ]
    loaded = loads()

    newcomers.placed(fresh, loaded)

    for owner, size in enumerate(sizes):
        counts = loaded.months(("owner", str(owner)))
        assert sum(counts) == size * A_YEAR // period
        assert max(counts) - min(counts) <= 1


@settings(max_examples=40, deadline=None)
@given(drawn=MIXED)
def test_the_order_of_the_waiting_is_immaterial(drawn: tuple[list[Due], list[Free]]) -> None:
    bound, frees = drawn
    movable = [waiter._replace(prn=number) for number, (waiter, _) in enumerate(frees)]
    found = []
    for order in (movable, movable[::-1]):
        loaded, plans = planned_loads(bound, frees)
        newcomers.rebalance(order, plans, loaded)
        found.append((newcomers.placed(order, bound_loads(bound)), plans))

    assert found[0] == found[1]
