"""The ledger: what loopback knows, as Parquet parts that are only ever added.

A run writes its parts under names that carry the hash of their bytes; then it writes the one row
of `runs` that lists them. That row is the commit: parts that no run lists do not exist for
readers. See docs/architecture.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from functools import cached_property, partial
from typing import TYPE_CHECKING

import polars as pl

from loopback import files
from loopback.errors import BusyError, DamagedError, Problem
from loopback.runs import Run
from loopback.tables import CORRECTS, RUNS, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

LOCK_PATIENCE = 5.0  # seconds a second writer waits for the first
HASH_BYTES = 16
RUN_DIGITS = 6
PART = re.compile(r"[a-z]+/\d{6,}-[0-9a-f]{32}\.parquet")
PART_NAME = re.compile(r"\d{6,}-[0-9a-f]{32}\.parquet")
EVOLVING = pl.ScanCastOptions(
    integer_cast=["upcast", "allow-float"], float_cast=["upcast"], categorical_to_string="allow"
)


def digest(content: bytes | memoryview) -> str:
    """Return the hash that names a part: BLAKE2b, 128 bits, in hexadecimal."""
    return _hash(content).hexdigest()


def digest_of(path: Path) -> str:
    """Return the hash of a file, which may be larger than memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, _hash).hexdigest()


_hash = partial(hashlib.blake2b, digest_size=HASH_BYTES)


class Ledger:
    """The tables in one folder; any number of readers, one writer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, table: Table) -> pl.DataFrame:
        """Return every row ever committed to a table, in the order of the runs.

        Raises `DamagedError` where a part is missing or is not what was written.
        """
        if table is RUNS:
            return self.runs
        return self.scan(table).collect().sort("run", maintain_order=True)

    def scan(self, table: Table) -> pl.LazyFrame:
        """Return every row ever committed to a table, to be read as far as they are needed."""
        return _scan([self._sound(part) for part in self._parts(table)], table)

    def scans(self, table: Table, *, as_stored: bool = False) -> list[pl.LazyFrame]:
        """Return the rows of each run that wrote to a table; words as text, or as stored."""
        return self._scans(self._parts(table), table, as_stored=as_stored)

    def last(self, table: Table, *, as_stored: bool = False) -> pl.LazyFrame:
        """Return the rows of the last run that wrote to a table; words as text, or as stored."""
        last = self._scans(self._parts(table)[-1:], table, as_stored=as_stored)
        return last[0] if last else table.empty().lazy()

    def _scans(self, parts: list[str], table: Table, *, as_stored: bool) -> list[pl.LazyFrame]:
        paths = [self._sound(part) for part in parts]
        schemas = [_stored(path, table) if as_stored else table.schema for path in paths]
        return [_scan([path], table, one) for path, one in zip(paths, schemas, strict=True)]

    def current(self, table: Table) -> pl.DataFrame:
        """Return the last event of each key of a table."""
        return table.current(self.rows(table))

    def scan_current(self, table: Table) -> pl.LazyFrame:
        """Return the last event of each key, in no order, to be read as far as they are needed.

        Nothing is grouped where a table says which rows correct others (`CORRECTS`); parts from
        before it did, and what they may correct, are looked through.
        """
        if table.once:
            return self.scan(table)
        parts = [self._sound(part) for part in self._parts(table)]
        events = _scan(parts, table)
        silent = [place for place, part in enumerate(parts, 1) if not _tells(part)]
        several = [table.repeated(_scan(parts[: max(silent, default=0)], table))]
        if CORRECTS in table.columns:
            several.append(table.corrected(events))
        return table.current_but(events, pl.concat(several).unique().collect())

    @cached_property
    def runs(self) -> pl.DataFrame:
        """The runs that were committed, oldest first, as they were when first asked for."""
        parts = [self._sound(part) for part in self._run_parts()]
        runs = _scan(parts, RUNS).collect().sort("run", maintain_order=True)
        remembered = (_number(part) for part in self._verified if part.startswith(RUNS.name))
        last = max([runs.height, *remembered])
        missing = sorted(set(range(1, last + 1)) - set(runs["run"].to_list()))
        if missing:
            raise _damaged(f"run {missing[0]} is missing", f"ledger/{RUNS.name}/")
        return runs

    def parts(self) -> list[str]:
        """Return the parts that committed runs list, such as `responses/000012-….parquet`."""
        return self.runs["wrote"].explode(empty_as_null=False).drop_nulls().to_list()

    def _parts(self, table: Table) -> list[str]:
        return [part for part in self.parts() if part.startswith(f"{table.name}/")]

    def leftovers(self) -> list[Path]:
        """Return the files that no run lists: left by a killed run, or by a folder that syncs."""
        known = {self.folder / part for part in [*self.parts(), *self._run_parts()]}
        strays = [*self.folder.glob("*/*"), *self.folder.glob(f".*{files.TEMPORARY}")]
        return sorted(path for path in strays if path not in known)

    def damage(self) -> list[Problem]:
        """Return every part that is missing or is not what was written, hashing all afresh."""
        gaps = self._gaps()  # before what is remembered is forgotten
        self._verified.clear()
        problems = []
        for part in [*self._run_parts(), *self._readable_parts()]:
            try:
                self._sound(part)
            except DamagedError as found:
                problems.extend(found.problems)
        return problems or gaps

    def busy(self) -> bool:
        """Say whether a run holds the ledger at this moment."""
        if not (self.folder / "lock").exists():
            return False
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.folder / "lock").acquire(timeout=0):
                return False
        except Timeout:
            return True

    @contextlib.contextmanager
    def run(self, command: str, at: datetime, **arguments: object) -> Iterator[Run]:
        """Hold the ledger for one run; on a clean exit its rows are committed, else nothing is.

        Raises `BusyError`, naming the holder, when another run does not let go in time.
        """
        files.make_folder(self.folder)
        with self._lock(command, at):
            self.__dict__.pop("runs", None)
            run = Run(command, at, self.runs.height + 1, arguments)
            yield run
            if run.rows or run.read:
                self._commit(run)
                for path in run.spent:
                    files.remove(path)
                self._remember_verified()

    def _commit(self, run: Run) -> None:
        tables = sorted(run.rows, key=lambda table: table.name)
        wrote = [self._publish(table, run.number, run.part(table)) for table in tables]
        self._publish(RUNS, run.number, run.row(wrote))
        self.__dict__.pop("runs", None)

    def _publish(self, table: Table, number: int, content: memoryview) -> str:
        """Write one part; return its name within the ledger."""
        name = digest(content)
        part = f"{table.name}/{number:0{RUN_DIGITS}}-{name}.parquet"
        path = self.folder / part
        if path.exists() and digest_of(path) != name:
            files.remove(path)  # a killed run left it, and it was damaged since
        files.publish(path, [content])
        self._verified[part] = _mark(path)
        return part

    def _sound(self, part: str) -> Path:
        """Return the path of a part once its bytes are known to be those that were written."""
        path = self.folder / part
        try:
            mark = _mark(path)
            if self._verified.get(part) == mark:
                return path
            found = digest_of(path)
        except FileNotFoundError:
            raise _damaged("this part is missing", f"ledger/{part}") from None
        if found != path.stem.rpartition("-")[2]:
            raise _damaged("this part was changed after it was written", f"ledger/{part}")
        self._verified[part] = mark
        return path

    def _run_parts(self) -> list[str]:
        """Return the parts of `runs`; a copy that a synced folder made bears another name."""
        names = sorted(path.name for path in (self.folder / RUNS.name).glob("*.parquet"))
        return [f"{RUNS.name}/{name}" for name in names if PART_NAME.fullmatch(name)]

    def _gaps(self) -> list[Problem]:
        """Return the run that is missing, if one is."""
        try:
            _ = self.runs
        except DamagedError as found:
            return list(found.problems)
        return []

    def _readable_parts(self) -> list[str]:
        """Return the parts of the runs, or none where `runs` itself is damaged."""
        try:
            return self.parts()
        except DamagedError:
            return []

    @cached_property
    def _verified(self) -> dict[str, list[int]]:
        """Size and time of the parts whose hash was right, so that each is hashed once."""
        try:
            known = json.loads((self.folder / "verified.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return {p: m for p, m in known.items() if PART.fullmatch(p)} if type(known) is dict else {}

    def _remember_verified(self) -> None:
        """Keep what was verified for the next command."""
        content = json.dumps(self._verified, sort_keys=True).encode()
        files.replace(self.folder / "verified.json", content)

    @contextlib.contextmanager
    def _lock(self, command: str, at: datetime) -> Iterator[None]:
        # Loaded here because it brings asyncio, which readers do not need.
        from filelock import FileLock, Timeout

        holder = self.folder / "holder"
        lock = FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=LOCK_PATIENCE)
        except Timeout:
            raise BusyError(
                Problem(
                    f"another run holds the workspace: {_first_line(holder)}",
                    "Wait until it has finished, then run the command again.",
                )
            ) from None
        try:
            files.replace(holder, f"{command}, process {os.getpid()}, since {at:%H:%M}".encode())
            yield
        finally:
            lock.release()


def _scan(parts: list[Path], table: Table, schema: pl.Schema | None = None) -> pl.LazyFrame:
    """Read parts that may be older than the schema of today, in the order of the runs."""
    if not parts:
        return table.empty().lazy()
    return pl.scan_parquet(
        parts,
        schema=schema or table.schema,
        missing_columns="insert",
        extra_columns="ignore",
        cast_options=EVOLVING,
        glob=False,
    )


def _stored(part: Path, table: Table) -> pl.Schema:
    """Return the types of a part: of its words as it has them, which in an older one are texts."""
    kinds = pl.read_parquet_schema(part)
    return pl.Schema(table.schema | {name: kinds[name] for name in table.coded if name in kinds})


def _tells(part: Path) -> bool:
    """Say whether a part says of its rows which correct others."""
    return CORRECTS in pl.read_parquet_schema(part)


def _mark(path: Path) -> list[int]:
    """Return size and time of a file, which change with it."""
    state = path.stat()
    return [state.st_size, state.st_mtime_ns]


def _number(part: str) -> int:
    return int(part.partition("/")[2].partition("-")[0])


def _damaged(what: str, file: str) -> DamagedError:
    mend = f"Restore {file} from your backup; every other part is still sound."
    return DamagedError(Problem(what, mend, file))


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").splitlines()[0]
    except (OSError, IndexError):
        return "a command that started this moment"
