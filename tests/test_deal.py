from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import deal
from tests.frames import frame

PERIODS = (1, 2, 3, 4, 6, 12)
LISTED = pl.Schema(
    {
        "customer_id": pl.String,
        "owner": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "prn": pl.UInt64,
    }
)
OWNERS = ("anna", "ben", "carla", "dan", "eve", "finn", "gro")
REGION_OF = dict(zip(OWNERS, ("North", "North", "South", None, "South", "West", None), strict=True))
# Groups that are even in every list, and those that are where each owner has one region.
EVEN = ("", "owner", "owner segment", "segment", "segment region")
EVEN_WITH_ONE_REGION_EACH = (*EVEN, "region", "region owner")


class Cell(NamedTuple):
    owner: str
    region: str | None
    segment: str | None
    size: int


@st.composite
def cells(draw: st.DrawFn) -> list[Cell]:
    """Draw cells whose owners have customers in one region each, or in several."""
    several = draw(st.booleans())
    regions = st.sampled_from(("North", "South", "West", None))
    cell = st.builds(
        Cell,
        st.sampled_from(OWNERS),
        regions,
        st.sampled_from(("large", "medium", "small", None)),
        st.integers(1, 3) | st.integers(1, 40),
    )
    drawn = draw(st.lists(cell, max_size=40))
    return drawn if several else [c._replace(region=REGION_OF[c.owner]) for c in drawn]


def listed(drawn: list[Cell]) -> pl.DataFrame:
    """Return the customers of cells; the numbers are no order, and some are the same."""
    rows = [
        (f"C-{number}-{n}", cell.owner, cell.region, cell.segment, n * 7919 % 101)
        for number, cell in enumerate(drawn)
        for n in range(cell.size)
    ]
    return pl.DataFrame(rows, schema=LISTED, orient="row")


def dealt(customers: pl.DataFrame, period: int) -> dict[str, int]:
    return dict(zip(customers["customer_id"], deal.slots(customers, period), strict=True))


def uneven(slots: dict[str, int], customers: pl.DataFrame, period: int, kind: str) -> list[object]:
    """Return the groups, with a slot and their customers in it, that miss their even share."""
    rows = customers.iter_rows(named=True)
    group_of = {row["customer_id"]: tuple(row[part] for part in kind.split()) for row in rows}
    sizes = Counter(group_of.values())
    counts = Counter((group, slots[customer_id]) for customer_id, group in group_of.items())
    return [
        (group, slot, counts[group, slot], size)
        for group, size in sizes.items()
        for slot in range(period)
        if counts[group, slot] not in {size // period, -(-size // period)}
    ]


@pytest.mark.parametrize("period", PERIODS)
@settings(max_examples=25, deadline=None)
@given(drawn=cells())
def test_every_group_has_its_share_in_every_slot_rounded_up_or_down(
    period: int, drawn: list[Cell]
) -> None:
    customers = listed(drawn)
    slots = dealt(customers, period)

    homes = customers.group_by("owner").agg(pl.col("region").n_unique())
    one_each = homes["region"].max() in {None, 1}
    for kind in EVEN_WITH_ONE_REGION_EACH if one_each else EVEN:
        assert uneven(slots, customers, period, kind) == [], kind


@settings(max_examples=20, deadline=None)
@given(drawn=cells(), period=st.sampled_from(PERIODS))
def test_every_customer_has_one_slot(drawn: list[Cell], period: int) -> None:
    customers = listed(drawn)

    slots = deal.slots(customers, period)

    assert slots.len() == customers.height
    assert set(slots) <= set(range(period))


@settings(max_examples=20, deadline=None)
@given(drawn=cells(), period=st.sampled_from(PERIODS), seed=st.integers(0, 99))
def test_the_order_of_rows_is_immaterial(drawn: list[Cell], period: int, seed: int) -> None:
    customers = listed(drawn)
    shuffled = customers.sample(fraction=1, shuffle=True, seed=seed)

    assert dealt(shuffled, period) == dealt(customers, period)


def test_the_number_decides_within_a_cell_and_the_id_between_equal_numbers() -> None:
    customers = frame(
        """
        customer_id | owner | region | segment | prn
        C-1         | anna  | North  | large   | 9
        C-2         | anna  | North  | large   | 5
        C-3         | anna  | North  | large   | 5
        C-4         | anna  | North  | large   | 1
        """,
        LISTED,
    )

    assert dealt(customers, 4) == {"C-4": 0, "C-2": 1, "C-3": 2, "C-1": 3}


def test_segments_are_even_across_owners_who_have_one_customer_of_each() -> None:
    customers = frame(
        """
        customer_id | owner | region | segment | prn
        C-1         | anna  | North  | large   | 1
        C-2         | anna  | North  | small   | 2
        C-3         | ben   | North  | large   | 3
        C-4         | ben   | North  | small   | 4
        C-5         | carla | South  | large   | 5
        C-6         | carla | South  | small   | 6
        C-7         | dan   | South  | large   | 7
        C-8         | dan   | South  | small   | 8
        """,
        LISTED,
    )
    slots = dealt(customers, 2)

    in_first = customers.filter(pl.col("customer_id").replace_strict(slots) == 0)
    assert in_first["owner"].to_list() == ["anna", "ben", "carla", "dan"]
    assert Counter(in_first["segment"]) == {"large": 2, "small": 2}
    assert Counter(in_first.select("region", "segment").iter_rows()) == Counter(
        [("North", "large"), ("North", "small"), ("South", "large"), ("South", "small")]
    )


def test_an_owner_in_several_regions_has_one_of_three_customers_in_each_of_three_slots() -> None:
    customers = frame(
        """
        customer_id | owner | region | segment | prn
        C-1         | anna  | North  |         | 1
        C-2         | anna  | South  |         | 2
        C-3         | anna  |        |         | 3
        C-4         | ben   | North  |         | 4
        C-5         | ben   | South  |         | 5
        C-6         | ben   |        |         | 6
        """,
        LISTED,
    )
    slots = dealt(customers, 3)

    assert sorted(slots[f"C-{n}"] for n in (1, 2, 3)) == [0, 1, 2]
    assert sorted(slots[f"C-{n}"] for n in (4, 5, 6)) == [0, 1, 2]
    assert slots["C-1"] != slots["C-4"]


@pytest.mark.parametrize("period", PERIODS)
def test_one_customer_is_in_the_first_slot(period: int) -> None:
    assert dealt(listed([Cell("anna", None, None, 1)]), period) == {"C-0-0": 0}


@pytest.mark.parametrize("period", PERIODS)
def test_an_empty_list_is_dealt_to_nobody(period: int) -> None:
    slots = deal.slots(listed([]), period)

    assert slots.is_empty()
    assert slots.dtype == pl.Int64
