from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from loopback.tables import INVITATIONS
from loopback.workspace import Workspace
from tests.conftest import TODAY, Said, answer
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = 0
# So that nothing of the example is left for `check` to warn of.
OUR_OWN = """\
[survey]
link = "https://ask.acme.example/{token}"
[mail]
sender = "Acme <feedback@acme.example>"
"""
LIMITED = """
import resource, sys
from loopback.cli import main

most = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
main(sys.argv[2:])
"""
BOUND = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner"]


def command(
    *arguments: object, most: int = resource.RLIM_INFINITY, before: tuple[str, ...] = ()
) -> tuple[int, str]:
    """Run a command line of its own; return its code and what it said, on one line.

    `most` is the size in bytes that no file may exceed: the disk is full there.
    """
    ended = subprocess.run(
        [*before, sys.executable, "-c", LIMITED, str(most), *map(str, arguments), "--today", TODAY],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in ended.stderr, ended
    return ended.returncode, " ".join(ended.stderr.split())


def bound() -> tuple[str, ...]:
    """Return what makes permissions bind: nothing, but for root, who is above them."""
    if os.geteuid() != ROOT:
        return ()
    if not shutil.which(BOUND[0]):
        pytest.skip("root is above permissions, and there is no setpriv to take that away")
    return tuple(BOUND)


@pytest.fixture
def sampled(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace with a cohort drawn and an export to take, all of them answers."""
    with (acme / "loopback.toml").open("a", encoding="utf-8") as settings:
        settings.write(OUR_OWN)
    run("sample", "--today", TODAY)
    answer(acme, *(f"C-{number},2026-11-20,{number},late" for number in range(1, 6)))
    return acme


def lasting(folder: Path) -> dict[str, bytes | None]:
    """Return what a failed command must leave as it was: all but lock, cache and folders."""
    caches = frozenset({"ledger/lock", "ledger/holder", "ledger/verified.json"})
    return {name: held for name, held in tree(folder, without=caches).items() if held is not None}


@pytest.mark.parametrize("most", [0, 10, 64, 1500])
def test_a_full_disk_ends_a_run_with_one_message_and_nothing_half_written(
    sampled: Path, run: Callable[..., Said], most: int
) -> None:
    before = lasting(sampled)

    code, err = command("ingest", "export.csv", most=most)

    assert code == 1
    assert err.count("error: ") == 1
    assert "there is no room left on the disk" in err
    assert "ledger/" in err or "raw/" in err
    after = lasting(sampled)
    assert after.items() >= before.items()
    assert {name.partition("/")[0] for name in after.keys() - before} <= {"raw", "ledger"}
    assert not [name for name in after if name.endswith(".tmp")]
    assert run("check", "--today", TODAY).code == 0
    assert run("status", "--today", TODAY, "--json").json["responses"] == 0


def test_once_there_is_room_the_same_command_does_its_work(
    sampled: Path, run: Callable[..., Said]
) -> None:
    assert command("ingest", "export.csv", most=1500)[0] == 1

    assert command("ingest", "export.csv")[0] == 0

    assert "left behind" not in run("check", "--today", TODAY).err
    assert run("status", "--today", TODAY, "--json").json["responses"] == 5
    assert Workspace(sampled).ledger.runs["command"].to_list() == ["sample", "ingest"]


def test_a_full_disk_needs_no_room_for_reading(sampled: Path) -> None:
    for reading in (["status"], ["check"], ["sample", "--dry-run"]):
        assert command(*reading, most=0) == (0, "")
    assert Workspace(sampled).ledger.runs.height == 1


@pytest.mark.parametrize(("folders", "locked"), [([], "."), (["ledger"], "ledger")])
def test_a_read_only_folder_is_named_and_left_as_it_was(
    acme: Path, folders: list[str], locked: str
) -> None:
    for folder in folders:
        (acme / folder).mkdir(mode=0o700)
    before = tree(acme)
    (acme / locked).chmod(0o500)

    code, err = command("sample", before=bound())

    (acme / locked).chmod(0o700)
    assert code == 1
    assert err.count("error: ") == 1
    assert "this may not be read or written" in err
    assert "ledger" in err
    assert tree(acme) == before


@pytest.mark.parametrize("locked", ["ledger/runs", "ledger/responses", "raw"])
def test_a_read_only_folder_amid_a_run_leaves_the_state_before(
    sampled: Path, run: Callable[..., Said], locked: str
) -> None:
    (sampled / locked).mkdir(mode=0o700, exist_ok=True)
    before = lasting(sampled)
    (sampled / locked).chmod(0o500)

    code, err = command("ingest", "export.csv", before=bound())

    (sampled / locked).chmod(0o700)
    assert code == 1
    assert err.count("error: ") == 1
    assert f"{locked}/" in err
    assert lasting(sampled).items() >= before.items()
    assert not [name for name in lasting(sampled) if name.endswith(".tmp")]
    assert run("status", "--today", TODAY, "--json").json["responses"] == 0
    run("ingest", "export.csv", "--today", TODAY)
    assert run("status", "--today", TODAY, "--json").json["responses"] == 5


def test_a_list_that_cannot_be_written_is_written_by_the_next_run(acme: Path) -> None:
    (acme / "out").mkdir(mode=0o500)

    code, err = command("sample", before=bound())

    (acme / "out").chmod(0o700)
    assert code == 1
    assert "out/2026-11" in err
    assert command("sample")[0] == 0
    assert Workspace(acme).ledger.runs.height == 1
    lines = (acme / "out/2026-11/invitations.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + Workspace(acme).ledger.rows(INVITATIONS).height


def test_a_workspace_that_may_only_be_read_can_be_read(sampled: Path) -> None:
    folders = [sampled, *(path for path in sampled.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o500)

    ended = [command(name, before=bound()) for name in ("status", "check")]

    for folder in folders:
        folder.chmod(0o700)
    assert ended == [(0, "")] * 2


def test_a_part_that_may_not_be_read_is_named(sampled: Path) -> None:
    (part,) = (sampled / "ledger" / "invitations").iterdir()
    (sampled / "ledger" / "verified.json").unlink(missing_ok=True)
    part.chmod(0)

    code, err = command("status", before=bound())

    part.chmod(0o600)
    assert code == 1
    assert err.count("error: ") == 1
    assert part.name in err


@pytest.mark.parametrize("name", ["ledger", "out"])
def test_a_file_where_a_folder_should_be_is_named(acme: Path, name: str) -> None:
    (acme / name).write_text("mine", encoding="utf-8")

    code, err = command("sample")

    assert code == 1
    assert f"a file stands where a folder should be ({name})" in err
    assert (acme / name).read_text(encoding="utf-8") == "mine"
