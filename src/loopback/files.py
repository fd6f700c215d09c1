"""Files written whole or not at all, readable by their user alone.

Every call to the operating system that the ledger and the outbox depend on stands here, so that
a test can fail or kill each of them in turn.
"""

from __future__ import annotations

import errno
import functools
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
BLOCK = 1 << 20  # bytes that are copied at a time
TEMPORARY = ".tmp"
Given = ParamSpec("Given")


def _named(act: Callable[Given, None]) -> Callable[Given, None]:
    """Let an error of the system name the file, which a call on an open file does not."""

    @functools.wraps(act)
    def naming(*given: Given.args, **options: Given.kwargs) -> None:
        try:
            act(*given, **options)
        except OSError as failed:
            failed.filename = failed.filename or str(given[0])
            raise

    return naming


@_named
def make_folder(folder: Path) -> None:
    """Create the folder and those above it; each new name is flushed to disk."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        os.mkdir(folder, PRIVATE_FOLDER)  # noqa: PTH102 - the one place for calls that tests fail
    except FileExistsError:
        if not folder.is_dir():  # else another process made it at the same moment
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder) from None
    sync_folder(folder.parent)


@_named
def publish(path: Path, content: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file that must never change: flushed, then linked to its name, which must be free.

    A name that is taken already holds the same bytes, since names carry the hash of the content,
    which may come in blocks.
    """
    make_folder(path.parent)
    temporary = _written_beside(path, content, durable=True)
    try:
        _link(temporary, path)
    finally:
        if temporary.exists():
            os.unlink(temporary)  # noqa: PTH108 - see above
    sync_folder(path.parent)


@_named
def replace(path: Path, content: bytes, *, durable: bool = False) -> None:
    """Write a file that may be written again: a reader sees the old bytes or the new ones.

    *durable* flushes the bytes to disk first; the caller flushes the folder (`sync_folder`).
    """
    make_folder(path.parent)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    temporary = _written_beside(path, content, durable=durable)
    try:
        os.replace(temporary, path)  # noqa: PTH105 - see above
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a name under which to write a large file, which at the end takes the place of the old.

    Where the writing fails the old file stays, and nothing is left of the new one.
    """
    make_folder(path.parent)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    temporary = _temporary(path)
    temporary.touch(PRIVATE_FILE)
    try:
        yield temporary
        os.replace(temporary, path)  # noqa: PTH105 - see above
    finally:
        temporary.unlink(missing_ok=True)


@_named
def append(path: Path, content: bytes) -> None:
    """Add to the end of a file; on return the bytes are on the disk, and so is a new name."""
    make_folder(path.parent)
    fresh = not path.exists()
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
    handle = os.open(path, flags, PRIVATE_FILE)
    try:
        _write_all(handle, content)
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        sync_folder(path.parent)


@_named
def cut(path: Path, length: int) -> None:
    """Take away what stands in a file after its first bytes."""
    handle = os.open(path, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    try:
        os.ftruncate(handle, length)
        os.fsync(handle)
    finally:
        os.close(handle)


@_named
def remove(path: Path) -> None:
    """Remove a file; the folder is flushed."""
    os.unlink(path)  # noqa: PTH108 - see above
    sync_folder(path.parent)


@_named
def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk, where the system can."""
    if os.name == "nt":  # Windows cannot open folders; NTFS journals names by itself.
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def blocks(path: Path) -> Iterator[bytes]:
    """Return the bytes of a file, some at a time."""
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def abandoned(temporary: Path) -> bool:
    """Say whether the process that was writing a temporary file is gone."""
    number = temporary.name.removesuffix(TEMPORARY).rpartition(".")[2]
    if not number.isdecimal() or os.name == "nt":  # Windows cannot ask without killing
        return not number.isdecimal()
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _written_beside(
    path: Path, content: bytes | Iterable[bytes | memoryview], *, durable: bool
) -> Path:
    """Write the content, or its blocks, under a temporary name in the same folder."""
    temporary = _temporary(path)
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(temporary, flags, PRIVATE_FILE)
        try:
            for block in [content] if isinstance(content, bytes) else content:
                _write_all(handle, block)
            if durable:
                os.fsync(handle)
        finally:
            os.close(handle)
    except BaseException as failed:
        temporary.unlink(missing_ok=True)
        if isinstance(failed, OSError):
            failed.filename = str(path)  # the name that a person knows
        raise
    return temporary


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY}")


def _write_all(handle: int, content: bytes | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _link(temporary: Path, path: Path) -> None:
    """Give the file its final name; where hard links do not exist, rename."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:
        if path.exists():
            return
        os.rename(temporary, path)  # noqa: PTH104 - see above
