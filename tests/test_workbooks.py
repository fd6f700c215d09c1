from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from openpyxl.utils import get_column_letter

from loopback.calls import mark
from loopback.grid import grid
from loopback.languages import Languages
from loopback.rollups import OwnerLine
from loopback.tables import OUTCOMES, RESPONSES
from loopback.workbooks import COLUMNS, table_workbook
from loopback.workbooks import workbook as made_workbook
from tests.drawn import ANNA, call, rollup, sheet
from tests.frames import table
from tests.hostile import FORMULAS, hostile

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

    from loopback.calls import Call
    from loopback.sheets import Sheet

MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
HEADER, FIRST = 4, 5
TO_FILL_IN = ("Called on", "Outcome", "Root cause", "Notes", "Promise", "Promised for")
LANGUAGES = Languages(Path("nowhere"))
FILLED = {
    "Called on": datetime(2026, 11, 25),  # noqa: DTZ001 - a day
    "Outcome": "Reached",
    "Root cause": "Delivery or time",
    "Notes": "=1+1 is what they said, and more:\nüß „quoted“ <b>",
    "Promise": "mend the gate",
    "Promised for": datetime(2026, 12, 1),  # noqa: DTZ001 - a day
}


def workbook(drawn: Sheet, company: str, made: datetime, code: str = "en") -> bytes:
    return made_workbook(drawn, company, made, LANGUAGES.of(code))


def opened(content: bytes) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def calls_of(book: Workbook) -> Worksheet:
    page = book["Calls"]
    assert book.sheetnames == ["Calls", "Guide", "lists", "loopback"]
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
        call(
            response_id="R-1",
            reasons=["Speed", "People"],
            previous=9,
            previous_comment="all fine",
            value_class="A",
        ),
        call(response_id="R-2", name="Birch Tools", score=10, comment=None, person=None),
    )

    first = {heading: page.cell(FIRST, at).value for heading, at in columns(page).items()}
    assert first == {
        "Call by": datetime(2026, 11, 25),  # noqa: DTZ001 - a day
        "Score": 3,
        "Customer": "Ahorn Mill",
        "Person": "Ida Ahorn",
        "Role": "buyer",
        "Phone": "+49 1",
        "Preferred time": None,
        "Comment": "late again",
        "Reasons": "Speed, People",
        "Last time": 9,
        "Comment last time": "all fine",
        "Open promises": None,
        "Value": "A",
        **dict.fromkeys(TO_FILL_IN),
        "id": mark("R-1"),
    }
    assert list(first) == [*first][: len(COLUMNS)]
    assert column(page, "id") == [mark("R-1"), mark("R-2")]
    assert column(page, "Score") == [3, 10]
    assert page.max_row == FIRST + 1


def test_the_title_says_whose_calls_of_which_month_these_are() -> None:
    title = page_of(call()).cell(1, 1).value

    assert title == "Acme · November 2026 · Anna Berg"


def test_no_string_becomes_a_formula_or_a_link() -> None:
    strings = [string for string in hostile() if string]
    everywhere = ("name", "comment", "person", "role", "phone", "preferred_time", "value_class")
    filled = (*everywhere, "previous_comment", "outcome", "cause", "note", "promise")
    page = page_of(*(call(**dict.fromkeys(filled, s), reasons=[s]) for s in strings))

    kinds = {cell.data_type for row in page.iter_rows(min_row=FIRST) for cell in row if cell.value}
    assert kinds == {"n", "s", "d"}
    assert not [cell for row in page.iter_rows() for cell in row if cell.hyperlink]
    assert {cell.data_type for cell in page["B"][FIRST - 1 :]} == {"n"}


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
    assert column(page, "id") == [mark("R-1"), mark("R-2")]


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


@pytest.mark.parametrize(
    ("heading", "codes"), [("Outcome", list(OUTCOMES)), ("Root cause", ["quality", "delivery"])]
)
def test_outcome_and_root_cause_are_chosen_from_a_list_in_every_row(
    heading: str, codes: list[str]
) -> None:
    book = opened(workbook(sheet(call(), call(response_id="R-2")), "Acme", MADE))
    page = calls_of(book)

    at = letter(page, heading)
    [choice] = [
        rule
        for rule in page.data_validations.dataValidation
        if rule.type == "list" and str(rule.sqref) == f"{at}{FIRST}:{at}{FIRST + 1}"
    ]
    sheet_name, _, cells = str(choice.formula1).partition("!")
    offered = [cell.value for (cell,) in book[sheet_name][cells]]
    section = LANGUAGES.of("en").section("outcomes" if heading == "Outcome" else "causes")
    assert offered == list(section.values())
    assert list(section)[: len(codes)] == codes


def test_a_company_may_have_root_causes_of_its_own() -> None:
    content = made_workbook(sheet(call()), "Acme", MADE, LANGUAGES.of("en"), ["=Depot", "Route"])

    lists = opened(content)["lists"]

    assert [cell.value for cell in lists["D"][1:3]] == ["=Depot", "Route"]
    assert {cell.data_type for cell in lists["D"][1:3]} == {"s"}


def test_what_is_known_of_a_call_already_stands_in_its_cells() -> None:
    tried = call(
        called_on=date(2026, 11, 21),
        outcome="message",
        cause="people",
        note="try on Monday",
        promise="a visit",
        promised_for=date(2026, 12, 1),
    )

    page = page_of(tried)

    assert [column(page, heading) for heading in TO_FILL_IN] == [
        [datetime(2026, 11, 21)],  # noqa: DTZ001 - a day
        ["Left a message"],
        ["How we treated them"],
        ["try on Monday"],
        ["a visit"],
        [datetime(2026, 12, 1)],  # noqa: DTZ001 - a day
    ]


def test_a_hidden_page_says_whose_calls_of_which_month_and_version_these_are() -> None:
    book = opened(workbook(sheet(call()), "Acme", MADE, "de"))

    about = {row[0].value: row[1].value for row in book["loopback"].iter_rows()}
    assert about == {
        "format": "1",
        "person_id": "anna",
        "month": "2026-11",
        "version": "0123456789abcdef",
        "language": "de",
    }
    assert [book[name].sheet_state for name in ("lists", "loopback")] == ["veryHidden"] * 2


@pytest.mark.parametrize("code", ["en", "de", "da", "fr", "es"])
def test_a_workbook_is_in_the_language_of_its_reader(code: str) -> None:
    words = LANGUAGES.of(code)
    book = opened(workbook(sheet(call()), "Acme", MADE, code))

    page = book[words.say("workbook.calls")]

    assert words.say("workbook.cause") in columns(page)
    assert page.cell(FIRST, 1).number_format == words.say("form.cell")


def test_a_manager_finds_all_owners_on_a_page() -> None:
    lines = [
        OwnerLine("=Anna", "anna", 12, 4, 3, 1, 2),
        OwnerLine("Ben Cole", "ben", 9, 0, 0, 0, 0),
    ]
    drawn = sheet(rollup=rollup(owners=lines))

    book = opened(workbook(drawn, "Acme", MADE))

    assert book.sheetnames == ["Owners", "lists", "loopback"]
    rows = [[cell.value for cell in row] for row in book["Owners"].iter_rows(min_row=FIRST)]
    assert rows == [["=Anna", 12, 4, 3, 1, 2], ["Ben Cole", 9, 0, 0, 0, 0]]
    assert book["Owners"]["A5"].data_type == "s"


def test_a_workbook_can_be_printed() -> None:
    page = page_of(call())

    assert (page.page_setup.orientation, page.page_setup.paperSize) == ("landscape", 9)
    fitted = page.sheet_properties.pageSetUpPr
    assert fitted
    assert fitted.fitToPage
    assert page.print_title_rows == f"${HEADER}:${HEADER}"
    assert (page.print_title_cols, page.page_setup.fitToWidth) == ("$A:$C", 2)


def test_days_are_checked_where_a_day_is_to_be_filled_in() -> None:
    page = page_of(call())

    checked = {
        str(rule.sqref) for rule in page.data_validations.dataValidation if rule.type == "date"
    }
    days = [letter(page, heading) for heading in ("Called on", "Promised for")]
    assert checked == {f"{at}{FIRST}" for at in days}


def test_the_ids_are_hidden_and_the_header_stays_in_sight() -> None:
    page = page_of(call())

    assert page.column_dimensions[letter(page, "id")].hidden
    assert page.freeze_panes == f"D{FIRST}"


def given_to_fill_in() -> bytes:
    # The reader of the lists takes _x0041_ for the letter of that number.
    strings = [s for s in FORMULAS if s.isprintable() and not s.startswith("_x")]
    texts = [call(response_id=f"R-{n}", comment=s, name=s) for n, s in enumerate(strings)]
    return workbook(sheet(call(response_id="00a1"), *texts), "Acme", MADE)


def filled_in(content: bytes) -> bytes:
    """Fill in the first call as a manager does in a spreadsheet, and save."""
    book = opened(content)
    page = calls_of(book)
    for heading, value in FILLED.items():
        page.cell(FIRST, columns(page)[heading], value).data_type = (
            "d" if isinstance(value, datetime) else "s"
        )
    saved = io.BytesIO()
    book.save(saved)
    return saved.getvalue()


def whole(page: Worksheet) -> list[list[object]]:
    return [[cell.value for cell in row] for row in page.iter_rows(min_row=HEADER)]


def with_answers(content: bytes) -> list[list[object]]:
    """Return the cells of a workbook as it was given out, with what was filled in."""
    page = calls_of(opened(content))
    cells = whole(page)
    for heading, value in FILLED.items():
        cells[1][columns(page)[heading] - 1] = value
    return cells


def test_a_workbook_that_was_filled_in_and_saved_is_read_back_with_every_cell() -> None:
    given = given_to_fill_in()

    again = calls_of(opened(filled_in(given)))

    assert whole(again) == with_answers(given)
    assert not [cell for row in again.iter_rows() for cell in row if cell.data_type == "f"]


def test_a_returned_workbook_is_read_as_any_list_of_people_is(tmp_path: Path) -> None:
    path = tmp_path / "returned.xlsx"
    path.write_bytes(filled_in(given_to_fill_in()))

    rows = [list(row) for row in grid(path, path.name).cells.iter_rows()]

    given = with_answers(given_to_fill_in())
    [header] = [at for at, row in enumerate(rows) if "Outcome" in row]
    shown = rows[header][-len(COLUMNS) :]
    assert shown == given[0]
    for row, expected in zip(rows[header + 1 :], given[1:], strict=True):
        assert row[-len(COLUMNS) :] == [None if c is None else str(c) for c in expected]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_keeps_every_cell(tmp_path: Path) -> None:
    given = given_to_fill_in()
    (tmp_path / "filled.xlsx").write_bytes(filled_in(given))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", "saved"]
    subprocess.run([*command, "filled.xlsx"], cwd=tmp_path, check=True, capture_output=True)

    book = opened((tmp_path / "saved" / "filled.xlsx").read_bytes())

    assert whole(book["Calls"]) == with_answers(given)
    assert book["loopback"]["B4"].value == "0123456789abcdef"
    assert not [c for row in book["Calls"].iter_rows() for c in row if c.data_type == "f"]


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
