"""Make a workspace: commented settings, example lists, a code frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import files
from loopback.errors import error
from loopback.languages import templates_folder
from loopback.settings import FILE
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

STARTER = ("customers.csv", "people.csv", "reasons.toml", FILE)


def init(folder: Path) -> list[Path]:
    """Write the starting files of a workspace; return those that were written.

    A file that is there already is kept. The settings come last: without them a folder is no
    workspace, so an interrupted run can simply be repeated.
    """
    if (folder / FILE).exists():
        raise error(f"{folder} is a workspace already", "Choose another folder; nothing changed.")
    starter = templates_folder() / "workspace"
    missing = [name for name in STARTER if not (folder / name).exists()]
    files.make_folder(folder)
    Workspace(folder).key()
    for name in missing:
        files.replace(folder / name, (starter / name).read_bytes(), durable=True)
    files.sync_folder(folder)
    return [folder / name for name in missing]
