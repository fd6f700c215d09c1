"""The calls that loopback sends to owners are no answers of customers."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import openpyxl
import pytest

from loopback.exports import callsheets
from loopback.languages import Languages, templates_folder
from loopback.workbooks import workbook
from tests.conftest import TODAY, Said
from tests.drawn import call, sheet
from tests.test_ingest import exported

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LANGUAGES = Languages(templates_folder())
MADE = datetime(2026, 11, 22, 12, tzinfo=UTC)
SAYS = "this is a sheet of calls that loopback wrote for an owner, and no survey export"


def calls(folder: Path, code: str) -> Path:
    """Write a workbook of calls in a language, its outcomes filled in."""
    content = workbook(sheet(call(), call(response_id="R-2")), "Acme", MADE, LANGUAGES.of(code))
    path = folder / "calls.xlsx"
    path.write_bytes(content)
    return path


def as_sent(path: Path) -> Path:
    """Leave a workbook as loopback writes it."""
    return path


def without_hidden_pages(path: Path) -> Path:
    """Save a workbook as a program does that drops what nobody sees."""
    book = openpyxl.load_workbook(path)
    for name in ("lists", "loopback"):
        del book[name]
    book.save(path)
    return path


def as_csv(path: Path) -> Path:
    """Save the first page of a workbook as CSV."""
    written = io.StringIO()
    csv.writer(written).writerows(openpyxl.load_workbook(path).worksheets[0].values)
    path = path.with_suffix(".csv")
    path.write_text(written.getvalue(), encoding="utf-8")
    return path


def passed_over(_name: str, _found: object) -> None:
    """Refuse nothing."""


@pytest.mark.parametrize("code", ["en", "de", "da", "fr", "es"])
@pytest.mark.parametrize("saved", [as_sent, without_hidden_pages, as_csv])
def test_a_workbook_of_calls_is_refused_by_name(
    acme: Path, run: Callable[..., Said], code: str, saved: Callable[[Path], Path]
) -> None:
    path = saved(calls(acme, code))

    said = run("ingest", path, "--today", TODAY, expect=1)

    assert f"{SAYS} ({path.name})" in said.err
    assert "does not record calls" in said.err


def test_a_page_of_it_is_refused_too(acme: Path, run: Callable[..., Said]) -> None:
    said = run("ingest", calls(acme, "de"), "--sheet", "1", "--dry-run", expect=1)

    assert SAYS in said.err


def test_calls_that_were_once_taken_for_answers_are_withdrawn(
    acme: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(callsheets, "refuse", passed_over)
        run("ingest", calls(acme, "en"), "--today", TODAY)
    assert exported(run, "responses").height == 2

    run("ingest", "--again", "--today", TODAY)

    assert exported(run, "responses").is_empty()
