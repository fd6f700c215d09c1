"""A sheet on paper: its words, where they stand, and nothing in it that acts."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pypdf
import pytest

from loopback.languages import Languages
from loopback.pages import Pages
from loopback.paper import Printer, tree
from loopback.people import People
from tests.conftest import SETTINGS, TODAY, Said, answer, build
from tests.drawn import ANNA, call, sheet
from tests.hostile import HEADERS, hostile

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback.sheets import Sheet

PDF = SETTINGS + "\n[sheets]\npdf = true\n"


@pytest.fixture(scope="module")
def printer() -> Printer:
    return Printer()


def page(shown: Sheet) -> str:
    nowhere = Path("nowhere")
    return Pages(nowhere, "Acme", 12, People([ANNA]), Languages(nowhere)).html(shown)


def printed(printer: Printer, shown: Sheet) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(printer.pdf(page(shown), "en")))


def words(read: pypdf.PdfReader) -> str:
    return " ".join(" ".join(one.extract_text().split()) for one in read.pages)


def test_a_page_is_read_as_elements_and_texts_without_what_is_not_seen() -> None:
    html = """<head><title>x</title></head><style>p { }</style>
      <div class="hidden">unseen</div>
      <p class="note pale">Call <b class="n">her</b>
         today</p>
      <table width="50%"><tr><td><div class="said">two
lines</div></td></tr></table>"""

    note, table = tree(html)

    assert note == {
        "tag": "p",
        "classes": ["note", "pale"],
        "inside": ["Call ", {"tag": "b", "classes": ["n"], "inside": ["her"]}, " today"],
    }
    assert isinstance(table, dict)
    assert table["width"] == "50%"
    [[said]] = [cell["inside"] for row in table["inside"] for cell in row["inside"]]
    assert said["inside"] == ["two", {"tag": "br", "classes": [], "inside": []}, "lines"]


def test_only_a_number_to_dial_is_a_link() -> None:
    phone, page = tree('<a href="tel:+491">1</a><a href="https://x.example">2</a>')

    assert isinstance(phone, dict)
    assert isinstance(page, dict)
    assert (phone["href"], page.get("href")) == ("tel:+491", None)


def test_the_sheet_on_paper_says_what_the_page_says(printer: Printer) -> None:
    comment = "Zu spät — schon wieder.\nÆrligt talt: *sorry* #1 $5 @you [x] <b>"
    shown = sheet(call(comment=comment, person="Søren Ågård"), call(score=10, name="Birke AG"))

    said = words(printed(printer, shown))

    assert "Zu spät — schon wieder. Ærligt talt: *sorry* #1 $5 @you [x] <b>" in said
    assert said.index("Søren Ågård") < said.index("Birke AG") < said.index("The numbers, last")


def test_many_calls_take_many_pages_and_a_comment_longer_than_a_page_is_whole(
    printer: Printer,
) -> None:
    long = " ".join(f"word{number}" for number in range(3000))

    read = printed(printer, sheet(*(call() for _ in range(20)), call(comment=long)))

    assert len(read.pages) > 5
    assert set(long.split()) <= set(words(read).split())
    assert "1 / " in read.pages[0].extract_text()


def test_no_hostile_string_acts_on_paper(printer: Printer) -> None:
    strings = [*HEADERS, *hostile()[::10]]
    cards = [call(name=text, comment=text, person=text, phone=text) for text in strings]

    made = printer.pdf(page(sheet(*cards)), "en")

    links = [
        note.get_object().get("/A", {}).get("/URI", "nowhere")
        for one in pypdf.PdfReader(BytesIO(made)).pages
        for note in one.get("/Annots", [])
    ]
    assert [link for link in links if not link.startswith("tel:")] == []
    acting = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/SubmitForm", b"/OpenAction")
    assert [word for word in acting if word in made] == []


def test_the_same_page_gives_the_same_bytes(printer: Printer) -> None:
    html = page(sheet(call()))

    assert printer.pdf(html, "de") == Printer().pdf(html, "de")


def test_the_pdf_lies_beside_the_sheet_and_comes_with_the_mail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Said]
) -> None:
    acme = build(tmp_path / "acme", settings=PDF)
    monkeypatch.chdir(acme)
    run("sample", "--today", TODAY)
    run("ingest", answer(acme, "C-1,2026-11-20,3,late again"), "--today", TODAY)

    run("route", "--today", TODAY)

    [path] = (acme / "out" / "2026-11" / "sheets").glob("anna-berg-*.pdf")
    assert "late again" in words(pypdf.PdfReader(path))
    [mail] = [p for p in (acme / "outbox").rglob("*.eml") if "anna" in p.name]
    assert b"Content-Type: application/pdf" in mail.read_bytes()


def test_without_the_extra_check_and_route_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[..., Said]
) -> None:
    monkeypatch.chdir(build(tmp_path / "acme", settings=PDF))
    monkeypatch.setitem(sys.modules, "typst", None)
    run("sample", "--today", TODAY)
    export = answer(tmp_path / "acme", "C-1,2026-11-20,3,late again")
    run("ingest", export, "--today", TODAY)

    for command in ("check", "route"):
        said = run(command, "--today", TODAY, expect=1)
        assert "pip install 'loopback-nps[pdf]'" in said.err
