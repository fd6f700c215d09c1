"""The workspace: the folder that holds everything, and the lists the company keeps in it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loopback import customers, exclusions, files, leave_out, lists, people
from loopback.errors import LoopbackError, Problem, error, stop_at
from loopback.grid import grid
from loopback.ledger import Ledger
from loopback.remembered import FILE as CHOICES
from loopback.remembered import Memory, remembered
from loopback.rows import reading
from loopback.settings import FILE, ListFile, Rotation, Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

SLUG_LENGTH = 50


def hash_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _same(path: Path, source: str) -> Iterator[bytes]:
    """Return the bytes of a file; raise where they are not those with this SHA-256 any more."""
    digest = hashlib.sha256()
    for block in files.blocks(path):
        digest.update(block)
        yield block
    if digest.hexdigest() != source:
        raise error("the file changed while it was read", "Run the command again.", path.name)


def _asked(
    rows: pl.LazyFrame, asked: Collection[str | pl.Expr], coded: Collection[str]
) -> pl.LazyFrame:
    """Return what is asked of customers, some of their columns as words."""
    return rows.with_columns(pl.col(list(coded)).cast(pl.Categorical)).select(asked)


@dataclass(frozen=True)
class Workspace:
    """One folder: settings, lists, ledger, and what loopback writes for people."""

    folder: Path

    @cached_property
    def settings(self) -> Settings:
        """The settings of the workspace; raises where there are none, or with mistakes in them."""
        path = self.folder / FILE
        if not path.is_file():
            mend = "Run `loopback init DIR` to make one, or name yours with --workspace DIR."
            raise error(f"no workspace here: {self.folder} has no {FILE}", mend)
        return read_settings(path)

    @cached_property
    def ledger(self) -> Ledger:
        """What loopback knows; raises where the folder is no workspace, rather than make one."""
        _ = self.settings
        return Ledger(self.folder / "ledger")

    @cached_property
    def people(self) -> people.People:
        """The people of the list; raises where the list has mistakes."""
        rows, problems = self.people_problems()
        stop_at(problems)
        return people.people(rows)

    @cached_property
    def customers(self) -> pl.DataFrame:
        """The customers of the list, typed; raises where the list has mistakes."""
        rows, problems = self.customer_problems(self.people)
        stop_at(problems)
        return customers.customers(rows)

    def listed(
        self,
        asked: Collection[str | pl.Expr],
        coded: Collection[str] = (),
        if_there: Collection[str] = (),
    ) -> pl.DataFrame:
        """Return what is asked of all customers; raise where the list has mistakes.

        Asked are columns of ours, typed as in `customers`, or expressions of them; one that the
        list does not have is empty, or is left out where it is asked for only `if_there`. Those
        that are `coded` hold words (Categorical) instead of text. Only what is needed, and what
        could have mistakes, is read.
        """
        found, owners = self._customer_list(), self.people.by_id
        asked = [*asked, *(name for name in if_there if name in found.columns)]
        seen = customers.look(found.read(customers.looked_at(found.worded(customers.FEW), asked)))
        if customers.sound(seen, owners):
            listed = _asked(customers.typed(seen, coded), asked, coded)
            # In one piece, since each step with columns in other pieces would copy them all.
            return listed.collect(engine="streaming").rechunk()
        del seen  # it is as large as what is read next
        # Blank rows may be all that is wrong: those of `full` have none, at the cost of a look.
        judged = found.full.select("row", *customers.judged(found.columns))
        stop_at(self._customer_problems(found.read(judged), owners))
        return found.read(_asked(customers.customers(found.full), asked, coded))

    def some(self, customer_ids: pl.Series, columns: Collection[str]) -> pl.DataFrame:
        """Return these columns of some customers, typed, of a list that is known to be sound."""
        some = self._customer_list().some("customer_id", customer_ids)
        return customers.customers(some).select(columns).collect()

    @cached_property
    def leave_out(self) -> pl.DataFrame:
        """The customers whom owners asked to leave out; raises where the list has mistakes."""
        rows, problems = self.leave_out_problems(self.people)
        stop_at(problems)
        return leave_out.left_out(rows)

    @cached_property
    def do_not_contact(self) -> pl.Series:
        """Ids and addresses that are never asked; raises where one of the lists has mistakes."""
        found, problems = self.do_not_contact_lists()
        stop_at(problems)
        return pl.concat([pl.Series("never", dtype=pl.String), *found.values()]).unique()

    def customer_columns(self) -> list[str]:
        """Return the columns of the customer list, in our words; raises where it cannot be read."""
        return self._customer_list().columns

    def people_columns(self) -> list[str]:
        """Return the columns of the people list, in our words; raises where it cannot be read."""
        needed, known = people.NEEDED, tuple(people.COLUMNS)
        return lists.scan(self.folder, self.settings.people, needed, known, people.IDS).columns

    def people_problems(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows of the people list and what is wrong with them."""
        listed = self.settings.people
        rows = lists.rows(self.folder, listed, people.NEEDED, tuple(people.COLUMNS), ids=people.IDS)
        absent = [pl.lit(None, pl.String).alias(c) for c in people.COLUMNS if c not in rows.columns]
        rows = rows.with_columns(*absent)
        return rows, lists.in_their_words(people.problems(rows, listed.file), listed)

    def customer_problems(self, known: people.People) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows of the customer list and what is wrong with them."""
        found = self._customer_list()
        rows = found.read(found.full)
        return rows, self._customer_problems(rows, known.by_id)

    def _customer_list(self) -> lists.List:
        listed = self.settings.customers
        needed, known = customers.NEEDED, customers.COLUMNS
        return lists.scan(self.folder, listed, needed, known, ids=customers.IDS)

    def _customer_problems(self, rows: pl.DataFrame, owners: Collection[str]) -> list[Problem]:
        listed = self.settings.customers
        return lists.in_their_words(customers.problems(rows, owners, listed.file), listed)

    def leave_out_problems(self, known: people.People) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows of the leave-out list and what is wrong with them.

        Where there is no such file nobody is left out; one that the settings name must be there.
        """
        listed = ListFile(file=self.settings.rotation.leave_out)
        if listed.file == Rotation().leave_out and not self.path(listed.file).exists():
            return leave_out.NOBODY, []
        known_columns = tuple(leave_out.COLUMNS)
        found = lists.scan(self.folder, listed, (), known_columns, ids=leave_out.IDS)
        with reading(listed.file):
            rows = found.full.collect()  # without rows it is a list on which nobody is left
        return rows, leave_out.problems(rows, known.by_id, listed.file)

    def do_not_contact_lists(self) -> tuple[dict[str, pl.Series], list[Problem]]:
        """Return what each do-not-contact list holds, and what is wrong with the others."""
        found: dict[str, pl.Series] = {}
        problems: list[Problem] = []
        for file in self.settings.rotation.do_not_contact:
            try:
                found[file] = self._do_not_contact_of(file)
            except LoopbackError as failed:
                problems += failed.problems
        return found, problems

    def _do_not_contact_of(self, file: str) -> pl.Series:
        path = self.path(file)
        if not path.is_file():
            mend = "Put the list there, or take it out of do_not_contact in [rotation]."
            raise error(f"there is no file {file}", mend, FILE)
        return exclusions.do_not_contact(grid(path, file))

    def path(self, *parts: str) -> Path:
        """Return a path in the workspace."""
        return self.folder.joinpath(*parts)

    def named(self, path: Path) -> str:
        """Return a path as a user of the workspace would write it."""
        return path.relative_to(self.folder).as_posix()

    def key(self) -> bytes:
        """Return the secret from which tokens and file names are made; created when first needed.

        Whoever has it can guess the link of every customer, so only the user may read the file.
        """
        path = self.path("ledger", "secret.key")
        if not path.exists():
            files.publish(path, secrets.token_hex(32).encode())
        return path.read_bytes()

    def keep(self, export: Path, source: str) -> None:
        """Keep an export byte for byte in `raw/`, named by its SHA-256."""
        files.publish(self.path("raw", f"{source}{export.suffix.lower()}"), _same(export, source))

    def kept(self, source: str) -> Path:
        """Return an export that was kept; raise where it is gone, or is not what it was."""
        for path in sorted(self.path("raw").glob(f"{source}*")):
            if hash_of(path) == source:
                return path
        what = "an export that was ingested is not there, or was changed"
        raise error(what, "Restore it from your backup.", f"raw/{source}")

    @cached_property
    def remembered(self) -> Memory:
        """What was chosen for exports before; nothing where the folder is no workspace."""
        return remembered(self.path(CHOICES)) if self.path(FILE).is_file() else {}

    def file_name(self, person_id: str, name: str) -> str:
        """Return a name for a person's files: readable, unique, and harmless on every system."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:SLUG_LENGTH].strip("-")
        mark = hashlib.blake2b(person_id.encode(), key=self.key()[:64], digest_size=4).hexdigest()
        return f"{slug or 'person'}-{mark}"
