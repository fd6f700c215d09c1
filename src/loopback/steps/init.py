"""Make a workspace: commented settings, example lists, a code frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback import files
from loopback.errors import error
from loopback.frame import FILE as FRAME
from loopback.languages import templates_folder
from loopback.settings import FILE
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

STARTER = ("customers.csv", "people.csv", FRAME, FILE)
USUAL = "b2b"  # the code frame that stands among the other starting files


def init(folder: Path, frame: str = USUAL) -> list[Path]:
    """Write the starting files of a workspace, with one of the code frames; return those written.

    A file that is there already is kept. The settings come last: without them a folder is no
    workspace, so an interrupted run can simply be repeated.
    """
    if (folder / FILE).exists():
        raise error(f"{folder} is a workspace already", "Choose another folder; nothing changed.")
    starter = templates_folder() / "workspace"
    own = {FRAME: templates_folder() / "frames" / f"{frame}.toml"} if frame != USUAL else {}
    missing = [name for name in STARTER if not (folder / name).exists()]
    files.make_folder(folder)
    Workspace(folder).key()
    for name in missing:
        files.replace(folder / name, own.get(name, starter / name).read_bytes(), durable=True)
    files.sync_folder(folder)
    return [folder / name for name in missing]
