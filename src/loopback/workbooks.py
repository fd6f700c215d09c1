"""Workbooks: tables as XLSX, and the calls of a sheet to fill in and send back."""

from __future__ import annotations

import io
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import xlsxwriter

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from loopback.calls import Call
    from loopback.sheets import Sheet

# Text stays text: a comment that begins with = must not become a formula, nor a link a link.
AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
OUTCOMES = ("reached", "left a message", "not reached", "will call again", "do not call")
DAYS = ("Called on", "Promised for")
A_DAY = {
    "validate": "date",
    "criteria": ">=",
    "value": date(2000, 1, 1),
    "error_title": "Not a day",
    "error_message": "Please enter a day, such as 2026-11-30.",
}
TITLE_ROW, HEADER_ROW = 0, 2


class Column(NamedTuple):
    """A column of the call sheet: its heading, width, and the field of the call it shows."""

    heading: str
    width: int
    field: str | None = None


COLUMNS = (
    Column("Score", 7, "score"),
    Column("Customer", 26, "name"),
    Column("Person", 20, "person"),
    Column("Phone", 18, "phone"),
    Column("Comment", 60, "comment"),
    Column("Reasons", 22, "reasons"),
    Column("Called on", 12),
    Column("Outcome", 16),
    Column("Root cause", 36),
    Column("Promise", 36),
    Column("Promised for", 13),
    Column("response_id", 0, "response_id"),
)


def workbook(sheet: Sheet, company: str, made: datetime) -> bytes:
    """Return the calls of a sheet as a workbook: what the owner fills in is open, the rest locked.

    The last column holds the id of each response, hidden, so that the sheet can be read back.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, AS_TEXT) as book:
        book.set_properties({"title": f"{company} {sheet.month}", "created": made})
        formats = _formats(book)
        page = book.add_worksheet("Calls")
        page.write_string(TITLE_ROW, 0, _title(sheet, company), formats["title"])
        _write_columns(page, formats)
        for row, call in enumerate(sheet.calls, start=HEADER_ROW + 1):
            _write_call(page, row, call, formats)
        _guard(page, HEADER_ROW + len(sheet.calls))
    return content.getvalue()


def table_workbook(table: pl.DataFrame, name: str) -> bytes:
    """Return a table as a workbook, all text as text."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, AS_TEXT | {"remove_timezone": True}) as book:
        table.write_excel(book, worksheet=name, autofit=True)
    return content.getvalue()


def _title(sheet: Sheet, company: str) -> str:
    return f"{company} · {sheet.month} · {sheet.person.name}: fill in the white cells, send it back"


def _formats(book: Workbook) -> dict[str, Format]:
    wrapped: dict[str, Any] = {
        "text_wrap": True,
        "valign": "top",
        "border": 1,
        "border_color": "#D9D5C8",
    }
    return {
        "title": book.add_format({"bold": True, "font_size": 13}),
        "header": book.add_format(
            wrapped | {"bold": True, "bg_color": "#22282C", "font_color": "#FFFFFF"}
        ),
        "given": book.add_format(wrapped | {"bg_color": "#F2F1EC"}),
        "open": book.add_format(wrapped | {"locked": False}),
        "day": book.add_format(wrapped | {"locked": False, "num_format": "yyyy-mm-dd"}),
    }


def _write_columns(page: Worksheet, formats: dict[str, Format]) -> None:
    for index, column in enumerate(COLUMNS):
        hidden = {"hidden": True} if not column.width else {}
        page.set_column(index, index, column.width or None, None, hidden)
        page.write_string(HEADER_ROW, index, column.heading, formats["header"])


def _write_call(page: Worksheet, row: int, call: Call, formats: dict[str, Format]) -> None:
    for index, column in enumerate(COLUMNS):
        if column.field is None:
            form = "day" if column.heading in DAYS else "open"
            page.write_blank(row, index, None, formats[form])
            continue
        value = getattr(call, column.field)
        if isinstance(value, int):
            page.write_number(row, index, value, formats["given"])
        else:
            text = ", ".join(value) if isinstance(value, list) else value or ""
            page.write_string(row, index, text, formats["given"])


def _guard(page: Worksheet, last_row: int) -> None:
    """Offer the outcomes, check the days, and lock what is not to be changed."""
    columns = {column.heading: index for index, column in enumerate(COLUMNS)}
    first, outcome = HEADER_ROW + 1, columns["Outcome"]
    page.data_validation(
        first, outcome, last_row, outcome, {"validate": "list", "source": list(OUTCOMES)}
    )
    for heading in DAYS:
        page.data_validation(first, columns[heading], last_row, columns[heading], A_DAY)
    page.freeze_panes(first, 2)
    page.protect(
        "", {"sort": True, "autofilter": True, "format_rows": True, "format_columns": True}
    )
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
