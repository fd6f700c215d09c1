from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest

from loopback.funnel_plot import Dot, svg, text
from loopback.nps.counts import Counts
from loopback.nps.funnel import funnel
from tests.conftest import TODAY, Said, answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GROUPS = [Counts(5, 10, 15), Counts(3, 4, 13), Counts(30, 5, 5), Counts(0, 0, 1)]
NAMES = ["Anna", "Ben & <b>", "Carla", "Dora"]
SIDES = [None, None, "below", None]
DOTS = [
    Dot(name, int(group.n), group.nps, side)
    for name, group, side in zip(NAMES, GROUPS, SIDES, strict=True)
]
SPACE = "{http://www.w3.org/2000/svg}"


def test_the_picture_has_every_owner_and_names_those_outside() -> None:
    drawn = ET.fromstring(svg(DOTS, funnel(GROUPS), "NPS by <owner>"))  # noqa: S314 - our own

    assert len(drawn.findall(f"{SPACE}circle")) == 4
    words = [element.text for element in drawn.findall(f"{SPACE}text")]
    assert "Carla" in words
    assert "Anna" not in words
    hints = [circle.findtext(f"{SPACE}title") for circle in drawn.findall(f"{SPACE}circle")]
    assert "Ben & <b>: +50, 20 answers" in hints
    assert len(drawn.findall(f"{SPACE}polyline")) == 4


def test_the_picture_is_the_same_for_any_order_of_owners() -> None:
    found = funnel(GROUPS)

    assert svg(DOTS, found, "NPS") == svg(DOTS[::-1], found, "NPS")


def test_a_name_stands_left_of_its_dot_where_the_right_is_taken_or_outside() -> None:
    """Anna's name would run over Ben's dot, and Carla's out of the picture."""
    dots = [Dot("Anna", 20, 90.0, "above"), Dot("Ben", 24, 90.0, "above")]
    dots.append(Dot("Carla Winterbottom", 100, -90.0, "below"))

    drawn = ET.fromstring(svg(dots, funnel(GROUPS), "NPS"))  # noqa: S314 - our own

    names = {element.text: element.get("text-anchor") for element in drawn.iter(f"{SPACE}text")}
    assert (names["Anna"], names["Ben"], names["Carla Winterbottom"]) == ("end", None, "end")


def test_the_lines_of_text_show_every_place() -> None:
    lines = text(DOTS, funnel(GROUPS))

    plot = [line.partition("|")[2] for line in lines[:21]]
    assert sum(row.count("o") for row in plot) == 4
    assert lines[0].startswith(" +100")
    assert "Company" in lines[-1]


@pytest.mark.parametrize("dots", [[], [Dot("Anna", 1, 100.0, None)]])
def test_few_owners_are_no_mistake(dots: list[Dot]) -> None:
    found = funnel([Counts(0, 0, 1)])

    assert svg(dots, found, "NPS").startswith("<svg")
    assert text(dots, found)


@pytest.mark.parametrize(
    ("file", "start"), [("funnel.svg", b"<svg"), ("funnel.png", b"\x89PNG\r\n\x1a\n")]
)
def test_the_funnel_is_drawn_in_the_terminal_and_in_a_file(
    acme: Path, run: Callable[..., Said], file: str, start: bytes
) -> None:
    run("sample", "--today", TODAY)
    run("ingest", answer(acme, "C-1,2026-11-20,9,", "C-4,2026-11-20,3,"), "--today", TODAY)

    said = run("score", "--funnel", file, "--today", TODAY)
    here = run("score", "--funnel", "--by", "region", "--today", TODAY)

    assert "answers" in said.out
    assert (acme / file).read_bytes().startswith(start)
    assert "Company 0" in here.out


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--funnel", "plot.gif"], "cannot draw into this file"),
        (["--funnel", "--by", "month"], "a funnel needs groups"),
        (["--funnel", "customers.csv"], "belongs to the workspace"),
        (["plot.svg"], "name a file to draw in only with --funnel"),
    ],
)
def test_a_funnel_that_cannot_be_drawn_is_refused(
    acme: Path, run: Callable[..., Said], arguments: list[str], what: str
) -> None:
    kept = (acme / "customers.csv").read_bytes()

    said = run("score", *arguments, "--today", TODAY, expect=2)

    assert what in said.err
    assert (acme / "customers.csv").read_bytes() == kept
