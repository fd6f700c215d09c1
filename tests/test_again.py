"""What becomes of answers after they were taken: matched later, mended, read again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from loopback.exports import near
from tests.conftest import TODAY, Said, answer, tokens
from tests.test_ingest import exported, report
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Run = Any


@pytest.fixture
def asked(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace once its customers of November are invited."""
    run("sample", "--today", TODAY)
    return acme


def write(folder: Path, content: str, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def ingest(run: Callable[..., Said], *words: object, expect: int = 0) -> Any:  # noqa: ANN401 - JSON
    return run("ingest", *words, "--today", TODAY, "--json", expect=expect).json


def scores(run: Callable[..., Said]) -> list[tuple[str | None, int]]:
    found = exported(run, "responses").sort("customer_id", "score", nulls_last=True)
    return found.select("customer_id", "score").rows()


def appended(folder: Path, name: str, line: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def known_by(folder: Path) -> str:
    return (folder / "choices.toml").read_text(encoding="utf-8")


NEW = "C-7,Gorse Cafe,ben,cafe@gorse.example,,,,,,,,no"


def test_who_is_added_to_the_list_gets_the_answers_that_named_them(
    asked: Path, run: Callable[..., Said]
) -> None:
    ingest(run, write(asked, "customer_id,score,submitted\nC-7,3,2026-11-24\nc-8,9,\n"))
    appended(asked, "customers.csv", NEW)

    found = ingest(run, "--rematch")

    assert (found["tried"], found["matched"]) == (2, 1)
    assert [row["named_customer"] for row in found["unmatched"]] == ["c-8"]
    assert scores(run) == [("C-7", 3), (None, 9)]
    history = exported(run, "responses", "--history")
    assert "matched since" in history["withdrawn"].drop_nulls()[0]
    before = tree(asked, without=LOCK)
    assert ingest(run, "--rematch")["matched"] == 0
    assert tree(asked, without=LOCK) == before


def test_what_was_matched_later_is_known_when_its_export_comes_again(
    asked: Path, run: Callable[..., Said]
) -> None:
    content = "email,score,submitted\nnew@ahorn.example,3,2026-11-24\n"
    ingest(run, write(asked, content))
    listed = (asked / "customers.csv").read_text(encoding="utf-8")
    write(asked, listed.replace("mill@ahorn", "new@ahorn"), "customers.csv")
    ingest(run, "--rematch")

    grown = write(asked, f"{content}foods@cedar.example,9,2026-11-24\n", "grown.csv")

    assert ingest(run, grown)["reports"][0]["known"] == 1
    found = exported(run, "responses").sort("customer_id")
    assert found.select("customer_id", "token").rows() == [
        ("C-1", tokens(asked)["C-1"]),
        ("C-3", tokens(asked)["C-3"]),
    ]


def test_an_answer_that_matched_nobody_becomes_that_of_the_invitation_when_it_comes_again(
    asked: Path, run: Callable[..., Said]
) -> None:
    content = "email,score,submitted\nnew@ahorn.example,3,2026-11-24\n"
    ingest(run, write(asked, content))
    listed = (asked / "customers.csv").read_text(encoding="utf-8")
    write(asked, listed.replace("mill@ahorn", "new@ahorn"), "customers.csv")

    ingest(run, write(asked, f"{content}foods@cedar.example,9,2026-11-24\n", "grown.csv"))

    assert scores(run) == [("C-1", 3), ("C-3", 9)]


def test_near_misses_of_what_an_answer_names_are_told(
    asked: Path, run: Callable[..., Said]
) -> None:
    ingest(run, write(asked, "email,score\nmil@ahorn.example,3\nzzz@nowhere.example,9\n"))

    found = ingest(run, "--rematch", "--dry-run")

    assert [(one["given"], one["customer_id"]) for one in found["near"]] == [
        ("mil@ahorn.example", "C-1")
    ]
    said = run("ingest", "--rematch", "--dry-run", "--today", TODAY)
    assert "near: C-1 (mill@ahorn.example, 97%)" in said.out


def test_without_the_extra_that_finds_near_misses_answers_are_matched_all_the_same(
    asked: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(run, write(asked, "customer_id,score\nC-7,3\nwho,3\n"))
    appended(asked, "customers.csv", NEW)
    monkeypatch.setitem(__import__("sys").modules, "rapidfuzz", None)

    found = ingest(run, "--rematch")

    assert (found["matched"], found["near"]) == (1, None)


@pytest.mark.parametrize(
    ("given", "like"),
    [("C-11", ["C-1"]), ("D-1", []), ("c - 1", ["C-1"]), ("CX-1", ["C-1"])],
)
def test_keys_are_near_that_one_slip_tells_apart(given: str, like: list[str]) -> None:
    unmatched = pl.DataFrame(
        {"row": [1], "named_token": [None], "named_customer": [given], "named_email": [None]},
        schema_overrides={"named_token": pl.String, "named_email": pl.String},
    )
    customers = pl.DataFrame({"customer_id": ["C-1", "X-9"], "email": ["a@x", "b@y"]})
    tokens = pl.DataFrame(schema={"customer_id": pl.String, "token": pl.String})

    found = near.near(unmatched, customers, tokens)

    assert [one.customer_id for one in found] == like


def test_rejects_can_be_mended_and_ingested(asked: Path, run: Callable[..., Said]) -> None:
    ingest(
        run,
        answer(asked, "C-1,2026-11-20,11,late", "C-2,2026-11-20,,slow", "C-3,2026-11-20,9,a,b"),
        expect=3,
    )
    run("export", "rejects", "--to", "rejects.csv")
    with (asked / "rejects.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["score"], row["comment"], row["cells"]) for row in rows] == [
        ("11", "late", ""),
        ("", "slow", ""),
        ("", "", f"{tokens(asked)['C-3']} | 2026-11-20 | 9 | a | b"),
    ]
    rows[0]["score"] = "1"
    with (asked / "rejects.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)

    [one] = ingest(run, asked / "rejects.csv")["reports"]

    assert (one["taken"], one["mended"], one["known"], one["rejects"]) == (1, 1, 1, 0)
    assert one["left_out"] == {"unanswered": 1}
    assert scores(run) == [("C-1", 1)]
    assert exported(run, "rejects")["row"].to_list() == [3, 4]
    assert run("status", "--json", "--today", TODAY).json["rejects"] == 2
    before = tree(asked, without=LOCK)
    built = ingest(run, "--again")
    assert (built["added"], built["corrected"], built["withdrawn"], built["rejects"]) == (0,) * 4
    assert tree(asked, without=LOCK) == before


def test_every_row_is_accounted_for_in_words(asked: Path, run: Callable[..., Said]) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,", "C-3,,,", "C-3,,,")
    report_ = ingest(run, "-n", export, expect=3)["reports"][0]

    parts = [report_[name] for name in ("taken", "known", "rejects")]
    assert sum(parts) + sum(report_["left_out"].values()) == report_["rows"] == 4
    assert (report_["answered"], report_["unanswered"]) == (1, 2)


def test_an_answer_after_the_window_is_marked_and_counted(
    asked: Path, run: Callable[..., Said]
) -> None:
    appended(asked, "loopback.toml", "[survey]\nwindow_days = 10")
    export = answer(asked, "C-1,2026-12-01,3,", "C-2,2026-12-31,9,")

    said = run("ingest", export, "--today", TODAY)

    assert "1 responses came after their time" in said.err
    found = exported(run, "responses").sort("customer_id")
    assert found.select("customer_id", "month", "late").rows() == [
        ("C-1", "2026-11", False),
        ("C-2", "2026-11", True),
    ]


TWO = "who,NPS,CSAT,words,date\n"


def test_what_was_chosen_is_remembered_for_the_next_export(
    asked: Path, run: Callable[..., Said]
) -> None:
    ingest(
        run,
        write(asked, f"{TWO}C-1,9,3,late,4/11/2026\n"),
        *("--score", 2, "--comment", "words", "--customer", "who", "--day-first"),
    )

    [one] = ingest(run, write(asked, f"{TWO}C-2,Sure,8,slow,5/11/2026\n", "b.csv"), expect=3)[
        "reports"
    ]

    assert one["remembered"] == {
        "score": "NPS",
        "comment": "words",
        "customer": "who",
        "day_first": True,
    }
    ingest(run, write(asked, f"{TWO}C-2,Sure,8,slow,6/11/2026\n", "c.csv"), "--word", "Sure=10")
    ingest(run, write(asked, f"{TWO}C-3,Sure,7,,7/11/2026\n", "d.csv"))
    assert scores(run) == [("C-1", 9), ("C-2", 10), ("C-3", 10)]
    said = run("ingest", "--explain", "d.csv")
    assert "remembered in choices.toml: score = 'NPS'" in said.out


def test_a_dry_run_and_a_file_that_is_refused_are_not_remembered(
    asked: Path, run: Callable[..., Said]
) -> None:
    export = write(asked, f"{TWO}C-1,9,3,late,4/11/2026\n")
    ingest(run, export, "-n", "--score", 2, "--customer", "who")
    run("ingest", export, "--score", "none such", expect=2)

    assert not (asked / "choices.toml").exists()


def test_people_may_edit_what_is_remembered_and_a_mistake_in_it_is_told(
    asked: Path, run: Callable[..., Said]
) -> None:
    write(asked, '["plain"]\nscore = "CSAT"\n', "choices.toml")
    [one] = ingest(run, "-n", write(asked, f"{TWO}C-1,9,3,late,4/11/2026\n"), "--customer", 1)[
        "reports"
    ]
    assert one["roles"]["score"] == "CSAT"

    write(asked, '["plain"]\nscroe = "CSAT"\n', "choices.toml")
    said = run("ingest", "-n", "export.csv", expect=1)
    assert "scroe" in said.err
    assert "choices.toml" in said.err


def test_what_the_settings_say_goes_before_what_is_remembered(
    asked: Path, run: Callable[..., Said]
) -> None:
    settings = (asked / "loopback.toml").read_text(encoding="utf-8")
    settings += '[exports]  # ours\nscore = "CSAT"\ncustomer = "who"\n'
    write(asked, settings, "loopback.toml")
    ingest(run, write(asked, f"{TWO}C-1,9,3,late,14/11/2026\n"), "--score", "NPS")

    [one] = ingest(run, "-n", write(asked, f"{TWO}C-2,9,4,late,15/11/2026\n", "b.csv"))["reports"]

    assert one["roles"]["score"] == "CSAT"
    assert (asked / "loopback.toml").read_text(encoding="utf-8") == settings


@pytest.mark.parametrize("option", [("--encoding", "cp850"), ("--layout", "plain")])
def test_how_a_file_is_read_is_remembered_for_files_with_the_same_header(
    asked: Path, run: Callable[..., Said], option: tuple[str, str]
) -> None:
    header = b"customer_id,score,comment,date\n"
    for name, customer in (("a.csv", b"C-1"), ("b.csv", b"C-2")):
        (asked / name).write_bytes(header + customer + b",9,sp\x84t,2026-11-14\n")
    (asked / "c.csv").write_bytes(b"customer_id,nps,comment\nC-3,9,sp\xe4t\n")
    ingest(run, "a.csv", *option)

    [one] = ingest(run, "b.csv")["reports"]
    ingest(run, "c.csv")

    comments = exported(run, "responses").sort("customer_id")["comment"].to_list()
    assert comments[2] == "spät"
    assert comments[0] == comments[1]
    if option[0] == "--encoding":
        assert (comments[1], one["encoding"]) == ("spät", "cp850")


def test_after_a_mapping_was_mended_all_exports_are_read_again(
    asked: Path, run: Callable[..., Said]
) -> None:
    rows = ("C-1,9,3,late,2026-11-20", "C-2,8,4,,2026-11-21", "who,1,1,,2026-11-21")
    export = write(asked, TWO + "\n".join(rows) + "\n")
    ingest(run, export, "--score", "CSAT", "--customer", "who")
    before = exported(run, "responses", "--history")
    memory = known_by(asked).replace('score = "CSAT"', 'score = "NPS"')
    write(asked, memory, "choices.toml")

    dry = ingest(run, "--again", "--dry-run")
    assert exported(run, "responses", "--history").equals(before)
    built = ingest(run, "--again")

    assert built == dry
    assert (built["exports"], built["corrected"], built["withdrawn"]) == (1, 2, 0)
    assert scores(run) == [("C-1", 9), ("C-2", 8), (None, 1)]
    grown = exported(run, "responses", "--history")
    assert grown.height == before.height + 2
    after = tree(asked, without=LOCK)
    assert ingest(run, "--again")["responses"] == 0
    assert tree(asked, without=LOCK) == after


def test_an_option_given_with_again_holds_from_then_on(
    asked: Path, run: Callable[..., Said]
) -> None:
    export = write(asked, f"{TWO}C-1,9,3,late,14/11/2026\n")
    ingest(run, export, "--score", "CSAT", "--customer", "who")

    assert ingest(run, "--again", "--score", "NPS")["corrected"] == 1

    assert ingest(run, "--again")["responses"] == 0
    assert scores(run) == [("C-1", 9)]


def test_exports_that_were_read_differently_stay_so_when_read_again(
    asked: Path, run: Callable[..., Said]
) -> None:
    ingest(run, write(asked, f"{TWO}C-1,9,3,,14/11/2026\n", "a.csv"), "--score", 2, "--customer", 1)
    ingest(run, write(asked, f"{TWO}C-2,9,3,,14/11/2026\n", "b.csv"), "--score", 3)

    assert ingest(run, "--again")["responses"] == 0
    assert scores(run) == [("C-1", 9), ("C-2", 3)]


def test_what_no_longer_counts_is_withdrawn_and_comes_back_when_it_counts_again(
    asked: Path, run: Callable[..., Said]
) -> None:
    content = "customer_id,score,date,kind\nC-1,9,2026-11-23,web\nC-2,3,2026-11-23,shop test\n"
    ingest(run, write(asked, content))
    settings = (asked / "loopback.toml").read_text(encoding="utf-8")
    layout = '[[exports.layouts]]\nname = "Shop"\nrow_1 = ["kind"]\nroles.status = ["kind"]\n'
    write(asked, settings + layout + 'left_out.test = ["shop test"]\n', "loopback.toml")

    built = ingest(run, "--again")

    assert (built["added"], built["corrected"], built["withdrawn"]) == (0, 0, 1)
    assert scores(run) == [("C-1", 9)]
    history = exported(run, "responses", "--history")
    assert history["withdrawn"].drop_nulls().to_list() == [
        "the exports, as they are read now, have no such answer"
    ]
    assert ingest(run, "--again")["responses"] == 0
    write(asked, settings, "loopback.toml")
    assert ingest(run, "--again")["corrected"] == 1
    assert scores(run) == [("C-1", 9), ("C-2", 3)]
    assert ingest(run, "--again")["responses"] == 0


def test_times_that_were_misread_are_mended_though_they_are_earlier_now(
    asked: Path, run: Callable[..., Said]
) -> None:
    token = tokens(asked)["C-1"]
    ingest(run, write(asked, f"token,score,date\n{token},9,5/12/2026\n"), "--day-first")
    write(asked, known_by(asked).replace("day_first = true", "day_first = false"), "choices.toml")

    ingest(run, "--again")

    [moment] = exported(run, "responses")["responded_at"]
    assert f"{moment:%Y-%m-%d}" == "2026-05-12"


def test_one_thing_is_asked_for_at_a_time(asked: Path, run: Callable[..., Said]) -> None:
    run("ingest", expect=2)
    run("ingest", "--again", "--rematch", expect=2)
    run("ingest", write(asked, "nps\n9\n"), "--again", expect=2)


def test_an_id_that_only_case_tells_from_another_is_not_confused(
    acme: Path, run: Callable[..., Said]
) -> None:
    appended(acme, "customers.csv", NEW.replace("C-7", "c-1"))
    export = write(acme, "customer_id,score\nC-1,3\nc-1,9\nC - 2,7\n C-3 ,8\n")

    assert report(run("ingest", export, "--today", TODAY, "--json"))["unmatched"] == 0

    assert scores(run) == [("C-1", 3), ("C-2", 7), ("C-3", 8), ("c-1", 9)]
