"""Rejects that are exported, corrected, and ingested again."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import TODAY, Said, tokens
from tests.test_ingest import exported, report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUESTION = "How likely are you to recommend us?"
HEADER = f"token,When,response_id,language,{QUESTION},comment,Call?,Quote?,Name?,ticked"
SAID = "2026-11-20 08:15:00,R-{},fr,{},trop tard \u00e9,yes,no,no,Price"
SETTINGS = f"""
[exports]
score = "{QUESTION}"
responded_at = "When"
contact = "Call?"
consent = "Quote?"
named = "Name?"
"""


@pytest.fixture
def asked(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace once its customers of November are invited."""
    run("sample", "--today", TODAY)
    return acme


def settle(folder: Path, settings: str) -> None:
    with (folder / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write(settings)


def export(folder: Path, *rows: tuple[str, str], name: str = "export.csv") -> Path:
    """Write an export in which customers gave a score, and otherwise all said the same."""
    known = tokens(folder)
    lines = [f"{known[who]},{SAID.format(who, score)}" for who, score in rows]
    (folder / name).write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return folder / name


def mended(folder: Path, run: Callable[..., Said], *scores: str, name: str = "r.csv") -> Path:
    """Export the rejects, and give each row another score."""
    run("export", "rejects", "--to", name)
    with (folder / name).open(newline="", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"score": score} for row, score in zip(rows, scores, strict=True))
    return folder / name


def test_a_mended_answer_says_all_that_its_row_said(asked: Path, run: Callable[..., Said]) -> None:
    settle(asked, SETTINGS)
    run("ingest", export(asked, ("C-1", "3"), ("C-2", "33")), "--today", TODAY, expect=3)

    run("ingest", mended(asked, run, "3"), "--today", TODAY)

    said = ["score", "comment", "responded_at", "language", "ticked", "contact", "consent", "named"]
    found = exported(run, "responses").sort("export_id")
    assert found["export_id"].to_list() == ["R-C-1", "R-C-2"]
    sound, whole = found.select(said).rows()
    assert sound[3:] == ("fr", "Price", True, False, False)
    assert whole == sound
    assert exported(run, "rejects").is_empty()


@pytest.mark.parametrize(
    "setting",
    [
        'customer = "Account"',
        'named = "Name?"',
        'layout = "Qualtrics"',
        'encoding = "mac_roman"',
        '[exports.by_layout.plain]\nscore = "NPS?"',
    ],
)
def test_what_is_set_for_exports_of_a_tool_is_not_asked_of_our_rejects(
    asked: Path, run: Callable[..., Said], setting: str
) -> None:
    options = ("--score", QUESTION, "--responded-at", "When", "--today", TODAY)
    run("ingest", export(asked, ("C-1", "33")), *options, expect=3)
    settle(asked, f"[exports]\n{setting}\n")

    one = report(run("ingest", mended(asked, run, "3"), "--json", "--today", TODAY))

    assert (one["layout"], one["taken"], one["mended"]) == ("loopback rejects", 1, 1)
    assert exported(run, "responses")["comment"].to_list() == ["trop tard \u00e9"]
