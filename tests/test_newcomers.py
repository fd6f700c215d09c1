from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import newcomers
from loopback.newcomers import Loads, Newcomer, plans
from tests.frames import frame

NOW, PERIOD = 100, 4
PLANNED = pl.Schema(
    {"owner": pl.String, "region": pl.String, "segment": pl.String, "month": pl.Int64}
)
WAITING = pl.Schema({"planned": pl.Int64, "latest": pl.Int64, "prn": pl.Int64})


def loads(drawing: str = "owner | region | segment | month") -> Loads:
    """Return the loads of customers who are planned already; month 0 is this month."""
    drawn = frame(drawing, PLANNED)
    return newcomers.loads(drawn.with_columns(pl.col("month") + NOW))


def waiting(drawing: str) -> list[Newcomer]:
    """Return customers never asked; a `latest` that is not drawn lets them wait to the end."""
    drawn = frame(drawing, WAITING)
    blank = [
        pl.lit(None, WAITING.get(name, pl.String())).alias(name)
        for name in Newcomer._fields
        if name not in drawn.columns
    ]
    full = drawn.with_columns(blank).with_columns(
        pl.col("planned") + NOW,
        pl.col("latest").fill_null(PERIOD - 1) + NOW,
        pl.col("prn").fill_null(0),
    )
    return [Newcomer(*row) for row in full.select(Newcomer._fields).iter_rows()]


def placed(drawing: str, loaded: Loads | None = None) -> dict[str, int]:
    """Return the month of each customer, counted from this one."""
    made = plans(waiting(drawing), loads() if loaded is None else loaded, NOW, PERIOD)
    return {customer_id: month - NOW for customer_id, month in made.items()}


def test_loads_count_the_customers_of_each_group_and_month() -> None:
    found = loads(
        """
        owner | region | segment | month
        anna  | North  | large   | 0
        anna  | North  | small   | 0
        ben   | North  | small   | 2
        """
    )

    assert found["owner", "anna"] == {NOW: 2}
    assert found["cell", "anna", "small"] == {NOW: 1}
    assert found["region", "North"] == {NOW: 2, NOW + 2: 1}
    assert found["segment", "small"] == {NOW: 1, NOW + 2: 1}
    assert found["total",] == {NOW: 2, NOW + 2: 1}


def test_a_newcomer_gets_the_month_in_which_the_owner_has_fewest_to_call() -> None:
    full = loads(
        """
        owner | region | segment | month
        anna  |        |         | 0
        anna  |        |         | 1
        anna  |        |         | 3
        ben   |        |         | 2
        ben   |        |         | 2
        """
    )

    assert placed("customer_id | owner\nJ-1 | anna", full) == {"J-1": 2}


def test_where_the_owner_is_even_the_segment_of_the_owner_decides() -> None:
    even = loads(
        """
        owner | region | segment | month
        anna  |        | small   | 0
        anna  |        | small   | 1
        anna  |        | large   | 2
        anna  |        | small   | 3
        """
    )

    assert placed("customer_id | owner | segment\nJ-1 | anna | small", even) == {"J-1": 2}


def test_where_owner_and_segment_are_even_the_region_decides() -> None:
    even = loads(
        """
        owner | region | segment | month
        ben   | North  |         | 0
        ben   | South  |         | 1
        ben   | North  |         | 2
        ben   | North  |         | 3
        """
    )

    assert placed("customer_id | owner | region\nJ-1 | anna | North", even) == {"J-1": 1}


def test_where_all_else_is_even_the_month_with_fewest_in_all_is_taken() -> None:
    even = loads(
        """
        owner | region | segment | month
        ben   | South  | large   | 0
        ben   | South  | large   | 1
        ben   | South  | large   | 3
        """
    )

    newcomer = "customer_id | owner | region | segment\nJ-1 | anna | North | small"
    assert placed(newcomer, even) == {"J-1": 2}


def test_nobody_is_planned_after_the_promised_month() -> None:
    made = placed(
        """
        customer_id | owner | latest
        J-1         | anna  | 0
        J-2         | anna  | 0
        J-3         | anna  | 1
        J-4         | anna  | 3
        """
    )

    assert made["J-1"] == made["J-2"] == 0
    assert made["J-3"] == 1
    assert made["J-4"] > 1


def test_whoever_waited_longest_is_placed_first() -> None:
    made = placed(
        """
        customer_id | owner | latest | prn
        J-1         | anna  | 3      | 1
        J-2         | anna  | 1      | 2
        """
    )

    assert made == {"J-2": 0, "J-1": 1}


def test_a_plan_that_is_even_stays_as_it_is() -> None:
    drawn = loads("owner | region | segment | month\nanna | | | 1\nanna | | | 3")

    made = placed(
        """
        customer_id | owner | planned
        J-1         | anna  | 3
        J-2         | anna  | 1
        """,
        drawn,
    )

    assert made == {"J-1": 3, "J-2": 1}


def test_customers_never_asked_move_to_even_out_an_owner() -> None:
    uneven = loads(
        """
        owner | region | segment | month
        anna  |        |         | 1
        anna  |        |         | 1
        anna  |        |         | 1
        """
    )

    made = placed("customer_id | owner | planned\nJ-1 | anna | 1", uneven)

    assert made == {"J-1": 0}
    assert uneven["owner", "anna"] == {NOW: 1, NOW + 1: 2}


def test_customers_never_asked_move_to_even_out_a_region_where_the_owner_gets_no_worse() -> None:
    drawn = """
        owner | region | segment | month
        anna  | North  |         | 1
        ben   | North  |         | 1
        carla | North  |         | 1
        """

    made = placed("customer_id | owner | region | planned\nJ-1 | anna | North | 1", loads(drawn))

    assert made == {"J-1": 0}


def test_a_region_is_not_evened_out_at_the_cost_of_an_owner() -> None:
    drawn = """
        owner | region | segment | month
        anna  | North  |         | 0
        anna  | North  |         | 1
        anna  | North  |         | 2
        anna  | North  |         | 3
        ben   | North  |         | 1
        carla | North  |         | 1
        dan   | North  |         | 1
        """

    made = placed("customer_id | owner | region | planned\nJ-1 | anna | North | 1", loads(drawn))

    assert made == {"J-1": 1}


class Book(NamedTuple):
    """Customers of one owner: some already due in a month, some never asked."""

    due: list[int]
    waiting: list[tuple[int | None, int]]


MONTHS = st.integers(NOW, NOW + PERIOD - 1)
BOOK = st.builds(
    Book,
    due=st.lists(MONTHS, max_size=8),
    waiting=st.lists(st.tuples(st.none() | MONTHS, MONTHS), max_size=8),
)
BOOKS = st.lists(BOOK, min_size=1, max_size=5)


def drawn(books: list[Book]) -> tuple[list[Newcomer], Loads]:
    """Return the customers never asked, and the loads of all who have a month."""
    never = [
        Newcomer(
            f"J-{owner}-{n}",
            str(owner),
            "NS"[owner % 2],
            None,
            planned,
            max(planned or 0, latest),
            100 * owner + n,
        )
        for owner, book in enumerate(books)
        for n, (planned, latest) in enumerate(book.waiting)
    ]
    rows = [
        (str(owner), "NS"[owner % 2], None, month)
        for owner, book in enumerate(books)
        for month in [*book.due, *(planned for planned, _ in book.waiting if planned is not None)]
    ]
    return never, newcomers.loads(pl.DataFrame(rows, schema=PLANNED, orient="row"))


@settings(max_examples=40, deadline=None)
@given(books=BOOKS)
def test_everyone_gets_one_month_between_now_and_the_promise(books: list[Book]) -> None:
    never, loaded = drawn(books)

    made = plans(never, loaded, NOW, PERIOD)

    assert made.keys() == {newcomer.customer_id for newcomer in never}
    assert all(NOW <= made[newcomer.customer_id] <= newcomer.latest for newcomer in never)


@settings(max_examples=40, deadline=None)
@given(books=BOOKS)
def test_the_loads_hold_afterwards_what_was_due_and_what_was_planned(books: list[Book]) -> None:
    never, loaded = drawn(books)

    made = plans(never, loaded, NOW, PERIOD)

    expected: dict[str, Counter[int]] = defaultdict(Counter)
    for owner, book in enumerate(books):
        expected[str(owner)].update(book.due)
    for newcomer in never:
        expected[newcomer.owner][made[newcomer.customer_id]] += 1
    assert all(+loaded["owner", owner] == counts for owner, counts in expected.items())


@settings(max_examples=40, deadline=None)
@given(sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4))
def test_where_nobody_was_asked_yet_every_book_is_even(sizes: list[int]) -> None:
    books = [Book([], [(None, NOW + PERIOD - 1)] * size) for size in sizes]
    never, loaded = drawn(books)

    plans(never, loaded, NOW, PERIOD)

    for owner, size in enumerate(sizes):
        counts = [loaded["owner", str(owner)][month] for month in range(NOW, NOW + PERIOD)]
        assert sum(counts) == size
        assert max(counts) - min(counts) <= 1


@settings(max_examples=40, deadline=None)
@given(books=BOOKS)
def test_an_owner_stays_uneven_only_where_no_move_is_left(books: list[Book]) -> None:
    never, loaded = drawn(books)

    made = plans(never, loaded, NOW, PERIOD)

    for newcomer in never:
        load, month = loaded["owner", newcomer.owner], made[newcomer.customer_id]
        lighter = range(NOW, newcomer.latest + 1)
        assert load[month] - min(load[m] for m in lighter) <= newcomers.OWNER_SPREAD


@settings(max_examples=40, deadline=None)
@given(books=BOOKS)
def test_the_order_of_the_waiting_is_immaterial(books: list[Book]) -> None:
    never, loaded = drawn(books)
    _, loaded_again = drawn(books)

    assert plans(never, loaded, NOW, PERIOD) == plans(never[::-1], loaded_again, NOW, PERIOD)
