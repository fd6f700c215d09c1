"""The code frame: `reasons.toml`, which words mean which reason."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from loopback.errors import LoopbackError, Problem
from loopback.tomlfile import toml

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE = "reasons.toml"
OF_LANGUAGE = re.compile(r"any_[a-z]{2}")
# Letters that are one with their plain spelling; those with two spellings are found in both.
FOLDS = {"ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d"}
SPELLINGS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
WORD_BREAK = r"[^\p{L}\p{N}]+"
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

    id: str
    label: str
    about: str = ""
    any: list[str] = []
    unless: Annotated[list[str], Field(alias="not")] = []
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


class Empty(BaseModel):
    """Comments that say nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    terms: list[str] = []


class CodeFrame(BaseModel):
    """The reasons of one company."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    name: str = ""
    empty: Empty = Empty()
    reason: list[Reason]

    @property
    def labels(self) -> dict[str, str]:
        """The label of each reason, in the order of the file."""
        return {reason.id: reason.label for reason in self.reason}

    def terms(self) -> pl.DataFrame:
        """Return every term as the literals to look for (schema `TERMS`)."""
        listed = [
            (reason.id, language, term)
            for reason in self.reason
            for language, terms in reason.lists.items()
            for term in terms
        ]
        plain = all_normalised(text for *_, term in listed for text in (term, *_spellings(term)))
        rows = [
            (literal, reason, language, plain[term], term)
            for reason, language, term in listed
            for literal in _literals(term, plain)
        ]
        return pl.DataFrame(rows, schema=TERMS, orient="row").unique().sort("literal", "reason")


def read_frame(path: Path) -> CodeFrame:
    """Read a code frame; every problem in it is raised at once."""
    name = path.name
    try:
        return CodeFrame.model_validate(toml(path, TOML_HINT))
    except FileNotFoundError:
        mend = "Copy it from a new workspace: `loopback init DIR` writes one."
        raise LoopbackError(Problem(f"there is no file {name}", mend, name)) from None
    except ValidationError as error:
        problems = [_problem(detail, name) for detail in error.errors()]
        raise LoopbackError(*problems) from None


TOML_HINT = 'Every term stands in quotes, lists in brackets: any = ["late", "delay*"]'


def _problem(detail: Any, name: str) -> Problem:  # noqa: ANN401 - pydantic's ErrorDetails
    place = ".".join(str(part) for part in detail["loc"])
    return Problem(f"{place}: {detail['msg']}", "See docs/reasons.md for the format.", name)


def normalised(text: str) -> str:
    """Return a text as it is compared: lower case, plain letters and digits, single spaces."""
    return all_normalised([text])[text]


def all_normalised(texts: Iterable[str]) -> dict[str, str]:
    """Return each text normalised, all in one query: a code frame has thousands of terms."""
    frame = pl.DataFrame({"text": list(dict.fromkeys(texts))}, schema={"text": pl.String})
    plain = frame.select("text", plain=folded(pl.col("text")).str.strip_chars(" "))
    return dict(plain.iter_rows())


def folded(text: pl.Expr) -> pl.Expr:
    """Return texts normalised and with a space at each end, so that terms are plain literals."""
    plain = text.str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD")
    letters = plain.str.replace_all(r"\p{M}+", "").str.replace_many(FOLDS)
    spaced = letters.str.replace_all(WORD_BREAK, " ").str.strip_chars(" ")
    return pl.lit(" ") + spaced + pl.lit(" ")


def literals(term: str) -> list[str]:
    """Return the literals of a term: spaces stand for its ends, except where it has a `*`."""
    return _literals(term, all_normalised(_spellings(term)))


def _literals(term: str, plain: dict[str, str]) -> list[str]:
    start = "" if term.startswith("*") else " "
    end = "" if term.endswith("*") else " "
    words = {plain[spelling] for spelling in _spellings(term)}
    return sorted(f"{start}{word}{end}" for word in words if word)


def _spellings(term: str) -> list[str]:
    """Return a term with its umlauts kept, and with all of them spelled out."""
    composed = unicodedata.normalize("NFC", term.strip("*").lower())
    letters = [(letter, SPELLINGS.get(letter, letter)) for letter in composed]
    return ["".join(choice) for choice in set(zip(*letters, strict=True))]
