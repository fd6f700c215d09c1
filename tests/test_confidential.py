from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.confidential import visible, visible_comments
from loopback.tables import RESPONSES
from tests.conftest import TODAY, Said, answer, build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
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
    found = visible(rows, months, by).with_columns(all=pl.lit("all"))
    return dict(Counter(found[by].to_list()))


def test_of_a_group_of_fewer_than_five_nothing_is_shown_nor_counted_in_the_total() -> None:
    rows = answered(("anna", "2026-03", 6), ("ben", "2026-03", 4), ("carla", "2026-03", 9))

    assert shown(rows, "owner") == {"anna": 6, "carla": 9}
    assert shown(rows, "all") == {"all": 15}  # with ben's, they would be the total less the others


def test_where_all_groups_are_large_all_are_shown() -> None:
    rows = answered(("anna", "2026-03", 6), ("ben", "2026-03", 5), ("carla", "2026-03", 9))

    assert shown(rows, "owner") == {"anna": 6, "ben": 5, "carla": 9}
    assert shown(rows, "region") == {"North": 11, "South": 9}


def test_what_waits_at_the_end_of_a_year_is_shown_of_a_region_or_of_all() -> None:
    few = [("anna", "2026-03", 3), ("ben", "2026-05", 2), ("carla", "2026-03", 4)]
    rows = answered(*few, ("dora", "2027-01", 1))

    assert shown(answered(*few), "all") == {}
    assert shown(rows, "owner") == {}
    assert shown(rows, "region") == {"North": 5}
    assert shown(rows, "all") == {"all": 5}


def test_answers_of_a_month_with_few_wait_for_those_of_the_next() -> None:
    rows = answered(("anna", "2026-03", 6), ("anna", "2026-04", 2), ("anna", "2026-05", 7))

    assert shown(rows, "all", YEAR[:3]) == {"all": 6}
    assert shown(rows, "all", YEAR[:4]) == {"all": 6}  # two more would be two by subtraction
    assert shown(rows, "all", YEAR[:5]) == {"all": 15}
    assert shown(rows, "month") == {"2026-03": 6}


MONTHS = ["2026-11", "2026-12", "2027-01"]
SPANS = [MONTHS[start:end] for start in range(3) for end in range(start + 1, 4)]
PRIME = 2**31 - 1  # arithmetic modulo a prime is exact, and as good as that of fractions
COMPANY = st.lists(
    st.tuples(
        st.sampled_from(sorted(OWNERS)),
        st.sampled_from(["staff", "leaders"]),
        st.sampled_from(MONTHS),
        st.integers(1, 7),  # answers
        st.integers(0, 7),  # of them with comments
        st.integers(1, 2),  # the run that took them in
    ),
    max_size=9,
)


def company(groups: list[tuple[str, str, str, int, int, int]]) -> pl.DataFrame:
    rows = [
        {"owner": owner, "region": OWNERS[owner], "segment": segment, "month": month, "run": run}
        | {"score": 9, "comment": "good" if answer < told else None}
        for owner, segment, month, count, told, run in groups
        for answer in range(count)
    ]
    numbered = [row | {"response_id": f"R-{place:04}"} for place, row in enumerate(rows)]
    return pl.DataFrame(numbered, RESPONSES.schema)


def groups_shown(
    rows: pl.DataFrame, ways: Sequence[Callable[..., pl.DataFrame]]
) -> set[frozenset[str]]:
    """Return the answers behind every number that any command could print, on any day so far."""
    found = set[frozenset[str]]()
    for run in (1, 2):
        known = rows.filter(pl.col("run") <= run)
        for show, months in ((show, span) for show in ways for span in SPANS):
            for by in ("all", "month", "owner", "region", "segment"):
                table = show(known, months, by).with_columns(all=pl.lit("all"))
                groups = table.group_by(by).agg("response_id")["response_id"]
                found |= {frozenset(group) for group in groups}
    return found


def reckoned(shown: set[frozenset[str]], fewest: int) -> set[str]:
    """Return answers, fewer than `fewest`, that some sums and differences of groups are made of.

    Groups are vectors over the answers. One that is zero outside some few answers lies among their
    combinations exactly if without these answers the rank of the vectors is smaller.
    """
    groups = sorted(shown, key=sorted)
    alike = defaultdict[tuple[bool, ...], set[str]](set)
    for name in set().union(*groups):
        alike[tuple(name in group for group in groups)].add(name)
    rank = rank_of(list(alike))
    small = [column for column, answers in alike.items() if len(answers) < fewest]
    for size in range(1, fewest):
        for few in combinations(small, size):
            answers = set[str]().union(*(alike[column] for column in few))
            if len(answers) < fewest and rank_of([c for c in alike if c not in few]) < rank:
                return answers
    return set()


def rank_of(vectors: list[tuple[bool, ...]]) -> int:
    rows, rank = [[int(value) for value in vector] for vector in vectors], 0
    for column in range(len(vectors[0]) if vectors else 0):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        rank += 1
        inverse = pow(pivot[column], -1, PRIME)
        rows = [
            [(a - row[column] * inverse * b) % PRIME for a, b in zip(row, pivot, strict=True)]
            for row in rows
        ]
    return rank


def test_the_solver_finds_who_is_given_away() -> None:
    total, anna, north = frozenset("abcdefghij"), frozenset("abcde"), frozenset("abcdefgh")

    assert reckoned({total, anna}, 5) == set()
    assert reckoned({total, north}, 5) == set("ij")
    # Neither lies within the other; only all three together tell of j.
    assert reckoned({frozenset("abcdej"), frozenset("fghij"), frozenset("abcdefghi")}, 3) == {"j"}


@settings(max_examples=25, deadline=None)
@given(groups=COMPANY)
def test_no_sums_and_differences_of_all_tables_tell_of_few(
    groups: list[tuple[str, str, str, int, int, int]],
) -> None:
    rows = company(groups)

    assert reckoned(groups_shown(rows, [visible, visible_comments]), 5) == set()
    assert reckoned(groups_shown(rows, [visible_comments]), 8) == set()


def test_comments_wait_where_the_numbers_of_a_month_would_set_two_of_them_apart() -> None:
    first, few = ("anna", "staff", "2026-11", 6, 6, 1), ("anna", "staff", "2026-12", 7, 2, 1)
    more = ("anna", "staff", "2026-12", 7, 3, 1)
    rows = {
        name: company([first, *then]) for name, then in {"few": [few], "more": [few, more]}.items()
    }

    # Eight comments, less the six of November, are the two of December.
    assert visible_comments(rows["few"], MONTHS, "all").is_empty()
    assert visible_comments(rows["more"], MONTHS, "all").height == 11


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
    assert rows["anna"]["responses"] == 10
    assert said["total"][0]["responses"] == 10  # with ben's one, it would be the total less hers
    assert "Not shown: 1 groups" in said["sentences"][0]


@pytest.mark.usefixtures("staff")
def test_reasons_of_few_employees_are_not_shown(run: Callable[..., Said]) -> None:
    said = run("reasons", "--by", "owner", "--today", TODAY, "--json").json
    whole = run("reasons", "--today", TODAY, "--json").json

    assert {(row["owner"], row["comments"]) for row in said["tally"]} == {("anna", 10)}
    assert {row["comments"] for row in whole["tally"]} == {10}


@pytest.mark.usefixtures("staff")
def test_answers_of_employees_are_sent_to_nobody(run: Callable[..., Said], staff: Path) -> None:
    said = run("route", "--today", TODAY, expect=1)

    assert "answers of employees are confidential" in said.err
    assert not (staff / "outbox").exists()
    assert not list((staff / "out").rglob("sheets"))


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize(
    "option", ["--value", "--bounds", "--book-interval", "--account=name", "--rake=region"]
)
def test_nothing_is_reckoned_in_which_one_employee_counts_for_much(
    run: Callable[..., Said], option: str
) -> None:
    assert "single an employee out" in run("score", option, "--today", TODAY, expect=1).err


@pytest.mark.usefixtures("staff")
def test_the_table_of_employees_says_what_it_leaves_out(run: Callable[..., Said]) -> None:
    said = run("score", "--by", "owner", "--last", "12", "--funnel", "--today", TODAY).out

    assert "Not shown: 1 groups" in said
    assert "NPS +100" in said


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
