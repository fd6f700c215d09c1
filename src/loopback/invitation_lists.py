"""Invitation lists: the customers of a cohort in the form that survey tools import."""

from __future__ import annotations

import codecs
import difflib
import io
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Literal, get_args

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from loopback.customers import language_code
from loopback.errors import Problem, stop_at
from loopback.names import first_and_last
from loopback.settings import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# What a list can hold: the columns of the generic one, in order.
Held = Literal[
    "customer_id",
    "email",
    "name",
    "person",
    "language",
    "owner_name",
    "token",
    "link",
    "first_name",
    "last_name",
    "month",
]
GENERIC: tuple[str, ...] = get_args(Held)
NAME = "invitations"
NAMES = ("person", "first_name", "last_name")
OTHER = "other"  # stands for the language of those who have none

# People open the lists in a spreadsheet, which runs what begins with one of these, also after a
# delimiter of its own. An apostrophe before it, which a customer may see, is the smaller harm.
FORMULA = r"(^|[;\t\n])(\s*)([=+\-@\x{FF0B}\x{FF0D}\x{FF1D}\x{FF20}]\s*\S)"
TEXTS = ("name", "person", "language", "owner_name", "first_name", "last_name")
# What loopback and the tools match by stays as it is, unless it could call something.
KEYS = ("customer_id", "email")
CALL = r"[(|!]"


class Tool(BaseModel):
    """One declaration of `invitation_lists.toml`, which says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    columns: dict[str, Held]
    languages: dict[str, str] = {}
    rows: Annotated[int, Field(gt=0)] | None = None
    by_language: bool = False
    filled_only: bool = False
    marked: bool = False
    replace: dict[str, str] = {}


@cache
def presets() -> dict[str, Tool]:
    """Return the tools that loopback knows, by name."""
    declared = (resources.files("loopback") / "invitation_lists.toml").read_text(encoding="utf-8")
    listed = [Tool.model_validate(entry) for entry in tomllib.loads(declared)["tool"]]
    return {tool.name: tool for tool in listed}


def problems(tools: list[str]) -> list[Problem]:
    """Return the tools of the settings that are not known, with what was probably meant."""
    return [
        Problem(f"survey.tools: there is no list for {tool!r}", _suggestion(tool), FILE)
        for tool in tools
        if tool not in presets()
    ]


def _suggestion(tool: str) -> str:
    known = sorted(presets())
    near = difflib.get_close_matches(tool.casefold(), known, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."


def files(invited: pl.DataFrame, tools: Iterable[str]) -> dict[str, bytes]:
    """Return the lists of a cohort, by file name: the generic one, then those of the tools.

    `invited` has a row a customer; besides `GENERIC` without first and last name it may hold
    more. Every list is UTF-8 CSV, sorted by customer_id. Raises where a tool is not known.
    """
    wanted = list(tools)
    stop_at(problems(wanted))
    listed = _listed(invited)
    lists = {f"{NAME}.csv": _csv(listed.select(GENERIC))}
    for name in wanted:
        lists |= _of_tool(listed, presets()[name])
    return lists


def _listed(invited: pl.DataFrame) -> pl.DataFrame:
    """Return all that a list can hold, safe to open in a spreadsheet, and `spoken`."""
    persons = invited["person"].unique()
    split = [(person, *first_and_last(person)) for person in persons]
    names = pl.DataFrame(split, schema=dict.fromkeys(NAMES, pl.String), orient="row")
    spoken = language_code().str.extract(r"^([a-z]{2,3})(?:-|$)").fill_null(OTHER)
    whole = invited.join(names.with_columns(pl.all().replace("", None)), "person", how="left").sort(
        "customer_id"
    )
    return whole.with_columns(
        pl.col(*TEXTS, *KEYS).str.replace_all(r"\r\n?", "\n"),  # the writer quotes no lone \r
        spoken=spoken,
    ).with_columns(
        _guarded(pl.col(*TEXTS)),
        pl.when(pl.col(*KEYS).str.contains(CALL))
        .then(_guarded(pl.col(*KEYS)))
        .otherwise(pl.col(*KEYS)),
    )


def _guarded(text: pl.Expr) -> pl.Expr:
    return text.str.replace_all(FORMULA, "${1}${2}'${3}")


def _of_tool(listed: pl.DataFrame, tool: Tool) -> dict[str, bytes]:
    mark = codecs.BOM_UTF8 if tool.marked else b""
    return {
        "-".join((NAME, tool.name, *ending)) + ".csv": mark + _csv(_table(part, tool))
        for ending, part in _parts(listed, tool)
    }


def _parts(listed: pl.DataFrame, tool: Tool) -> Iterator[tuple[list[str], pl.DataFrame]]:
    """Cut a list where its tool needs it: what the name of each file ends with, and its rows."""
    several = tool.by_language and listed["spoken"].n_unique() > 1
    for alike in listed.partition_by("spoken") if several else [listed]:
        language = [alike["spoken"][0]] if several else []
        size = tool.rows or max(alike.height, 1)
        yield language, alike.head(size)
        for number, start in enumerate(range(size, alike.height, size), start=2):
            yield [*language, str(number)], alike.slice(start, size)


def _table(rows: pl.DataFrame, tool: Tool) -> pl.DataFrame:
    """Return the columns that a tool wants, under its headers."""
    coded = rows.with_columns(language=_coded(tool.languages)) if tool.languages else rows
    table = coded.select(pl.col(held).alias(header) for header, held in tool.columns.items())
    if tool.replace:
        table = table.with_columns(pl.all().str.replace_many(tool.replace))
    empty = [c.name for c in table if c.null_count() == table.height > 0]
    return table.drop(empty) if tool.filled_only else table


def _coded(languages: dict[str, str]) -> pl.Expr:
    """Return the language as a tool wants it: `zh-Hant-TW` whole, else as zh-hant, else as zh."""
    code = language_code()
    forms = [code, *(code.str.extract(rf"^([a-z]+(?:-[a-z0-9]+){{{n}}})-") for n in (1, 0))]
    return pl.coalesce(
        form.replace_strict(languages, default=None, return_dtype=pl.String) for form in forms
    )


def _csv(table: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    table.write_csv(content)
    return content.getvalue()
