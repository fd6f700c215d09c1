"""A run of many mails, killed at random moments and started again: each mail goes once, or is told.

`LOOPBACK_KILLS=200 LOOPBACK_MAILS=100 pytest -s tests/test_killed_mail.py` is the long form.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from loopback.clock import clock_of
from loopback.steps.ingest import choices, ingest
from loopback.steps.sample import sample
from loopback.workspace import Workspace
from tests.conftest import SETTINGS, TODAY, answer, build
from tests.mail.servers import Behaviour, by_smtp, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = str(Path(sys.executable).with_name("loopback"))
KILLS = int(os.environ.get("LOOPBACK_KILLS", "3"))
MAILS = int(os.environ.get("LOOPBACK_MAILS", "12"))

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


class Round(NamedTuple):
    """What one workspace lived through: its kills, and how each mail ended."""

    kills: int
    accepted: list[str]
    unsure: list[str]
    received: Counter[str]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace in which each of many owners has one answer."""
    numbers = [f"{number:03}" for number in range(MAILS)]
    people = ["person_id,name,email", *(f"P{n},Owner {n},p{n}@acme.example" for n in numbers)]
    customers = [
        "customer_id,name,owner,email",
        *(f"C{n},Customer {n},P{n},c{n}@customer.example" for n in numbers),
    ]
    folder = build(
        tmp_path_factory.mktemp("many") / "acme",
        people="\n".join(people) + "\n",
        customers="\n".join(customers) + "\n",
        settings=SETTINGS,
    )
    workspace, clock = Workspace(folder), clock_of(date.fromisoformat(TODAY))
    sample(workspace, None, clock, dry_run=False)
    export = answer(folder, *(f"C{n},2026-11-20,{int(n) % 11},late again" for n in numbers))
    ingest(Workspace(folder), [export], choices(workspace), clock)
    return folder


def lived(folder: Path, kills: int, chance: Random) -> Round:
    """Start the command and kill it, again and again; then let it end, and see what it left."""
    behaviour = Behaviour()
    with serving(behaviour) as port:
        settings = SETTINGS + by_smtp(port, server='security = "none"')
        (folder / "loopback.toml").write_text(settings, encoding="utf-8")
        struck = sum(_killed(folder, behaviour, chance) for _ in range(kills))
        ended = _command(folder, "route")
        assert ended.returncode in {0, 3}, ended.stderr
        assert _command(folder, "route").returncode == ended.returncode
        told = json.loads(_command(folder, "route", "--status", "--json").stdout)
    events = {row["person_id"]: row["event"] for row in told["deliveries"]}
    received = Counter(r.recipients[0].partition("@")[0].upper() for r in behaviour.received)
    accepted = [who for who, event in events.items() if event == "accepted"]
    unsure = [who for who, event in events.items() if event == "unsure"]
    assert len(accepted) + len(unsure) == MAILS
    return Round(struck, accepted, unsure, received)


def _killed(folder: Path, behaviour: Behaviour, chance: Random) -> bool:
    """Kill a run at a random moment after a random number of mails; say whether it still ran."""
    enough = len(behaviour.received) + chance.randrange(max(2, MAILS // 8))
    with subprocess.Popen(
        [LOOPBACK, "route", "--today", TODAY], cwd=folder, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and len(behaviour.received) <= enough:
            time.sleep(0.0005)
        time.sleep(chance.random() * 0.02)
        running = process.poll() is None
        process.send_signal(signal.SIGKILL)
    return running


def _command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [LOOPBACK, *words, "--today", TODAY]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def rounds(answered: Path, root: Path) -> Iterator[Round]:
    """Return rounds until there were enough kills."""
    chance = Random(2026)  # noqa: S311 - for the same moments each time, not for a secret
    done = 0
    while done < KILLS:
        folder = root / f"{done}"
        shutil.copytree(answered, folder)
        found = lived(folder, min(8, KILLS - done), chance)
        shutil.rmtree(folder)
        done += found.kills
        yield found


def test_whenever_it_is_killed_each_mail_goes_once_or_is_told(
    answered: Path, tmp_path: Path
) -> None:
    lives = list(rounds(answered, tmp_path))

    twice = [(who, n) for life in lives for who, n in life.received.items() if n > 1]
    lost = [who for life in lives for who in life.accepted if not life.received[who]]
    unsure = [life.received[who] for life in lives for who in life.unsure]
    print(  # noqa: T201 - for whoever runs the long form
        f"{sum(life.kills for life in lives)} kills, {len(lives)} rounds of {MAILS} mails: "
        f"{len(twice)} twice, {len(lost)} lost, {len(unsure)} unsure ({sum(unsure)} had arrived)"
    )
    assert sum(life.kills for life in lives) >= KILLS
    assert (twice, lost) == ([], [])
