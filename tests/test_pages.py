from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from loopback.errors import LoopbackError
from loopback.pages import Pages, templates_folder
from loopback.people import People, Person
from loopback.sheets import Numbers, OwnerLine, Silent, Tallied
from tests.drawn import ANNA, call, sheet
from tests.hostile import hostile

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.sheets import Sheet

MARK = "\N{PILCROW SIGN}"
VOID = {"meta", "br", "link", "img", "input"}
Element = tuple[str, tuple[tuple[str, str | None], ...]]


class Reader(HTMLParser):
    """Reads a page as a mail program would: its elements, and the text in each class."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.texts: list[tuple[str, list[str]]] = []
        self._open: list[int] = []
        self.feed(page)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(attrs)))
        if tag not in VOID:
            self._open.append(len(self.texts))
            self.texts.append((dict(attrs).get("class") or tag, []))

    @override
    def handle_endtag(self, tag: str) -> None:
        assert tag not in VOID
        self._open.pop()

    @override
    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][1].append(data)

    def text(self, name: str) -> list[str]:
        return ["".join(parts) for found, parts in self.texts if found == name]

    @property
    def whole(self) -> str:
        return "".join(part for _, parts in self.texts for part in parts)


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return pages_of(tmp_path)


def pages_of(folder: Path, company: str = "Acme", name: str = "Anna Berg") -> Pages:
    return Pages(folder, company, 12, People([ANNA._replace(name=name)]))


def read(pages: Pages, drawn: Sheet) -> Reader:
    return Reader(pages.html(drawn))


def as_html_reads(text: str) -> str:
    """Return a text as every HTML parser hands it on: one kind of line end, no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def filled(text: str, count: int = 1) -> Sheet:
    """Return the sheet of a manager in which a text stands wherever people or customers write."""
    one = call(
        name=text,
        comment=text,
        customer_id=text,
        person=text,
        role=text,
        phone=text,
        email=text,
        segment=text,
        reasons=[text],
        owner=text,
        month=text,
    )
    return sheet(
        *[one] * count,
        person=Person("anna", text, None, None, None, None, None),
        copies=[text],
        leads=True,
        unhappy=[one],
        happy=[one],
        silent=[Silent(text, text, text)],
        owners=[OwnerLine(text, Numbers(1, 1, 1, 1, 0, 0, -100.0, -100.0, 30.0), 1)],
        tally=[Tallied(text, 1, text)],
    )


def test_no_string_adds_an_element_or_an_attribute_and_each_is_read_as_it_was_written(
    pages: Pages,
) -> None:
    strings = [string for string in hostile() if string.strip()]
    naughty = [call(name=s, comment=s, person=s, segment=s, reasons=[s]) for s in strings]
    harmless = [call(name="x", comment="x", person="x", segment="x", reasons=["x"])] * len(strings)

    found = read(pages, sheet(*naughty))

    assert found.elements == read(pages, sheet(*harmless)).elements
    assert found.text("name") == [as_html_reads(string) for string in strings]
    assert found.text("blockquote") == [as_html_reads(string) for string in strings]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' onmouseover='alert(1)",
        "</style></title></head><body onload=alert(1)>",
        "<!-- -->",
        "&lt;b&gt; &amp; &#60;",
        "]]>",
        "{{ 7 * 7 }}{% raw %}{# x #}",
        "javascript:alert(1)",
    ],
)
def test_no_place_in_a_sheet_takes_markup(tmp_path: Path, text: str) -> None:
    found = read(pages_of(tmp_path, company=text), filled(text))

    harmless = read(pages_of(tmp_path, company=MARK), filled(MARK))
    assert found.elements == harmless.elements
    assert found.whole == harmless.whole.replace(MARK, text)


def test_a_text_sheet_holds_the_words_as_they_are(pages: Pages) -> None:
    strings = [string for string in hostile() if string.strip()]

    text = pages.text(sheet(*(call(name=string, comment=None) for string in strings)))

    assert [string for string in strings if f"[3] {string} (C-1)" not in text] == []


def test_the_calls_come_first_and_the_numbers_last(pages: Pages) -> None:
    drawn = sheet(
        call(),
        leads=True,
        unhappy=[call()],
        happy=[call(score=10, category="promoter")],
        silent=[Silent("anna", "C-2", "Birch Tools")],
        owners=[OwnerLine("Anna Berg", Numbers(2, 1, 1, 1), 1)],
        tally=[Tallied("Speed", 1, "late")],
        pool=Numbers(2, 1, 1, 1, 0, 0, -100.0, -100.0, 29.9),
    )

    assert read(pages, drawn).text("h2") == [
        "Your calls",
        "The least happy below you",
        "A customer worth listening to",
        "Calls to make, by owner",
        "What they talk about",
        "Not heard from yet",
    ]
    [foot] = read(pages, drawn).text("foot")
    assert "from \N{MINUS SIGN}100 to +30 fits" in " ".join(foot.split())
    text = pages.text(drawn)
    assert text.index("YOUR CALLS (1)") < text.index("THE LEAST HAPPY") < text.index("NPS of the")


def test_a_sheet_without_answers_in_the_pool_shows_no_score(pages: Pages) -> None:
    drawn = sheet(call())

    assert "NPS" not in "".join(read(pages, drawn).text("foot"))
    assert "NPS" not in pages.text(drawn)


@pytest.mark.parametrize(
    ("count", "heading"),
    [
        (0, "Anna Berg, this is what the customers below you said."),
        (1, "Anna Berg, 1 customer answered. Please call this one."),
        (2, "Anna Berg, 2 customers answered. Please call every one of them."),
    ],
)
def test_the_heading_says_how_many_to_call(pages: Pages, count: int, heading: str) -> None:
    assert read(pages, sheet(*[call()] * count)).text("h1") == [heading]


def test_a_card_shows_what_the_caller_needs(pages: Pages) -> None:
    drawn = sheet(call(new=True, previous=9, month="2026-10"))

    found = read(pages, drawn)

    assert found.text("number") == ["3"]
    assert found.text("name") == ["Ahorn Mill "]
    assert found.text("new") == ["new"]
    assert found.text("contact") == ["Ida Ahorn · buyer · +49 1 · mill@ahorn.example"]
    assert found.text("blockquote") == ["late again"]
    [small] = found.text("small")
    assert " ".join(small.split()) == "Speed · last time 9 · large · asked in 2026-10 · C-1"
    text = pages.text(drawn)
    assert "[3] Ahorn Mill (C-1) *new*" in text
    assert "Speed - last time 9 - asked in 2026-10" in text


def test_a_card_without_words_asks_for_them(pages: Pages) -> None:
    drawn = sheet(call(comment=None, score=8, category="passive", person=None, role=None))

    found = read(pages, drawn)

    assert found.text("blockquote") == []
    assert found.text("quiet") == ["No comment: ask what is behind the 8."]
    assert found.text("contact") == ["+49 1 · mill@ahorn.example"]


def test_a_comment_keeps_its_lines(pages: Pages) -> None:
    assert read(pages, sheet(call(comment="one\n\ntwo"))).text("blockquote") == ["one\n\ntwo"]


def test_a_manager_reads_whose_customer_it_is(pages: Pages) -> None:
    found = read(pages, sheet(leads=True, unhappy=[call(), call(owner="zoe")]))

    assert [text.partition("held by ")[2] for text in found.text("contact")] == ["Anna Berg", "zoe"]


def test_the_styles_are_at_the_elements_for_mail_programs(pages: Pages) -> None:
    elements = read(pages, sheet(call())).elements

    cards = [dict(attrs) for tag, attrs in elements if dict(attrs).get("class") == "card detractor"]
    assert len(cards) == 1
    assert "border-left" in (cards[0]["style"] or "")


def test_a_page_asks_for_nothing_from_elsewhere(pages: Pages) -> None:
    page = pages.html(filled("x"))

    assert "http" not in page
    assert "url(" not in page
    tags = {tag for tag, _ in Reader(page).elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "a", "form"}


def test_the_same_sheet_gives_the_same_page(pages: Pages, tmp_path: Path) -> None:
    drawn = filled("x", 3)

    assert pages.html(drawn) == pages_of(tmp_path).html(drawn)
    assert pages.text(drawn) == pages_of(tmp_path).text(drawn)


def test_a_template_of_the_workspace_comes_before_ours(tmp_path: Path) -> None:
    (tmp_path / "sheet.txt.j2").write_text("Hello {{ sheet.person.name }}!", encoding="utf-8")

    pages = pages_of(tmp_path)

    assert pages.text(sheet(call())) == "Hello Anna Berg!"
    assert "Ahorn Mill" in pages.html(sheet(call()))


@pytest.mark.parametrize(
    "template", ["{{ sheet.nonsense }}", "{% if %}", "{{ ''.__class__.mro() }}"]
)
def test_a_template_of_the_workspace_with_a_mistake_is_named(tmp_path: Path, template: str) -> None:
    (tmp_path / "sheet.txt.j2").write_text(template, encoding="utf-8")

    with pytest.raises(LoopbackError, match=r"sheet\.txt\.j2"):
        pages_of(tmp_path).text(sheet(call()))


def test_a_template_of_the_workspace_fetches_nothing(tmp_path: Path) -> None:
    style = tmp_path / "style.css"
    style.write_text("p { color: #123456 }", encoding="utf-8")
    link = f'<link rel="stylesheet" href="{style.as_uri()}"><p>{{{{ sheet.month }}}}</p>'
    (tmp_path / "sheet.html.j2").write_text(link, encoding="utf-8")

    page = pages_of(tmp_path).html(sheet(call()))

    assert "2026-11" in page
    assert "123456" not in page


def test_the_templates_of_loopback_are_found() -> None:
    assert (templates_folder() / "sheet.html.j2").is_file()
    assert (templates_folder() / "sheet.txt.j2").is_file()
