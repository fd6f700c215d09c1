from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.exports import reading as module
from loopback.exports.reading import Reading, reading
from loopback.marks import DELIMITERS
from loopback.settings import Exports
from tests.exports.drawn import LIMESURVEY_CODES, SURVEYMONKEY_EXPANDED
from tests.test_unpacked import LISTED, workbook

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "customer_id,when,likely,why,status\n"
LINES = [
    "C-1,2026-11-20 09:01:02,9,good,",
    "C-2,2026-11-20 10:01:02,3,late,",
    "C-3,2026-11-20 11:01:02,8,,test",
    "C-4,20/11/2026,ten,odd,",
    ",,,,",
    "C-5,2026-11-20 12:01:02,,,",
    "C-6,2026-11-20 13:01:02,10,,bounced",
    "C-7,2026-11-20 14:01:02,'7,'- dear,",
]
CHOICES = Exports(score="likely", comment="why", responded_at="when")


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of more than three rows are large."""
    monkeypatch.setattr(module, "FIRST", 3)


def written(folder: Path, content: str) -> Path:
    path = folder / "export.csv"
    path.write_text(content, encoding="utf-8")
    return path


def seen(read: Reading) -> dict[str, object]:
    """Return all that a reading says of the answers of a file."""
    held = read.answers
    return {
        "height": read.height,
        "answers": held.answers.rows(),
        "rejects": held.rejects.rows(),
        "bounced": held.bounced.rows(),
        "left out": held.left_out,
        "scores": held.scores,
        "comments": held.comments,
        "candidates": read.candidates,
    }


@pytest.mark.usefixtures("few")
def test_a_large_file_is_recognised_by_its_first_rows_and_read_in_full(tmp_path: Path) -> None:
    content = HEADER + "\n".join(LINES) + "\n"
    whole = reading(content.encode().replace(b"\n", b"\r", 1), "export.csv", CHOICES)

    large = reading(written(tmp_path, content), "export.csv", CHOICES)

    assert (whole.cells.stream, large.cells.stream is None) == (None, False)
    assert large.rows.height == 2
    assert seen(large) == seen(whole)
    assert seen(large)["scores"] == {3: 1, 7: 1, 9: 1}
    assert seen(large)["left out"] == {"bounced": 1, "test": 1, "unanswered": 1}
    assert large.answers.answers.select("row", "comment").rows() == [
        (2, "good"),
        (3, "late"),
        (9, "- dear"),
    ]


@pytest.mark.usefixtures("few")
def test_a_second_column_of_scores_far_down_a_large_file_is_seen(tmp_path: Path) -> None:
    rows = "".join(f"{(n + 9) % 11},\n" for n in range(30))
    late = "".join(f",{n % 11}\n" for n in range(30))

    with pytest.raises(LoopbackError, match="more than one column could be the score"):
        reading(written(tmp_path, f"first,second\n{rows}{late}"), "export.csv", Exports())


@pytest.mark.usefixtures("few")
def test_a_scale_over_several_columns_is_put_together_of_all_rows(tmp_path: Path) -> None:
    rows = SURVEYMONKEY_EXPANDED.splitlines()
    content = "\n".join([*rows, rows[-1].replace("002,", "003,"), ""])

    read = reading(written(tmp_path, content), "export.csv", Exports())

    assert read.answers.scores == {3: 1, 10: 2}


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("Ã©tait", "text was encoded twice, such as Ã© for é, in row 3: export it again"),
        ("itâ€™s", "text was encoded twice, such as Ã© for é, in row 3: export it again"),
        ("#NAME?", "#NAME? stands where a spreadsheet took text for a formula, in row 3"),
    ],
)
def test_text_that_a_program_spoiled_is_said_with_its_row(cell: str, says: str) -> None:
    content = f"score,comment\n9,fine\n3,{cell}\n".encode()

    [note] = reading(content, "export.csv", Exports()).answers.notes

    assert note.startswith(says)


def test_text_in_two_encodings_is_read_cell_by_cell_and_said() -> None:
    rows = [b"score,comment\n", "9,für\n".encode(), "3,für\n".encode("cp1252")]
    mac = "8,était très bien\n".encode("mac_roman")

    read = reading(b"".join([*rows, *rows[1:] * 3, mac]), "export.csv", Exports())

    assert set(read.answers.answers["comment"]) == {"für", "était très bien"}
    assert read.cells.encoding == "utf-8 and cp1252 and mac_roman"
    assert "mac_roman in row 10" in read.answers.notes[0]


def test_two_sheets_that_could_hold_the_responses_are_listed_with_the_option() -> None:
    content = workbook({"Note": [["hello"]], "A": LISTED, "B": LISTED})

    with pytest.raises(
        LoopbackError, match=r"more than one sheet .* 'A' \(2 rows\), 'B'"
    ) as refused:
        reading(content, "export.xlsx", Exports())

    assert refused.value.problems[0].mend == 'Choose one: --sheet "A".'
    chosen = reading(content, "export.xlsx", Exports(sheet="B"))
    assert chosen.answers.taken == 2


def test_the_sheet_with_the_responses_is_found_behind_a_cover() -> None:
    read = reading(workbook({"Cover": [["Survey"]], "Data": LISTED}), "export.xlsx", Exports())

    assert read.answers.scores == {3: 1, 9: 1}
    assert read.answers.notes == ["the responses are in the sheet 'Data'; if not, say --sheet"]


# Letters that each of these encodings has.
LETTERS = st.text("abcæßéÜ 7-'\",;\t|\r\n", max_size=6)
KINDS = ("cp1252", "latin-1", "mac_roman", "utf-16-le", "utf-16-be", "utf-8")


@settings(max_examples=60, deadline=None)
@given(
    comments=st.lists(LETTERS, min_size=1, max_size=5),
    encoding=st.sampled_from(KINDS),
    delimiter=st.sampled_from(DELIMITERS),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_a_table_in_an_encoding_that_is_named_comes_back_cell_for_cell(
    comments: list[str], encoding: str, delimiter: str, quoting: Literal[0, 1]
) -> None:
    table = [("score", "comment", "token"), *(("9", cell, "T") for cell in comments)]
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, quoting=quoting).writerows(table)
    content = written.getvalue().encode(encoding)

    read = reading(content, "export.csv", Exports(encoding=encoding))

    found = read.full.collect().rows()
    assert [tuple(cell or "" for cell in row[2:]) for row in found] == table[1:]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_blank_line_at_the_end_is_said_since_a_row_may_have_stood_there(
    encoding: str, end: str
) -> None:
    content = f"score,comment{end}9,fine{end}{end}".encode(encoding)

    [note] = reading(content, "export.csv", Exports()).answers.notes

    assert note == "a blank line ends the file: a row that stood there is lost"


def test_a_tool_that_ends_every_file_with_a_blank_line_is_no_reason_to_say_so() -> None:
    content = f"{LIMESURVEY_CODES}\r\n".encode()

    assert reading(content, "export.csv", Exports()).answers.notes == []
