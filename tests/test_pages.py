from __future__ import annotations

from datetime import date
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from loopback.actions import Item
from loopback.errors import LoopbackError
from loopback.figures import Numbers, Tallied
from loopback.followups import Promise
from loopback.languages import Languages, templates_folder
from loopback.pages import Pages, dial
from loopback.people import People, Person
from loopback.rollups import Alert, OwnerLine, Silent
from loopback.stories import Pair, Story
from tests.drawn import ANNA, STORY, UNNAMED, call, rollup, sheet
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
    people = People([ANNA._replace(name=name)])
    return Pages(folder, company, 12, people, Languages(folder))


def read(pages: Pages, drawn: Sheet) -> Reader:
    return Reader(pages.html(drawn))


def as_html_reads(text: str) -> str:
    """Return a text as every HTML parser hands it on: one kind of line end, no NUL."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def filled(text: str, count: int = 1) -> Sheet:
    """Return the sheet of a manager in which a text stands wherever people or customers write."""
    day = date(2026, 11, 1)
    promise = Promise("anna", text, text, text, day)
    one = call(
        name=text,
        comment=text,
        customer_id=text,
        person=text,
        role=text,
        phone=text,
        email=text,
        preferred_time=text,
        segment=text,
        value_class=text,
        reasons=[text],
        owner=text,
        previous=4,
        previous_month="2026-05",
        previous_comment=text,
        more={text: text},
        called_on=day,
        outcome=text,
        note=text,
        promises=[promise],
        flags=[text],
    )
    story = Story(text, "promoter", text, 9, text, "2026-10", 9)
    silent = Silent(text, text, text, 1.0, "A", day)
    return sheet(
        *[one] * count,
        person=Person("anna", text, None, None, None, None, None),
        copies=[text],
        made=[one],
        unnamed=[one._replace(unnamed=True)],
        promises=[promise],
        silent=[silent],
        items=[Item("anna", "A-1", text, text, day, text, text)],
        stories=Pair(story, story),
        tally=[Tallied(text, 1, text)],
        rollup=rollup(
            alerts=[Alert(text, [one], 2)],
            quiet=[silent],
            quiet_more=3,
            owners=[OwnerLine(text, text, 1, 1, 1, 1, 0)],
            stories=Pair(story, story),
        ),
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
    assert found.text("said") == [as_html_reads(string) for string in strings]


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


def test_a_phone_can_be_dialled_where_it_is_a_number(pages: Pages) -> None:
    drawn = sheet(call(phone="+44 (0)20 7946 0999"), call(phone="ask Ida 12345"))

    links = [dict(a)["href"] for tag, a in read(pages, drawn).elements if tag == "a"]

    assert links == ["tel:+442079460999"]


@pytest.mark.parametrize("string", ["javascript:alert(1)", "1;ext=%0a", "+1x2", "12"])
def test_what_is_no_number_is_no_link(string: str) -> None:
    assert dial(string) == ""


def test_only_digits_are_ever_dialled() -> None:
    assert {letter for string in hostile() for letter in dial(string)} <= set("+0123456789")


def test_the_calls_come_first_and_the_numbers_last(pages: Pages) -> None:
    drawn = sheet(
        call(),
        made=[call(name="Dahlia", called_on=date(2026, 11, 21), outcome="reached")],
        unnamed=[call(**UNNAMED)],
        promises=[Promise("anna", "C-5", "Elm", "a new gate", date(2026, 11, 1))],
        silent=[Silent("anna", "C-2", "Birch Tools", None, None, date(2026, 11, 1))],
        items=[Item("anna", "A-1", "a second van", "anna", date(2026, 12, 1), "declined", "dear")],
        stories=Pair(STORY, STORY._replace(category="detractor", score=2)),
        tally=[Tallied("Speed", 1, "late")],
        rollup=rollup(
            alerts=[Alert("low_again", [call()], 0)],
            owners=[OwnerLine("Anna Berg", "anna", 2, 1, 2, 1, 0)],
        ),
        pool=Numbers(2, 1, 1, 1, 0, 0, -100.0, -100.0, 29.9),
    )

    assert read(pages, drawn).text("h2") == [
        "Your calls",
        "For every call",
        "Said without a name",
        "Already called",
        "What needs you",
        "Calls made, by owner",
        "What they talk about",
        "Promises still open",
        "Not heard from yet",
        "What became of what your customers raised",
        "Two voices from your customers",
    ]
    [foot] = read(pages, drawn).text("foot inset")
    assert "from \N{MINUS SIGN}100 to +30 fits" in " ".join(foot.split())
    text = pages.text(drawn)
    assert text.index("YOUR CALLS (1)") < text.index("WHAT NEEDS YOU") < text.index("NPS of the")


def test_a_sheet_without_answers_in_the_pool_shows_no_score(pages: Pages) -> None:
    drawn = sheet(call())

    assert "NPS" not in read(pages, drawn).whole
    assert "NPS" not in pages.text(drawn)


@pytest.mark.parametrize(
    ("count", "heading"),
    [
        (0, "What your customers said"),
        (1, "1 customer answered. Please call."),
        (2, "2 customers answered. Please call every one of them."),
    ],
)
def test_the_heading_says_how_many_to_call(pages: Pages, count: int, heading: str) -> None:
    assert read(pages, sheet(*[call()] * count)).text("h1") == [heading]


def test_the_head_counts_and_names_who_gets_copies(pages: Pages) -> None:
    drawn = sheet(call(), copies=["Carla Dahl", "Erik Moe"], this_month=Numbers(12, 4, 4))

    found = read(pages, drawn)

    assert found.text("figure") == ["12", "4", "0", "1"]
    assert "Copies go to Carla Dahl, Erik Moe." in found.whole


def test_a_card_shows_what_the_caller_needs(pages: Pages) -> None:
    drawn = sheet(
        call(
            new=True,
            contact=True,
            flags=["contact", "my own rule"],
            previous=9,
            previous_month="2026-05",
            previous_comment="all fine",
            month="2026-10",
            preferred_time="mornings",
            value_class="A",
            more={"Route": "7", "Depot": None},
            promises=[
                Promise("anna", "C-1", "Ahorn", "mend the gate", date(2026, 11, 20)),
                Promise("anna", "C-1", "Ahorn", "a visit", None),
            ],
            called_on=date(2026, 11, 21),
            outcome="message",
        )
    )

    text = pages.text(drawn)

    card = text[text.index("[3]") : text.index("FOR EVERY CALL")]
    assert [line.strip() for line in card.splitlines() if line.strip()] == [
        "[3] Ahorn Mill (C-1) *new*",
        "! Wishes to be called, my own rule",
        "Ida Ahorn - buyer - +49 1 - mill@ahorn.example",
        "Prefers: mornings",
        "Call by Wed 25 Nov",
        "“late again”",
        "Last time, May 2026: 9",
        "“all fine”",
        "Promised for Fri 20 Nov: mend the gate (overdue)",
        "Promised: a visit",
        "Sat 21 Nov: Left a message",
        "Route: 7",
        "Speed - Value class A - asked in October 2026",
    ]
    seen = " ".join(read(pages, drawn).whole.split())
    for words in ("Ida Ahorn, buyer", "Prefers: mornings", "mend the gate", "Route: 7", "all fine"):
        assert words in seen
    assert read(pages, drawn).text("flag") == ["new", "Wishes to be called", "my own rule"]


def test_a_day_that_has_passed_is_said_to_have(pages: Pages) -> None:
    drawn = sheet(call(call_by=date(2026, 11, 20)))

    assert read(pages, drawn).text("overdue") == ["Was due Fri 20 Nov"]
    assert "Was due Fri 20 Nov" in pages.text(drawn)


def test_who_is_not_to_be_named_is_a_customer_and_no_more(pages: Pages) -> None:
    drawn = sheet(unnamed=[call(**UNNAMED)])

    found = read(pages, drawn)

    assert found.text("name") == ["A customer"]
    assert found.text("contact") == [""]
    assert found.text("h1") == ["Your customers answered without a name."]


def test_a_card_without_words_asks_for_them(pages: Pages) -> None:
    drawn = sheet(call(comment=None, score=8, category="passive", person=None, role=None))

    found = read(pages, drawn)

    assert found.text("said") == []
    assert found.text("quiet") == ["No comment. Ask what is behind the 8."]
    assert "No comment. Ask what is behind the 8." in pages.text(drawn)


def test_a_comment_keeps_its_lines(pages: Pages) -> None:
    assert read(pages, sheet(call(comment="one\n\ntwo"))).text("said") == ["one\n\ntwo"]


def test_a_manager_reads_whose_customer_it_is(pages: Pages) -> None:
    told = [Alert("contact", [call(), call(owner="zoe")], 0)]
    drawn = sheet(rollup=rollup(alerts=told))

    for form in (read(pages, drawn).whole, pages.text(drawn)):
        assert "Held by Anna Berg" in form
        assert "Held by zoe" in form


def test_where_nothing_stands_out_a_manager_is_told_so(pages: Pages) -> None:
    assert "Nothing stands out this month." in pages.html(sheet(rollup=rollup()))


def test_many_owners_are_shown_by_their_teams(pages: Pages) -> None:
    line = OwnerLine("Anna Berg", "anna", 2, 1, 2, 1, 0)
    drawn = sheet(rollup=rollup(owners=[line], teams=[line._replace(name="The north")]))

    assert "The north" in pages.html(drawn)
    assert "Anna Berg" not in read(pages, drawn).text("who")


def test_the_styles_are_at_the_elements_for_mail_programs(pages: Pages) -> None:
    elements = read(pages, sheet(call())).elements

    scores = [dict(attrs) for _, attrs in elements if dict(attrs).get("class") == "score detractor"]
    assert len(scores) == 1
    assert "background-color" in (scores[0]["style"] or "")


def test_what_cannot_stand_at_an_element_stays_in_the_page(pages: Pages) -> None:
    page = pages.html(sheet(call()))

    assert "@media (prefers-color-scheme: dark)" in page
    assert "@media (max-width: 520px)" in page
    assert "<!--[if mso]>" in page


def test_a_page_of_many_calls_is_not_cut_by_mail_programs(pages: Pages) -> None:
    calls = [call(comment="word " * 60, previous=4, previous_month="2026-05")] * 25

    assert len(pages.html(sheet(*calls)).encode()) < 102_000


def test_a_page_asks_for_nothing_from_elsewhere(pages: Pages) -> None:
    page = pages.html(filled("x"))

    assert "http" not in page
    assert "url(" not in page
    tags = {tag for tag, _ in Reader(page).elements}
    assert not tags & {"script", "img", "link", "iframe", "object", "a", "form", "svg"}


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
    ("template", "line"),
    [
        ("{{ sheet.nonsense }}", 1),
        ("a\n{% if %}", 2),
        ("a\n\n{{ ''.__class__.mro() }}", 3),
        ("{{ 10 ** 9 }}", 1),
        ("{{ 'a' * 999999999 }}", 1),
        ("{{ [].append(1) }}", 1),
        ("a\n{% autoescape false %}{% endautoescape %}", 2),
        ("{{ sheet.month | safe }}", 1),
        ("{{ say('no.such.text') }}", 1),
        ("{{ say('calls.by') }}", 1),
        ("a\n{% include 'missing.j2' %}", 2),
        ("{{ 1 / 0 }}", 1),
    ],
)
@pytest.mark.parametrize("form", ["txt", "html"])
def test_a_template_of_the_workspace_with_a_mistake_is_named_with_its_line(
    tmp_path: Path, template: str, line: int, form: str
) -> None:
    (tmp_path / f"sheet.{form}.j2").write_text(template, encoding="utf-8")
    drawn = sheet(call())

    with pytest.raises(LoopbackError) as raised:
        _ = (pages_of(tmp_path).text(drawn), pages_of(tmp_path).html(drawn))

    [problem] = raised.value.problems
    assert problem.where == f"templates/sheet.{form}.j2, line {line}"
    assert problem.what.startswith("a template with a mistake: ")
    assert "Mend the template" in problem.mend


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ("{{ '-' * 999 }}", "the page has no end"),
        ("{% for b in range(9999) %}{% endfor %}", "range makes too many turns"),
    ],
)
def test_a_template_without_an_end_is_stopped(tmp_path: Path, inside: str, what: str) -> None:
    endless = f"{{% for a in range(99999) %}}{inside}{{% endfor %}}"
    (tmp_path / "sheet.txt.j2").write_text(endless, encoding="utf-8")

    with pytest.raises(LoopbackError, match=what):
        pages_of(tmp_path).text(sheet(call()))


def test_a_part_of_the_workspace_with_a_mistake_is_named(tmp_path: Path) -> None:
    broken = "{% macro heading(text, note) %}\n{{ nonsense }}{% endmacro %}"
    (tmp_path / "parts.html.j2").write_text(broken, encoding="utf-8")

    with pytest.raises(LoopbackError, match=r"parts\.html\.j2, line 2"):
        pages_of(tmp_path).html(sheet(call()))


def test_what_a_template_of_the_workspace_shows_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "sheet.html.j2").write_text("<p>{{ sheet.month }}</p>", encoding="utf-8")

    assert "&lt;b&gt;" in pages_of(tmp_path).html(sheet(call(), month="<b>"))


@pytest.mark.parametrize("code", ["en", "de", "da", "fr", "es"])
def test_a_sheet_is_in_the_language_of_its_reader(tmp_path: Path, code: str) -> None:
    language = Languages(tmp_path).of(code)
    drawn = sheet(call(), person=ANNA._replace(language=code), rollup=rollup(), silent=[])
    pages = pages_of(tmp_path)

    page = pages.html(drawn)

    assert f'<html lang="{code}"' in page
    for form in (Reader(page).whole, pages.text(drawn)):
        assert language.say("calls.by", day=language.day(date(2026, 11, 25))) in form
        assert language.every("guide.steps")[1] in " ".join(form.split())
    assert pages.subject(drawn) == language.say(
        "mail.subject", n=1, company="Acme", month=language.month("2026-11")
    )


def test_a_template_of_the_workspace_fetches_nothing(tmp_path: Path) -> None:
    style = tmp_path / "remote.css"
    style.write_text("p { color: #123456 }", encoding="utf-8")
    link = f'<link rel="stylesheet" href="{style.as_uri()}"><p>{{{{ sheet.month }}}}</p>'
    (tmp_path / "sheet.html.j2").write_text(link, encoding="utf-8")

    page = pages_of(tmp_path).html(sheet(call()))

    assert "2026-11" in page
    assert "123456" not in page


def test_the_templates_of_loopback_are_found() -> None:
    assert (templates_folder() / "sheet.html.j2").is_file()
    assert (templates_folder() / "sheet.txt.j2").is_file()
