"""Sheets in a real browser: nothing that anyone wrote may act."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback.languages import Languages
from loopback.pages import Pages
from loopback.people import People
from tests.drawn import ANNA, call, sheet
from tests.hostile import hostile

if TYPE_CHECKING:
    from collections.abc import Iterator

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

PLACES = ("name", "comment", "person", "role", "phone", "email", "segment", "previous_comment")
# Stands before all else: what acts is counted, and everything is touched once it is there.
WATCH = """<script>
const acted = [];
for (const name of ["alert", "confirm", "prompt", "print", "open", "fetch", "eval"])
  window[name] = () => acted.push(name);
addEventListener("load", () => {
  const all = [...document.querySelectorAll("*")];
  for (const element of all)
    for (const name of ["click", "mouseover", "focus", "error", "load", "toggle", "pointerover"])
      element.dispatchEvent(new Event(name));
  const handlers = all.filter(e => [...e.attributes].some(a => a.name.startsWith("on")));
  const links = all.filter(e => /^\\s*(javascript|data|vbscript):/i.test(e.getAttribute("href")));
  const found = [acted.length, document.scripts.length - 1, handlers.length, links.length];
  document.documentElement.setAttribute("data-found", found.join(" "));
});
</script>"""


def looked_at(page: str, folder: Path) -> list[int]:
    """Return what a browser finds: calls that acted, scripts, handlers, links that would act."""
    path = folder / "page.html"
    path.write_text(WATCH + page, encoding="utf-8")
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-sync", "--disable-component-update"),
        *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"),
    ]
    shown = subprocess.run([*command, path.as_uri()], check=True, capture_output=True, text=True)
    found = re.search(r'data-found="([\d ]+)"', shown.stdout)
    assert found, shown.stderr[-2000:]
    return [int(number) for number in found[1].split()]


def dealt(strings: list[str]) -> Iterator[dict[str, str]]:
    """Deal the strings out to the places of a card, as many cards as it takes."""
    for at in range(0, len(strings), len(PLACES)):
        yield dict(zip(PLACES, strings[at : at + len(PLACES)], strict=False))


def test_no_hostile_string_acts_in_a_browser(tmp_path: Path) -> None:
    cards = [call(**fields, previous=3, previous_month="2026-05") for fields in dealt(hostile())]
    worst = "</title><script>alert(1)</script>"
    person = ANNA._replace(name=worst)
    pages = Pages(Path("nowhere"), worst, 12, People([person]), Languages(Path("nowhere")))

    page = pages.html(sheet(*cards, person=person, copies=[worst]))

    assert looked_at(page, tmp_path) == [0, 0, 0, 0]


def test_the_same_strings_act_where_they_are_not_escaped(tmp_path: Path) -> None:
    raw = "<p>".join(string for string in hostile() if "onerror" in string or "<a" in string)

    acted, _, handlers, links = looked_at(raw, tmp_path)

    assert acted > 0
    assert handlers > 0
    assert links > 0
