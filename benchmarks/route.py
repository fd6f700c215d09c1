"""Where the time of `loopback route` goes, beside bare loops that do the same work by hand.

A made-up company is lived for a few months; then the sheets of the last are made: from ledger to
sheets, HTML, text, workbook and mail. Beside each stands the loop that only fills a Jinja template,
writes a workbook or composes a message with the same content. CPU seconds, best of the rounds.

    .venv/bin/python benchmarks/route.py [--owners 2000]
"""

from __future__ import annotations

import argparse
import io
import resource
import tempfile
import time
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import xlsxwriter
from jinja2 import Environment

from loopback.clock import Clock, clock_of
from loopback.demo import company as made_up
from loopback.demo.year import demo
from loopback.languages import Languages
from loopback.mail import message
from loopback.pages import Pages
from loopback.sheets import Sheet, sheets
from loopback.steps.rendering import material
from loopback.workbooks import AS_TEXT, workbook
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

TODAY = clock_of(date(2026, 11, 22))
ROUNDS = 3
T = TypeVar("T")
XLSX = "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BARE = """<html><body><h1>{{ s.person.name }}</h1>{% for c in s.calls + s.made %}<table><tr><td>
{{ c.score }}</td><td>{{ c.name }}<br>{{ c.person }} {{ c.phone }} {{ c.email }}
<p>{{ c.comment }}</p>
{{ c.reasons | join(", ") }} {{ c.previous }} {{ c.previous_comment }}</td></tr></table>{% endfor %}
<p>{{ s.silent | map(attribute="name") | join(", ") }}</p></body></html>"""


def main() -> None:
    """Live the months, then time the work part by part."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--owners", type=int, default=made_up.OWNERS)
    options.add_argument("--customers", type=int, default=12_000)
    options.add_argument("--months", type=int, default=3)
    asked = options.parse_args()
    made_up.OWNERS = asked.owners
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "demo"
        demo(where, 1, asked.months, asked.customers, TODAY)
        measure(Workspace(where), TODAY)


def measure(workspace: Workspace, clock: Clock) -> None:
    """Print the table of one workspace."""
    month, languages = clock.month, Languages(workspace.path("templates"))
    pages = Pages(workspace.path("templates"), "Acme", 12, workspace.people, languages)
    made, cut = best(lambda: sheets(material(workspace, month, clock)))
    html, page = best(lambda: [pages.html(sheet) for sheet in made])
    text, plain = best(lambda: [pages.text(sheet) for sheet in made])
    books, book = best(
        lambda: [
            workbook(sheet, "Acme", clock.now, languages.of(sheet.person.language))
            for sheet in made
        ]
    )
    letters = [
        message.Letter("A", "a@acme.example", "s", t, h, {"calls.xlsx": b}, str(n))
        for n, (t, h, b) in enumerate(zip(text, html, books, strict=True))
    ]
    sender = "Feedback <feedback@acme.example>"
    _, mail = best(lambda: [message.compose(letter, sender, clock.now) for letter in letters])
    bare = Environment(autoescape=True).from_string(BARE)
    _, bare_page = best(lambda: [bare.render(s=sheet) for sheet in made])
    _, bare_book = best(lambda: [bare_workbook(sheet) for sheet in made])
    _, bare_mail = best(lambda: [bare_message(letter) for letter in letters])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    calls = sum(len(sheet.calls) for sheet in made)
    print(f"{len(made)} sheets, {calls} calls, {peak} MB at most; CPU seconds, best of {ROUNDS}")
    print(f"{'part':<24}{'route':>8}{'bare':>8}{'ratio':>8}")
    for name, ours, theirs in (
        ("from ledger to sheets", cut, None),
        ("HTML", page, bare_page),
        ("text", plain, None),
        ("workbook", book, bare_book),
        ("mail", mail, bare_mail),
        ("together", cut + page + plain + book + mail, bare_page + bare_book + bare_mail),
    ):
        beside = f"{theirs:>8.2f}{ours / theirs:>8.1f}" if theirs else ""
        print(f"{name:<24}{ours:>8.2f}{beside}")


def best(work: Callable[[], T]) -> tuple[T, float]:
    """Return what some work gives, and the CPU seconds of its fastest round."""
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        result = work()
        taken.append(time.process_time() - begun)
    return result, min(taken)


def bare_workbook(sheet: Sheet) -> bytes:
    """Write the same cells without formats, checks or protection."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, AS_TEXT) as book:
        page = book.add_worksheet()
        for row, call in enumerate([*sheet.calls, *sheet.made]):
            cells = (call.score, call.name, call.person, call.role, call.phone, call.comment)
            page.write_row(row, 0, [*cells, ", ".join(call.reasons), call.previous, call.mark])
    return content.getvalue()


def bare_message(letter: message.Letter) -> bytes:
    """Compose the same message without a look at what came out."""
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "f@acme.example", letter.to_address, letter.subject
    mail.set_content(letter.text)
    mail.add_alternative(letter.html, subtype="html")
    for name, content in letter.attachments.items():
        mail.add_attachment(content, maintype="application", subtype=XLSX, filename=name)
    return mail.as_bytes()


if __name__ == "__main__":
    main()
