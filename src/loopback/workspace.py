"""The workspace: the folder that holds everything, and the lists the company keeps in it."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import polars as pl

from loopback import customers, files, lists, people
from loopback.errors import Problem, error, stop_at
from loopback.ledger import Ledger
from loopback.settings import FILE, Settings, read_settings

if TYPE_CHECKING:
    from pathlib import Path

SLUG_LENGTH = 50


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

    def people_problems(self) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows of the people list and what is wrong with them."""
        listed = self.settings.people
        rows = lists.rows(self.folder, listed, people.NEEDED, tuple(people.COLUMNS))
        absent = [pl.lit(None, pl.String).alias(c) for c in people.COLUMNS if c not in rows.columns]
        rows = rows.with_columns(*absent)
        return rows, lists.in_their_words(people.problems(rows, listed.file), listed)

    def customer_problems(self, known: people.People) -> tuple[pl.DataFrame, list[Problem]]:
        """Return the rows of the customer list and what is wrong with them."""
        listed = self.settings.customers
        rows = lists.rows(self.folder, listed, customers.NEEDED, customers.COLUMNS)
        found = customers.problems(rows, known.by_id, listed.file)
        return rows, lists.in_their_words(found, listed)

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

    def keep(self, content: bytes, ending: str) -> str:
        """Keep an export byte for byte in `raw/`; return its SHA-256, which names it."""
        name = hashlib.sha256(content).hexdigest()
        files.publish(self.path("raw", f"{name}{ending}"), content)
        return name

    def file_name(self, person_id: str, name: str) -> str:
        """Return a name for a person's files: readable, unique, and harmless on every system."""
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:SLUG_LENGTH].strip("-")
        mark = hashlib.blake2b(person_id.encode(), key=self.key()[:64], digest_size=4).hexdigest()
        return f"{slug or 'person'}-{mark}"
