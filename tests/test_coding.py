from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import xlsxwriter

from loopback import comments as comments_of
from loopback.steps import coding
from tests.shared import shared
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Said

    Run = Callable[..., Said]

FRAME = """
[empty]
terms = ["nothing"]
[[reason]]
id = "speed"
label = "Speed"
any = ["late"]
any_de = ["spät"]
[[reason]]
id = "people"
label = "People"
any = ["rude*"]
"""
ROWS = [
    {"id": "007", "text": "late, and rudely so", "lang": "en"},
    {"id": "008", "text": "viel zu spät", "lang": "de"},
    {"id": "009", "text": "viel zu spät", "lang": "en"},
    {"id": "010", "text": "Nothing!", "lang": "en"},
    {"id": "011", "text": None, "lang": "en"},
]
REASONS: list[list[str]] = [["people", "speed"], ["speed"], [], [], []]
EVIDENCE: list[list[list[str]]] = [
    [["people", "rude"], ["speed", "late"]],
    [["speed", "spat"]],
    [],
    [],
    [],
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace, with a code frame in it."""
    (tmp_path / "reasons.toml").write_text(FRAME, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(path: Path) -> Path:
    """Write the rows to a file of the kind that its name says."""
    rows = pl.DataFrame(ROWS)
    match path.suffix:
        case ".csv":
            rows.write_csv(path)
        case ".parquet":
            rows.write_parquet(path)
        case ".jsonl":
            rows.write_ndjson(path)
        case _:
            with xlsxwriter.Workbook(path) as book:
                sheet = book.add_worksheet()
                sheet.write_row(0, 0, rows.columns)
                for number, row in enumerate(rows.iter_rows(), start=1):
                    sheet.write_row(number, 0, ["" if cell is None else cell for cell in row])
    return path


def code(run: Run, *arguments: object) -> dict[str, Any]:
    return run("reasons", "code", *arguments, "--frame", "reasons.toml", "--json").json


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".jsonl", ".parquet"])
def test_each_kind_of_file_gets_its_reasons_with_the_words_that_gave_them(
    here: Path, run: Run, ending: str
) -> None:
    file = put(here / f"comments{ending}")

    said = code(run, file, "--column", "text", "--language-column", "lang", "--to", "o.parquet")

    found = pl.read_parquet("o.parquet")
    assert found.select("id", "text", "lang").to_dicts() == ROWS
    assert found["reasons"].to_list() == REASONS
    assert found["evidence"].to_list() == EVIDENCE
    assert said["coverage"] == {
        "silent": 1, "empty": 1, "specific": 2, "general": 0, "uncovered": 1,
    }  # fmt: skip


def test_a_csv_has_reasons_and_evidence_as_text(here: Path, run: Run) -> None:
    code(run, put(here / "comments.parquet"), "--language-column", "3", "--to", "o.csv")

    lines = (here / "o.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,text,lang,reasons,evidence"
    assert lines[1] == '007,"late, and rudely so",en,people; speed,people: rude; speed: late'
    assert lines[3] == "009,viel zu spät,en,,"


def test_json_lines_have_pairs_of_reason_and_term(here: Path, run: Run) -> None:
    code(run, put(here / "comments.csv"), "--to", "o.jsonl")

    rows = [json.loads(line) for line in (here / "o.jsonl").read_text("utf-8").splitlines()]
    assert rows[0]["evidence"] == [["people", "rude"], ["speed", "late"]]
    assert rows[2]["reasons"] == ["speed"]  # the language is not known: all lists are tried


@pytest.mark.parametrize("most", [1, 200, 1 << 20])  # bytes
def test_rows_keep_their_order_however_few_go_through_at_once(
    here: Path, run: Run, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(comments_of, "ROWS", 7)
    monkeypatch.setattr(coding, "BYTES", most)
    texts = ["late" if n % 3 else "rude" for n in range(100)]
    pl.DataFrame({"n": range(100), "comment": texts}).write_parquet("many.parquet")

    code(run, "many.parquet", "--to", "o.parquet")

    found = pl.read_parquet(here / "o.parquet")
    assert found["n"].to_list() == list(range(100))
    assert found["reasons"].list.first().to_list() == [
        "speed" if text == "late" else "people" for text in texts
    ]


@pytest.mark.parametrize(
    "content",
    [
        b'id;comment\n1;"so\nlate"\n2;fine\n',
        "id;comment\n1;zu spät\n2;gut\n".encode("cp1252"),
        '\ufeffid\tcomment\n\n1\t"late ""again"""\n2\t\n'.encode(),
    ],
)
def test_text_of_any_encoding_and_shape_is_read(here: Path, run: Run, content: bytes) -> None:
    (here / "comments.csv").write_bytes(content)

    code(run, "comments.csv", "--to", "o.parquet")

    found = pl.read_parquet(here / "o.parquet")
    assert found["id"].to_list() == ["1", "2"]
    assert found["reasons"].to_list() == [["speed"], []]


def test_what_python_takes_for_json_is_read_as_well(here: Path, run: Run) -> None:
    lines = '{"comment": "late", "owner": NaN, "n": 1}\n\n{"comment": "rude", "owner": "anna"}\n'
    (here / "comments.jsonl").write_text(lines, encoding="utf-8")

    code(run, "comments.jsonl", "--to", "o.parquet")

    found = pl.read_parquet(here / "o.parquet")
    assert found.select("comment", "owner", "n").rows() == [
        ("late", None, 1),
        ("rude", "anna", None),
    ]
    assert found["reasons"].to_list() == [["speed"], ["people"]]


def test_what_is_coded_may_be_coded_again(here: Path, run: Run) -> None:
    code(run, put(here / "comments.csv"), "--to", "o.csv")
    (here / "reasons.toml").write_text(FRAME.replace("rude*", "viel"), encoding="utf-8")

    said = code(run, "o.csv", "--to", "o.csv")

    assert said["replaced"] == ["reasons", "evidence"]
    assert pl.read_csv(here / "o.csv")["reasons"].to_list()[:2] == ["speed", "people; speed"]


def test_reasons_that_the_file_has_of_its_own_stay_apart_from_those_coded(
    here: Path, run: Run
) -> None:
    (here / "c.csv").write_text("comment,reasons\nlate,People; Speed\nfine,Speed\n", "utf-8")

    said = run("reasons", "code", "c.csv", "--frame", "reasons.toml", "--to", "o.csv")
    again = code(run, "o.csv", "--to", "o.csv")

    assert (here / "o.csv").read_text(encoding="utf-8").splitlines() == [
        "comment,given_reasons,reasons,evidence",
        "late,People; Speed,speed,speed: late",
        "fine,Speed,,",
    ]
    assert "own column 'reasons' is kept as 'given_reasons'" in said.err
    assert (again["replaced"], again["renamed"]) == (["reasons", "evidence"], {})
    held = run("reasons", "test", "o.csv", "--frame", "reasons.toml", "--json").json
    assert [(row["reason"], row["people"]) for row in held["reasons"]] == [
        ("people", 1),
        ("speed", 2),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("c.csv", "comment,reasons,given_reasons\nlate,a,b\n", "would get the same name"),
        ("c.csv", 'comment,n\nlate,1\n"a\nb",2\nlate, late,3\n', "row 5"),
        ("c.csv", "remark,n\nlate,1\n", "no column is called comment"),
        ("c.jsonl", '{"comment": "late"}\n{"comment": NaN}\nlate\n', "line 3"),
        ("c.jsonl", '{"comment": "late"}\n{"comment": NaN}\n[1]\n', "line 3"),
        ("c.parquet", "late", "cannot be read"),
        ("c.csv", " ", "the file is empty"),
    ],
)
def test_a_file_that_cannot_be_coded_is_named_and_nothing_is_written(
    here: Path, run: Run, name: str, content: str, says: str
) -> None:
    (here / name).write_text(content, encoding="utf-8")
    (here / "o.csv").write_text("old", encoding="utf-8")
    before = tree(here)

    said = run(
        "reasons", "code", name, "--frame", "reasons.toml", "--to", "o.csv",
        expect=2 if "column" in says else 1,
    )  # fmt: skip

    assert says in said.err
    assert tree(here) == before


def test_a_file_of_another_kind_cannot_be_written(here: Path, run: Run) -> None:
    file = put(here / "comments.csv")

    said = run("reasons", "code", file, "--frame", "reasons.toml", "--to", "o.docx", expect=2)

    assert "cannot write .docx" in said.err


def test_a_language_that_the_frame_lacks_is_said(here: Path, run: Run) -> None:
    rows = {"comment": ["trop tard"] * 20, "lang": ["fr"] * 20}
    pl.DataFrame(rows).write_csv(here / "c.csv")

    said = run(
        *("reasons", "code", "c.csv", "--frame", "reasons.toml"),
        *("--language-column", "lang", "--to", "o.csv"),
    )

    assert "Only 0% of 20 comments in 'fr' have a reason" in said.err


def test_published_comments_are_coded_as_published_from_file_to_file(here: Path, run: Run) -> None:
    file, frame = shared("data", "text", "nhs.jsonl"), shared("data", "text", "frames", "nhs.toml")

    run("reasons", "code", file, "--frame", frame, "--column", "text", "--to", "o.jsonl")

    given = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in (here / "o.jsonl").read_text("utf-8").splitlines()]
    assert [row["id"] for row in found] == [row["id"] for row in given]
    assert [row["reasons"] for row in found] == [row["codes"] for row in given]
    assert [row["evidence"] for row in found] == [row["evidence"] for row in given]
