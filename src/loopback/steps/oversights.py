"""Oversights: what stands as in the example, or is written nearly as loopback would read it."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

import polars as pl

from loopback import customers, people
from loopback.errors import LoopbackError, Problem
from loopback.letters import rows_named
from loopback.settings import FILE, ListFile, Mail, Survey
from loopback.strangers import strangers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from loopback.workspace import Workspace

LIKE = 0.8  # how like a column ours must be, from 0 to 1; "role" and "rule" are 0.75

THOUSANDS = r"^-?\d{1,3}\.\d{3}$"
DECIMAL = r"\.(?:\d{0,2}|\d{4,})$|\d{4}\.|^-?0\."  # a point that stands before decimals


def oversights(workspace: Workspace) -> list[Problem]:
    """Return what is no mistake but probably not meant, each with what to do."""
    settings = workspace.settings
    lists: list[tuple[str, ListFile, Iterable[str], Callable[[], list[str]]]] = [
        ("customers", settings.customers, customers.COLUMNS, workspace.customer_columns),
        ("people", settings.people, people.COLUMNS, workspace.people_columns),
    ]
    return [
        *_examples(settings.survey.link, settings.mail.sender),
        *(
            problem
            for section, listed, known, columns in lists
            for problem in _strange(section, listed.file, set(known), columns)
        ),
    ]


def unknown(not_asked: Mapping[str, pl.Series], rows: pl.DataFrame) -> list[Problem]:
    """Return on which lists of customers not to be asked entries stand that are no customer's.

    `not_asked` holds the entries of each file, `rows` are those of the customer list as text.
    """
    if "customer_id" not in rows.columns:
        return []
    return [
        problem for file, entries in not_asked.items() for problem in strangers(entries, rows, file)
    ]


def thousands(rows: pl.DataFrame, listed: ListFile) -> list[Problem]:
    """Return the values whose point may stand before thousands, where no other value tells.

    `rows` are those of the customer list as text; 31.706 may be 31706, beside 12500.50 it is not.
    """
    values = rows.select("row", "value") if "value" in rows.columns else pl.DataFrame()
    if values.is_empty() or values["value"].str.contains(DECIMAL).any():
        return []
    doubtful = values.filter(pl.col("value").str.contains(THOUSANDS))
    if doubtful.is_empty():
        return []
    row, value = doubtful.row(0)
    meant = value.replace(".", "")
    where = rows_named(doubtful["row"].to_list())
    what = f"{value} may mean {meant}: it is read with a decimal point, in {where}"
    mend = f"If the point stands before thousands, write {meant}; else there is nothing to do."
    return [Problem(what, mend, listed.file, row, listed.columns.get("value", "value"))]


def _examples(link: str, sender: str) -> Iterator[Problem]:
    """Return which of the examples in the settings still stand there."""
    if link == Survey().link:
        mend = "Write the link of your survey into link under [survey], with {token} in it."
        yield Problem("the link to the survey is still the example", mend, FILE)
    if sender == Mail().sender:
        mend = 'Write sender = "Name <name@company.com>" under [mail].'
        yield Problem("the sender of the mails is still the example", mend, FILE)


def _strange(
    section: str, file: str, known: set[str], columns: Callable[[], list[str]]
) -> Iterator[Problem]:
    """Return the columns of a list that nobody reads, though one like them would be."""
    try:
        there = columns()
    except LoopbackError:
        return  # the list itself is complained of
    free = {_letters(name): name for name in sorted(known - set(there))}
    for column in there:
        near = difflib.get_close_matches(_letters(column), free, n=1, cutoff=LIKE)
        if column not in known and near:
            name = free[near[0]]
            mend = f'Name it {name}, or set columns.{name} = "{column}" under [{section}].'
            yield Problem(f"{column!r} is not read: did you mean {name}?", mend, file, 1, column)


def _letters(column: str) -> str:
    """Return what of a name matters when it is compared."""
    return re.sub(r"[\W_]+", "", column).casefold()
