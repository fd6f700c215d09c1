"""The code frame: `reasons.toml`, which words mean which reason."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from loopback.errors import LoopbackError, Problem
from loopback.folding import all_normalised, spelled, spellings, symbols_of
from loopback.tomlfile import parsed, text
from loopback.tomllines import Lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "reasons.toml"
TOML_HINT = 'Every term stands in quotes, lists in brackets: any = ["late", "delay*"]'
ANY, UNLESS = "any", "not"
OF_LANGUAGE = re.compile(r"any_[a-z]{2}")
TERMS = pl.Schema(
    {
        "literal": pl.String,
        "reason": pl.String,
        "language": pl.String,
        "term": pl.String,
        "written": pl.String,
    }
)


class Reason(BaseModel):
    """One reason: what it means, and the terms that give it; `any_de` holds those of German."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: Annotated[str, Field(min_length=1)]
    label: str
    about: str = ""
    any: list[str] = []
    unless: Annotated[list[str], Field(alias=UNLESS)] = []
    general: bool = False

    @model_validator(mode="after")
    def _known_keys(self) -> Self:
        for key, terms in (self.model_extra or {}).items():
            if not OF_LANGUAGE.fullmatch(key):
                raise ValueError(f"unknown key {key!r}; lists are any, not, any_en, any_de ...")
            if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
                raise ValueError(f"{key} must be a list of texts")
        return self

    @property
    def lists(self) -> dict[str | None, list[str]]:
        """The terms by language; those under None are for every language."""
        extra = (self.model_extra or {}).items()
        return {None: self.any} | {key.removeprefix("any_"): terms for key, terms in extra}


class Rules(BaseModel):
    """How texts and terms are compared; what was measured to be best is all there is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fold: Literal[True] = True
    hyphen: Literal["space"] = "space"


class Empty(BaseModel):
    """Comments that say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: list[str] = []


class CodeFrame(BaseModel):
    """The reasons of one company."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str = ""
    rules: Rules = Rules()
    empty: Empty = Empty()
    reason: list[Reason]

    @property
    def labels(self) -> dict[str, str]:
        """The label of each reason, in the order of the file."""
        return {reason.id: reason.label for reason in self.reason}

    @property
    def general(self) -> list[str]:
        """The ids of the catch-alls: praise and blame that give no reason."""
        return [reason.id for reason in self.reason if reason.general]

    def placed(self) -> Iterator[tuple[tuple[str | int, ...], Reason, str]]:
        """Yield every term and phrase with its place in the file and its reason."""
        for number, reason in enumerate(self.reason):
            lists = {f"{ANY}_{key}" if key else ANY: terms for key, terms in reason.lists.items()}
            for key, terms in (lists | {UNLESS: reason.unless}).items():
                for index, term in enumerate(terms):
                    yield ("reason", number, key, index), reason, term

    @cached_property
    def symbols(self) -> str:
        """The signs that are words because terms use them, such as emoji."""
        return symbols_of(term for _, _, term in self.placed())

    @cached_property
    def terms(self) -> pl.DataFrame:
        """Every term as the literals to look for (schema `TERMS`)."""
        listed = [
            (reason.id, language, term)
            for reason in self.reason
            for language, terms in reason.lists.items()
            for term in terms
        ]
        spelt = (text for *_, term in listed for text in (term, *spellings(term)))
        plain = all_normalised(spelt, self.symbols)
        rows = [
            (literal, reason, language, plain[term], term)
            for reason, language, term in listed
            for literal in spelled(term, plain)
        ]
        return pl.DataFrame(rows, schema=TERMS, orient="row").unique().sort("literal", "reason")

    @cached_property
    def phrases(self) -> pl.DataFrame:
        """Every phrase whose words do not count, as literals: literal, reason."""
        listed = [(reason.id, phrase) for reason in self.reason for phrase in reason.unless]
        plain = all_normalised((t for _, p in listed for t in spellings(p)), self.symbols)
        rows = [(lit, reason) for reason, phrase in listed for lit in spelled(phrase, plain)]
        schema = {"literal": pl.String, "reason": pl.String}
        return pl.DataFrame(rows, schema=schema, orient="row").unique().sort("literal", "reason")


def read_frame(path: Path) -> CodeFrame:
    """Read a code frame; every problem in it is raised at once, with its line."""
    return read_with_lines(path)[0]


def read_with_lines(path: Path) -> tuple[CodeFrame, Lines]:
    """Read a code frame, and where in the file everything stands."""
    name = path.name
    try:
        content = text(path)
    except FileNotFoundError:
        mend = "Copy it from a new workspace: `loopback init DIR` writes one."
        raise LoopbackError(Problem(f"there is no file {name}", mend, name)) from None
    found = parsed(content, TOML_HINT, name)
    lines = Lines(content)
    try:
        frame = CodeFrame.model_validate(found)
    except ValidationError as error:
        problems = [_problem(detail, name, lines) for detail in error.errors()]
        raise LoopbackError(*problems) from None
    wrong = list(_twice(frame, name, lines))
    if wrong:
        raise LoopbackError(*wrong)
    return frame, lines


def _problem(detail: Any, name: str, lines: Lines) -> Problem:  # noqa: ANN401 - pydantic's ErrorDetails
    place = ".".join(str(part) for part in detail["loc"])
    what = f"{place}: {detail['msg']}"
    return Problem(what, "See docs/reasons.md for the format.", name, line=lines.of(detail["loc"]))


def _twice(frame: CodeFrame, name: str, lines: Lines) -> Iterator[Problem]:
    """Yield the reasons whose id an earlier one has."""
    first: dict[str, int] = {}
    for number, reason in enumerate(frame.reason):
        before = first.setdefault(reason.id, number)
        if before != number:
            what = f"a second reason {reason.id!r}; the first is on line {_line(lines, before)}"
            mend = "Give it an id of its own, or put its terms into the first."
            yield Problem(what, mend, name, line=_line(lines, number))


def _line(lines: Lines, number: int) -> int | None:
    return lines.of(("reason", number, "id"))
