from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopback import cli, files
from loopback.errors import DamagedError
from loopback.exports import events as responses
from loopback.ledger import Ledger, digest
from loopback.tables import (
    BOUNCES,
    CORRECTS,
    DELIVERIES,
    INVITATIONS,
    PROVENANCE,
    REJECTS,
    RESPONSES,
    ROTATION,
    RUNS,
    TABLES,
    Table,
)
from loopback.workspace import Workspace
from tests.conftest import CUSTOMERS, TODAY, answer, build, tokens
from tests.frames import table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Said

    Run = Callable[..., Said]

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = (946_684_800, 946_684_800)

FOUR_ANSWERS = """
    response_id | customer_id | score | row
    ------------+-------------+-------+----
    r-1         | C-1         | 3     | 2
    r-2         | C-2         | 9     | 3
    r-3         | C-3         | 10    | 4
    r-4         | 007         | 0     | 5
"""


def commit(ledger: Ledger, kind: Table, drawing: str, command: str = "ingest") -> None:
    """Commit one run that adds the drawn rows to a table."""
    with ledger.run(command, NOON) as run:
        run.append(kind, table(kind, drawing))


def flip(path: Path, position: int, bit: int = 0) -> None:
    """Change one bit of a file, and nothing else."""
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def take_back(ledger: Ledger) -> None:
    """Leave a ledger as a run that was killed before its row in `runs` was in place."""
    shutil.rmtree(ledger.folder / "runs")
    (ledger.folder / "verified.json").unlink()


def part_of(folder: Path, kind: Table, index: int = 0) -> Path:
    return sorted((folder / "ledger" / kind.name).glob("*.parquet"))[index]


def listed(folder: Path, part: Path) -> str:
    """Return the name of a part as loopback shows it."""
    return part.relative_to(folder).as_posix()


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "ledger")


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small workspace after a month: two answers, a reject, a bounce, and the mails."""
    folder = build(tmp_path_factory.mktemp("month") / "acme")
    at = ["-w", str(folder), "--today", TODAY]
    done(["sample", *at])
    known = tokens(folder)
    (folder / "export.csv").write_text(
        "token,submitted,score,comment,status\n"
        f"{known['C-1']},2026-11-20,3,late again,\n"
        f"{known['C-4']},2026-11-21,10,,\n"
        f"{known['C-2']},2026-11-21,eleven,,\n"
        f"{known['C-3']},2026-11-21,,,bounced\n",
        encoding="utf-8",
    )
    done(["ingest", str(folder / "export.csv"), *at])
    done(["route", *at])
    return folder


def done(command: list[str]) -> None:
    with contextlib.suppress(SystemExit):
        cli.main(command)


@pytest.fixture
def answered(month: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that workspace, times and all, which is also the current folder."""
    folder = tmp_path / "acme"
    shutil.copytree(month, folder)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    return folder


def test_rows_are_read_back_as_they_were_committed(ledger: Ledger) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)

    rows = ledger.rows(RESPONSES).select("response_id", "customer_id", "score", "row")
    assert rows.rows() == [
        ("r-1", "C-1", 3, 2),
        ("r-2", "C-2", 9, 3),
        ("r-3", "C-3", 10, 4),
        ("r-4", "007", 0, 5),
    ]


def test_a_table_that_nobody_wrote_to_is_empty_and_has_its_columns(ledger: Ledger) -> None:
    for kind in TABLES.values():
        assert ledger.rows(kind).schema == kind.schema
        assert ledger.rows(kind).height == 0


def test_a_run_adds_one_part_to_each_table_and_one_row_to_runs(ledger: Ledger) -> None:
    with ledger.run("sample", NOON, month="2026-11") as run:
        run.read.append("a file")
        run.append(INVITATIONS, table(INVITATIONS, "customer_id\nC-1\nC-2"))
        run.append(ROTATION, table(ROTATION, "customer_id\nC-3"))

    row = Ledger(ledger.folder).runs.row(0, named=True)
    assert row["run"] == 1
    assert row["command"] == "sample"
    assert row["arguments"] == '{"month": "2026-11"}'
    assert row["recorded_at"] == NOON
    assert row["read"] == ["a file"]
    assert row["rows"] == 3
    assert [part.partition("/")[0] for part in row["wrote"]] == ["invitations", "rotation"]
    assert all((ledger.folder / part).is_file() for part in row["wrote"])


def test_a_part_is_named_by_its_run_and_the_hash_of_its_bytes(ledger: Ledger) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)

    (path,) = (ledger.folder / "responses").iterdir()
    assert path.name == f"000001-{digest(path.read_bytes())}.parquet"


def test_a_run_with_nothing_to_add_leaves_no_trace(ledger: Ledger) -> None:
    with ledger.run("ingest", NOON) as run:
        run.append(RESPONSES, RESPONSES.empty())

    assert ledger.runs.height == 0
    assert not (ledger.folder / "runs").exists()


def test_a_run_that_fails_commits_nothing(ledger: Ledger) -> None:
    def failing() -> None:
        with ledger.run("ingest", NOON) as run:
            run.append(RESPONSES, table(RESPONSES, FOUR_ANSWERS))
            raise LookupError

    with pytest.raises(LookupError):
        failing()

    assert ledger.runs.height == 0
    assert ledger.rows(RESPONSES).height == 0


def test_a_run_adds_to_a_table_at_most_once(ledger: Ledger) -> None:
    rows = table(RESPONSES, FOUR_ANSWERS)

    def twice() -> None:
        with ledger.run("ingest", NOON) as run:
            run.append(RESPONSES, rows)
            run.append(RESPONSES, rows)

    with pytest.raises(ValueError, match="twice to responses"):
        twice()

    assert ledger.runs.height == 0


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (pl.DataFrame({"customer_id": ["C-1"]}), "columns missing"),
        (table(ROTATION, "customer_id\nC-1").with_columns(mood=pl.lit("good")), "unknown"),
    ],
)
def test_rows_that_are_not_of_the_table_are_refused(
    ledger: Ledger, rows: pl.DataFrame, what: str
) -> None:
    with pytest.raises(ValueError, match=what), ledger.run("sample", NOON) as run:
        run.append(ROTATION, rows)

    assert ledger.runs.height == 0
    assert ledger.rows(ROTATION).height == 0


def test_the_row_in_runs_is_the_commit(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.publish

    def publish(path: Path, content: bytes) -> None:
        if path.parent.name == "runs":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(path, content)

    monkeypatch.setattr(files, "publish", publish)
    with pytest.raises(OSError, match="Input/output"):
        commit(ledger, RESPONSES, FOUR_ANSWERS)

    assert len(list((ledger.folder / "responses").iterdir())) == 1
    assert Ledger(ledger.folder).rows(RESPONSES).height == 0


def test_a_run_repeated_after_its_parts_were_written_takes_them_up(
    ledger: Ledger, tmp_path: Path
) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)
    take_back(ledger)

    commit(Ledger(ledger.folder), RESPONSES, FOUR_ANSWERS)

    assert len(list((ledger.folder / "responses").iterdir())) == 1
    assert Ledger(ledger.folder).rows(RESPONSES).height == 4
    assert Ledger(tmp_path / "ledger").leftovers() == []


def test_a_leftover_that_was_damaged_does_not_become_part_of_the_ledger(ledger: Ledger) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)
    take_back(ledger)
    (leftover,) = (ledger.folder / "responses").iterdir()
    flip(leftover, 50)

    commit(Ledger(ledger.folder), RESPONSES, FOUR_ANSWERS)

    assert Ledger(ledger.folder).damage() == []
    assert Ledger(ledger.folder).rows(RESPONSES).height == 4


def test_runs_keep_their_order(ledger: Ledger) -> None:
    for number in range(1, 13):
        commit(ledger, RESPONSES, f"response_id | row\nr-{number} | 3\ns-{number} | 2")

    rows = Ledger(ledger.folder).rows(RESPONSES)
    drawn = [f"{letter}-{number}" for number in range(1, 13) for letter in "rs"]
    assert rows["response_id"].to_list() == drawn
    assert Ledger(ledger.folder).runs["run"].to_list() == list(range(1, 13))


def test_a_ledger_in_hand_sees_what_it_has_just_committed(ledger: Ledger) -> None:
    assert ledger.rows(RESPONSES).height == 0

    commit(ledger, RESPONSES, FOUR_ANSWERS)

    assert ledger.rows(RESPONSES).height == 4


def test_a_reader_keeps_the_ledger_as_it_was_when_first_asked(ledger: Ledger) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)
    reader = Ledger(ledger.folder)
    assert reader.runs.height == 1

    commit(ledger, REJECTS, "file | row\nexport.csv | 7")

    assert reader.rows(REJECTS).height == 0
    assert reader.leftovers() != []
    assert Ledger(ledger.folder).rows(REJECTS).height == 1


def test_parts_of_the_same_file_name_in_two_tables_stay_apart(ledger: Ledger) -> None:
    schema = pl.Schema({"customer_id": pl.String})
    left, right = (Table(name, schema, ("customer_id",)) for name in ("left", "right"))
    with ledger.run("sample", NOON) as run:
        for kind in (left, right):
            run.append(kind, table(kind, "customer_id\nC-1"))

    parts = ledger.parts()
    assert [part.partition("/")[0] for part in parts] == ["left", "right"]
    assert len({part.partition("/")[2] for part in parts}) == 1
    assert ledger.rows(left)["customer_id"].to_list() == ["C-1"]
    assert ledger.rows(right)["customer_id"].to_list() == ["C-1"]


@pytest.mark.parametrize(
    "customer_id", ["007", "1234567890123456789", "-0", "1e5", "0x1F", "NaN", "true", "2026-11-01"]
)
def test_an_id_stays_what_it_was(acme: Path, run: Run, customer_id: str) -> None:
    listed = CUSTOMERS.replace("C-1", customer_id)
    (acme / "customers.csv").write_text(listed, encoding="utf-8")

    run("sample", "--today", TODAY)
    export = answer(acme, f"{customer_id},2026-11-20,9,")
    run("ingest", export, "--today", TODAY)
    run("export", "responses", "--to", "responses.csv")

    ledger = Workspace(acme).ledger
    assert customer_id in ledger.rows(INVITATIONS)["customer_id"].to_list()
    assert ledger.rows(RESPONSES)["customer_id"].to_list() == [customer_id]
    lines = (acme / "responses.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1].split(",")[1] == customer_id


def test_every_row_says_which_run_of_which_command_wrote_it_and_when(answered: Path) -> None:
    ledger = Workspace(answered).ledger
    wrote = {
        INVITATIONS: (1, "sample", NOON),
        RESPONSES: (2, "ingest", NOON),
        REJECTS: (2, "ingest", NOON),
        BOUNCES: (2, "ingest", NOON),
        DELIVERIES: (3, "route", NOON),
    }

    for kind, origin in wrote.items():
        rows = ledger.rows(kind).select("run", "command", "recorded_at")
        assert rows.height > 0
        assert set(rows.rows()) == {origin}, kind.name


def test_every_row_of_a_file_names_the_file_by_its_hash_and_the_row(answered: Path) -> None:
    source = hashlib.sha256((answered / "export.csv").read_bytes()).hexdigest()
    ledger = Workspace(answered).ledger

    def origin(kind: Table) -> list[tuple[Any, ...]]:
        return ledger.rows(kind).select("customer_id", "source", "row").rows()

    assert origin(RESPONSES) == [("C-1", source, 2), ("C-4", source, 3)]
    assert ledger.rows(REJECTS).select("source", "row").rows() == [(source, 4)]
    assert origin(BOUNCES) == [("C-3", source, 5)]
    assert (answered / "raw" / f"{source}.csv").read_bytes() == (
        answered / "export.csv"
    ).read_bytes()
    assert source in ledger.runs["read"].explode(empty_as_null=False).to_list()


def test_a_part_can_hold_no_row_without_its_origin() -> None:
    for kind in TABLES.values():
        assert list(kind.schema)[-len(PROVENANCE) :] == list(PROVENANCE)


def test_what_a_killed_run_left_is_not_read(answered: Path) -> None:
    part = part_of(answered, RESPONSES)
    before = Workspace(answered).ledger.rows(RESPONSES)

    content = part.read_bytes()
    (part.parent / f"000009-{digest(content)}.parquet").write_bytes(content)
    (part.parent / f".{part.name}.4711.tmp").write_bytes(content[:100])

    assert Workspace(answered).ledger.rows(RESPONSES).equals(before)


def test_check_names_what_a_killed_run_left_and_repair_removes_it(answered: Path, run: Run) -> None:
    part = part_of(answered, RESPONSES)
    content = part.read_bytes()
    stray = part.parent / f"000009-{digest(content)}.parquet"
    stray.write_bytes(content)
    half = part.parent / f".{part.name}.4711.tmp"
    half.write_bytes(content[:100])

    warned = run("check", "--today", TODAY)
    assert listed(answered, stray) in warned.err
    assert listed(answered, half) in warned.err
    assert "loopback check --repair" in warned.err

    run("check", "--repair", "--today", TODAY)
    assert not stray.exists()
    assert not half.exists()
    assert part.exists()
    assert "left behind" not in run("check", "--today", TODAY).err


@pytest.mark.parametrize("folder", [".", "out/2026-11", "out/2026-11/sheets", "outbox", "raw"])
def test_repair_removes_files_half_written_outside_the_ledger(
    answered: Path, run: Run, folder: str
) -> None:
    half = answered / folder / ".customers.csv.4711.tmp"
    half.write_bytes(b"customer_id,na")

    assert half.name in run("check", "--today", TODAY).err
    run("check", "--repair", "--today", TODAY)

    assert not half.exists()


def test_repair_keeps_every_file_that_the_ledger_needs(answered: Path, run: Run) -> None:
    before = {path for path in answered.rglob("*") if path.is_file()}

    run("check", "--repair", "--today", TODAY)

    assert {path for path in answered.rglob("*") if path.is_file()} == before
    assert run("route", "--today", TODAY, "--json").json["unchanged"] == 3


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """A ledger of two runs whose parts were all read, hashed and remembered as sound."""
    ledger = Ledger(tmp_path_factory.mktemp("sound") / "ledger")
    commit(ledger, RESPONSES, FOUR_ANSWERS)
    for path in ledger.folder.glob("*/*.parquet"):
        os.utime(path, LONG_AGO)
    ledger = Ledger(ledger.folder)
    assert ledger.rows(RESPONSES).height == 4
    commit(ledger, REJECTS, "file | row\nexport.csv | 7")
    return ledger


@settings(deadline=None)
@given(which=st.integers(0, 3), where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_of_any_part_is_noticed(
    sound: Ledger, which: int, where: float, bit: int
) -> None:
    path = sorted(sound.folder.glob("*/*.parquet"))[which]
    kept = path.read_bytes()
    flip(path, int(where * len(kept)), bit)
    try:
        problems = Ledger(sound.folder).damage()
        with pytest.raises(DamagedError) as noticed:
            [Ledger(sound.folder).rows(kind) for kind in (RESPONSES, REJECTS)]
    finally:
        path.write_bytes(kept)

    file = f"ledger/{path.parent.name}/{path.name}"
    assert [problem.file for problem in problems] == [file]
    assert [problem.file for problem in noticed.value.problems] == [file]
    assert "backup" in problems[0].mend
    assert Ledger(sound.folder).damage() == []


@settings(deadline=None)
@given(length=st.floats(0, 1, exclude_max=True))
def test_a_part_cut_short_is_noticed(sound: Ledger, length: float) -> None:
    path = next((sound.folder / "responses").glob("*.parquet"))
    kept = path.read_bytes()
    path.write_bytes(kept[: int(length * len(kept))])
    try:
        with pytest.raises(DamagedError, match="changed after it was written"):
            Ledger(sound.folder).rows(RESPONSES)
    finally:
        path.write_bytes(kept)

    assert Ledger(sound.folder).rows(RESPONSES).height == 4


@pytest.mark.parametrize("kind", [RUNS, RESPONSES, INVITATIONS])
def test_a_damaged_part_is_named_with_the_way_back(answered: Path, run: Run, kind: Table) -> None:
    path = part_of(answered, kind)
    backup = path.read_bytes()
    flip(path, 40)

    checked = run("check", "--today", TODAY, expect=1)
    read = run("status", "--today", TODAY, expect=1)

    for said in (checked, read):
        assert "changed after it was written" in said.err
        assert f"Restore {listed(answered, path)} from your backup" in said.err
    path.write_bytes(backup)
    assert "All is well" in run("check", "--today", TODAY).out
    assert run("status", "--today", TODAY, "--json").json["responses"] == 2


def test_check_names_every_damaged_part(answered: Path, run: Run) -> None:
    damaged = [part_of(answered, kind) for kind in (RESPONSES, INVITATIONS, DELIVERIES)]
    for path in damaged:
        flip(path, 40)

    problems = run("check", "--today", TODAY, "--json", expect=1).json["problems"]

    assert sorted(p["file"] for p in problems) == sorted(listed(answered, p) for p in damaged)


def test_check_hashes_afresh_what_has_kept_its_size_and_time(answered: Path, run: Run) -> None:
    path = part_of(answered, INVITATIONS)
    state = path.stat()
    flip(path, 40)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))

    assert listed(answered, path) in run("check", "--today", TODAY, expect=1).err


def test_a_missing_part_is_named_with_the_way_back(answered: Path, run: Run) -> None:
    path = part_of(answered, RESPONSES)
    backup = path.rename(answered / "backup")

    for command in ("check", "status", "score"):
        said = run(command, "--today", TODAY, expect=1)
        assert "this part is missing" in said.err
        assert f"Restore {listed(answered, path)} from your backup" in said.err

    backup.rename(path)
    assert run("status", "--today", TODAY, "--json").json["responses"] == 2


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_run_is_noticed(answered: Path, run: Run, number: int) -> None:
    path = part_of(answered, RUNS, number - 1)
    backup = path.rename(answered / "backup")

    for command in ("check", "status"):
        said = run(command, "--today", TODAY, expect=1)
        assert f"run {number} is missing" in said.err
        assert "from your backup" in said.err

    backup.rename(path)
    assert run("status", "--today", TODAY, "--json").json["responses"] == 2


def test_check_tells_of_a_missing_run_beside_every_other_problem(answered: Path, run: Run) -> None:
    part_of(answered, RUNS).unlink()
    people = (answered / "people.csv").read_text(encoding="utf-8")
    (answered / "people.csv").write_text(people.replace("ben@", "ben at "), encoding="utf-8")

    problems = run("check", "--today", TODAY, "--json", expect=1).json["problems"]

    assert ["run 1 is missing" in str(problems), "ben at" in str(problems)] == [True, True]


def test_a_damaged_ledger_is_not_repaired_by_removing_parts(answered: Path, run: Run) -> None:
    flip(part_of(answered, RUNS, 1), 40)
    before = set(answered.rglob("*.parquet"))

    run("check", "--repair", "--today", TODAY, expect=1)

    assert set(answered.rglob("*.parquet")) == before


def test_repair_removes_no_part_of_a_run_whose_row_was_lost(answered: Path, run: Run) -> None:
    backup = part_of(answered, RUNS, 2).rename(answered / "backup")
    before = set(answered.rglob("*.parquet"))

    run("check", "--repair", "--today", TODAY, expect=1)

    assert set(answered.rglob("*.parquet")) == before
    assert backup.exists()


def test_a_damaged_ledger_is_not_written_to(answered: Path, run: Run) -> None:
    flip(part_of(answered, RESPONSES), 40)
    before = set(answered.rglob("*.parquet"))

    run("ingest", answer(answered, "C-5,2026-11-21,7,", name="more.csv"), expect=1)

    assert set(answered.rglob("*.parquet")) == before


def test_a_copy_that_a_synced_folder_made_is_no_part(answered: Path, run: Run) -> None:
    for kind in (RUNS, RESPONSES):
        path = part_of(answered, kind)
        shutil.copy(path, path.with_name(f"{path.stem} (1).parquet"))

    assert run("status", "--today", TODAY, "--json").json["responses"] == 2
    assert "(1).parquet" in run("check", "--today", TODAY).err


@pytest.mark.parametrize("nonsense", ["", "null", "[]", "{", '{"runs": 1}', '"x"', "\x00\xff"])
def test_what_was_remembered_as_sound_may_be_lost_or_nonsense(
    answered: Path, run: Run, nonsense: str
) -> None:
    (answered / "ledger" / "verified.json").write_text(nonsense, encoding="latin-1")

    assert run("status", "--today", TODAY, "--json").json["responses"] == 2
    run("ingest", answer(answered, "C-5,2026-11-21,7,", name="more.csv"), "--today", TODAY)
    assert run("status", "--today", TODAY, "--json").json["responses"] == 3


def test_a_part_older_than_the_schema_is_still_read(ledger: Ledger) -> None:
    columns = {**RESPONSES.columns, "score": pl.Int32}
    del columns["language"]
    older = Table("responses", pl.Schema(columns), key=("response_id",))
    with ledger.run("ingest", NOON) as run:
        run.append(older, table(older, FOUR_ANSWERS))
    commit(ledger, RESPONSES, "response_id | score | language\nr-5 | 7 | en")

    rows = Ledger(ledger.folder).rows(RESPONSES)

    assert rows.schema == RESPONSES.schema
    assert rows["score"].to_list() == [3, 9, 10, 0, 7]
    assert rows["language"].to_list() == [None, None, None, None, "en"]
    assert rows["customer_id"].to_list() == ["C-1", "C-2", "C-3", "007", None]


def test_a_part_newer_than_the_schema_is_read_as_far_as_it_is_known(ledger: Ledger) -> None:
    columns = pl.Schema({"mood": pl.String, **RESPONSES.columns})
    newer = Table("responses", columns, key=("response_id",))
    with ledger.run("ingest", NOON) as run:
        run.append(newer, table(newer, "response_id | score | mood\nr-1 | 9 | good"))

    rows = Ledger(ledger.folder).rows(RESPONSES)

    assert rows.schema == RESPONSES.schema
    assert rows.select("response_id", "score").rows() == [("r-1", 9)]


def test_a_row_of_runs_older_than_the_schema_is_still_read(ledger: Ledger) -> None:
    commit(ledger, RESPONSES, FOUR_ANSWERS)
    (path,) = (ledger.folder / "runs").iterdir()
    content = io.BytesIO()
    pl.read_parquet(path).drop("rows").cast({"run": pl.Int32}).write_parquet(content)
    path.unlink()
    name = f"000001-{digest(content.getvalue())}.parquet"
    files.publish(path.with_name(name), content.getvalue())

    older = Ledger(ledger.folder)

    assert older.runs.schema == RUNS.schema
    assert older.runs["rows"].to_list() == [None]
    assert older.rows(RESPONSES).height == 4


def test_the_current_state_is_the_last_event_of_each_key(ledger: Ledger) -> None:
    commit(ledger, DELIVERIES, "person_id | month | version | event\nanna | 2026-11 | a | first")
    commit(ledger, DELIVERIES, "person_id | month | version | event\nanna | 2026-11 | b | other")
    commit(ledger, DELIVERIES, "person_id | month | version | event\nanna | 2026-11 | a | last")

    current = ledger.current(DELIVERIES).select("person_id", "version", "event", "run")

    assert current.rows() == [("anna", "a", "last", 3), ("anna", "b", "other", 2)]


ANSWERED = st.tuples(
    st.sampled_from(("r-1", "r-2", "r-3", "r-4")),
    st.integers(0, 10),
    st.sampled_from(("2026-11-20", "2026-11-21", "")),
    st.integers(2, 4),
)
UNMARKED = Table(
    "responses",
    pl.Schema({n: kind for n, kind in RESPONSES.columns.items() if n != CORRECTS}),
    key=RESPONSES.key,
)


@settings(max_examples=25, deadline=None)
@given(runs=st.lists(st.tuples(st.booleans(), st.lists(ANSWERED, min_size=1)), max_size=5))
def test_what_streams_by_as_current_is_the_last_event_of_each_key(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[bool, list[tuple[str, int, str, int]]]],
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("random") / "ledger")
    for old, answers in runs:  # some from before a row said what it corrects
        lines = [" | ".join(map(str, answer)) for answer in answers]
        drawn = table(RESPONSES, "\n".join(["response_id | score | responded_at | row", *lines]))
        marked = responses.events(drawn, ledger.rows(RESPONSES), ledger.runs.height + 1)
        with ledger.run("ingest", NOON) as run:
            rows = drawn.drop(CORRECTS) if old else marked
            run.append(UNMARKED if old else RESPONSES, rows)

    streamed = ledger.scan_current(RESPONSES).drop(CORRECTS).collect().sort("response_id")

    assert_frame_equal(streamed, ledger.current(RESPONSES).drop(CORRECTS))


def test_a_table_that_says_nothing_of_corrections_is_current_all_the_same(ledger: Ledger) -> None:
    for event in ("first", "last"):
        drawn = f"person_id | month | version | event\nanna | 2026-11 | a | {event}"
        commit(ledger, DELIVERIES, drawn)

    current = ledger.scan_current(DELIVERIES).select("person_id", "event", "run").collect()

    assert current.rows() == [("anna", "last", 2)]


def test_what_is_written_once_is_current_as_it_was_written(ledger: Ledger) -> None:
    commit(ledger, INVITATIONS, "customer_id | month\nC-1 | 2026-11\nC-2 | 2026-11")
    commit(ledger, INVITATIONS, "customer_id | month\nC-1 | 2026-12")

    current = ledger.scan_current(INVITATIONS).collect().sort(INVITATIONS.key)

    assert_frame_equal(current, ledger.current(INVITATIONS))


def test_a_newer_answer_counts_even_if_an_older_one_comes_in_later(ledger: Ledger) -> None:
    columns = "response_id | score | responded_at"
    commit(ledger, RESPONSES, f"{columns}\nr-1 | 9 | 2026-11-20\nr-2 | 1 |")
    commit(ledger, RESPONSES, f"{columns}\nr-1 | 3 | 2026-11-19\nr-2 | 2 |")

    assert ledger.current(RESPONSES)["score"].to_list() == [9, 2]


events = st.lists(
    st.tuples(
        st.sampled_from(["r-1", "r-2", "r-3"]),
        st.none() | st.integers(0, 3),
        st.integers(1, 4),
        st.none() | st.integers(2, 5),
    ),
    max_size=12,
)


@settings(deadline=None)
@given(events)
def test_the_current_state_never_depends_on_anything_but_the_order_of_events(
    drawn: list[tuple[str, int | None, int, int | None]],
) -> None:
    """Order: when answered (unknown first), then run, then row; of equals the later in line."""
    rows = [
        {
            "response_id": key,
            "responded_at": None if day is None else NOON + timedelta(days=day),
            "run": run,
            "row": row,
            "score": place,
        }
        for place, (key, day, run, row) in enumerate(drawn)
    ]
    stored = pl.DataFrame(rows, schema_overrides=RESPONSES.schema, infer_schema_length=None)
    full = pl.concat([RESPONSES.empty(), stored], how="diagonal") if rows else RESPONSES.empty()

    last: dict[str, tuple[Any, ...]] = {}
    for place, (key, day, run, row) in enumerate(drawn):
        rank = (-1 if day is None else day, run, -1 if row is None else row, place)
        last[key] = max(last.get(key, rank), rank)

    current = RESPONSES.current(full)
    assert dict(current.select("response_id", "score").iter_rows()) == {
        key: rank[-1] for key, rank in last.items()
    }
    assert current["response_id"].to_list() == sorted(last)
    assert current.schema == RESPONSES.schema


def test_the_key_of_a_workspace_once_made_is_kept(acme: Path) -> None:
    first = Workspace(acme).key()

    assert Workspace(acme).key() == first
    assert len(bytes.fromhex(first.decode())) == 32
    assert (acme / "ledger" / "secret.key").stat().st_mode & 0o777 == 0o600


def test_nothing_in_a_workspace_can_be_read_by_others(answered: Path) -> None:
    ours = [answered / name for name in ("ledger", "out", "outbox", "raw")]
    found = [*ours, *(path for folder in ours for path in folder.rglob("*"))]

    assert [path for path in found if path.stat().st_mode & 0o077] == []
