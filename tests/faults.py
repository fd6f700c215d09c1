"""The injector: commands in forked processes whose n-th call to the system is made to fail.

Run as a program this is a zygote: it has imported all of loopback but asked Polars nothing, so
that a fork of it costs milliseconds. It reads a line of jobs and answers with a line of endings.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import gc
import hashlib
import importlib
import io
import json
import os
import pkgutil
import re
import secrets
import shutil
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import typer.main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

Args = tuple[Any, ...]

ROOT = Path(__file__).parents[1]
KINDS = ("open", "write", "fsync", "link", "unlink", "replace", "rename", "mkdir", "close")
MAKING = ("open", "write", "fsync", "link", "replace", "rename", "mkdir")
BY_HANDLE = ("write", "fsync", "close")
ERRORS = {
    "ENOSPC": errno.ENOSPC,
    "EIO": errno.EIO,
    "ENOSPC from then on": errno.ENOSPC,
    "EIO from then on": errno.EIO,
}
DEADLY = ("kill", "tear")
PROCESSORS = os.cpu_count() or 1
PATIENCE = 60  # seconds until a job that hangs is ended
PASSED_THROUGH = ("pathlib", "os", "shutil")
WORKSPACE = "acme"
TODAY = "2026-11-22"
PARSED = (["sample"], ["ingest", "x"], ["route"], ["status", "--json"], ["check", "--json"])
LOADED_LATE = ("filelock", "email.generator", "email.parser", "polars._utils.parquet")
OURS_TO_IGNORE = ("ledger/lock",)
TEMPORARY = re.compile(r"\.\d+\.tmp$")


@dataclass(frozen=True)
class Job:
    """One thing to do in a process of its own; `folder` is copied from `template` first."""

    action: str
    folder: str
    command: list[str]
    template: str | None = None
    fault: str = ""
    at: int = 0
    links: bool = True


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code, or less than 0 for a signal, and what it printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Call:
    """One call to the system that loopback made; paths are relative to the folder of the job."""

    kind: str
    paths: list[str]
    handle: int = -1
    content: str = ""
    creates: bool = False

    def __str__(self) -> str:
        return f"os.{self.kind}({', '.join(self.paths)})"


@dataclass(frozen=True)
class State:
    """What readers see of a workspace."""

    tables: dict[str, list[dict[str, Any]]]
    status: Any
    check: Any


@dataclass(frozen=True)
class Aftermath:
    """What readers see after a fault, what the same command does then, and what it leaves."""

    seen: State
    again: Ended
    tables: dict[str, list[dict[str, Any]]]
    files: dict[str, str]
    repaired: dict[str, str]


@dataclass
class Injector:
    """Counts the calls of loopback to the system, and makes one of them fail."""

    fault: str = ""
    at: int = 0
    links: bool = True
    moments: Path | None = None  # where to keep what stands on the disk before each call
    calls: list[Call] = field(default_factory=list)
    within: bool = False
    names: dict[int, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def installed(self) -> Iterator[Self]:
        real = {kind: getattr(os, kind) for kind in KINDS}
        for kind in KINDS:
            setattr(os, kind, self._wrapped(kind, real[kind]))
        try:
            yield self
        finally:
            for kind in KINDS:
                setattr(os, kind, real[kind])

    def _wrapped(self, kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:  # noqa: ANN401 - stands for any call of os
            if not _by_loopback(sys._getframe(1)):  # noqa: SLF001 - the only way to see the caller
                return real(*args, **named)
            self.calls.append(self._described(kind, args))
            self.within = True
            try:
                return self._passed_or_struck(kind, real, args)
            finally:
                self.within = False

        return call

    def _described(self, kind: str, args: Args) -> Call:
        if kind in BY_HANDLE:
            content = bytes(args[1]).decode("latin-1") if kind == "write" else ""
            return Call(kind, [self.names.get(args[0], "?")], args[0], content)
        paths = [_shown(path) for path in args[: 2 if kind in {"link", "replace", "rename"} else 1]]
        return Call(kind, paths, creates=kind == "open" and bool(args[1] & os.O_CREAT))

    def _passed_or_struck(self, kind: str, real: Callable[..., Any], args: Args) -> object:
        if kind == "link" and not self.links:
            raise _error(errno.EPERM, kind, args)
        if self._strikes(kind):
            self._strike(kind, real, args)
        if self.moments:
            self._keep(self.moments, kind, args)
        result = real(*args)
        if kind == "open":
            self.names[result] = self.calls[-1].paths[0]
        return result

    def _keep(self, moments: Path, kind: str, args: Args) -> None:
        """Keep what a kill at this call would leave, and what one halfway through a write would.

        Where the call before it changed nothing, that is what a kill at that one leaves.
        """
        number = len(self.calls)
        if number == 1 or _changes(self.calls[-2]):
            shutil.copytree(Path(), moments / f"kill {number}")
        if kind == "write":
            torn = moments / f"tear {number}"
            shutil.copytree(Path(), torn)
            with (torn / self.calls[-1].paths[0]).open("ab") as file:
                file.write(args[1][: len(args[1]) // 2])

    def _strikes(self, kind: str) -> bool:
        number = len(self.calls)
        if not self.fault.endswith("from then on"):
            return number == self.at
        makes = kind in MAKING and (kind != "open" or self.calls[-1].creates)
        return bool(self.at) and number >= self.at and (makes or self.fault.startswith("EIO"))

    def _strike(self, kind: str, real: Callable[..., Any], args: Args) -> NoReturn:
        if self.fault == "tear":
            real(args[0], args[1][: len(args[1]) // 2])
        if self.fault in DEADLY:
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "close":
            real(*args)
        raise _error(ERRORS[self.fault], kind, args)


def _changes(call: Call) -> bool:
    return call.creates or call.kind not in {"open", "fsync", "close"}


def _by_loopback(frame: FrameType | None) -> bool:
    while frame and _package(frame) in PASSED_THROUGH:
        frame = frame.f_back
    return bool(frame) and _package(frame) == "loopback"


def _package(frame: FrameType) -> str:
    return frame.f_globals.get("__name__", "").partition(".")[0]


def _error(code: int, kind: str, args: Args) -> OSError:
    """Return the error as the system words it: calls on a handle name no file."""
    if kind in BY_HANDLE:
        return OSError(code, os.strerror(code))
    if kind in {"link", "replace", "rename"}:
        return OSError(code, os.strerror(code), str(args[0]), None, str(args[1]))
    return OSError(code, os.strerror(code), str(args[0]))


def _shown(path: object) -> str:
    return os.path.relpath(str(path))


def files_in(folder: Path) -> dict[str, str]:
    """Return mode and hash of every file; what differs from run to run by design is levelled."""
    return {
        TEMPORARY.sub(".tmp", path.relative_to(folder).as_posix()): _mark(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.as_posix().endswith(OURS_TO_IGNORE)
    }


def temporary(files: Iterable[str]) -> list[str]:
    """Return the names that are those of files being written."""
    return [name for name in files if name.endswith(".tmp")]


def _mark(path: Path) -> str:
    content = path.read_bytes()
    if path.name == "holder":
        content = re.sub(rb"process \d+", b"process", content)
    if path.name == "verified.json":
        with contextlib.suppress(ValueError):
            content = json.dumps(sorted(json.loads(content))).encode()
    return f"{path.stat().st_mode & 0o777:o} {hashlib.sha256(content).hexdigest()}"


def watch(job: Job) -> Ended:
    """Run the command undisturbed, as `run`, and keep beside the folder each state of its files."""
    return run(job, Path(f"{job.folder}.moments"))


def run(job: Job, moments: Path | None = None) -> Ended:
    """Run the command with its fault; its calls go to a file beside the folder."""
    with Injector(job.fault, job.at, job.links, moments).installed() as injector:
        ended = _printed(job.command)
    calls = json.dumps([asdict(call) for call in injector.calls])
    Path(f"{job.folder}.calls").write_text(calls, encoding="utf-8")
    return ended


def examine(job: Job) -> Ended:
    """Look at a folder as readers do, run the command again, repair, and tell the aftermath."""
    seen = _state()
    again = _printed(job.command)
    tables = _tables()
    files = files_in(Path())
    _printed(["check", "--repair", "-w", WORKSPACE, "--today", TODAY])
    found = Aftermath(seen, again, tables, files, files_in(Path()))
    return Ended(0, json.dumps(asdict(found)), "")


def audit(job: Job) -> Ended:
    """Run the command; tell what it did to files of the folder that the injector did not see."""
    strays: list[str] = []
    here = Path.cwd()
    with Injector().installed() as injector:

        def hook(event: str, args: Args) -> None:
            inside = [path for path in _changed(event, args) if _lies_in(here / path, here)]
            if not injector.within:
                strays.extend(f"{event} {os.path.relpath(path)}" for path in inside)

        before = files_in(Path())
        sys.addaudithook(hook)
        code = _printed(job.command).code
    known = {TEMPORARY.sub(".tmp", path) for call in injector.calls for path in call.paths}
    after = files_in(Path())
    strays += [name for name in after.keys() - known if after[name] != before.get(name)]
    return Ended(code, json.dumps(strays), "")


def _lies_in(path: Path, folder: Path) -> bool:
    return path.is_relative_to(folder) and not path.as_posix().endswith(OURS_TO_IGNORE)


def _changed(event: str, args: Args) -> list[str]:
    """Return the paths that an audited event makes, changes or removes."""
    if event == "open":
        path, _, flags = args
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return [os.fsdecode(path)] if writes and isinstance(path, (str, bytes, os.PathLike)) else []
    if event == "os.mkdir":
        return [] if Path(args[0]).is_dir() else [os.fsdecode(args[0])]
    if event in {"os.remove", "os.rmdir", "os.truncate", "os.chmod", "shutil.rmtree"}:
        return [os.fsdecode(args[0])] if not isinstance(args[0], int) else []
    both = ("os.rename", "os.link", "os.symlink", "shutil.move", "shutil.copyfile")
    return [os.fsdecode(path) for path in args[:2]] if event in both else []


def _state() -> State:
    today = ["-w", WORKSPACE, "--today", TODAY, "--json"]
    return State(_tables(), _said(_printed(["status", *today])), _said(_printed(["check", *today])))


def _tables() -> dict[str, list[dict[str, Any]]]:
    from loopback.ledger import Ledger
    from loopback.tables import TABLES

    ledger = Ledger(Path(WORKSPACE, "ledger"))
    rows = {
        name: _rows(lambda t=table: ledger.rows(t).to_dicts()) for name, table in TABLES.items()
    }
    return json.loads(json.dumps(rows, default=str))


def _rows(read: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return rows, or what kept them from being read: a result like any other, to be compared."""
    try:
        return read()
    except BaseException as failed:  # noqa: BLE001 - Polars panics are no Exception
        return [{"unreadable": str(failed)}]


def _said(ended: Ended) -> object:
    """Return what a reading command said, without the leftovers, which may differ."""
    told = json.loads(ended.out) if ended.out else {}
    for passing in ("leftovers", "removed"):
        told.pop(passing, None)
    return [ended.code, told, ended.err]


def _printed(command: list[str]) -> Ended:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = _command(command)
    return Ended(code, out.getvalue(), err.getvalue())


def _command(command: list[str]) -> int:
    """Run a command line; return the code with which its process would end."""
    from loopback import cli

    try:
        cli.main(command)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    except BaseException:  # noqa: BLE001 - the interpreter's own last word
        traceback.print_exc()
        return 1
    return 0


ACTIONS: dict[str, Callable[[Job], Ended]] = {
    "run": run,
    "watch": watch,
    "examine": examine,
    "audit": audit,
}


def serve() -> None:
    """Answer lines of jobs until there are no more."""
    _import_everything()
    for line in sys.stdin:
        jobs = [Job(**job) for job in json.loads(line)]
        sys.stdout.write(json.dumps([asdict(ended) for ended in _done(jobs)]) + "\n")
        sys.stdout.flush()


def _import_everything() -> None:
    """Do once what every fork would do: load the modules, build the command line."""
    import loopback

    names = [m.name for m in pkgutil.walk_packages(loopback.__path__, "loopback.")]
    for name in [*names, *LOADED_LATE]:
        if not name.endswith("__main__"):
            importlib.import_module(name)
    typer.main.get_command = functools.cache(typer.main.get_command)
    commands: Any = typer.main.get_command(importlib.import_module("loopback.cli").app)
    for command, *rest in PARSED:
        commands.commands[command].make_context(command, [*rest, "-w", "x", "--today", TODAY])
    gc.freeze()


def _done(jobs: list[Job]) -> list[Ended]:
    """Do the jobs in forks, as many at a time as there are processors."""
    running: dict[int, list[Job]] = {}
    codes: dict[str, int] = {}

    def reap() -> None:
        pid, status = os.wait()
        for job in running.pop(pid):
            codes[job.folder] = os.waitstatus_to_exitcode(status)

    for share in _shares(jobs):
        if len(running) >= PROCESSORS:
            reap()
        pid = os.fork()
        if not pid:
            _child(share)
        running[pid] = share
    while running:
        reap()
    return [_ended(job, codes[job.folder]) for job in jobs]


def _shares(jobs: list[Job]) -> list[list[Job]]:
    """Return the jobs by process: one each where the process dies or is changed for good."""
    alone = [job for job in jobs if job.fault in DEADLY or job.action == "audit"]
    rest = [job for job in jobs if job not in alone]
    return [
        *([job] for job in alone),
        *(rest[n::PROCESSORS] for n in range(PROCESSORS) if rest[n:]),
    ]


def _child(jobs: list[Job]) -> NoReturn:
    setattr(os, "fsync", _nothing)  # noqa: B010 - whose signature is not meant to fit
    setattr(secrets, "token_hex", _foreseen)  # noqa: B010
    try:
        for job in jobs:
            signal.alarm(PATIENCE)
            _do(job)
    except BaseException:  # noqa: BLE001 - a fork must never return into the zygote
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(0)


def _nothing(_handle: int) -> None:
    """Flush nothing: what is killed here is a process, not the machine."""


def _foreseen(length: int) -> str:
    """Return the secret that every workspace here shares, so that they can be compared."""
    return "5e" * length


def _do(job: Job) -> None:
    if job.template:
        shutil.copytree(job.template, job.folder)
    os.chdir(job.folder)
    ended = ACTIONS[job.action](job)
    Path(f"{job.folder}.ended").write_text(json.dumps(asdict(ended)), encoding="utf-8")


def _ended(job: Job, code: int) -> Ended:
    """Return what the process told of a job, or how it died over it."""
    told = Path(f"{job.folder}.ended")
    if not told.exists():
        return Ended(code, "", "")
    ended = Ended(**json.loads(told.read_text(encoding="utf-8")))
    told.unlink()
    return ended


class Zygote:
    """The program above, seen from a test."""

    def __init__(self) -> None:
        environment = os.environ | {"POLARS_MAX_THREADS": "1"}
        environment.pop("LOOPBACK_WORKSPACE", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def done(self, jobs: list[Job]) -> list[Ended]:
        """Return how each job ended."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps([asdict(job) for job in jobs]) + "\n")
        stdin.flush()
        return [Ended(**ended) for ended in json.loads(stdout.readline())]

    def close(self) -> None:
        """Let the zygote end."""
        self.process.communicate()


def calls_of(job: Job) -> list[Call]:
    """Return the calls that a finished job made."""
    return [Call(**c) for c in json.loads(Path(f"{job.folder}.calls").read_text(encoding="utf-8"))]


def aftermath(ended: Ended) -> Aftermath:
    """Return what an `examine` job found."""
    assert ended.code == 0, ended
    told = json.loads(ended.out)
    return Aftermath(
        State(**told["seen"]),
        Ended(**told["again"]),
        told["tables"],
        told["files"],
        told["repaired"],
    )


if __name__ == "__main__":
    serve()
