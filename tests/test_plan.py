from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from loopback import months
from loopback.ledger import Ledger
from loopback.tables import ROTATION
from tests.conftest import PEOPLE, TODAY, Said, answer, build
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Said]

ONCE = "[rotation]\nasks_per_year = 1\nby_segment = { small = 4 }\n"
COMING = months.ending("2027-11", 12)
WITH_CAPACITY = PEOPLE
for there, more in (
    (",language", ",capacity"),
    ("North,en", ",1"),
    ("South,en", ","),
    (",,en", ","),
):
    WITH_CAPACITY = WITH_CAPACITY.replace(there, there + more)


@pytest.fixture
def acme(acme: Path) -> Path:
    return build(acme, settings=ONCE)


in_acme = pytest.mark.usefixtures("acme")


def asks(said: Said) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {}
    for row in said.json["rows"]:
        rows.setdefault(row["group"], []).append(row["asks"])
    return rows


@in_acme
def test_the_plan_is_what_the_coming_draws_will_ask(run: Run) -> None:
    run("sample", "--today", TODAY)
    planned = run("plan", "--today", TODAY, "--json").json

    drawn = []
    for month in COMING:
        invited = run("sample", "--today", f"{month}-15", "--json").json["invited"]
        drawn.append(invited)

    assert planned["months"] == COMING
    assert [row["asks"] for row in planned["total"]] == drawn
    assert sum(drawn) == 2 + 3 * 4


def test_before_any_draw_it_is_the_plan_of_a_first_one_and_nothing_is_written(
    acme: Path, run: Run
) -> None:
    before = tree(acme)

    planned = run("plan", "--today", TODAY, "--json").json

    assert tree(acme) == before
    assert planned["months"] == months.ending("2027-10", 12)
    drawn = run("sample", "--today", TODAY, "--json").json
    assert planned["total"][0]["asks"] == drawn["invited"]


@in_acme
def test_months_that_were_not_drawn_are_made_up_in_this_one(run: Run) -> None:
    run("sample", "--today", TODAY)

    planned = run("plan", "--today", "2027-02-10", "--months", "1", "--json").json

    assert planned["months"] == ["2027-02"]
    drawn = run("sample", "--today", "2027-02-10", "--json").json
    assert planned["total"][0]["asks"] == drawn["invited"]


@in_acme
def test_a_month_drawn_ahead_is_not_planned_again(run: Run) -> None:
    run("sample", "--month", "2026-12", "--today", TODAY)

    assert run("plan", "--today", TODAY, "--json").json["months"][0] == "2027-01"


@in_acme
def test_groups_are_owners_regions_or_segments(run: Run) -> None:
    run("sample", "--today", TODAY)
    plan = ("plan", "--today", TODAY, "--months", "12", "--json")

    assert {name: sum(row) for name, row in asks(run(*plan, "--by", "owner")).items()} == {
        "anna": 1 + 4 + 4,
        "ben": 1 + 4,
    }
    assert list(asks(run(*plan, "--by", "region"))) == ["North", "South"]
    assert list(asks(run(*plan, "--by", "segment"))) == ["large", "small"]
    assert list(asks(run(*plan))) == ["all"]
    assert "month" in run(*plan, "--by", "month", expect=2).err


def test_rows_of_owners_have_their_name_calls_and_capacity(acme: Path, run: Run) -> None:
    build(acme, settings=ONCE + "capacity = 3\nresponse_rate = 0.5\n", people=WITH_CAPACITY)
    run("sample", "--today", TODAY)

    planned = run("plan", "--by", "owner", "--today", TODAY, "--json").json

    assert [*planned["rows"][0]] == ["group", "name", "month", "asks", "calls", "capacity"]
    assert {(row["name"], row["capacity"]) for row in planned["rows"]} == {
        ("Anna Berg", 1.0),
        ("Ben Cole", 3.0),
    }
    assert all(row["calls"] == row["asks"] / 2 for row in planned["rows"])
    assert planned["response_rate"] == 0.5


def test_months_above_the_capacity_are_marked_and_named(acme: Path, run: Run) -> None:
    build(
        acme, settings="[rotation]\nasks_per_year = 12\nresponse_rate = 0.9\n", people=WITH_CAPACITY
    )
    run("sample", "--today", TODAY)

    said = run("plan", "--by", "owner", "--months", "2", "--today", TODAY)

    assert "Anna Berg: about 3 calls expected in 2026-12, capacity 1" in said.err
    [row] = [line for line in said.out.splitlines() if "Anna Berg" in line]
    assert row.count("3!") == 2
    assert "!" not in "".join(line for line in said.out.splitlines() if "Ben Cole" in line)
    assert "90% of those asked answer: about 4 calls a month in all" in said.out
    overloads = run("plan", "--today", TODAY, "--months", "1", "--json").json["overloads"]
    assert [(row["name"], row["month"], row["asks"]) for row in overloads] == [
        ("Anna Berg", "2026-12", 3)
    ]


def test_the_rate_is_that_of_the_answers_where_none_is_set(acme: Path, run: Run) -> None:
    build(acme, settings="[rotation]\nasks_per_year = 12\n")
    run("sample", "--today", "2026-10-01")
    export = answer(acme, "C-1,2026-10-02,9,", "C-2,2026-10-02,3,", month="2026-10")
    run("ingest", export, "--today", "2026-10-05")
    plan = ("plan", "--json", "--today")

    assert run(*plan, "2026-10-20").json["response_rate"] is None
    assert run(*plan, "2026-11-02").json["response_rate"] == 2 / 5
    assert "is not known yet" in run("plan", "--today", "2026-10-20").out


def test_the_table_has_a_row_a_group_the_total_last_and_fits_160_columns(
    acme: Path, run: Run
) -> None:
    named = PEOPLE.replace("Anna Berg", "Anna " + "Berg" * 30)
    build(acme, settings=ONCE, people=named)
    run("sample", "--today", TODAY)

    said = run("plan", "--by", "owner", "--today", TODAY)

    lines = said.out.splitlines()
    assert all(month in said.out for month in COMING)
    assert max(map(len, lines)) <= 160
    names = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
    assert names == [("Anna " + "Berg" * 30)[:30], "Ben Cole", "all"]
    assert "not in the plan: 1" in said.out


@in_acme
def test_more_months_than_fit_side_by_side_stand_below(run: Run) -> None:
    run("sample", "--today", TODAY)

    said = run("plan", "--months", "30", "--today", TODAY)

    assert said.out.count("Customers to ask") == 3
    assert "2029-05" in said.out
    assert max(map(len, said.out.splitlines())) <= 160


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_the_rows_can_be_written_to_a_file(acme: Path, run: Run, ending: str) -> None:
    run("sample", "--today", TODAY)

    said = run("plan", "--by", "owner", "--to", f"plan.{ending}", "--today", TODAY, "--json")

    path = acme / f"plan.{ending}"
    rows: list[dict[str, Any]]
    if ending == "xlsx":
        header, *cells = openpyxl.load_workbook(path)["plan"].values
        rows = [dict(zip(map(str, header), row, strict=True)) for row in cells]
    else:
        rows = (pl.read_csv if ending == "csv" else pl.read_parquet)(path).to_dicts()
    assert [(r["group"], r["month"], r["asks"]) for r in rows] == [
        (r["group"], r["month"], r["asks"]) for r in said.json["rows"]
    ]


def test_a_list_in_which_nobody_may_be_asked_has_no_plan(acme: Path, run: Run) -> None:
    nobody = "customer_id,name,owner,email\nC-1,Ahorn Mill,anna,\n"
    build(acme, customers=nobody)
    run("sample", "--today", TODAY)

    assert "There is no customer who may be asked." in run("plan", "--today", TODAY).out
    assert Ledger(acme / "ledger").current(ROTATION).height == 1
