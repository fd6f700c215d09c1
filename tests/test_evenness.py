from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.draws import draws
from loopback.evenness import Evenness, evenness
from tests.lived import Lived, lived


def found(lives: Lived, last: int = 60) -> dict[str, Evenness]:
    drawn = draws(lives.rotation, last)
    assert drawn is not None
    return {each.kind: each for each in evenness(lives.rotation, drawn)}


def book(owner: str, *months: str, asks: int = 1, segment: str = "", region: str = "") -> list[str]:
    """Draw an owner's customers, one line each."""
    place = f"{owner}{segment}{region}{asks}"
    return [
        f"{place}-{n} | {asks} | {owner} | {region} | {segment} | {line}"
        for n, line in enumerate(months)
    ]


def drawn(*books: list[str]) -> Lived:
    lines = [line for book in books for line in book]
    return lived("\n".join(["customer_id | asks | owner | region | segment | months", *lines]))


def off(kind: str, lives: Lived) -> list[tuple[object, ...]]:
    """Return month, group, size and asked of what is uneven."""
    return found(lives)[kind].broken.select("at", "group", "size", "asked").rows()


EVEN = ["A...", ".A..", "..A.", "...A"]


def test_a_group_is_even_while_each_month_is_less_than_one_customer_off_its_share() -> None:
    lives = drawn(book("anna", *EVEN, asks=3))

    even = found(lives)["owner"]

    assert even.broken.is_empty()
    assert (even.months, even.judged) == (4, 4)
    assert (even.largest, even.off_by_1, even.off_by_2) == (0, 0, 0)


def test_a_month_off_by_just_one_customer_is_uneven() -> None:
    three = drawn(book("anna", "A...", "A...", "..A.", "...A", asks=3))

    assert off("owner", three) == [(0, "owner anna", 4, 2), (1, "owner anna", 4, 0)]
    assert found(three)["owner"].off_by_1 == 0.5
    assert found(three)["owner"].off_by_2 == 0
    assert found(drawn(book("anna", "A.", "A.", "A.", "A.", asks=3)))["owner"].off_by_2 == 0.5


def test_every_kind_of_group_is_counted() -> None:
    lives = drawn(
        book("anna", "A.", ".A", asks=6, segment="large", region="North"),
        book("ben", "A.", "A.", ".A", ".A", asks=6, segment="large", region="South"),
        book("ben", "A.", "A.", asks=6, segment="small", region="South"),
    )

    assert {kind: each.months for kind, each in found(lives).items()} == {
        "total": 2,
        "region": 4,
        "owner": 4,
        "owner and segment": 6,
        "segment": 4,
    }
    assert off("owner and segment", lives) == [
        (0, "owner ben, segment small", 2, 2),
        (1, "owner ben, segment small", 2, 0),
    ]
    assert off("region", lives) == [(0, "region South", 6, 4), (1, "region South", 6, 2)]
    assert off("total", lives) == [(0, "all customers", 8, 5), (1, "all customers", 8, 3)]


def test_the_customers_of_each_k_are_judged_by_themselves_and_told_together() -> None:
    lives = drawn(
        book("anna", "A.", asks=6), book("anna", "A.", asks=3), book("anna", "A.", asks=2)
    )

    even = found(lives)["owner"]

    assert even.broken.is_empty()
    assert even.judged == 6
    assert even.largest == pytest.approx(3 - 0.5 - 0.25 - 1 / 6)
    assert even.off_by_2 == 0.5


@pytest.mark.parametrize(
    "change",
    [
        ["A...", "A_..", "..A.", "...A"],  # one is gone
        ["A...", "A-..", "..A.", "...A"],  # one may not be asked
        ["A...", "A...", "..A.", "...A", "_..."],  # one has come
        ["A...", "A_..", "..A.", "...A", "_..."],  # one has come for another
    ],
)
def test_a_group_that_has_changed_is_told_and_judged_no_more(change: list[str]) -> None:
    lives = drawn(book("anna", *change, asks=3), book("ben", *EVEN, asks=3))

    assert off("owner", lives) == [(0, "owner anna", 4, 2)]
    assert found(lives)["owner"].judged == 1 + 4
    assert found(lives)["total"].judged == 1
    assert found(lives)["owner"].months == 8


def test_a_group_that_changed_and_changed_back_is_judged_no_more() -> None:
    lives = drawn(book("anna", "A-A.", "A-A.", asks=6), book("ben", "...A", "A-..", asks=3))

    assert off("owner", lives) == [(0, "owner anna", 2, 2)]
    assert found(lives)["owner"].judged == 2


@pytest.mark.parametrize("change", ["A_", "_A"])
def test_a_group_with_a_whole_segment_less_or_more_has_changed(change: str) -> None:
    lives = drawn(
        book("anna", "A.", ".A", asks=6, segment="large"),
        book("anna", change, asks=6, segment="small"),
    )

    assert found(lives)["owner"].judged == 1
    assert found(lives)["total"].judged == 1


def test_a_handed_over_book_is_judged_with_neither_owner() -> None:
    lives = drawn(
        book("anna", *(line[:2] + "__" for line in EVEN), asks=3),
        book("ben", "__..", *EVEN, asks=3),
        book("cleo", *EVEN, asks=3),
    )

    assert found(lives)["owner"].judged == 2 + 2 + 4


def test_after_a_month_that_was_not_drawn_nothing_is_judged() -> None:
    lives = drawn(book("anna", "A._A", ".._A", asks=3))

    assert found(lives)["owner"].judged == 2
    assert found(lives)["owner"].broken.is_empty()


def test_where_the_first_draw_lies_further_back_nothing_is_judged() -> None:
    lives = drawn(book("anna", *EVEN, asks=3))

    assert found(lives, last=4)["owner"].judged == 4
    assert found(lives, last=3)["owner"].judged == 0


def test_where_asks_may_be_put_off_a_segment_is_judged_while_its_owner_keeps_the_whole_book() -> (
    None
):
    lives = drawn(
        book("anna", "A.", ".A", asks=6, segment="small"),
        book("anna", "A_", ".A", asks=6, segment="large"),
    )
    months = draws(lives.rotation, 60)
    assert months is not None

    judged = [
        {each.kind: each.judged for each in evenness(lives.rotation, months, slack)}
        for slack in (0, 1)
    ]

    assert judged[0]["owner and segment"] == 3
    assert judged[1]["owner and segment"] == 2


def test_late_entries_of_the_first_month_change_a_group() -> None:
    lives = lived(
        """
        customer_id | asks | owner | turn | months
        C-1         | 3    | anna  | 1    | A..
        C-1         | 3    | anna  | 2    | A__
        C-2         | 3    | anna  | 1    | _..
        C-2         | 3    | anna  | 2    | A__
        C-3         | 3    | ben   | 1    | ...
        C-3         | 3    | ben   | 2    | .__
        """
    )

    assert found(lives)["owner"].judged == 3
    assert off("owner", lives) == []


def test_a_region_is_judged_only_if_its_owners_have_no_other() -> None:
    lives = drawn(
        book("anna", "A.", "A.", asks=6, region="North"),
        book("anna", ".A", ".A", asks=6, region="South"),
        book("ben", "A.", "A.", asks=6, region="South"),
        book("cleo", "A.", "A.", asks=6, region="West"),
    )

    assert {group for _, group, *_ in off("region", lives)} == {"region West"}
    assert found(lives)["region"].judged == 2


def test_customers_without_a_group_are_a_group_of_their_own() -> None:
    lives = drawn(book("anna", "A.", "A.", asks=6))

    assert {group for _, group, *_ in off("segment", lives)} == {"segment (none)"}


def test_where_nobody_may_be_asked_nothing_is_uneven() -> None:
    even = found(drawn(book("anna", "--")))["owner"]

    assert (even.months, even.judged, even.largest) == (0, 0, 0)
    assert draws([], 24) is None


LIFE = st.text("A" * 5 + "...-_", min_size=8, max_size=8)


@settings(max_examples=15, deadline=None)
@given(st.lists(LIFE, min_size=1, max_size=4), st.integers(0, 7), st.integers(0, 1))
def test_months_looked_at_one_after_the_other_tell_what_all_of_them_do(
    lives: list[str], skipped: int, slack: int
) -> None:
    calm = [f"{line[:skipped]}_{line[skipped + 1 :]}" for line in ("A" * 8, "." * 8)]
    both = drawn(book("anna", *calm, asks=6, region="North"), book("ben", *lives, asks=3))
    all_months = draws(both.rotation, 60)
    assert all_months is not None

    with pytest.MonkeyPatch.context() as patch:
        told = evenness(both.rotation, all_months, slack)
        patch.setattr("loopback.draws.ROWS_AT_ONCE", 1)
        one_by_one = evenness(both.rotation, all_months, slack)

    figures = [
        [vars(each) | {"broken": each.broken.rows()} for each in found]
        for found in (told, one_by_one)
    ]
    assert figures[0] == figures[1]
    assert told[2].judged >= skipped
