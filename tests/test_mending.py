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


def test_a_mended_reject_stays_mended_in_the_next_export_of_all_answers(
    asked: Path, run: Callable[..., Said]
) -> None:
    settle(asked, SETTINGS)
    run("ingest", export(asked, ("C-1", "33"), name="november.csv"), "--today", TODAY, expect=3)
    run("ingest", mended(asked, run, "31", name="still.csv"), "--today", TODAY, expect=3)
    run("ingest", mended(asked, run, "3"), "--today", TODAY)

    rows = (("C-2", "9"), ("C-3", "33"), ("C-1", "33"))
    grown = export(asked, *rows, name="december.csv")
    one = report(run("ingest", grown, "--json", "--today", TODAY, expect=3))

    assert (one["taken"], one["known"], one["rejects"]) == (1, 1, 1)
    assert exported(run, "rejects")["response_id"].to_list() == ["R-C-3"]
    built = run("ingest", "--again", "--json", "--today", TODAY).json
    assert (built["added"], built["withdrawn"], built["rejects"], built["mended"]) == (0,) * 4
    assert exported(run, "rejects")["response_id"].to_list() == ["R-C-3"]


def test_a_reject_that_says_not_of_whom_it_is_stands_though_one_like_it_was_mended(
    asked: Path, run: Callable[..., Said]
) -> None:
    for name in ("november.csv", "december.csv"):
        (asked / name).write_text(f"score,comment\n9,{name}\n11,late\n", encoding="utf-8")
    run("ingest", "november.csv", "--today", TODAY, expect=3)
    run("ingest", mended(asked, run, "1"), "--today", TODAY)

    run("ingest", "december.csv", "--today", TODAY, expect=3)

    assert exported(run, "rejects")["file"].to_list() == ["december.csv"]


def test_rejects_are_read_on_the_scale_of_their_export(
    asked: Path, run: Callable[..., Said]
) -> None:
    settle(asked, SETTINGS)
    rows = (("C-1", "0"), ("C-2", "0"), ("C-3", "9"))
    run("ingest", export(asked, *rows), "--scale", "1-10", "--today", TODAY, expect=3)

    one = report(run("ingest", mended(asked, run, "1", "0"), "--json", "--today", TODAY))

    assert (one["taken"], one["mended"], one["known"]) == (1, 1, 1)
    assert sorted(exported(run, "responses")["score"]) == [1, 9]


def test_a_header_of_rejects_may_be_written_in_other_letters(
    asked: Path, run: Callable[..., Said]
) -> None:
    settle(asked, SETTINGS)
    run("ingest", export(asked, ("C-1", "33")), "--today", TODAY, expect=3)
    path = mended(asked, run, "3")
    header, _, rest = path.read_text(encoding="utf-8").partition("\n")
    path.write_text(f"{header.upper()}\n{rest}", encoding="utf-8")

    run("ingest", path, "--today", TODAY)

    assert exported(run, "rejects").is_empty()


def test_what_is_mended_and_the_next_export_can_be_ingested_at_once(
    asked: Path, run: Callable[..., Said]
) -> None:
    settle(asked, SETTINGS)
    run("ingest", export(asked, ("C-1", "33"), name="november.csv"), "--today", TODAY, expect=3)
    grown = export(asked, ("C-2", "9"), ("C-1", "33"), name="december.csv")

    run("ingest", mended(asked, run, "3"), grown, "--today", TODAY)

    assert exported(run, "rejects").is_empty()
