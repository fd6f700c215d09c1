from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback.frame import read_with_lines
from loopback.reasons.slips import slips, unused
from tests.reasons.drawn import commented
from tests.shared import shared

if TYPE_CHECKING:
    from pathlib import Path

SPEED = '[[reason]]\nid = "speed"\nlabel = "Speed"\n'
PRICE = '[[reason]]\nid = "price"\nlabel = "Price"\n'


def found(folder: Path, content: str) -> list[tuple[int | None, str]]:
    path = folder / "reasons.toml"
    path.write_text(content, encoding="utf-8")
    return [(slip.line, slip.what) for slip in slips(*read_with_lines(path))]


@pytest.mark.parametrize(
    ("lists", "line", "what"),
    [
        ('any = ["late", "?!"]', 4, "'?!' finds nothing"),
        ('any = ["*"]', 4, "'*' finds nothing"),
        (
            'any = [\n  "late",\n  "de*ay",\n]',
            6,
            "'de*ay' has a * inside, which is read as a space",
        ),
        ('any = ["late", "late"]', 4, "'late' is in 'speed' already"),
        ('any = ["spät"]\nany_de = ["SPAT"]', 5, "'SPAT' is in 'speed' already, as 'spät'"),
        ('any = ["late"]\nnot = [\n"early"]', 6, "'early' holds no term of 'speed'"),
        ("general = true", 1, "'speed' has no terms"),
    ],
)
def test_a_slip_is_named_with_its_line(tmp_path: Path, lists: str, line: int, what: str) -> None:
    assert found(tmp_path, SPEED + lists) == [(line, what)]


@pytest.mark.parametrize(
    "lists",
    [
        'any = ["late", "late*", "*late"]',
        'any_de = ["spät"]\nany_da = ["spat"]',
        'any = ["late"]\nnot = ["late 40s", "later"]',
        'any = ["room service"]\nnot = ["delivery room"]',
        'any = [\'late\'] # "late" is one word, \'late\' the same\nabout = """\n"late"\n"""',
    ],
)
def test_what_may_well_be_meant_is_no_slip(tmp_path: Path, lists: str) -> None:
    assert [what for _, what in found(tmp_path, SPEED + lists) if "later" not in what] == []


def test_a_term_in_two_reasons_is_named_where_it_stands_again(tmp_path: Path) -> None:
    content = f'{SPEED}any = ["slow"]\n\n# money\n{PRICE}any_en = [\n  "cheap",\n  "Slow",\n]\n'

    assert found(tmp_path, content) == [(12, "'Slow' is in two reasons, 'speed' and 'price'")]


@pytest.mark.parametrize(
    ("lists", "comments", "language", "idle"),
    [
        ('any = [\n"late",\n"tardy"]\nnot = ["late 40s"]', ["late"] * 200, None, [(6, "tardy")]),
        ('any = ["tardy"]', ["late"] * 199 + [""], None, [(4, "tardy")]),
        ('any = ["tardy"]', ["late"] * 199, None, []),
        ('any = ["tardy"]', [*["late"] * 199, None], None, []),
        ('any = ["late", "late*"]', ["later"] * 200, None, [(4, "late")]),
        ('any = ["late", "*late"]', ["late"] * 200, None, []),
        ('any = ["spät"]', ["spaet"] * 200, None, []),
        ('any = ["?!"]', ["late"] * 200, None, []),
        ('any_de = ["spät"]\nany_da = ["sent"]', ["late"] * 200, "de-AT", [(4, "spät")]),
        ('any_de = ["spät"]\nany_da = ["sent"]', ["late"] * 200, None, []),
    ],
)
def test_a_term_that_none_of_many_comments_has_is_unused(
    tmp_path: Path,
    lists: str,
    comments: list[str | None],
    language: str | None,
    idle: list[tuple[int, str]],
) -> None:
    path = tmp_path / "reasons.toml"
    path.write_text(SPEED + lists, encoding="utf-8")

    there = unused(*read_with_lines(path), commented(*comments, language=language))

    said = [(line, f"{term!r} is in none of 200 comments") for line, term in idle]
    assert [(u.line, u.what) for u in there] == said


def test_a_term_for_one_language_is_not_used_by_comments_in_another(tmp_path: Path) -> None:
    path = tmp_path / "reasons.toml"
    path.write_text(f'{SPEED}any_de = ["spät"]', encoding="utf-8")
    german, danish = commented(*["gut"] * 200, language="de"), commented("spat", language="da")

    [idle] = unused(*read_with_lines(path), pl.concat([german, danish]))

    assert idle.what == "'spät' is in none of 200 comments"


@pytest.mark.parametrize(
    ("name", "line", "what"),
    [
        ("nhs", 31, "'drivers' is in two reasons, 'Staff manner & personal attributes' and "),
        ("phone_es", 21, "'comprar* de nuevo' has a * inside, which is read as a space"),
        ("phone_es", 36, "'video*' is in 'camera' already, as 'vídeo*'"),
    ],
)
def test_published_frames_load_and_their_slips_are_named(name: str, line: int, what: str) -> None:
    read = read_with_lines(shared("data", "text", "frames", f"{name}.toml"))

    assert [slip for slip in slips(*read) if slip.line == line and slip.what.startswith(what)]
