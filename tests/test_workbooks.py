from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import get_column_letter

from loopback.tables import RESPONSES
from loopback.workbooks import COLUMNS, OUTCOMES, table_workbook, workbook
from tests.drawn import ANNA, call, sheet
from tests.frames import table
from tests.hostile import FORMULAS, hostile

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from loopback.calls import Call
    from loopback.sheets import Sheet

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER, FIRST = 3, 4
TO_FILL_IN = ("Called on", "Outcome", "Root cause", "Promise", "Promised for")


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def calls_of(book: Workbook) -> Worksheet:
    page = book["Calls"]
    assert book.sheetnames == ["Calls"]
    return page


def page_of(*calls: Call) -> Worksheet:
    return calls_of(opened(workbook(sheet(*calls), "Acme", MADE)))


def columns(page: Worksheet) -> dict[str, int]:
    """Return the number of each column by its heading."""
    return {str(cell.value): number for number, cell in enumerate(page[HEADER], start=1)}


def letter(page: Worksheet, heading: str) -> str:
    return get_column_letter(columns(page)[heading])


def column(page: Worksheet, heading: str) -> list[object]:
    number = columns(page)[heading]
    return [row[number - 1].value for row in page.iter_rows(min_row=FIRST)]


def test_each_call_is_a_row_in_the_order_of_the_sheet() -> None:
    page = page_of(
        call(response_id="R-1", name="Ahorn Mill", score=3, reasons=["Speed", "People"]),
        call(response_id="R-2", name="Birch Tools", score=10, comment=None, person=None),
    )

    assert list(columns(page)) == [column.heading for column in COLUMNS]
    assert [cell.value for cell in page[FIRST]][:6] == [
        3,
        "Ahorn Mill",
        "Ida Ahorn",
        "+49 1",
        "late again",
        "Speed, People",
    ]
    assert column(page, "response_id") == ["R-1", "R-2"]
    assert column(page, "Score") == [3, 10]
    assert page.max_row == FIRST + 1


def test_the_title_says_whose_calls_of_which_month_these_are() -> None:
    title = page_of(call()).cell(1, 1).value

    assert title == "Acme · 2026-11 · Anna Berg: fill in the white cells, send it back"


def test_no_string_becomes_a_formula_or_a_link() -> None:
    strings = [string for string in hostile() if string]
    page = page_of(*(call(name=s, comment=s, person=s, phone=s, reasons=[s]) for s in strings))

    kinds = {cell.data_type for row in page.iter_rows(min_row=FIRST) for cell in row if cell.value}
    assert kinds == {"n", "s"}
    assert not [cell for row in page.iter_rows() for cell in row if cell.hyperlink]
    assert {cell.data_type for cell in page["A"][FIRST - 1 :]} == {"n"}


def test_every_string_is_read_back_as_it_was_written() -> None:
    strings = [s for s in hostile() if s and s.isprintable() and not s.startswith("_x")]

    page = page_of(*(call(name=string, comment=string) for string in strings))

    assert column(page, "Customer") == strings
    assert column(page, "Comment") == strings


@pytest.mark.parametrize("title", [*FORMULAS, "<b>&amp;</b>", "a" * 300])
def test_a_company_and_an_owner_may_be_called_anything(title: str) -> None:
    drawn = sheet(call(), person=ANNA._replace(name=title))

    page = calls_of(opened(workbook(drawn, title, MADE)))

    assert page.cell(1, 1).data_type == "s"
    assert page.cell(1, 1).hyperlink is None


def test_a_very_long_comment_is_cut_where_a_cell_ends_and_nothing_else_is_lost() -> None:
    page = page_of(call(comment="x" * 40_000), call(response_id="R-2"))

    assert column(page, "Comment") == ["x" * 32_767, "late again"]
    assert column(page, "response_id") == ["R-1", "R-2"]


def test_only_what_the_owner_fills_in_is_open() -> None:
    page = page_of(call(), call(response_id="R-2"))

    assert page.protection.sheet
    open_cells = {
        heading
        for heading, number in columns(page).items()
        for row in page.iter_rows(min_row=FIRST)
        if not row[number - 1].protection.locked
    }
    assert open_cells == set(TO_FILL_IN)
    locked = [cell for row in page.iter_rows(max_row=HEADER) for cell in row]
    assert all(cell.protection.locked for cell in locked)


def test_the_outcome_is_chosen_from_a_list_in_every_row() -> None:
    page = page_of(call(), call(response_id="R-2"))

    [choice] = [rule for rule in page.data_validations.dataValidation if rule.type == "list"]
    at = letter(page, "Outcome")
    assert choice.formula1 == f'"{",".join(OUTCOMES)}"'
    assert str(choice.sqref) == f"{at}{FIRST}:{at}{FIRST + 1}"


def test_days_are_checked_where_a_day_is_to_be_filled_in() -> None:
    page = page_of(call())

    checked = {
        str(rule.sqref) for rule in page.data_validations.dataValidation if rule.type == "date"
    }
    days = [letter(page, heading) for heading in ("Called on", "Promised for")]
    assert checked == {f"{at}{FIRST}" for at in days}


def test_the_ids_are_hidden_and_the_header_stays_in_sight() -> None:
    page = page_of(call())

    assert page.column_dimensions[letter(page, "response_id")].hidden
    assert page.freeze_panes == f"C{FIRST}"


def test_a_workbook_that_was_filled_in_and_saved_is_read_back_with_its_ids() -> None:
    given = workbook(sheet(call(response_id="00a1"), call(response_id="9" * 24)), "Acme", MADE)
    book = opened(given)
    page = calls_of(book)
    at = columns(page)
    page.cell(FIRST, at["Called on"], date(2026, 11, 25))
    page.cell(FIRST, at["Outcome"], "reached")
    page.cell(FIRST + 1, at["Root cause"], "the lift was broken =1+1")
    saved = io.BytesIO()
    book.save(saved)

    again = calls_of(opened(saved.getvalue()))

    assert column(again, "response_id") == ["00a1", "9" * 24]
    assert column(again, "Called on") == [datetime(2026, 11, 25), None]  # noqa: DTZ001 - a day
    assert column(again, "Outcome") == ["reached", None]
    assert column(again, "Root cause") == [None, "the lift was broken =1+1"]
    assert column(again, "Comment") == ["late again", "late again"]


def test_the_same_sheet_gives_the_same_bytes() -> None:
    drawn = sheet(call(), call(response_id="R-2"))

    assert workbook(drawn, "Acme", MADE) == workbook(drawn, "Acme", MADE)


def test_a_workbook_holds_no_macro_and_no_link_to_elsewhere() -> None:
    drawn: Sheet = sheet(*(call(comment=formula, name=formula) for formula in FORMULAS))

    with zipfile.ZipFile(io.BytesIO(workbook(drawn, "Acme", MADE))) as files:
        names = files.namelist()
        relations = b"".join(files.read(name) for name in names if name.endswith(".rels"))

    assert not [name for name in names if "vba" in name.lower() or "external" in name.lower()]
    assert b'TargetMode="External"' not in relations


def test_a_table_becomes_a_workbook_in_which_text_stays_text() -> None:
    drawn = table(
        RESPONSES,
        """
        response_id | customer_id | score | comment               | responded_at
        0017        | 1E5         | 9     | =HYPERLINK("x","y")   | 2026-11-20 09:01
        R-2         | 007         |       | https://x.example     |
        """,
    ).select("response_id", "customer_id", "score", "comment", "responded_at")

    page = opened(table_workbook(drawn, "responses"))["responses"]

    assert [[cell.value for cell in row] for row in page.iter_rows()] == [
        ["response_id", "customer_id", "score", "comment", "responded_at"],
        ["0017", "1E5", 9, '=HYPERLINK("x","y")', datetime(2026, 11, 20, 9, 1)],  # noqa: DTZ001 - UTC
        ["R-2", "007", None, "https://x.example", None],
    ]
    assert {cell.data_type for cell in page["D"]} == {"s"}
    assert not [cell for row in page.iter_rows() for cell in row if cell.hyperlink]


def test_every_string_of_a_table_is_text_in_its_workbook() -> None:
    strings = [string for string in hostile() if string]
    drawn = pl.DataFrame({"comment": strings})

    page = opened(table_workbook(drawn, "responses"))["responses"]

    assert {cell.data_type for cell in page["A"]} == {"s"}
    assert page.max_row == len(strings) + 1
    assert not [cell for cell in page["A"] if cell.hyperlink]


def test_a_table_without_rows_is_a_workbook_with_a_header() -> None:
    page = opened(table_workbook(pl.DataFrame(schema={"a": pl.String}), "responses"))["responses"]

    assert page.cell(1, 1).value == "a"
