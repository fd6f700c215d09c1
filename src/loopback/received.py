"""Files that the user names, and what comes through the standard input."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STDIN = Path("-")


@contextmanager
def received(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Give the files that are named, `-` as a file with what comes through the standard input."""
    named = list(paths)
    with TemporaryDirectory(prefix="loopback-") if STDIN in named else nullcontext("") as folder:
        arrived = Path(folder) / "stdin"
        yield [_arrived(arrived) if path == STDIN else path for path in named]


def _arrived(path: Path) -> Path:
    if not path.exists():
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
    return path
