from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.conftest import TODAY, Said, answer, tokens
from tests.exports.drawn import DRAWN
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def asked(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace once its customers of November are invited."""
    run("sample", "--today", TODAY)
    return acme


def exported(run: Callable[..., Said], table: str, *options: str) -> pl.DataFrame:
    run("export", table, "--to", "table.parquet", *options)
    return pl.read_parquet("table.parquet")


def report(said: Said) -> dict[str, Any]:
    [only] = said.json["reports"]
    return only


def counts(said: Said) -> dict[str, int]:
    return {name: report(said)[name] for name in ("rows", "taken", "known", "unmatched", "rejects")}


def total(run: Callable[..., Said]) -> int:
    return int(run("score", "--today", TODAY, "--json").json["total"][0]["responses"])


def test_every_row_is_taken_known_left_out_or_rejected(
    asked: Path, run: Callable[..., Said]
) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,", "C-3,,,", "who,,9,")

    said = run("ingest", export, "--today", TODAY, "--json", expect=3)

    assert counts(said) == {"rows": 4, "taken": 2, "known": 0, "unmatched": 1, "rejects": 1}
    assert report(said)["left_out"] == {"unanswered": 1}
    assert report(said)["layout"] == "plain"
    assert report(said)["roles"] == {
        "score": "score",
        "comment": "comment",
        "token": "token",
        "responded_at": "submitted",
    }


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_how_the_rows_add_up_is_printed_where_nobody_watches_too(
    asked: Path, run: Callable[..., Said], options: tuple[str, ...]
) -> None:
    rows = ("C-1,2026-11-20,3,late", "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,", "C-3,,,")
    export = answer(asked, *rows, "who,,9,")

    said = run("ingest", export, "--today", TODAY, *options, expect=3)

    assert said.out.splitlines()[-1] == (
        "export.csv: 5 rows = 2 taken + 1 known already + 1 rejected + 1 left out, unanswered"
    )


def test_a_response_says_whose_it_is_and_where_it_came_from(
    asked: Path, run: Callable[..., Said]
) -> None:
    export = answer(asked, "C-4,2026-11-20,3,late", "C-1,2026-11-21,10,")
    run("ingest", export, "--today", TODAY)

    found = exported(run, "responses").sort("row")

    columns = ["customer_id", "month", "owner", "current_owner", "score", "comment", "row"]
    assert found.select(columns).rows() == [
        ("C-4", "2026-11", "ben", "ben", 3, "late", 2),
        ("C-1", "2026-11", "anna", "anna", 10, None, 3),
    ]
    assert found["response_id"].to_list() == [tokens(asked)["C-4"], tokens(asked)["C-1"]]
    digest = hashlib.sha256(export.read_bytes()).hexdigest()
    assert found.select("source", "command").unique().rows() == [(digest, "ingest")]
    assert (asked / "raw" / f"{digest}.csv").read_bytes() == export.read_bytes()


def test_the_same_export_twice_adds_nothing(asked: Path, run: Callable[..., Said]) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,")
    run("ingest", export, "--today", TODAY, expect=3)
    before = tree(asked, without=LOCK)

    said = run("ingest", export, "--today", "2026-12-01", "--json")

    assert report(said)["already"]
    assert tree(asked, without=LOCK) == before


@pytest.mark.parametrize("option", [("--comment", "2"), ("--day-first",), ("--word", "often=9")])
@pytest.mark.parametrize("trial", [(), ("--dry-run",)])
def test_a_choice_for_an_export_that_was_taken_is_answered_with_how_to_read_it_again(
    asked: Path, run: Callable[..., Said], option: tuple[str, ...], trial: tuple[str, ...]
) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late")
    run("ingest", export, "--today", TODAY)

    said = run("ingest", export, *option, *trial, "--today", TODAY)

    assert "export.csv: ingested before" in said.err
    assert "loopback ingest --again, with the same options" in said.err
    assert "--again" not in run("ingest", export, *trial, "--today", TODAY).err


def test_the_same_export_under_two_names_is_taken_once(
    asked: Path, run: Callable[..., Said]
) -> None:
    first = answer(asked, "C-1,2026-11-20,3,late", name="a.csv")
    second = answer(asked, "C-1,2026-11-20,3,late", name="b.csv")

    said = run("ingest", first, second, "--today", TODAY, "--json").json

    assert [one["already"] for one in said["reports"]] == [False, True]
    assert total(run) == 1


def test_the_same_answers_in_another_file_add_nothing(
    asked: Path, run: Callable[..., Said]
) -> None:
    run("ingest", answer(asked, "C-1,2026-11-20,3,late", "who,,9,"), "--today", TODAY)

    turned = answer(asked, "who,,9,", "C-1,2026-11-20,3,late", name="turned.csv")
    said = run("ingest", turned, "--today", TODAY, "--json")

    assert counts(said) == {"rows": 2, "taken": 0, "known": 2, "unmatched": 0, "rejects": 0}
    assert total(run) == 2


def test_an_export_that_grew_adds_only_what_is_new(asked: Path, run: Callable[..., Said]) -> None:
    rows = ["C-1,2026-11-20,3,late", "who,2026-11-20,9,good", "who,2026-11-20,9,good"]
    run("ingest", answer(asked, *rows), "--today", TODAY)

    grown = answer(asked, *rows, rows[2], "C-4,2026-11-22,8,", name="grown.csv")
    said = run("ingest", grown, "--today", TODAY, "--json")

    assert counts(said) == {"rows": 5, "taken": 2, "known": 3, "unmatched": 1, "rejects": 0}
    assert total(run) == 5


def test_an_answer_that_was_edited_counts_as_it_stands_now(
    asked: Path, run: Callable[..., Said]
) -> None:
    run("ingest", answer(asked, "C-1,2026-11-20,3,late"), "--today", TODAY)
    run("ingest", answer(asked, "C-1,2026-11-21,9,all well", name="b.csv"), "--today", TODAY)

    assert exported(run, "responses").select("score", "comment").rows() == [(9, "all well")]
    history = exported(run, "responses", "--history")
    assert history.select("score", "corrects").rows() == [(3, None), (9, 2)]
    assert total(run) == 1


@pytest.mark.parametrize("day", ["2026-11-20", ""])
def test_an_edit_counts_even_if_its_time_is_the_same_or_not_known(
    asked: Path, run: Callable[..., Said], day: str
) -> None:
    run("ingest", answer(asked, f"C-1,{day},3,late"), "--today", TODAY)
    run("ingest", answer(asked, f"C-1,{day},9,all well", name="b.csv"), "--today", TODAY)

    assert exported(run, "responses")["score"].to_list() == [9]


def test_an_old_export_that_comes_late_does_not_undo_an_edit(
    asked: Path, run: Callable[..., Said]
) -> None:
    run("ingest", answer(asked, "C-1,2026-11-21,9,all well"), "--today", TODAY)
    run("ingest", answer(asked, "C-1,2026-11-20,3,late", name="old.csv"), "--today", TODAY)

    assert exported(run, "responses")["score"].to_list() == [9]


def test_a_late_answer_belongs_to_the_month_of_its_invitation(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", "2026-10-05")
    run("sample", "--today", TODAY)
    export = answer(acme, "C-1,2026-11-20,3,late", month="2026-10")

    run("ingest", export, "--today", TODAY)

    assert exported(run, "responses")["month"].to_list() == ["2026-10"]


def test_rejects_are_listed_with_row_cell_and_why_and_end_with_three(
    asked: Path, run: Callable[..., Said]
) -> None:
    export = answer(asked, "C-1,2026-11-20,11,", "C-2,2026-11-20,,too slow", "C-3,,9,a,b")

    said = run("ingest", export, "--today", TODAY, expect=3)

    assert "the score is not a whole number from 0 to 10: '11'" in said.err
    assert "(export.csv, row 2, column score)" in said.err
    listed = exported(run, "rejects").select("file", "row", "column", "value", "why").sort("row")
    assert listed.rows() == [
        ("export.csv", 2, "score", "11", "the score is not a whole number from 0 to 10"),
        ("export.csv", 3, "comment", "too slow", "a comment without a score"),
        ("export.csv", 4, None, "5", "the row does not have as many cells as the header"),
    ]


def test_a_reject_that_was_mended_is_taken(asked: Path, run: Callable[..., Said]) -> None:
    run("ingest", answer(asked, "C-1,2026-11-20,11,late"), "--today", TODAY, expect=3)

    said = run("ingest", answer(asked, "C-1,2026-11-20,1,late"), "--today", TODAY, "--json")

    assert counts(said)["taken"] == 1


def test_a_reject_is_listed_once_while_an_export_grows(
    asked: Path, run: Callable[..., Said]
) -> None:
    run("ingest", answer(asked, "C-1,2026-11-20,11,late"), "--today", TODAY, expect=3)

    grown = answer(asked, "C-1,2026-11-20,11,late", "C-2,2026-11-20,9,")
    run("ingest", grown, "--today", TODAY)

    assert exported(run, "rejects").height == 1


def test_a_reject_of_another_export_is_listed_though_its_cell_is_the_same(
    asked: Path, run: Callable[..., Said]
) -> None:
    october = answer(asked, "C-1,2026-10-20,11,late", name="october.csv")
    november = answer(asked, "C-4,2026-11-20,11,", name="november.csv")
    run("ingest", october, "--today", TODAY, expect=3)

    said = run("ingest", november, "--today", TODAY, "--json", expect=3)

    assert counts(said)["rejects"] == 1
    assert exported(run, "rejects")["file"].to_list() == ["november.csv", "october.csv"]


def test_one_file_that_cannot_be_read_leaves_all_as_it_was(
    asked: Path, run: Callable[..., Said]
) -> None:
    good = answer(asked, "C-1,2026-11-20,3,late")
    bad = asked / "bad.csv"
    bad.write_text("name\nIda\n", encoding="utf-8")
    before = tree(asked, without=LOCK)

    said = run("ingest", good, bad, "--today", TODAY, expect=1)

    assert "bad.csv" in said.err
    assert tree(asked, without=LOCK) == before


def test_a_dry_run_reports_and_writes_nothing(asked: Path, run: Callable[..., Said]) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,")
    before = tree(asked)

    said = run("ingest", export, "--today", TODAY, "--dry-run", "--json", expect=3)

    assert counts(said) == {"rows": 2, "taken": 1, "known": 0, "unmatched": 0, "rejects": 1}
    assert tree(asked) == before


def test_who_matches_nobody_is_counted_and_named_as_such(
    asked: Path, run: Callable[..., Said]
) -> None:
    said = run("ingest", answer(asked, "who,2026-11-20,0,late"), "--today", TODAY)

    assert "1 responses match no customer" in said.err
    found = exported(run, "responses")
    assert found.select("customer_id", "owner", "month").rows() == [(None, None, "2026-11")]


def test_an_answer_that_matched_nobody_is_not_counted_twice_once_the_list_is_mended(
    asked: Path, run: Callable[..., Said]
) -> None:
    content = "customer_id,score\nC-7,3\n"
    (asked / "export.csv").write_text(content, encoding="utf-8")
    run("ingest", "export.csv", "--today", TODAY)
    with (asked / "customers.csv").open("a", encoding="utf-8") as file:
        file.write("C-7,Gorse Cafe,ben,cafe@gorse.example,,,,,,,,no\n")

    (asked / "grown.csv").write_text(f"{content}C-1,9\n", encoding="utf-8")
    run("ingest", "grown.csv", "--today", TODAY)

    assert exported(run, "responses").select("customer_id", "score").sort("score").rows() == [
        ("C-7", 3),
        ("C-1", 9),
    ]
    assert total(run) == 2


def test_the_columns_may_be_named_in_the_command_or_in_the_settings(
    asked: Path, run: Callable[..., Said]
) -> None:
    rows = "who,first,second,words\nC-1,3,9,late\n"
    (asked / "a.csv").write_text(rows, encoding="utf-8")
    (asked / "b.csv").write_text(rows.replace("C-1", "C-2"), encoding="utf-8")
    with (asked / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write('[exports]\nscore = "first"\ncustomer = "who"\n')

    run("ingest", "a.csv", "--today", TODAY)
    run("ingest", "b.csv", "--score", "3", "--comment", "words", "--today", TODAY)

    found = exported(run, "responses").sort("customer_id")
    assert found.select("customer_id", "score", "comment").rows() == [
        ("C-1", 3, None),
        ("C-2", 9, "late"),
    ]


def test_days_and_scales_may_be_given_in_the_command(asked: Path, run: Callable[..., Said]) -> None:
    content = "customer_id,from 1 to 10,date\nC-1,9,3/4/2026\n"
    (asked / "export.csv").write_text(content, encoding="utf-8")

    run("ingest", "export.csv", "--today", TODAY, expect=1)
    run("ingest", "export.csv", "--scale", "1-10", "--month-first", "--today", TODAY)

    assert exported(run, "responses")["month"].to_list() == ["2026-03"]


@pytest.mark.parametrize("name", DRAWN)
def test_the_export_of_each_tool_is_taken(asked: Path, run: Callable[..., Said], name: str) -> None:
    known = tokens(asked)
    content = DRAWN[name].replace("T-1", known["C-1"]).replace("T-2", known["C-2"])
    (asked / "export.csv").write_text(content, encoding="utf-8")

    said = run("ingest", "export.csv", "--today", TODAY, "--json")

    assert report(said)["layout"] == name.partition(",")[0]
    found = exported(run, "responses").sort("customer_id")
    assert found.select("customer_id", "score", "month", "token").rows() == [
        ("C-1", 3, "2026-11", known["C-1"]),
        ("C-2", 10, "2026-11", known["C-2"]),
    ]
    assert "late" in found["comment"][0] or "spät" in found["comment"][0]


def test_an_empty_export_of_a_tool_adds_nothing(asked: Path, run: Callable[..., Said]) -> None:
    (asked / "export.csv").write_text("token,submitted,score,comment\n", encoding="utf-8")

    said = run("ingest", "export.csv", "--today", TODAY, "--json")

    assert counts(said) == {"rows": 0, "taken": 0, "known": 0, "unmatched": 0, "rejects": 0}
