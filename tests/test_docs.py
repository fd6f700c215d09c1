from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from loopback.cli import app
from loopback.exports.layouts import layouts
from loopback.tables import TABLES
from tests.conftest import answer
from tests.console import Command, commands, perform, perform_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
TODAY = "2026-11-22"


def known_commands() -> dict[str, TyperCommand]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return dict(_within(group))


def _within(group: TyperGroup, above: str = "") -> Iterator[tuple[str, TyperCommand]]:
    """Yield the commands of a group and of the groups in it: `reasons code`."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _within(command, f"{above}{name} ")
        elif isinstance(command, TyperCommand):
            yield above + name, command


def test_a_month_in_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    folder = tmp_path
    for command in commands(ROOT / "README.md"):
        if command.words[0] == "cd":
            folder = folder / command.words[1]
            continue
        if command.words[1] == "ingest":
            _answers_come_in(folder)
        perform(command, folder)
    assert list(folder.glob("outbox/*.eml"))
    assert (folder / "responses.xlsx").exists()


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name == "docs" and commands(p)], ids=lambda p: p.stem
)
def test_every_command_of_the_docs_runs(page: Path, acme: Path) -> None:
    perform_inside(Command(["loopback", "sample"], 0), acme)
    rows = ["Member,How likely? (0-10),Why?,Food (0-10)", "C-1,9,good advice,7", "C-4,2,late,3"]
    (acme / "answers.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    comments = ["text,lang,reasons", "late again,en,delivery.speed", "zu spät,de,delivery.speed"]
    (acme / "comments.csv").write_text("\n".join(comments) + "\n", encoding="utf-8")
    if page.stem == "reasons":  # which speaks of comments that are there
        (acme / "told.csv").write_text("customer_id,score,comment\nC-1,3,late again\n", "utf-8")
        perform_inside(Command(["loopback", "ingest", "told.csv"], 0), acme)
    for command in commands(page):
        perform_inside(command, acme)


def test_the_make_commands_of_the_readme_are_what_ci_runs() -> None:
    shown = re.findall(r"^make \w+$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert shown == ["make demo", "make test"]
    assert [command for command in shown if command not in run] == []


def test_every_command_and_option_has_help() -> None:
    assert len(known_commands()) == 15
    for name, command in known_commands().items():
        assert command.help, name
        assert [p.name for p in command.params if not getattr(p, "help", "x")] == [], name


def test_every_command_is_in_the_docs() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in known_commands() if name not in text] == []


def test_every_table_is_in_the_file_reference() -> None:
    page = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    assert [name for name in TABLES if f"| `{name}` |" not in page] == []


def test_every_toml_block_of_the_docs_is_valid() -> None:
    fenced = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
    blocks = [block for page in PAGES for block in fenced.findall(page.read_text("utf-8"))]
    assert blocks
    assert all(tomllib.loads(block) for block in blocks)


def test_every_link_between_the_pages_leads_somewhere() -> None:
    for page in [*PAGES, ROOT / "examples" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)


def test_the_changelog_names_the_tools_whose_exports_are_known() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    known = [built.name for built in layouts() if not built.refused]
    assert [name for name in known if name not in changes] == []


def _answers_come_in(folder: Path) -> None:
    """Let two of the invited answer, as the survey tool would export it."""
    month = next(path.name for path in (folder / "out").iterdir())
    made = folder / "out" / month / "invitations.csv"
    customers = [line.split(",")[0] for line in made.read_text("utf-8").splitlines()[1:]]
    rows = [f"{customer},{month}-01,9,good advice" for customer in customers[:2]]
    path = answer(folder, *rows, name="answers.csv", month=month)
    assert path.exists()
