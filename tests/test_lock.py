from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from loopback import ledger
from loopback.tables import INVITATIONS, REJECTS
from loopback.workspace import Workspace
from tests.conftest import TODAY, answer, build, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Said

    Run = Callable[..., Said]

Process = subprocess.Popen[str]

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from loopback import files
from loopback.ledger import Ledger
from loopback.tables import REJECTS
from tests.frames import table

ledger = Ledger(Path("ledger"))
real = files.publish

def publish(path, content):
    if path.parent.name == "runs":
        print("in the middle", flush=True)
        sys.stdin.readline()
    real(path, content)

files.publish = publish
with ledger.run("ingest", datetime(2026, 11, 22, 12, tzinfo=UTC)) as run:
    run.append(REJECTS, table(REJECTS, "file | row\\nexport.csv | 7"))
"""
HASTY = """
import sys
import loopback.ledger
from loopback.cli import main

loopback.ledger.LOCK_PATIENCE = 0.0
main(sys.argv[1:])
"""
LISTING = """
import os, sys
from loopback.cli import main

real = os.replace

def replace(source, target):
    if str(target).endswith("invitations.csv"):
        print("in the middle", flush=True)
        sys.stdin.readline()
    real(source, target)

os.replace = replace
main(sys.argv[1:])
"""
PATIENT = """
import fcntl, sys
import loopback.ledger
from loopback.cli import main

loopback.ledger.LOCK_PATIENCE = 60.0
real = fcntl.flock

def flock(handle, operation):
    try:
        real(handle, operation)
    except BlockingIOError:
        print("waiting", flush=True)
        raise

fcntl.flock = flock
main(sys.argv[1:])
"""


def started(folder: Path, program: str, *arguments: str) -> Process:
    """Start a program of Python in a folder."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def line(process: Process) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def ended(process: Process) -> tuple[int, str]:
    """Let a process go on to its end; return its code and what it said on stderr."""
    _, err = process.communicate("\n")
    return process.returncode, err


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[Process]:
    """Run a process amid a run: its part is written, its row in `runs` is not yet."""
    process = started(folder, HOLDER)
    assert line(process) == "in the middle"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def holder(acme: Path) -> Iterator[Process]:
    """A holder of the small workspace, to be let go or killed."""
    with holding(acme) as process:
        yield process


@pytest.fixture(scope="module")
def workspace_held(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Process]]:
    folder = build(tmp_path_factory.mktemp("held") / "acme")
    with holding(folder) as process:
        yield folder, process


@pytest.fixture
def held(workspace_held: tuple[Path, Process], monkeypatch: pytest.MonkeyPatch) -> Process:
    """The holder of a workspace, which is also the current folder, and which nothing changes."""
    folder, process = workspace_held
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    monkeypatch.setattr(ledger, "LOCK_PATIENCE", 0.0)
    return process


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for the lock at all."""
    monkeypatch.setattr(ledger, "LOCK_PATIENCE", 0.0)


def test_a_second_writer_ends_with_75_and_says_who_holds_the_workspace(
    held: Process, run: Run
) -> None:
    said = run("sample", "--today", TODAY, expect=75)

    assert f"ingest, process {held.pid}, since 12:00" in said.err
    assert "Wait until it has finished" in said.err
    assert said.out == ""
    assert not Path("out").exists()


@pytest.mark.parametrize(
    "command", [["sample"], ["ingest", "customers.csv"], ["route"], ["check", "--repair"]]
)
def test_every_command_that_writes_the_ledger_is_kept_out(
    held: Process, run: Run, command: list[str]
) -> None:
    said = run(*command, "--today", TODAY, expect=75)

    assert f"process {held.pid}" in said.err
    assert Workspace(Path()).ledger.runs.height == 0


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "command",
    [
        ["status", "--today", TODAY],
        ["score", "--today", TODAY],
        ["reasons", "--today", TODAY],
        ["check", "--today", TODAY],
        ["sample", "--today", TODAY, "--dry-run"],
        ["route", "--today", TODAY, "--dry-run"],
        ["export", "responses", "--to", "responses.csv"],
    ],
)
def test_readers_need_no_lock(run: Run, command: list[str]) -> None:
    assert run(*command).code == 0


@pytest.mark.usefixtures("hasty")
def test_a_reader_sees_the_state_before_until_the_run_is_committed(
    acme: Path, run: Run, holder: Process
) -> None:
    assert run("status", "--today", TODAY, "--json").json["rejects"] == 0
    assert len(list((acme / "ledger" / "rejects").glob("*.parquet"))) == 1

    assert ended(holder) == (0, "")

    assert run("status", "--today", TODAY, "--json").json["rejects"] == 1


@pytest.mark.usefixtures("hasty")
def test_repair_removes_nothing_of_a_run_in_progress(acme: Path, run: Run, holder: Process) -> None:
    run("check", "--repair", "--today", TODAY, expect=75)

    assert ended(holder) == (0, "")

    assert Workspace(acme).ledger.rows(REJECTS)["row"].to_list() == [7]
    assert "left behind" not in run("check", "--today", TODAY).err


def test_repair_removes_nothing_that_is_being_written_beside_the_ledger(acme: Path) -> None:
    sampling = started(acme, LISTING, "sample", "--today", TODAY)
    assert line(sampling) == "in the middle"

    repaired = ended(started(acme, HASTY, "check", "--repair", "--today", TODAY))

    assert repaired[0] in {0, 75}, repaired
    assert ended(sampling) == (0, "")
    assert len(tokens(acme)) == 5


def test_a_second_writer_waits_and_gets_through(acme: Path, holder: Process) -> None:
    second = started(acme, PATIENT, "sample", "--today", TODAY)
    assert line(second) == "waiting"

    assert ended(holder) == (0, "")
    assert ended(second) == (0, "")

    assert Workspace(acme).ledger.runs["command"].to_list() == ["ingest", "sample"]


@pytest.mark.usefixtures("hasty")
def test_the_lock_is_free_at_once_when_its_holder_is_killed(
    acme: Path, run: Run, holder: Process
) -> None:
    holder.kill()
    holder.wait()

    run("sample", "--today", TODAY)

    read = Workspace(acme).ledger
    assert read.runs["command"].to_list() == ["sample"]
    assert read.rows(INVITATIONS).height == 5


@pytest.mark.usefixtures("hasty")
def test_what_a_killed_holder_left_is_repaired(acme: Path, run: Run, holder: Process) -> None:
    holder.kill()
    holder.wait()
    (leftover,) = (acme / "ledger" / "rejects").glob("*.parquet")

    assert leftover.name in run("check", "--today", TODAY).err
    run("check", "--repair", "--today", TODAY)

    assert not leftover.exists()
    assert "left behind" not in run("check", "--today", TODAY).err


@pytest.mark.usefixtures("hasty")
def test_a_command_that_fails_lets_go_of_the_lock(acme: Path, run: Run) -> None:
    (acme / "customers.csv").rename(acme / "elsewhere.csv")
    run("sample", "--today", TODAY, expect=1)
    (acme / "elsewhere.csv").rename(acme / "customers.csv")

    run("sample", "--today", TODAY)

    assert Workspace(acme).ledger.runs.height == 1


@pytest.mark.usefixtures("hasty")
def test_a_holder_that_has_not_yet_said_who_it_is_still_keeps_others_out(
    acme: Path, run: Run, holder: Process
) -> None:
    (acme / "ledger" / "holder").unlink()

    said = run("sample", "--today", TODAY, expect=75)

    assert "another run holds the workspace: a command that started this moment" in said.err
    assert ended(holder) == (0, "")


def test_two_first_runs_at_the_same_moment_draw_one_cohort(acme: Path) -> None:
    both = [started(acme, PATIENT, "sample", "--today", TODAY) for _ in range(2)]

    assert [ended(process) for process in both] == [(0, ""), (0, "")]

    read = Workspace(acme).ledger
    assert read.runs["command"].to_list() == ["sample"]
    invitations = read.rows(INVITATIONS)
    assert dict(invitations.select("customer_id", "token").iter_rows()) == tokens(acme)


def test_two_exports_taken_at_the_same_moment_are_both_taken(acme: Path, run: Run) -> None:
    run("sample", "--today", TODAY)
    answer(acme, "C-1,2026-11-20,3,late", name="first.csv")
    answer(acme, "C-4,2026-11-21,10,", "C-1,2026-11-20,3,late", name="second.csv")

    both = [
        started(acme, PATIENT, "ingest", "--today", TODAY, name)
        for name in ("first.csv", "second.csv")
    ]

    assert [ended(process)[0] for process in both] == [0, 0]
    assert run("status", "--today", TODAY, "--json").json["responses"] == 2
