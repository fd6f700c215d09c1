from __future__ import annotations

import codecs
import csv
import io
import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from unittest.mock import patch

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import delimited
from loopback.delimited import Delimited
from loopback.errors import LoopbackError
from loopback.grid import Grid, grid
from loopback.marks import DELIMITERS
from tests.csv_texts import csv_texts
from tests.shared import shared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loopback.errors import Problem

    Cell = str | int | float | bool | datetime | None
    Rows = Sequence[Sequence[Cell]]

LISTED = """\
id,name,value
1,Mill,7
2,Foot,8
"""
HOSTILE_PARQUET = (
    "ARROW-GH-41317",
    "ARROW-GH-41321",
    "ARROW-GH-45185",
    "ARROW-GH-47662",
    "ARROW-RS-GH-6229-DICTHEADER",
    "ARROW-RS-GH-6229-LEVELS",
    "PARQUET-1481",
)


def cells(found: Grid) -> list[list[str | None]]:
    """Return the cells of a file as rows, the header first."""
    return [list(row) for row in found.cells.select(found.columns).iter_rows()]


def numbers(found: Grid) -> list[int]:
    """Return the numbers of the rows of a file."""
    return found.cells["row"].to_list()


def text(content: str | bytes) -> Grid:
    """Return the cells of a CSV file."""
    return grid(content.encode() if isinstance(content, str) else content, "list.csv")


def by_xlsxwriter(rows: Rows, top: int = 0, left: int = 0) -> bytes:
    """Return a workbook with the rows, written by xlsxwriter."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        page = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for row, line in enumerate(rows, start=top):
            for column, cell in enumerate(line, start=left):
                if isinstance(cell, str):
                    page.write_string(row, column, cell)
                elif isinstance(cell, datetime):
                    page.write_datetime(row, column, cell, day)
                elif cell is not None:
                    page.write(row, column, cell)
    return content.getvalue()


def by_openpyxl(rows: Rows, top: int = 0, left: int = 0) -> bytes:
    """Return a workbook with the rows, written by openpyxl as a manager's spreadsheet would."""
    book = openpyxl.Workbook()
    page = book.create_sheet("List", 0)
    for row, line in enumerate(rows, start=top + 1):
        for column, cell in enumerate(line, start=left + 1):
            page.cell(row, column).value = cell
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def parquet(table: pl.DataFrame) -> bytes:
    """Return a table as a Parquet file."""
    content = io.BytesIO()
    table.write_parquet(content)
    return content.getvalue()


# CSV


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_splits_the_header(delimiter: str) -> None:
    found = text(LISTED.replace(",", delimiter))

    assert found.delimiter == delimiter
    assert cells(found) == [["id", "name", "value"], ["1", "Mill", "7"], ["2", "Foot", "8"]]


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        ("id;value\n1;7,5\n2;8,25\n", ";"),
        ("id;name\n1;Mill, Foot, Barn\n2;Yard, Gate, Hill\n", ";"),
        ("id\tname\n1\tMill; Foot, Barn | Yard\n", "\t"),
        ('id,name\n1,"Mill; Foot"\n2,"Barn; Yard"\n', ","),
        ("id|name\n1|a,b,c\n2|d,e,f\n", "|"),
        ("name, town;value\nMill, Foot;7\nBarn;8\nYard;9\n", ";"),
    ],
)
def test_marks_inside_the_cells_do_not_mislead(content: str, delimiter: str) -> None:
    found = text(content)

    assert found.delimiter == delimiter
    assert {len(row) for row in cells(found)} == {2}


def test_a_file_of_one_column_is_read_too() -> None:
    assert cells(text("score\n9\n10\n")) == [["score"], ["9"], ["10"]]


@pytest.mark.parametrize(
    ("encoding", "mark", "named"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", codecs.BOM_UTF8, "utf-8-sig"),
        ("utf-16-le", codecs.BOM_UTF16_LE, "utf-16"),
        ("utf-16-be", codecs.BOM_UTF16_BE, "utf-16"),
        ("cp1252", b"", "cp1252"),
    ],
)
def test_every_usual_encoding_is_read_and_named(encoding: str, mark: bytes, named: str) -> None:
    found = text(mark + "id;name\n1;Müller & Søn €\n".encode(encoding))

    assert cells(found) == [["id", "name"], ["1", "Müller & Søn €"]]
    assert found.encoding == named


def test_bytes_that_no_encoding_knows_keep_their_places() -> None:
    found = text(b"id,name\n1,M\x81ll\n")

    assert found.encoding == "latin-1"
    assert cells(found) == [["id", "name"], ["1", "M\x81ll"]]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(ending: str) -> None:
    found = text(LISTED.replace("\n", ending))

    assert cells(found) == cells(text(LISTED))
    assert numbers(found) == [1, 2, 3]


def test_quoted_cells_hold_lines_delimiters_and_quotes() -> None:
    found = text('id,name\n1,"Mill,\nFoot ""& Sons"""\n2,Barn\n')

    assert cells(found)[1] == ["1", 'Mill,\nFoot "& Sons"']
    assert numbers(found) == [1, 2, 4]


def test_a_quote_in_the_middle_of_an_unquoted_cell_is_a_letter() -> None:
    assert cells(text('id,name\n1,5" pipe\n'))[1] == ["1", '5" pipe']


def test_blank_lines_are_no_rows_but_count() -> None:
    found = text("\nid,name\n\n1,Mill\n\n\n2,Foot\n\n")

    assert numbers(found) == [2, 4, 7]
    assert found.headed().rows() == [(4, 2, "1", "Mill"), (7, 2, "2", "Foot")]


def test_rows_of_nothing_but_delimiters_are_blank_too() -> None:
    found = text("id,name\n1,Mill\n,\n2,Foot\n,\n,\n")

    assert numbers(found) == [1, 2, 4]


def test_rows_of_another_length_are_told() -> None:
    found = text("id,name\n1,Mill\n2\n3,Foot,Barn\n")

    assert found.uneven().select("row", "fields").rows() == [(3, 1), (4, 3)]


def test_ids_stay_as_they_are_written() -> None:
    found = text("id,name\n007,1e5\n 7 ,1234567890123456789\n+7,0x10\n")

    assert cells(found)[1:] == [["007", "1e5"], [" 7 ", "1234567890123456789"], ["+7", "0x10"]]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("id,name,value", ["id", "name", "value"]),
        ("id,,value", ["id", "column 2", "value"]),
        ("id,name,name", ["id", "name", "name (column 3)"]),
        ("id,,", ["id", "column 2", "column 3"]),
        (" id ,name\t,value", ["id", "name", "value"]),
        ("row,fields,id", ["row (column 1)", "fields (column 2)", "id"]),
        ("id,column 3,", ["id", "column 3", "column 3 (column 3)"]),
    ],
)
def test_every_column_can_be_named(header: str, names: list[str]) -> None:
    assert text(f"{header}\n1,2,3\n").headed().columns == ["row", "fields", *names]


def test_a_name_made_for_a_column_never_meets_one_that_is_there() -> None:
    headed = text("id,name (column 3),name,name\n1,2,3,4\n").headed()
    odd = text("name,name (column 3),name\n1,2,3\n").headed()

    assert headed.rows() == [(2, 4, "1", "2", "3", "4")]
    assert odd.rows() == [(2, 3, "1", "2", "3")]
    assert len(set(odd.columns)) == 5


def test_a_header_of_two_rows_is_joined() -> None:
    found = text("Q1,Q2,\nScore,,Other\n9,late,x\n")

    assert found.headed(2).columns == ["row", "fields", "Q1 - Score", "Q2", "Other"]
    assert found.headed(2).rows() == [(3, 3, "9", "late", "x")]


def test_many_records_that_are_not_plain_are_laid_out_in_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delimited, "RECORDS_AT_ONCE", 2)

    found = text('id,name\n1,Mill\n\n2,"Foot\nBarn"\n3\n4,a,b\n,\n5,"x"\n')

    assert found.cells.rows() == [
        (1, 2, "id", "name", None),
        (2, 2, "1", "Mill", None),
        (4, 2, "2", "Foot\nBarn", None),
        (6, 1, "3", None, None),
        (7, 3, "4", "a", "b"),
        (9, 2, "5", "x", None),
    ]


def test_an_error_names_the_record_after_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "RECORDS_AT_ONCE", 2)

    with pytest.raises(LoopbackError, match="near line 5") as refused:
        text('id,name\n1,Mill\n2,Foot\n3,Barn\n4,"Yard\n')

    assert refused.value.problems[0].row == 5


def test_only_the_first_of_two_byte_order_marks_is_one() -> None:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        found = text("\ufeff\ufeffid,name\n1,Mill\n".encode(encoding))

        assert cells(found) == [["\ufeffid", "name"], ["1", "Mill"]]


@pytest.mark.parametrize("cell", ["{}", '"{}"', '"{}\n"'])
def test_a_cell_may_be_long(cell: str) -> None:
    csv.field_size_limit(2**17)
    long = "x" * 200_000

    found = cells(text(f"id,name\n1,{cell.format(long)}\n"))

    assert found[1] == ["1", cell.format(long).strip('"')]


def test_a_quote_that_is_not_closed_for_long_is_named() -> None:
    with pytest.raises(LoopbackError, match="row 2: a quote is not closed"):
        text('id,name\n1,"' + "x" * 200_000)


@pytest.mark.parametrize("content", [b"", b"\n\r\n \t\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE])
@pytest.mark.parametrize("name", ["list.csv", "list.txt", "list"])
def test_a_file_of_nothing_is_empty_whatever_its_name(content: bytes, name: str) -> None:
    with pytest.raises(LoopbackError, match=f"^{name}: the file is empty$"):
        grid(content, name)


@pytest.mark.parametrize(
    "content",
    [by_xlsxwriter([["id"]]), parquet(pl.DataFrame({"id": ["1"]})), b"\x1f\x8b\x08\x00", b"%PDF-1"],
    ids=["workbook", "Parquet", "gzip", "PDF"],
)
def test_what_is_no_text_is_not_read_as_text(content: bytes) -> None:
    with pytest.raises(LoopbackError, match="not a text file"):
        grid(content, "list.csv")


# Cells of all letters but lone surrogates; headers of letters that are no delimiters.
CELL = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# Where lines end in a bare line feed, Python 3.11 leaves a carriage return in a cell unquoted.
STYLES = (("\r\n", csv.QUOTE_MINIMAL), ("\r\n", csv.QUOTE_ALL), ("\n", csv.QUOTE_ALL))
NAME = st.text(st.sampled_from("abcæ 0-"), min_size=1, max_size=4)


@st.composite
def tables(draw: Callable[[st.SearchStrategy[object]], object]) -> list[list[str]]:
    """Return a header of two columns or more, and rows of which none is blank."""
    width = draw(st.integers(2, 4))
    assert isinstance(width, int)
    line = st.lists(CELL, min_size=width, max_size=width).filter(any)
    header = draw(st.lists(NAME, min_size=width, max_size=width))
    body = draw(st.lists(line, max_size=4))
    assert isinstance(header, list)
    assert isinstance(body, list)
    return [header, *body]


@settings(deadline=None)
@given(
    table=tables(),
    delimiter=st.sampled_from(DELIMITERS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    style=st.sampled_from(STYLES),
)
def test_any_table_that_python_writes_as_csv_comes_back_cell_for_cell(
    table: list[list[str]], delimiter: str, encoding: str, style: tuple[str, Literal[0, 1]]
) -> None:
    ending, quoting = style
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=delimiter, lineterminator=ending, quoting=quoting)
    writer.writerows(table)

    found = text(written.getvalue().encode(encoding))

    assert found.delimiter == delimiter
    assert cells(found) == [[cell or None for cell in line] for line in table]
    assert numbers(found) == first_lines(table)


def first_lines(table: list[list[str]]) -> list[int]:
    """Return the line in which each row of a table begins."""
    ends = [sum(len(re.findall("\r\n|\r|\n", cell)) for cell in row) + 1 for row in table]
    return [1 + sum(ends[:n]) for n in range(len(table))]


# Workbooks

WRITERS = pytest.mark.parametrize("written", [by_xlsxwriter, by_openpyxl])


@WRITERS
def test_a_workbook_gives_the_text_that_a_person_sees(written: Callable[..., bytes]) -> None:
    found = grid(
        written(
            [
                ["id", "value", "joined", "active"],
                ["007", 7, datetime(2021, 5, 1), True],  # noqa: DTZ001 - cells have no time zone
                ["1234567890123456789", 7.5, None, False],
                ["7", -0.25, datetime(2021, 5, 1, 13, 30), None],  # noqa: DTZ001
            ]
        ),
        "list.xlsx",
    )

    assert cells(found) == [
        ["id", "value", "joined", "active"],
        ["007", "7", "2021-05-01 00:00:00", "true"],
        ["1234567890123456789", "7.5", None, "false"],
        ["7", "-0.25", "2021-05-01 13:30:00", None],
    ]


@WRITERS
@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 0), (1, 2), (20, 5)])
def test_row_numbers_are_those_that_a_person_sees(
    written: Callable[..., bytes], top: int, left: int
) -> None:
    rows = [["id", "name"], ["1", "Mill"], [None, None], ["2", "Foot"]]

    found = grid(written(rows, top, left), "list.xlsx")

    assert numbers(found) == [top + 1, top + 2, top + 4]
    filled = [[cell for cell in row if cell] for row in cells(found)]
    assert filled == [["id", "name"], ["1", "Mill"], ["2", "Foot"]]


@WRITERS
def test_text_in_a_workbook_stays_text(written: Callable[..., bytes]) -> None:
    said = [["comment"], ["line one\nline two"], ["'quoted'"], ["1,5; | \t x"], ["Ærø 😀"]]

    assert cells(grid(written(said), "list.xlsx")) == said


@WRITERS
def test_a_workbook_of_nothing_is_empty(written: Callable[..., bytes]) -> None:
    with pytest.raises(LoopbackError, match=r"^list\.xlsx: the file is empty$"):
        grid(written([]), "list.xlsx")


@pytest.mark.parametrize("content", [b"no workbook", b"PK\x03\x04", by_openpyxl([["id"]])[:800]])
@pytest.mark.parametrize("name", ["list.xlsx", "LIST.XLSX", "list.ods", "list.xls", "list.xlsm"])
def test_what_is_no_workbook_is_refused(content: bytes, name: str) -> None:
    with pytest.raises(LoopbackError, match="not a workbook that can be read"):
        grid(content, name)


# Parquet


def test_a_parquet_file_gives_its_columns_as_text() -> None:
    table = pl.DataFrame(
        {
            "id": ["007", "1234567890123456789"],
            "count": [7, None],
            "value": [7.5, 0.25],
            "price": [Decimal("1.50"), None],
            "joined": [date(2021, 5, 1), None],
            "active": [True, False],
            "kind": pl.Series(["a", None], dtype=pl.Categorical),
        }
    )

    found = grid(parquet(table), "list.parquet")

    assert cells(found) == [
        ["id", "count", "value", "price", "joined", "active", "kind"],
        ["007", "7", "7.5", "1.50", "2021-05-01", "true", "a"],
        ["1234567890123456789", None, "0.25", None, None, "false", None],
    ]
    assert numbers(found) == [1, 2, 3]


def test_a_parquet_file_without_columns_is_empty() -> None:
    with pytest.raises(LoopbackError, match="the file is empty"):
        grid(parquet(pl.DataFrame()), "list.parquet")


@pytest.mark.parametrize(
    "table",
    [
        pl.DataFrame({"id": [[1], [2]]}),
        pl.DataFrame({"id": [{"of": 1}]}),
        pl.DataFrame({"id": [timedelta(1)]}),
        pl.DataFrame({"id": [b"\xff"]}),
    ],
    ids=["lists", "structs", "durations", "bytes"],
)
def test_a_parquet_file_of_other_things_than_cells_is_refused(table: pl.DataFrame) -> None:
    with pytest.raises(LoopbackError, match="not a Parquet file that can be read") as refused:
        grid(parquet(table), "list.parquet")

    assert "simple columns" in refused.value.problems[0].mend


def test_a_column_of_a_parquet_file_may_have_any_name() -> None:
    found = grid(parquet(pl.DataFrame({"*": ["a"], "^.*$": ["b"]})), "list.parquet")

    assert cells(found) == [["*", "^.*$"], ["a", "b"]]


@pytest.mark.parametrize("name", HOSTILE_PARQUET)
def test_a_hostile_parquet_file_is_refused(name: str) -> None:
    content = shared("data", "security", "parquet_bad", f"{name}.parquet").read_bytes()

    with pytest.raises(LoopbackError, match="not a Parquet file that can be read"):
        grid(content, "list.parquet")


# All of them


def test_the_same_table_in_every_kind_of_file_has_the_same_cells() -> None:
    rows = [["id", "name"], ["007", "Mill"], ["8", "Ærø, \nFoot"], ["9", None]]
    header, *body = rows
    table = pl.DataFrame(body, schema=dict.fromkeys(map(str, header), pl.String), orient="row")
    files = {
        "list.csv": table.write_csv().encode(),
        "list.tsv": table.write_csv(separator="\t").encode("utf-16"),
        "list.xlsx": by_xlsxwriter(rows),
        "LIST.XLSX": by_openpyxl(rows),
        "list.parquet": parquet(table),
    }

    assert {name: cells(grid(content, name)) for name, content in files.items()} == dict.fromkeys(
        files, rows
    )
    lines = {"list.csv": [1, 2, 3, 5], "list.tsv": [1, 2, 3, 5]}
    for name, content in files.items():
        assert numbers(grid(content, name)) == lines.get(name, [1, 2, 3, 4])


def outcome(content: bytes, name: str) -> tuple[Grid | None, tuple[Problem, ...]]:
    """Return the cells of a file, or why it was refused."""
    try:
        return grid(content, name), ()
    except LoopbackError as refused:
        return None, refused.problems


def as_a_whole(found: Grid | None) -> object:
    """Return all there is to a grid, to be compared."""
    return found and (found.encoding, found.delimiter, found.cells.schema, found.cells.rows())


@settings(deadline=None, max_examples=300)
@given(content=csv_texts())
def test_plain_text_or_not_a_file_has_the_cells_that_the_csv_module_gives(content: bytes) -> None:
    with patch.object(Delimited, "plain", return_value=None):
        slow, why_not = outcome(content, "list.csv")

    found, refused = outcome(content, "list.csv")

    assert as_a_whole(found) == as_a_whole(slow)
    assert refused == why_not


@settings(deadline=None, max_examples=60)
@given(content=st.binary(max_size=300), name=st.sampled_from(["a.csv", "a.xlsx", "a.parquet"]))
def test_any_bytes_are_cells_or_refused(content: bytes, name: str) -> None:
    found, refused = outcome(content, name)

    if found:
        assert found.headed().columns[:2] == ["row", "fields"]
        assert found.cells.height > 0
    assert [problem.file for problem in refused] == ([] if found else [name])
