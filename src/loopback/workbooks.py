"""Workbooks: tables as XLSX, and the calls of a sheet to fill in and send back."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple

import xlsxwriter
from xlsxwriter.utility import xl_range_abs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

    from loopback.calls import Call
    from loopback.languages import Language
    from loopback.sheets import Sheet

# Text stays text: a comment that begins with = must not become a formula, nor a link a link.
AS_TEXT = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
FORMAT = 1  # how the workbook is built, so that later versions can read this one back
ABOUT, LISTS = "loopback", "lists"
TITLE_ROW, HOW_ROW, HEADER_ROW = 0, 1, 3
LONGEST_CELL = 32_767
ROW_HEIGHT, LETTERS_A_LINE, MOST_LINES = 16, 46, 12
INK, GREY, LINE, HEAD = "#17232D", "#EEF1F4", "#C3CED8", "#12414F"
COLOURS = {
    "detractor": ("#FBE6E2", "#9C2A18"),
    "passive": ("#FCF0D3", "#735200"),
    "promoter": ("#DFF2E6", "#1A6340"),
}


class Column(NamedTuple):
    """A column of the calls: its text in the language files, its width, and what it is for."""

    key: str
    width: int
    given: bool = True


COLUMNS = (
    Column("by", 11),
    Column("score", 7),
    Column("customer", 25),
    Column("person", 18),
    Column("role", 13),
    Column("phone", 17),
    Column("preferred_time", 13),
    Column("comment", 46),
    Column("reasons", 18),
    Column("previous", 7),
    Column("previous_comment", 26),
    Column("promises", 24),
    Column("value_class", 7),
    Column("called_on", 12, given=False),
    Column("outcome", 18, given=False),
    Column("cause", 24, given=False),
    Column("note", 36, given=False),
    Column("promise", 30, given=False),
    Column("promised_for", 13, given=False),
    Column("id", 0),
)
DAYS = ("called_on", "promised_for")
AT = {column.key: number for number, column in enumerate(COLUMNS)}


class _Book(NamedTuple):
    """A workbook that is being written: its formats, and the words to write it in."""

    book: Workbook
    formats: dict[str, Format]
    words: Language

    def say(self, key: str, **values: object) -> str:
        return self.words.say(f"workbook.{key}", **values)


def workbook(
    sheet: Sheet, company: str, made: datetime, language: Language, causes: Sequence[str] = ()
) -> bytes:
    """Return the calls of a sheet as a workbook: what the owner fills in is open, the rest locked.

    The last column holds a mark for each response, hidden, and a hidden page says whose sheet of
    which month and version this is, so that it can be read back. A manager finds all owners on a
    page of their own. `causes` are root causes to choose from instead of ours.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, AS_TEXT) as plain:
        plain.set_properties({"title": f"{company} {sheet.month}", "created": made})
        book = _Book(plain, _formats(plain, language), language)
        calls = [*sheet.calls, *sheet.made]
        page = _write_calls(book, sheet, calls, company) if calls else None
        if sheet.rollup and sheet.rollup.owners:
            _write_owners(book, sheet, company)
        choices = {"outcome": language.section("outcomes"), "cause": _causes(causes, language)}
        _write_lists(book, choices)
        if page:
            _guard(book, page, len(calls), choices)
        _write_about(book, sheet)
    return content.getvalue()


def table_workbook(table: pl.DataFrame, name: str) -> bytes:
    """Return a table as a workbook, all text as text."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, AS_TEXT | {"remove_timezone": True}) as book:
        table.write_excel(book, worksheet=name, autofit=True)
    return content.getvalue()


def _formats(book: Workbook, language: Language) -> dict[str, Format]:
    base: dict[str, Any] = {"font_name": "Calibri", "font_size": 11, "font_color": INK}
    cell = base | {"text_wrap": True, "valign": "top", "border": 1, "border_color": LINE}
    day = {"num_format": language.say("form.cell"), "align": "left"}
    head = {"bold": True, "bg_color": HEAD, "font_color": "#FFFFFF", "valign": "vcenter"}
    given, free = cell | {"bg_color": GREY}, cell | {"locked": False}
    scores = {
        category: given | {"bg_color": back, "font_color": ink, "bold": True, "align": "center"}
        for category, (back, ink) in COLOURS.items()
    }
    looks = {
        "title": base | {"bold": True, "font_size": 15},
        "how": base | {"font_color": "#52616F"},
        "header": cell | head,
        "header_open": cell | head | {"bg_color": "#0B6478"},
        "given": given,
        "bold": given | {"bold": True},
        "given_day": given | day,
        "number": given | {"num_format": "0", "align": "center"},
        "open": free,
        "day": free | day,
        "step": base | {"text_wrap": True, "valign": "top", "font_size": 13},
        **scores,
    }
    return {name: book.add_format(look) for name, look in looks.items()}


def _write_calls(book: _Book, sheet: Sheet, calls: list[Call], company: str) -> Worksheet:
    """Write the page of the calls, and one that says how to make them."""
    page = book.book.add_worksheet(_page_name(book.say("calls")))
    month = book.words.month(sheet.month)
    title = book.say("title", company=company, month=month, name=sheet.person.name)
    _text(page, TITLE_ROW, 0, title, book.formats["title"])
    _text(page, HOW_ROW, 0, book.say("how"), book.formats["how"])
    page.set_row(HEADER_ROW, 2 * ROW_HEIGHT)
    for at, column in enumerate(COLUMNS):
        heading = book.say(column.key) if column.width else column.key
        look = "header" if column.given else "header_open"
        page.set_column(at, at, column.width or None, None, {} if column.width else {"hidden": 1})
        _text(page, HEADER_ROW, at, heading, book.formats[look])
    for row, call in enumerate(calls, start=HEADER_ROW + 1):
        page.set_row(row, _height(call))
        _write_given(book, page, row, call)
        _write_open(book, page, row, call)
    _write_guide(book)
    return page


def _write_given(book: _Book, page: Worksheet, row: int, call: Call) -> None:
    """Write what the owner reads of a call."""
    promises = "\n".join(one.promise for one in call.promises)
    texts = {
        "customer": call.name,
        "person": call.person,
        "role": call.role,
        "phone": call.phone,
        "preferred_time": call.preferred_time,
        "comment": call.comment,
        "reasons": book.words.listed(call.reasons),
        "previous_comment": call.previous_comment,
        "promises": promises,
        "value_class": call.value_class,
        "id": call.mark,
    }
    for key, text in texts.items():
        look = book.formats["bold" if key == "customer" else "given"]
        _text(page, row, AT[key], text or "", look)
    _day(page, row, AT["by"], call.call_by, book.formats["given_day"])
    page.write_number(row, AT["score"], call.score, book.formats[call.category])
    if call.previous is None:
        page.write_blank(row, AT["previous"], None, book.formats["number"])
    else:
        page.write_number(row, AT["previous"], call.previous, book.formats["number"])


def _write_open(book: _Book, page: Worksheet, row: int, call: Call) -> None:
    """Write the cells that the owner fills in, with what is known already."""
    outcomes, causes = book.words.section("outcomes"), book.words.section("causes")
    texts = {
        "outcome": outcomes.get(call.outcome or "", call.outcome),
        "cause": causes.get(call.cause or "", call.cause),
        "note": call.note,
        "promise": call.promise,
    }
    for key, text in texts.items():
        _text(page, row, AT[key], text or "", book.formats["open"])
    for key, day in zip(DAYS, (call.called_on, call.promised_for), strict=True):
        if day:
            _day(page, row, AT[key], day, book.formats["day"])
        else:
            page.write_blank(row, AT[key], None, book.formats["day"])


def _write_guide(book: _Book) -> None:
    page = book.book.add_worksheet(_page_name(book.say("guide")))
    page.hide_gridlines(2)
    page.set_column(0, 0, 4)
    page.set_column(1, 1, 80)
    _text(page, 0, 0, book.words.say("guide.heading"), book.formats["title"])
    for number, step in enumerate(book.words.every("guide.steps"), start=1):
        page.write_number(number + 1, 0, number, book.formats["step"])
        _text(page, number + 1, 1, step, book.formats["step"])
    page.protect()
    page.fit_to_pages(1, 1)


def _write_owners(book: _Book, sheet: Sheet, company: str) -> None:
    """Write the counts of every owner below a manager."""
    page = book.book.add_worksheet(_page_name(book.say("owners")))
    rollup = sheet.rollup
    lines = rollup.owners if rollup else []
    month = book.words.month(sheet.month)
    title = book.say("title", company=company, month=month, name=sheet.person.name)
    _text(page, TITLE_ROW, 0, title, book.formats["title"])
    keys = ("owner", "invited", "answered", "due", "made", "overdue")
    for at, key in enumerate(keys):
        page.set_column(at, at, 32 if at == 0 else 14)
        _text(page, HEADER_ROW, at, book.words.say(f"rollup.{key}"), book.formats["header"])
    for row, line in enumerate(lines, start=HEADER_ROW + 1):
        _text(page, row, 0, line.name, book.formats["bold"])
        counts = (line.invited, line.answered, line.due, line.made, line.late)
        for at, count in enumerate(counts, start=1):
            page.write_number(row, at, count, book.formats["number"])
    page.freeze_panes(HEADER_ROW + 1, 1)
    page.autofilter(HEADER_ROW, 0, HEADER_ROW + len(lines), len(keys) - 1)
    _set_up(page, landscape=False)


def _write_lists(book: _Book, choices: dict[str, dict[str, str]]) -> None:
    """Write what can be chosen, and the code of each choice, on a page that nobody sees."""
    page = book.book.add_worksheet(LISTS)
    for number, (name, texts) in enumerate(choices.items()):
        at = 2 * number
        page.write_string(0, at, name)
        for row, (code, text) in enumerate(texts.items(), start=1):
            _text(page, row, at, code, None)
            _text(page, row, at + 1, text, None)
    page.very_hidden()


def _write_about(book: _Book, sheet: Sheet) -> None:
    """Write what the workbook is, on a page that nobody sees."""
    page = book.book.add_worksheet(ABOUT)
    known = {
        "format": str(FORMAT),
        "person_id": sheet.person.person_id,
        "month": sheet.month,
        "version": sheet.version,
        "language": book.words.code,
    }
    for row, (key, value) in enumerate(known.items()):
        page.write_string(row, 0, key)
        _text(page, row, 1, value, None)
    page.very_hidden()


def _guard(book: _Book, page: Worksheet, calls: int, choices: dict[str, dict[str, str]]) -> None:
    """Offer the choices, check the days, and lock what is not to be changed."""
    first, last = HEADER_ROW + 1, HEADER_ROW + calls
    for number, (key, texts) in enumerate(choices.items()):
        source = f"={LISTS}!{xl_range_abs(1, 2 * number + 1, len(texts), 2 * number + 1)}"
        rule = {"validate": "list", "source": source, "error_title": book.say("pick_title")}
        rule |= {"error_message": book.say("pick")}
        page.data_validation(first, AT[key], last, AT[key], rule)
    for key in DAYS:
        page.data_validation(first, AT[key], last, AT[key], _a_day(book))
    page.freeze_panes(first, AT["customer"] + 1)
    allowed = {"sort": True, "autofilter": True, "format_rows": True, "format_columns": True}
    page.protect("", allowed)
    page.set_first_sheet()
    page.activate()
    _set_up(page, landscape=True)
    page.fit_to_pages(2, 0)  # what is given on one sheet of paper, what is filled in on the next
    page.repeat_columns(0, AT["customer"])


def _a_day(book: _Book) -> dict[str, Any]:
    message = book.say("day", example=book.words.say("form.cell_example"))
    return {
        "validate": "date",
        "criteria": ">=",
        "value": date(2000, 1, 1),
        "error_title": book.say("day_title"),
        "error_message": message,
    }


def _set_up(page: Worksheet, *, landscape: bool) -> None:
    """Set a page up for paper: A4, as wide as it is, the heading on each, numbered."""
    if landscape:
        page.set_landscape()
    page.set_paper(9)
    page.set_margins(0.4, 0.4, 0.5, 0.6)
    page.fit_to_pages(1, 0)
    page.repeat_rows(HEADER_ROW)
    page.set_footer("&R&P / &N")


def _causes(own: Sequence[str], language: Language) -> dict[str, str]:
    """Return the root causes to choose from by their codes; the own ones stand for themselves."""
    return {cause: cause for cause in own} if own else language.section("causes")


def _page_name(text: str) -> str:
    """Return a name that a page may bear: 31 letters, none of those with a meaning."""
    return "".join(letter for letter in text if letter not in "[]:*?/\\'")[:31] or "1"


def _text(page: Worksheet, row: int, column: int, text: str, look: Format | None) -> None:
    if text:
        page.write_string(row, column, text[:LONGEST_CELL], look)
    else:
        page.write_blank(row, column, None, look)


def _day(page: Worksheet, row: int, column: int, day: date, look: Format) -> None:
    page.write_datetime(row, column, datetime.combine(day, time()), look)


def _height(call: Call) -> float:
    """Return the height at which a comment can be read whole, to a limit."""
    said = call.comment or ""
    lines = sum(1 + len(line) // LETTERS_A_LINE for line in said.split("\n"))
    before = 1 + len(call.previous_comment or "") // (LETTERS_A_LINE // 2)
    return ROW_HEIGHT * min(max(lines, before, 2), MOST_LINES)
