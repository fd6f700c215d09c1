from __future__ import annotations

import polars as pl
import pytest

from loopback import changes
from loopback.nps.counts import NOTHING, Counts
from loopback.nps.method import Method
from loopback.nps.trend import trend
from loopback.score import scores
from loopback.tables import INVITATIONS, RESPONSES
from tests.frames import table

THEN = table(
    RESPONSES,
    """
    response_id | customer_id | month   | owner | score | responded_at
    ------------+-------------+---------+-------+-------+-------------
    R-1         | C-1         | 2025-11 | anna  | 3     | 2025-11-02
    R-2         | C-2         | 2025-11 | anna  | 7     | 2025-11-03
    R-3         | C-3         | 2025-11 | ben   | 9     | 2025-11-04
    R-4         |             | 2025-11 |       | 0     | 2025-11-04
    """,
)
NOW = table(
    RESPONSES,
    """
    response_id | customer_id | month   | owner | score | responded_at
    ------------+-------------+---------+-------+-------+-------------
    R-5         | C-1         | 2026-11 | anna  | 0     | 2026-11-02
    R-6         | C-1         | 2026-11 | anna  | 10    | 2026-11-09
    R-7         | C-2         | 2026-11 | anna  | 8     | 2026-11-03
    R-8         | C-9         | 2026-11 | carla | 8     | 2026-11-03
    """,
)


def test_a_group_changes_from_the_period_before_where_both_have_answers() -> None:
    now = scores(NOW, INVITATIONS.empty(), "owner")

    then = scores(THEN, INVITATIONS.empty(), "owner")

    found = changes.with_change(now, then, "owner", 0.95, Method.ADJUSTED_WALD)

    assert found.select("owner", "change").rows() == [("anna", 50.0), ("carla", None)]
    anna = found.row(0, named=True)
    assert anna["change_lower"] < 50 < anna["change_upper"]
    assert 0 < anna["change_p"] < 1


def test_the_same_customers_are_compared_by_their_last_answers() -> None:
    found = changes.of_the_same(NOW.lazy(), THEN.lazy(), 0.95)

    assert found is not None
    assert (found.customers, found.change) == (2, 100)  # C-1 from 3 to 10, C-2 stays passive


def test_of_two_answers_in_a_month_the_one_with_a_time_is_the_last() -> None:
    untimed = NOW.filter(response_id="R-6").with_columns(
        response_id=pl.lit("R-9"),
        score=pl.lit(0, pl.Int64),
        responded_at=pl.lit(None, NOW.schema["responded_at"]),
    )

    found = changes.of_the_same(pl.concat([untimed, NOW]).lazy(), THEN.lazy(), 0.95)

    assert found is not None
    assert found.change == 100


def test_nobody_who_answered_twice_is_no_pair() -> None:
    assert changes.of_the_same(NOW.lazy(), RESPONSES.empty().lazy(), 0.95) is None


def test_months_without_answers_have_their_place() -> None:
    counts = scores(NOW, INVITATIONS.empty(), "month")

    found = changes.by_month(counts, ["2026-09", "2026-10", "2026-11"])

    assert found == [NOTHING, NOTHING, Counts(1, 2, 1)]


@pytest.mark.parametrize(
    ("now", "then", "said"),
    [
        (
            Counts(30, 50, 60),
            Counts(35, 50, 55),
            "+7 since last year, but anything from −11 to +25 fits the answers.",  # noqa: RUF001 - a minus sign
        ),
        (
            Counts(10, 50, 140),
            Counts(60, 60, 80),
            "+55 since last year; from +40 to +68 fits the answers.",
        ),
    ],
)
def test_a_change_is_said_with_what_else_fits(now: Counts, then: Counts, said: str) -> None:
    found = changes.change(now, then, 0.95, Method.ADJUSTED_WALD)

    assert found is not None
    assert changes.change_sentence(found, "last year") == said


def test_no_answers_are_no_change() -> None:
    assert changes.change(Counts(1, 2, 3), NOTHING, 0.95, Method.WALD) is None


@pytest.mark.parametrize(
    ("step", "begins"), [(0, "No trend can be told from chance"), (4, "Trend: +")]
)
def test_a_trend_is_only_called_one_where_chance_would_not_draw_it(step: int, begins: str) -> None:
    months = [Counts(50 - step * n, 50, 50 + step * n) for n in range(12)]
    uneven = [*months[:-1], months[-1].plus((0, 3, 1))]

    found = trend(uneven, 0.95)

    assert found is not None
    assert changes.trend_sentence(found).startswith(begins)


def test_pairs_are_said_with_their_number() -> None:
    found = changes.of_the_same(NOW.lazy(), THEN.lazy(), 0.95)

    assert found is not None
    assert changes.pairs_sentence(found).startswith("The 2 customers who answered both times: +100")


def test_periods_may_be_empty() -> None:
    nothing = scores(RESPONSES.empty(), INVITATIONS.empty(), "owner")
    then = scores(THEN, INVITATIONS.empty(), "owner")

    assert changes.with_change(nothing, then, "owner", 0.95, Method.SCORE).is_empty()
    assert changes.with_change(then, nothing, "owner", 0.95, Method.SCORE)["change"].count() == 0


@pytest.mark.parametrize("most", [1, 2, 3])
def test_looking_at_a_few_customers_at_a_time_finds_the_same_pairs(most: int) -> None:
    whole = changes.of_the_same(NOW.lazy(), THEN.lazy(), 0.95)

    assert changes.of_the_same(NOW.lazy(), THEN.lazy(), 0.95, rows=8, most=most) == whole
