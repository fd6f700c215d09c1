from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import TODAY, answer, build
from tests.faults import (
    DEADLY,
    ERRORS,
    KINDS,
    MAKING,
    WORKSPACE,
    Aftermath,
    Call,
    Ended,
    Job,
    State,
    Zygote,
    aftermath,
    calls_of,
    files_in,
    temporary,
)
from tests.power import Disk, cuts

if TYPE_CHECKING:
    from collections.abc import Iterator

# One process, of those that share the tests, makes the scenes and remembers what it has looked at.
pytestmark = pytest.mark.xdist_group("faults")
AT_ONE_CALL = ("ENOSPC", "EIO")  # in turn: loopback does the same at both, in other words
FROM_THEN_ON = ("ENOSPC from then on", "EIO from then on")
HERE = ["-w", WORKSPACE]
AT = [*HERE, "--today", TODAY]
STEPS = {
    "init": ["init", WORKSPACE],
    "sample": ["sample", *AT],
    "ingest": ["ingest", "acme/first.csv", "--comment", "comment", *AT],
    "ingest without hard links": ["ingest", "acme/first.csv", *AT],
    "check --repair": ["check", "--repair", *AT],
    "route": ["route", *AT],
    "ingest of more": ["ingest", "acme/second.csv", "acme/third.csv", *AT],
    "route of more": ["route", *AT],
    "ingest --rematch": ["ingest", "--rematch", *AT],
    "ingest --again": ["ingest", "--again", *AT],
    "export": ["export", "responses", *HERE, "--to", "responses.csv"],
}
FIRST = ["C-1,2026-11-20,3,the delivery was late", "C-2,2026-11-21,eleven,"]
SECOND = [FIRST[0], "C-2,2026-11-21,10,", "nobody,2026-11-22,0,who am I"]
THIRD = "customer_id,score\nC-9,4\nC-8,2\n"
NEW = "C-9,Gorse Cafe,ben,cafe@gorse.example,+45 9,Gus Gorse,da,South,small,10,2024-01-01,no\n"
MENDED = '[exports]\nwords = { "eleven" = 1, "3" = 4, "0" = "none" }\n'
# Their errors are those of the others.
KILLED_ONLY = (
    *("ingest without hard links", "route of more"),
    *("ingest --rematch", "ingest --again"),
)
CASES = [
    *((name, AT_ONE_CALL) for name in STEPS if name not in KILLED_ONLY),
    *((name, (fault,)) for name in ("init", "ingest", "export") for fault in FROM_THEN_ON),
]
FRAME = '[[reason]]\nid = "delivery"\nlabel = "Delivery"\nany = ["delivery"]\n'
CALL = "{{ call.response_id }} {{ call.score }} {{ call.comment }} {{ call.new }}"
PAGE = f"{{% for call in sheet.calls + sheet.made %}}{CALL}{{% endfor %}}\n"
NAMED = re.compile(r"error: .+ \(.+\)")
KILLED = Ended(-9, "", "")
CACHES = ("acme/ledger/holder", "acme/ledger/verified.json")


@dataclass
class Scene:
    """A command, the folder it starts from, and what an undisturbed run of it does."""

    name: str
    command: list[str]
    template: str
    calls: list[Call]
    ended: Ended
    twice: Ended
    before: State
    after: State
    files_before: dict[str, str]
    files_after: dict[str, str]
    links: bool
    moments: Path
    known: dict[str, Aftermath] = field(default_factory=dict)


@dataclass(frozen=True)
class Strike:
    """One call of a command, made to fail in one way."""

    scene: Scene
    fault: str
    at: int
    folder: str

    @property
    def call(self) -> Call:
        return self.scene.calls[self.at - 1]

    @property
    def job(self) -> Job:
        scene = self.scene
        return Job(
            "run", self.folder, scene.command, scene.template, self.fault, self.at, scene.links
        )

    def __str__(self) -> str:
        scene = self.scene
        return f"{scene.name}, call {self.at} of {len(scene.calls)}, {self.call}, {self.fault}"


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    zygote = Zygote()
    yield zygote
    zygote.close()


@pytest.fixture(scope="module")
def scenes(zygote: Zygote, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Scene]:
    """Every writing command, run undisturbed from the folder that the ones before it left."""
    return dict(_scenes(zygote, tmp_path_factory.mktemp("scenes")))


def _scenes(zygote: Zygote, root: Path) -> Iterator[tuple[str, Scene]]:
    nothing = root / "nothing"
    nothing.mkdir()
    yield "init", _scene(zygote, "init", nothing, root)
    folder = _stage(root)
    for name in ("sample", "ingest", "route", "ingest of more", "route of more"):
        yield name, _scene(zygote, name, folder, root)
        folder = root / f"{name} done"
        if name == "sample":
            answer(folder / WORKSPACE, *FIRST, name="first.csv")
            answer(folder / WORKSPACE, *SECOND, name="second.csv")
            (folder / WORKSPACE / "third.csv").write_text(THIRD, encoding="utf-8")
            plain = "ingest without hard links"
            yield plain, _scene(zygote, plain, folder, root)
            killed = _killed(zygote, folder, root)
            yield "check --repair", _scene(zygote, "check --repair", killed, root)
    for name, file, more in (
        ("ingest --rematch", "customers.csv", NEW),
        ("ingest --again", "loopback.toml", MENDED),
    ):
        with (folder / WORKSPACE / file).open("a", encoding="utf-8") as written:
            written.write(more)
        yield name, _scene(zygote, name, folder, root)
        folder = root / f"{name} done"
    (folder / "responses.csv").write_text("an older export\n", encoding="utf-8")
    yield "export", _scene(zygote, "export", folder, root)


def _stage(root: Path) -> Path:
    """Return a folder with a workspace that has its key, and has run nothing."""
    folder = root / "stage"
    ledger = build(folder / WORKSPACE) / "ledger"
    small = {"reasons.toml": FRAME, "templates/sheet.html.j2": PAGE, "templates/sheet.txt.j2": PAGE}
    (folder / WORKSPACE / "templates").mkdir()
    for name, content in small.items():
        (folder / WORKSPACE / name).write_text(content, encoding="utf-8")
    ledger.mkdir(mode=0o700)
    (ledger / "secret.key").write_text("5e" * 32, encoding="utf-8")
    (ledger / "secret.key").chmod(0o600)
    return folder


def _killed(zygote: Zygote, sampled: Path, root: Path) -> Path:
    """Return a folder in which an ingest was killed before its row in `runs` was in place."""
    counted = Job("run", str(root / "counted"), STEPS["ingest"], str(sampled))
    zygote.done([counted])
    calls = enumerate(calls_of(counted), 1)
    last = max(n for n, call in calls if call.creates and "/runs/" in call.paths[0])
    job = Job("run", str(root / "killed"), STEPS["ingest"], str(sampled), "kill", last + 1)
    assert zygote.done([job])[0].code == -9
    return Path(job.folder)


def _scene(zygote: Zygote, name: str, template: Path, root: Path) -> Scene:
    links = name != "ingest without hard links"
    job = Job("watch", str(root / f"{name} done"), STEPS[name], str(template), links=links)
    twice = Job("examine", str(root / f"{name} twice"), STEPS[name], job.folder)
    first = Job("examine", str(root / f"{name} first"), STEPS[name], str(template))
    ended = zygote.done([job])[0]
    calls = calls_of(job)
    after, before = (aftermath(done) for done in zygote.done([twice, first]))
    files = files_in(Path(job.folder))
    return Scene(
        name,
        STEPS[name],
        str(template),
        calls,
        ended,
        after.again,
        before.seen,
        after.seen,
        files_in(template),
        files,
        links,
        Path(f"{job.folder}.moments"),
    )


def hits(scene: Scene, fault: str) -> list[int]:
    """Return the numbers of the calls that a fault can befall."""
    kinds = {"tear": ("write",), "ENOSPC from then on": MAKING}.get(fault, KINDS)
    able = [n for n, call in enumerate(scene.calls, 1) if call.kind in kinds]
    return [n for n in able if scene.links or scene.calls[n - 1].kind != "link"]


def killed(scene: Scene, fault: str) -> list[Strike]:
    """Return a strike for each state of the disk, whose folder is what a kill there leaves."""
    folders = {n: scene.moments / f"{fault} {n}" for n in hits(scene, fault)}
    return [Strike(scene, fault, n, str(made)) for n, made in folders.items() if made.exists()]


def wrong(zygote: Zygote, strikes: list[Strike], endings: list[Ended]) -> list[str]:
    """Return what is wrong after each strike, by command, call and fault."""
    files = [files_in(Path(strike.folder)) for strike in strikes]
    examine(zygote, strikes, files)
    return [
        f"{strike}: {complaint}"
        for strike, ended, found in zip(strikes, endings, files, strict=True)
        for complaint in complaints(strike, ended, found)
    ]


def examine(zygote: Zygote, strikes: list[Strike], files: list[dict[str, str]]) -> None:
    """Look once at each state of the disk that the strikes have left."""
    fresh: dict[str, Strike] = {}
    for strike, found in zip(strikes, files, strict=True):
        if state_name(found) in strike.scene.known | fresh:
            shutil.rmtree(strike.folder)
        else:
            fresh[state_name(found)] = strike
    jobs = [Job("examine", strike.folder, strike.scene.command) for strike in fresh.values()]
    for (name, strike), ended in zip(fresh.items(), zygote.done(jobs), strict=True):
        strike.scene.known[name] = aftermath(ended)
        shutil.rmtree(strike.folder)


def state_name(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def complaints(strike: Strike, ended: Ended, files: dict[str, str]) -> Iterator[str]:
    """Say everything that is wrong after a strike."""
    scene, found = strike.scene, strike.scene.known[state_name(files)]
    yield from _badly_ended(strike, ended)
    yield from (f"{name} is torn" for name in _torn(scene, files))
    if strike.fault in ERRORS and strike.call.kind != "unlink" and "EIO from" not in strike.fault:
        left = set(temporary(files)) - set(scene.files_before)
        yield from (f"{name} was left behind" for name in sorted(left))
    yield from _wrongly_seen(scene, found)
    if ended.code == scene.ended.code and found.seen != scene.after:
        yield f"the command ended with {ended.code}, but its work is not there"
    yield from _badly_repeated(scene, found)


def _badly_ended(strike: Strike, ended: Ended) -> Iterator[str]:
    if ended is KILLED:
        return
    recovers = strike.call.kind == "link" and strike.scene.links
    if ended.code != 1 and not (recovers and ended.code == strike.scene.ended.code):
        yield f"exit code {ended.code}: {ended.err}"
    if ended.code == 1 and (ended.err.count("error: ") != 1 or ended.out):
        yield f"not one clear message: {ended}"
    if ended.code == 1 and not NAMED.search(" ".join(ended.err.split())):
        yield f"the message names no file: {ended.err}"
    if "Traceback" in ended.err:
        yield f"a traceback: {ended.err}"


def _torn(scene: Scene, files: dict[str, str]) -> list[str]:
    """Return the files that are neither what they were nor what they shall be."""
    whole = scene.files_before.items() | scene.files_after.items()
    settled = set(lasting(files).items()) - whole
    return [name for name, _ in settled if name not in temporary(files)]


def _wrongly_seen(scene: Scene, found: Aftermath) -> Iterator[str]:
    if found.seen not in (scene.before, scene.after):
        yield f"readers see neither the state before nor the state after: {found.seen}"


def _badly_repeated(scene: Scene, found: Aftermath) -> Iterator[str]:
    done = found.seen == scene.after
    codes = {scene.twice.code} if done else set()
    codes |= {scene.ended.code} if found.seen == scene.before else set()
    if found.again.code not in codes:
        yield f"run again, it ends with {found.again.code}: {found.again.err}"
    if found.tables != scene.after.tables:
        yield f"run again, readers see another state: {found.tables}"
    whole = {name for name in found.files if name not in temporary(found.files)}
    other = {n for n, mark in lasting(scene.files_after).items() if found.files.get(n) != mark}
    if other or whole - set(scene.files_after) - set(scene.files_before) - set(CACHES):
        yield f"run again, these files differ: {sorted(other) or sorted(whole)}"
    more = set(lasting(found.repaired)) - set(scene.files_after)
    if left := {name for name in more if name.startswith(WORKSPACE)}:
        yield f"`check --repair` leaves {sorted(left)}"


def lasting(files: dict[str, str]) -> dict[str, str]:
    """Return the files without those that only speed up or explain the next command."""
    return {name: mark for name, mark in files.items() if name not in CACHES}


@pytest.mark.parametrize("fault", DEADLY)
@pytest.mark.parametrize("name", STEPS)
def test_a_command_killed_at_any_call_leaves_the_state_before_or_after(
    zygote: Zygote, scenes: dict[str, Scene], tmp_path: Path, name: str, fault: str
) -> None:
    strikes = killed(scenes[name], fault)
    really = [replace(s, folder=str(tmp_path / f"{s.at}")) for s in first_middle_last(strikes)]
    left = {strike.at: standing(files_in(Path(strike.folder))) for strike in strikes}

    endings = zygote.done([strike.job for strike in really])

    assert [ended.code for ended in endings] == [-9] * len(really)
    for strike in really:
        assert standing(files_in(Path(strike.folder))) == left[strike.at], str(strike)
    assert wrong(zygote, strikes, [KILLED] * len(strikes)) == []


def standing(files: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the files of use, and the names of those being written, which may hold the time."""
    writing = temporary(files)
    return {n: mark for n, mark in lasting(files).items() if n not in writing}, writing


def first_middle_last(strikes: list[Strike]) -> list[Strike]:
    assert strikes
    return [strikes[n] for n in sorted({0, len(strikes) // 2, len(strikes) - 1})]


@pytest.mark.parametrize(
    ("name", "faults"), CASES, ids=[f"{name}-{' or '.join(faults)}" for name, faults in CASES]
)
def test_a_command_struck_at_any_call_leaves_the_state_before_or_after(
    zygote: Zygote,
    scenes: dict[str, Scene],
    tmp_path: Path,
    name: str,
    faults: tuple[str, ...],
) -> None:
    scene = scenes[name]
    strikes = [
        Strike(scene, fault, n, str(tmp_path / f"{n}"))
        for turn, fault in enumerate(faults)
        for n in hits(scene, fault)
        if n % len(faults) == turn
    ]

    endings = zygote.done([strike.job for strike in strikes])

    assert strikes
    assert wrong(zygote, strikes, endings) == []


@pytest.mark.parametrize("names_at_once", [True, False])
@pytest.mark.parametrize("name", [name for name in STEPS if name != "export"])
def test_a_power_cut_at_any_call_leaves_the_state_before_or_after(
    zygote: Zygote, scenes: dict[str, Scene], tmp_path: Path, name: str, *, names_at_once: bool
) -> None:
    scene = scenes[name]
    cut = dict(cuts(Path(scene.template), scene.calls, names_at_once=names_at_once))
    for number, left in cut.items():
        Disk(Path(scene.template)).write(left, tmp_path / f"{number}")
    jobs = [Job("examine", str(tmp_path / f"{number}"), scene.command) for number in cut]

    found = dict(zip(cut, map(aftermath, zygote.done(jobs)), strict=True))

    assert found[max(found)].seen == scene.after
    assert [
        f"{name}, power cut before call {number}: {complaint}"
        for number, left in found.items()
        for complaint in [*_wrongly_seen(scene, left), *_badly_repeated(scene, left)]
    ] == []


@pytest.mark.parametrize("name", STEPS)
def test_an_undisturbed_run_does_its_work_and_finds_nothing_to_do_again(
    scenes: dict[str, Scene], name: str
) -> None:
    scene = scenes[name]

    assert scene.ended.code in {0, 3}, scene.ended
    assert not temporary(scene.files_after)
    assert scene.files_after != scene.files_before
    assert scene.twice.code == (1 if name == "init" else 0), scene.twice


@pytest.mark.parametrize("name", STEPS)
def test_the_injector_sees_every_change_to_a_file(
    zygote: Zygote, scenes: dict[str, Scene], tmp_path: Path, name: str
) -> None:
    scene = scenes[name]
    job = Job("audit", str(tmp_path / "audited"), scene.command, scene.template)

    audited = zygote.done([job])[0]

    assert json.loads(audited.out) == []
    assert audited.code == scene.ended.code
