"""What was chosen for exports, remembered by layout: `choices.toml`.

loopback writes the file after an ingest that was given options; people may edit it.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from loopback.errors import LoopbackError, Problem
from loopback.settings import COLUMNS, Choices, Exports
from loopback.tomlfile import toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILE = "choices.toml"
HINT = 'Text stands in quotes: score = "NPS". A layout starts with ["Google Forms"].'
HEAD = """\
# What was chosen with options of `loopback ingest`, remembered for the next export of the same
# layout. Change or remove what is wrong; what loopback.toml says under [exports] goes before it.
"""
OF_THE_FILE = ("layout", "sheet", "encoding")
MARK_BYTES = 8


class Remembered(Choices):
    """What is remembered of one layout.

    `layout`, `sheet` and `encoding` are for files whose header has the mark `header`, since they
    are needed before the layout can be known.
    """

    layout: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    header: str | None = None

    @property
    def of_the_file(self) -> dict[str, str]:
        """How to read a file of this kind, where that had to be said."""
        said = {key: getattr(self, key) for key in OF_THE_FILE}
        return {key: value for key, value in said.items() if value is not None}


Memory = dict[str, Remembered]


def remembered(path: Path) -> Memory:
    """Read what is remembered; nothing where there is no file, and every mistake in it raised."""
    if not path.is_file():
        return {}
    try:
        return {name: Remembered.model_validate(said) for name, said in toml(path, HINT).items()}
    except ValidationError as error:
        raise LoopbackError(*(_problem(detail) for detail in error.errors())) from None


def text(memory: Memory) -> str:
    """Return what is remembered as the text of its file."""
    sections = [f"[{_text(name)}]\n{_lines(said)}" for name, said in sorted(memory.items())]
    return "\n".join([HEAD, *sections])


def added(
    memory: Memory, layout: str, said: Mapping[str, object], columns: Iterable[str], own: Exports
) -> Memory:
    """Return the memory with what was said for an export of a layout, which has these columns.

    What loopback.toml says itself is not remembered, since it goes before what is.
    """
    settled = own.model_fields_set | own.by_layout.get(layout, Choices()).model_fields_set
    fresh = {key: value for key, value in said.items() if key not in settled - {"words"}}
    if not fresh:
        return memory
    before = memory.get(layout, Remembered())
    if fresh.keys() & set(OF_THE_FILE):
        fresh["header"] = mark(columns)
    if isinstance(words := fresh.get("words"), dict):
        fresh["words"] = before.words | words
    known = {key: getattr(before, key) for key in before.model_fields_set}
    return memory | {layout: Remembered.model_validate(known | fresh)}


def standing(memory: Memory, layout: str, key: str, own: Exports) -> Any:  # noqa: ANN401 - any key
    """Return what is chosen for good for the exports of a layout: by loopback.toml, else before."""
    for said in (own.by_layout.get(layout), own, memory.get(layout)):
        if said is not None and key in said.model_fields_set:
            return getattr(said, key)
    return None


def resolved(said: Mapping[str, Any], roles: Mapping[str, str]) -> dict[str, Any]:
    """Return what was said of an export; a column by its header, which outlives its number."""
    told = {key: value for key, value in said.items() if value is not None and value != {}}
    return {key: roles.get(key, value) if key in COLUMNS else value for key, value in told.items()}


def mark(columns: Iterable[str]) -> str:
    """Return the mark of a header, by which files of the same kind are known."""
    names = "\x1f".join(columns).encode()
    return hashlib.blake2b(names, digest_size=MARK_BYTES).hexdigest()


def _lines(said: Remembered) -> str:
    values = {key: getattr(said, key) for key in said.model_fields_set}
    return "".join(f"{key} = {_value(value)}\n" for key, value in values.items() if value != {})


def _value(value: Any) -> str:  # noqa: ANN401 - text, truth, a number or a table of them
    if isinstance(value, dict):
        pairs = ", ".join(f"{_text(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {pairs} }}"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    """Return a text as TOML writes it: as JSON does, but for one character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _problem(detail: Any) -> Problem:  # noqa: ANN401 - pydantic's ErrorDetails, made of Any
    key = ".".join(str(part) for part in detail["loc"])
    return Problem(f"{key}: {detail['msg']}", f"Mend or remove {key}.", FILE)
