from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from tests.conftest import TODAY, Said, answer
from tests.exports.drawn import ASKNICELY, QUALTRICS
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TWO = "first,second,why\n9,3,late\n8,7,\n"


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace, which is also the current folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    return tmp_path


def write(folder: Path, content: str, name: str = "export.csv") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


def test_a_dry_run_says_what_a_file_is_and_holds(nowhere: Path, run: Callable[..., Said]) -> None:
    export = write(nowhere, "score;comment;status\n9;good;\n7;;\n3;late;\n12;bad;\n8;;test\n")

    said = run("ingest", "--dry-run", "--json", export, expect=3)

    [report] = said.json["reports"]
    keys = ("layout", "encoding", "delimiter", "header_rows", "rows", "responses", "refused")
    assert [report[key] for key in keys] == ["plain", "utf-8", ";", 1, 5, 5, None]
    keys = ("scores", "promoters", "passives", "detractors", "comments", "rejects")
    assert [report[key] for key in keys] == [3, 1, 1, 1, 3, 1]
    assert report["left_out"] == {"test": 1}
    assert [(c["column"], c["header"], c["answers"]) for c in report["candidates"]] == [
        (1, "score", 4)
    ]
    assert [row["row"] for row in said.json["rejects"]] == [5]


def test_a_dry_run_of_a_file_that_is_refused_says_why_and_what_it_is_all_the_same(
    nowhere: Path, run: Callable[..., Said]
) -> None:
    said = run("ingest", "--dry-run", "--json", write(nowhere, TWO), expect=1)

    [report] = said.json["reports"]
    assert "more than one column could be the score" in report["refused"]
    assert "--score 1" in report["refused"]
    assert (report["rows"], report["responses"], report["scores"]) == (2, 2, 0)
    assert [c["header"] for c in report["candidates"]] == ["first", "second"]
    assert "--score 1" in said.err


def test_one_file_that_is_refused_does_not_hide_the_others(
    nowhere: Path, run: Callable[..., Said]
) -> None:
    files = (write(nowhere, TWO), write(nowhere, "", "empty.csv"), write(nowhere, "nps\n9\n", "c"))

    said = run("ingest", "--dry-run", "--json", *files, expect=1)

    refused, empty, good = said.json["reports"]
    assert (refused["rows"], empty["rows"], good["scores"]) == (2, None, 1)
    assert "the file is empty" in empty["refused"]
    assert good["refused"] is None


def test_a_dry_run_touches_nothing(nowhere: Path, acme: Path, run: Callable[..., Said]) -> None:
    for folder in (nowhere / "plain", nowhere / "bare", acme):
        folder.mkdir(exist_ok=True)
        export = write(folder, "nps\n9\n")
        if folder.name == "bare":
            write(folder, '[company]\nname = "Bare"\n', "loopback.toml")
        before = tree(folder, without=LOCK)

        said = run("ingest", "-n", "--json", "-w", folder, export)

        assert said.json["reports"][0]["scores"] == 1
        assert tree(folder, without=LOCK) == before


def test_in_a_workspace_a_dry_run_says_also_what_would_become_of_the_rows(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)
    export = answer(acme, "C-1,2026-11-20,3,late", "who,2026-11-20,9,")

    [report] = run("ingest", export, "-n", "--json", "--today", TODAY).json["reports"]

    keys = ("scores", "taken", "known", "unmatched", "rejects")
    assert [report[key] for key in keys] == [2, 2, 0, 1, 0]


def test_the_options_that_a_message_prints_can_be_given(
    nowhere: Path, run: Callable[..., Said]
) -> None:
    rows = "".join(f"{n % 9 + 1},Yes\n" for n in range(10)) + "Sure,Yes\nSure,No\n"
    export = write(nowhere, f"Would you recommend us from 1 to 10?,member\n{rows}")

    said = run("ingest", "-n", export, expect=1)
    assert "--scale 1-10" in said.err
    said = run("ingest", "-n", export, "--scale", "1-10", expect=1)
    assert '--word "Sure=10"' in said.err
    said = run("ingest", "-n", "--json", export, "--scale", "1-10", "--word", "Sure=10")

    assert said.json["reports"][0]["promoters"] == 3


@pytest.mark.parametrize("word", ["Sure", "Sure=11", "=10", "Sure=ten"])
def test_a_word_without_a_number_is_wrong_usage(
    nowhere: Path, run: Callable[..., Said], word: str
) -> None:
    run("ingest", "-n", write(nowhere, "nps\n9\n"), "--word", word, expect=2)


def test_the_encoding_can_be_named(nowhere: Path, run: Callable[..., Said]) -> None:
    (nowhere / "mac.csv").write_bytes("score,comment\n9,Träge\n".encode("mac_roman"))

    said = run("ingest", "--explain", "--json", "mac.csv", "--encoding", "mac_roman")

    [report] = said.json["reports"]
    assert report["encoding"] == "mac_roman"
    assert report["columns"][1]["examples"] == ["Träge"]
    run("ingest", "-n", "mac.csv", "--encoding", "klingon", expect=1)
    run("ingest", "-n", "mac.csv", "--encoding", "utf-8", expect=1)


def test_the_sheet_can_be_named(nowhere: Path, run: Callable[..., Said]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(nowhere / "book.xlsx") as book:
        book.add_worksheet("Cover").write_row(0, 0, ["A", "note"])
        data = book.add_worksheet("Answers")
        for row, cells in enumerate([["score", "why"], ["9", "good"], ["3", "late"]]):
            data.write_row(row, 0, cells)

    for sheet in ("Answers", "2"):
        said = run("ingest", "-n", "--json", "book.xlsx", "--sheet", sheet)
        assert said.json["reports"][0]["scores"] == 2
    said = run("ingest", "-n", "book.xlsx", "--sheet", "Nowhere", expect=1)
    assert "'Cover', 'Answers'" in said.err


def test_explain_shows_what_was_recognised_and_why(nowhere: Path, run: Callable[..., Said]) -> None:
    said = run("ingest", "--explain", write(nowhere, QUALTRICS))

    for part in (
        "layout: Qualtrics; it has StartDate, EndDate, Finished, ResponseId",
        "encoding: utf-8, delimiter ','",
        'header rows: 3; row 3 ends it: {"ImportId"',
        "left out, partial: 1",
        "left out, test: 1",
    ):
        assert part in said.out
    assert "status" in said.out
    assert "zu spät" in said.out


def test_explain_shows_the_role_and_examples_of_each_column(
    nowhere: Path, run: Callable[..., Said]
) -> None:
    said = run("ingest", "--explain", "--json", write(nowhere, ASKNICELY))

    [report] = said.json["reports"]
    assert [(c["column"], c["role"]) for c in report["columns"]] == [
        (1, "export_id"),
        (2, ""),
        (3, "email"),
        (4, "score"),
        (5, "comment"),
        (6, "survey_type"),
        (7, "responded_at"),
    ]
    assert report["columns"][3]["examples"] == ["3", "10", "2"]


def test_what_the_settings_say_of_a_tool_holds_for_its_exports(
    acme: Path, run: Callable[..., Said]
) -> None:
    with (acme / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write('[exports.by_layout."Google Forms"]\nscore = "b"\nwords = { Yes = 10 }\n')
    export = write(acme, "Timestamp,a,b\n2026-11-20,9,7\n2026-11-20,8,6\n2026-11-20,8,Yes\n")

    [report] = run("ingest", "-n", "--json", export).json["reports"]

    assert (report["roles"]["score"], report["promoters"]) == ("b", 1)
    said = run("ingest", "-n", "--json", export, "--score", "a")
    assert said.json["reports"][0]["roles"]["score"] == "a"


def test_a_mistyped_setting_of_a_tool_is_an_error(acme: Path, run: Callable[..., Said]) -> None:
    with (acme / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write(
            '[exports.by_layout.Tally]\nscor = "b"\n[[exports.layouts]]\nname = "x"\nrw = 1\n'
        )

    said = run("check", expect=1)

    assert "Did you mean score?" in said.err
    assert "exports.layouts.0.rw" in said.err


def test_the_standard_input_is_an_export_like_any_other(
    nowhere: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"score\n9\n3\n")))

    [report] = run("ingest", "--dry-run", "--json", "-").json["reports"]

    assert (report["file"], report["scores"], report["promoters"]) == ("stdin", 2, 1)
    assert tree(nowhere) == {}
