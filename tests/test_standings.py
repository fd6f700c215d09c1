from __future__ import annotations

import polars as pl

from loopback.standings import standings, verdict

COUNTS = pl.Schema(
    {"owner": pl.String, "detractors": pl.Int64, "passives": pl.Int64, "promoters": pl.Int64}
)


def owners(*rows: tuple[str, int, int, int]) -> pl.DataFrame:
    drawn = pl.DataFrame(rows, schema=COUNTS, orient="row")
    responses = pl.sum_horizontal("detractors", "passives", "promoters")
    return drawn.with_columns(name=pl.col("owner").str.to_titlecase(), responses=responses)


def test_owners_stand_by_estimate_and_not_by_score() -> None:
    found = standings(
        owners(("one", 0, 0, 1), ("many", 0, 9, 91), ("low", 60, 60, 60), ("none", 0, 0, 0)), 0.95
    )

    assert found["owner"].to_list() == ["many", "one", "low", "none"]
    assert found.row(3, named=True)["shrunk"] is None


def test_equal_owners_stand_by_name() -> None:
    found = standings(owners(("ben", 1, 2, 3), ("anna", 1, 2, 3)), 0.95)

    assert found["owner"].to_list() == ["anna", "ben"]


def test_on_few_answers_nothing_tells_the_owners_apart() -> None:
    found = standings(owners(("a", 0, 1, 4), ("b", 3, 1, 1), ("c", 1, 1, 3), ("d", 2, 2, 1)), 0.95)

    assert found["flag"].to_list() == [None] * 4
    assert verdict(found).startswith("Nothing tells the 4 owners apart")


def test_who_differs_is_named_with_the_side() -> None:
    alike = [(f"o{n}", 30, 60, 110) for n in range(20)]
    found = standings(owners(*alike, ("low", 120, 50, 30), ("high", 2, 20, 178)), 0.95)

    sides = dict(found.drop_nulls("flag").select("owner", "flag").iter_rows())
    assert sides == {"low": "below", "high": "above"}
    outside = dict(found.drop_nulls("funnel").select("owner", "funnel").iter_rows())
    assert outside == sides
    assert "2 of 22 owners differ from the company (above: High; below: Low)" in verdict(found)


def test_one_owner_is_nobody_to_compare() -> None:
    found = standings(owners(("anna", 3, 4, 5), ("ben", 0, 0, 0)), 0.95)

    assert verdict(found) == "There are no two owners with answers to compare."


def test_the_order_of_rows_changes_no_bit() -> None:
    rows = [(f"o{n}", n % 7, n % 5, n % 11) for n in range(40)]

    assert standings(owners(*rows), 0.95).equals(standings(owners(*rows[::-1]), 0.95))
