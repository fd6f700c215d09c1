"""Folders as values: every path below a folder and what it holds, to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LOCK = frozenset({"ledger", "ledger/lock", "ledger/holder"})


def tree(folder: Path, *, without: frozenset[str] = frozenset()) -> dict[str, bytes | None]:
    """Return the bytes of every file below a folder, and None for each folder."""
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {
        name: path.read_bytes() if path.is_file() else None
        for name, path in paths.items()
        if name not in without
    }


def untouched(folder: Path) -> dict[str, bytes | None]:
    """Return what a command that fails must leave as it was: all but the lock of the ledger."""
    return tree(folder, without=LOCK)
