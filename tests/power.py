"""A disk that keeps only what was flushed: what a power cut leaves of the calls of a command."""

from __future__ import annotations

import itertools
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.faults import Call

PRIVATE = 0o600
Left = dict[str, bytes]


class Disk:
    """Names and contents, each as the programs see them and as the disk would keep them.

    A content is kept once its file was flushed, a name once its folder was.
    """

    def __init__(self, folder: Path) -> None:
        found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.modes = {_name(path, folder): path.stat().st_mode & 0o777 for path in found}
        self.names = {_name(path, folder): number for number, path in enumerate(found)}
        self.contents = {number: path.read_bytes() for number, path in enumerate(found)}
        self.folders = {".", *(_name(p, folder) for p in folder.rglob("*") if p.is_dir())}
        self.kept_names = dict(self.names)
        self.kept_contents = dict(self.contents)
        self.kept_folders = set(self.folders)
        self.numbers = itertools.count(len(found))

    def do(self, call: Call) -> None:
        path, *to = call.paths
        match call.kind:
            case "open" if call.creates:
                self.names[path] = next(self.numbers)
                self.contents[self.names[path]] = b""
            case "write":
                self.contents[self.names[path]] += call.content.encode("latin-1")
            case "mkdir":
                self.folders.add(path)
            case "link":
                self.names.setdefault(to[0], self.names[path])
            case "replace" | "rename":
                self.names[to[0]] = self.names.pop(path)
            case "unlink":
                self.names.pop(path, None)
            case "fsync":
                self._flush(path)

    def _flush(self, path: str) -> None:
        if path not in self.folders:
            self.kept_contents[self.names[path]] = self.contents[self.names[path]]
            return
        self.kept_folders |= {folder for folder in self.folders if _parent(folder) == path}
        elsewhere = {n: i for n, i in self.kept_names.items() if _parent(n) != path}
        here = {n: i for n, i in self.names.items() if _parent(n) == path}
        self.kept_names = elsewhere | here

    def left(self, *, names_at_once: bool) -> Left:
        """Return the files after a power cut: contents never flushed are empty.

        Names appear only where their folder was flushed, or at once, as disks with a journal may.
        """
        names = self.names if names_at_once else self.kept_names
        folders = self.folders if names_at_once else self.kept_folders
        return {
            name: self.kept_contents.get(number, b"")
            for name, number in names.items()
            if {parent.as_posix() for parent in PurePosixPath(name).parents} <= folders
        }

    def write(self, left: Left, folder: Path) -> None:
        """Make a folder of what a power cut left."""
        folder.mkdir()
        for name, content in left.items():
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(self.modes.get(name, PRIVATE))


def cuts(folder: Path, calls: list[Call], *, names_at_once: bool) -> Iterator[tuple[int, Left]]:
    """Give what a power cut leaves before each call, and after the last; repetitions are left out.

    The number is that of the call that was not made any more.
    """
    disk, last = Disk(folder), None
    for number, call in enumerate([*calls, None], 1):
        if (left := disk.left(names_at_once=names_at_once)) != last:
            yield number, left
            last = left
        if call:
            disk.do(call)


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _parent(name: str) -> str:
    return PurePosixPath(name).parent.as_posix()
