from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from loopback import files
from tests.faults import Injector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.faults import Call

    Writer = Callable[[Path, bytes], None]


def replace_for_good(path: Path, content: bytes) -> None:
    files.replace(path, content, durable=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def made(monkeypatch: pytest.MonkeyPatch, folder: Path, act: Callable[[], None]) -> list[str]:
    """Return the calls that an act makes, in order: `write t` is one to the temporary file."""
    monkeypatch.chdir(folder)
    with Injector().installed() as injector:
        act()
    return [_drawn(call) for call in injector.calls]


def _drawn(call: Call) -> str:
    return " ".join([call.kind, *("t" if path.endswith(".tmp") else path for path in call.paths)])


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    """Make every such call end in an error; a handle is closed all the same."""
    real = getattr(os, call)

    def refused(*arguments: object) -> None:
        if call == "close":
            real(*arguments)
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refused)


def test_a_published_file_is_never_overwritten(tmp_path: Path) -> None:
    files.publish(tmp_path / "part", b"first")

    files.publish(tmp_path / "part", b"second")

    assert contents(tmp_path) == {"part": b"first"}


def test_a_replaced_file_holds_the_new_bytes_while_its_reader_keeps_the_old(tmp_path: Path) -> None:
    path = tmp_path / "sheet.html"
    files.replace(path, b"old")

    with path.open("rb") as reader:
        files.replace(path, b"new")
        assert reader.read() == b"old"

    assert contents(tmp_path) == {"sheet.html": b"new"}


@pytest.mark.parametrize("write", [files.publish, files.replace, replace_for_good])
def test_what_is_written_can_be_read_by_its_user_alone(write: Writer, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write(tmp_path / "a" / "b" / "file", b"private")
    finally:
        os.umask(before)

    assert mode(tmp_path / "a") == mode(tmp_path / "a" / "b") == 0o700
    assert mode(tmp_path / "a" / "b" / "file") == 0o600


def test_bytes_are_flushed_before_they_get_their_name_and_the_name_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = made(monkeypatch, tmp_path, lambda: files.publish(tmp_path / "part", b"content"))

    assert calls == [
        "unlink t",
        "open t",
        "write t",
        "fsync t",
        "close t",
        "link t part",
        "unlink t",
        "open .",
        "fsync .",
        "close .",
    ]


@pytest.mark.parametrize(("durable", "flushed"), [(True, ["fsync t"]), (False, [])])
def test_a_file_to_be_replaced_is_flushed_first_where_that_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flushed: list[str], *, durable: bool
) -> None:
    def act() -> None:
        files.replace(tmp_path / "mail", b"content", durable=durable)

    calls = made(monkeypatch, tmp_path, act)

    assert calls == ["unlink t", "open t", "write t", *flushed, "close t", "replace t mail"]


def test_each_new_folder_is_flushed_into_the_one_above(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls = made(monkeypatch, tmp_path, lambda: files.make_folder(tmp_path / "a" / "b"))

    above = ["mkdir a", "open .", "fsync .", "close ."]
    assert calls == [*above, "mkdir a/b", "open a", "fsync a", "close a"]


def test_a_folder_that_is_there_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert made(monkeypatch, tmp_path, lambda: files.make_folder(tmp_path)) == []


def test_a_folder_that_another_process_makes_at_the_same_moment_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = os.mkdir

    def second(path: Path, mode: int) -> None:
        real(path, mode)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))

    monkeypatch.setattr(os, "mkdir", second)

    files.make_folder(tmp_path / "ledger")

    assert (tmp_path / "ledger").is_dir()


def test_a_removed_file_is_gone_for_good(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"content")

    calls = made(monkeypatch, tmp_path, lambda: files.remove(path))

    assert calls == ["unlink part", "open .", "fsync .", "close ."]
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("write", [files.publish, files.replace])
def test_a_write_cut_short_by_the_system_goes_on_where_it_stopped(
    write: Writer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = os.write

    def three_bytes(handle: int, rest: memoryview) -> int:
        return real(handle, rest[:3])

    monkeypatch.setattr(os, "write", three_bytes)

    write(tmp_path / "part", b"ten bytes!")

    assert contents(tmp_path) == {"part": b"ten bytes!"}


@pytest.mark.parametrize("write", [files.publish, files.replace])
def test_a_file_may_be_empty(write: Writer, tmp_path: Path) -> None:
    write(tmp_path / "raw", b"")

    assert contents(tmp_path) == {"raw": b""}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize(
    ("write", "call"),
    [
        (files.publish, "open"),
        (files.publish, "write"),
        (files.publish, "fsync"),
        (files.publish, "close"),
        (files.replace, "open"),
        (files.replace, "write"),
        (files.replace, "close"),
        (files.replace, "replace"),
        (replace_for_good, "fsync"),
    ],
)
def test_an_error_leaves_nothing_behind_and_the_old_file_as_it_was(
    write: Writer, call: str, code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"old")
    refuse(monkeypatch, call, code)

    with pytest.raises(OSError, match=os.strerror(code)):
        write(tmp_path / "file", b"new")

    assert contents(tmp_path) == {"file": b"old"}


@pytest.mark.parametrize("call", ["write", "fsync", "close"])
def test_an_error_names_the_file_that_was_to_be_written(
    call: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, call, errno.ENOSPC)

    with pytest.raises(OSError, match="No space left") as failed:
        files.publish(tmp_path / "part", b"content")

    assert failed.value.filename == str(tmp_path / "part")


def test_without_hard_links_a_file_gets_its_name_by_renaming(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, "link", errno.EPERM)

    files.publish(tmp_path / "part", b"content")

    assert contents(tmp_path) == {"part": b"content"}


def test_without_hard_links_too_nothing_is_overwritten(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "part").write_bytes(b"first")
    refuse(monkeypatch, "link", errno.EPERM)

    files.publish(tmp_path / "part", b"second")

    assert contents(tmp_path) == {"part": b"first"}


def test_where_neither_links_nor_names_can_be_given_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, "link", errno.EPERM)
    refuse(monkeypatch, "rename", errno.EIO)

    with pytest.raises(OSError, match="Input/output error"):
        files.publish(tmp_path / "part", b"content")

    assert contents(tmp_path) == {}


@pytest.mark.parametrize("write", [files.publish, files.replace])
def test_what_a_killed_process_of_the_same_number_left_is_no_hindrance(
    write: Writer, tmp_path: Path
) -> None:
    (tmp_path / f".part.{os.getpid()}.tmp").write_bytes(b"half a pa")

    write(tmp_path / "part", b"content")

    assert contents(tmp_path) == {"part": b"content"}
