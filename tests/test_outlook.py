from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import months
from loopback.outlook import outlook, totals
from loopback.tables import ROTATION
from tests.frames import table

STATE = """
customer_id | owner | region | segment | asks | decision | planned
------------+-------+--------+---------+------+----------+--------
C-1         | anna  | North  | large   | 1    | asked    | 2027-11
C-2         | anna  | North  |         | 4    | waits    | 2026-12
C-3         | anna  | North  | large   | 12   | asked    | 2026-12
C-4         | ben   | South  | large   | 2    | waits    | 2027-01
C-5         | ben   | South  | large   | 1    | left out | 2026-12
C-6         |       |        |         | 1    | gone     | 2026-12
"""


def asks(first: str, count: int, by: str | None = None, state: str = STATE) -> dict[str, list[int]]:
    """Return the asks of each group, month by month."""
    found = outlook(table(ROTATION, state).lazy(), first, count, by)
    named = months.ending(months.later(first, count - 1), count)
    groups = found.partition_by("group", as_dict=True, maintain_order=True)
    assert all(group["month"].to_list() == named for group in groups.values())
    return {str(name): group["asks"].to_list() for (name,), group in groups.items()}


def test_a_customer_counts_in_the_month_planned_and_in_every_one_of_its_turn() -> None:
    assert asks("2026-12", 13, "owner") == {
        "anna": [2, 1, 1, 2, 1, 1, 2, 1, 1, 2, 1, 2, 2],
        "ben": [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0],
    }


def test_groups_can_be_regions_segments_or_all() -> None:
    assert asks("2026-12", 2, "region") == {"North": [2, 1], "South": [0, 1]}
    assert asks("2026-12", 2, "segment") == {"(none)": [1, 0], "large": [1, 2]}
    assert asks("2026-12", 2) == {"all": [2, 2]}


def test_a_month_that_has_passed_is_made_up_in_the_first_and_the_turn_begins_there() -> None:
    assert asks("2027-02", 4, "owner") == {"anna": [2, 1, 1, 2], "ben": [1, 0, 0, 0]}


def test_who_may_not_be_asked_or_is_gone_is_not_in_it() -> None:
    assert (
        asks("2026-12", 1, state=STATE.replace("asked ", "gone  ").replace("waits", "gone ")) == {}
    )


def test_totals_add_up_the_groups() -> None:
    rows = outlook(table(ROTATION, STATE).lazy(), "2026-12", 2, "owner")

    assert totals(rows).rows() == [("2026-12", 2), ("2027-01", 2)]


@settings(max_examples=50)
@given(st.sampled_from([1, 2, 3, 4, 6, 12]), st.integers(0, 11), st.integers(1, 3))
def test_in_each_year_a_customer_counts_k_times(times: int, wait: int, years: int) -> None:
    state = f"customer_id|asks|decision|planned\nC-1|{times}|waits|{months.later('2026-01', wait)}"

    found = asks("2026-01", 12 * years, state=state)["all"]

    due = [at for at in range(12 * years) if at >= wait and (at - wait) % (12 // times) == 0]
    assert [at for at, count in enumerate(found) if count] == due


@pytest.mark.parametrize("by", [None, "owner"])
def test_an_empty_list_has_no_groups(by: str | None) -> None:
    assert outlook(ROTATION.empty().lazy(), "2026-12", 12, by).is_empty()
