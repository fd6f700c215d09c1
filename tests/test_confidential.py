from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.confidential import visible
from loopback.tables import RESPONSES
from tests.conftest import TODAY, Said, answer, build

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

YEAR = [f"2026-{month:02}" for month in range(1, 13)]
OWNERS = {"anna": "North", "ben": "North", "carla": "South", "dora": "South"}


def answered(*groups: tuple[str, str, int]) -> pl.DataFrame:
    """Return responses: so many of an owner in a month."""
    rows = [
        {"owner": owner, "region": OWNERS[owner], "month": month, "score": 9}
        for owner, month, count in groups
        for _ in range(count)
    ]
    numbered = [row | {"response_id": f"R-{place:04}"} for place, row in enumerate(rows)]
    return pl.DataFrame(numbered, RESPONSES.schema)


def shown(rows: pl.DataFrame, by: str, months: list[str] = YEAR) -> dict[str, int]:
    return (
        dict(Counter(visible(rows, months, by)[by].to_list()))
        if by != "all"
        else {"all": visible(rows, months, "all").height}
    )


def test_a_group_of_fewer_than_five_is_not_shown_nor_what_would_give_it_away() -> None:
    rows = answered(("anna", "2026-03", 6), ("ben", "2026-03", 4), ("carla", "2026-03", 9))

    # With the total and two owners shown, the third could be reckoned.
    assert shown(rows, "all") == {"all": 19}
    assert shown(rows, "owner") == {"carla": 9}


def test_where_all_groups_are_large_all_are_shown() -> None:
    rows = answered(("anna", "2026-03", 6), ("ben", "2026-03", 5), ("carla", "2026-03", 9))

    assert shown(rows, "owner") == {"anna": 6, "ben": 5, "carla": 9}
    assert shown(rows, "region") == {"North": 11, "South": 9}


def test_a_region_less_its_owners_leaves_nobody_alone() -> None:
    rows = answered(
        ("anna", "2026-03", 9),
        ("ben", "2026-03", 2),
        ("carla", "2026-03", 9),
        ("dora", "2026-03", 3),
    )

    assert shown(rows, "region") == {"North": 11, "South": 12}
    assert shown(rows, "owner") == {}


def test_a_month_with_few_answers_is_only_counted_together_with_the_next() -> None:
    rows = answered(("anna", "2026-03", 6), ("anna", "2026-04", 2), ("anna", "2026-05", 7))

    assert shown(rows, "all", YEAR[:3]) == {"all": 6}
    assert shown(rows, "all", YEAR[:4]) == {"all": 6}  # two more would be two by subtraction
    assert shown(rows, "all", YEAR[:5]) == {"all": 15}
    assert shown(rows, "month") == {"2026-03": 6}


MONTHS = YEAR[:4]
GROUPS = st.lists(
    st.tuples(st.sampled_from(sorted(OWNERS)), st.sampled_from(MONTHS), st.integers(1, 7)),
    max_size=10,
)
SPANS = [MONTHS[start:end] for start in range(4) for end in range(start + 1, 5)]


def answers_of(rows: pl.DataFrame, by: str, months: list[str]) -> dict[str, set[str]]:
    """Return the responses behind each number of a table."""
    found = visible(rows, months, by)
    return {name: set(found.filter(pl.col(by) == name)["response_id"]) for name in found[by]}


@settings(max_examples=60, deadline=None)
@given(groups=GROUPS)
def test_no_group_less_the_groups_within_it_leaves_one_to_four(
    groups: list[tuple[str, str, int]],
) -> None:
    rows = answered(*groups).with_columns(all=pl.lit("all"))
    for months in SPANS:
        tables = {by: answers_of(rows, by, months) for by in ("all", "region", "owner")}
        for by in tables:
            assert set(visible(rows, months, by)["month"]) <= set(months)
        for outer in (group for table in tables.values() for group in table.values()):
            assert len(outer) >= 5
            for table in tables.values():
                inner = [group for group in table.values() if group < outer]
                left = len(outer) - sum(map(len, inner))
                assert left == 0 or left >= 5 or not inner


@settings(max_examples=60, deadline=None)
@given(groups=GROUPS)
def test_no_subtraction_of_a_span_from_a_longer_one_leaves_one_to_four(
    groups: list[tuple[str, str, int]],
) -> None:
    rows = answered(*groups)
    for by in ("all", "region", "owner"):
        counts = [shown(rows, by, months) for months in SPANS]
        for (first, some), (second, more) in (
            (a, b) for a in zip(SPANS, counts, strict=True) for b in zip(SPANS, counts, strict=True)
        ):
            if set(first) < set(second):
                for name in set(some) & set(more):
                    assert more[name] - some[name] not in {1, 2, 3, 4}


@pytest.fixture
def staff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Said]) -> Path:
    """A workspace of employees in which anna's five answered, and one of ben's seven."""
    lines = ["customer_id,name,owner,region,email"]
    lines += [f"A-{n},Ann {n},anna,North,a{n}@company.example" for n in range(12)]
    lines += [f"B-{n},Bo {n},ben,South,b{n}@company.example" for n in range(7)]
    settings = 'audience = "employees"\n[rotation]\nasks_per_year = 12\n'
    folder = build(tmp_path / "acme", customers="\n".join(lines) + "\n", settings=settings)
    monkeypatch.chdir(folder)
    run("sample", "--today", TODAY)
    told = [f"A-{n},2026-11-20,9,good advice" for n in range(10)] + ["B-1,2026-11-20,0,bad pay"]
    run("ingest", answer(folder, *told), "--today", TODAY)
    return folder


@pytest.mark.usefixtures("staff")
def test_numbers_of_few_employees_are_not_shown(run: Callable[..., Said]) -> None:
    said = run("score", "--by", "owner", "--today", TODAY, "--json").json

    rows = {row["owner"]: row for row in said["scores"]}
    assert rows["ben"]["invited"] == 7
    assert {rows["ben"][name] for name in ("responses", "nps", "lower", "shrunk")} == {None}
    assert rows["anna"]["responses"] is None  # else ben's one answer is the total less hers
    assert said["total"][0]["responses"] == 11
    assert "Not shown: 2 groups" in said["sentences"][0]


@pytest.mark.usefixtures("staff")
def test_reasons_of_few_employees_are_not_shown(run: Callable[..., Said]) -> None:
    said = run("reasons", "--by", "owner", "--today", TODAY, "--json").json
    whole = run("reasons", "--today", TODAY, "--json").json

    assert said["tally"] == []
    assert whole["tally"] != []


@pytest.mark.usefixtures("staff")
def test_answers_of_employees_are_sent_to_nobody(run: Callable[..., Said], staff: Path) -> None:
    said = run("route", "--today", TODAY, expect=1)

    assert "answers of employees are confidential" in said.err
    assert not (staff / "outbox").exists()
    assert not list((staff / "out").rglob("sheets"))


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("option", ["--value", "--bounds", "--book-interval", "--account=name"])
def test_nothing_is_reckoned_in_which_one_employee_counts_for_much(
    run: Callable[..., Said], option: str
) -> None:
    assert "single an employee out" in run("score", option, "--today", TODAY, expect=1).err


@pytest.mark.usefixtures("staff")
def test_the_table_of_employees_says_what_it_leaves_out(run: Callable[..., Said]) -> None:
    said = run("score", "--by", "owner", "--last", "12", "--funnel", "--today", TODAY).out

    assert "Not shown: 2 groups" in said
    assert "NPS +82" in said


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("table", ["responses", "rejects"])
@pytest.mark.parametrize("options", [[], ["--history"]])
def test_answers_of_employees_are_only_exported_where_asked_for_by_name(
    run: Callable[..., Said], staff: Path, table: str, options: list[str]
) -> None:
    said = run("export", table, "--to", "table.csv", *options, expect=1)

    assert "confidential" in said.err
    assert "--by-name" in said.err
    assert not (staff / "table.csv").exists()
    run("export", table, "--to", "table.csv", *options, "--by-name")
    assert (staff / "table.csv").exists()


@pytest.mark.usefixtures("staff")
def test_who_was_asked_is_no_secret_of_employees(run: Callable[..., Said]) -> None:
    assert run("export", "invitations", "--to", "asked.csv", "--json").json["rows"] == 19
