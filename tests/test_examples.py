from __future__ import annotations

import shutil
from pathlib import Path

import openpyxl
import pytest

from tests.console import commands, perform_inside

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def garden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firm of the examples after all the commands of their README."""
    folder = tmp_path_factory.mktemp("examples") / "garden"
    shutil.copytree(EXAMPLES / "garden", folder, ignore=shutil.ignore_patterns("out"))
    for command in commands(EXAMPLES / "README.md"):
        perform_inside(command, folder)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def cells(workbook: Path) -> list[list[object]]:
    page = openpyxl.load_workbook(workbook).active
    assert page is not None
    return [[cell.value for cell in row] for row in page.iter_rows()]


def test_the_commands_give_exactly_the_files_that_are_kept(garden: Path) -> None:
    assert names(garden / "out") == names(EXAMPLES / "garden" / "out")


def test_every_list_and_sheet_is_kept_true(garden: Path) -> None:
    for name in names(EXAMPLES / "garden" / "out"):
        made, kept = garden / "out" / name, EXAMPLES / "garden" / "out" / name
        if made.suffix == ".xlsx":
            assert cells(made) == cells(kept), name
        else:
            assert made.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8"), name


def test_the_answer_of_a_stranger_is_in_no_sheet(garden: Path) -> None:
    export = (garden / "exports" / "answers-2026-09.csv").read_text(encoding="utf-8")
    assert "Car park is a nightmare" in export
    sheets = [path.read_text(encoding="utf-8") for path in garden.rglob("sheets/*.txt")]
    assert sheets
    assert not any("Car park" in sheet for sheet in sheets)


def test_each_month_has_a_mail_for_everyone_with_something_new(garden: Path) -> None:
    mails = sorted(path.name[:7] for path in (garden / "outbox").glob("*.eml"))
    assert {month: mails.count(month) for month in mails} == {
        "2026-09": 6,
        "2026-10": 6,
        "2026-11": 7,
    }
