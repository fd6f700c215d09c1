"""The lines on which keys and texts stand in a TOML file that is known to be valid."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Place = tuple[str | int, ...]

TOKEN = re.compile(
    r"""
    (?P<comment>\#[^\n]*)
    | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3} | '{3}.*?'{3} | "(?:\\.|[^"\\\n])*" | '[^'\n]*')
    | ^[ \t]*\[\[[ \t]*(?P<listed>[\w-]+)[ \t]*\]\]
    | ^[ \t]*\[[ \t]*(?P<section>[\w-]+)[ \t]*\]
    | ^[ \t]*(?P<key>[\w-]+)[ \t]*=
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)


class Lines:
    """Where things stand: `("reason", 2)` a table, `(..., "any")` a key, `(..., 5)` its text.

    Only plain keys and tables of the first level are told apart, as code frames have them.
    """

    def __init__(self, content: str = "") -> None:
        self._lines: dict[Place, int] = {}
        table: Place = ()
        key: Place = ()
        counts = Counter[Place]()
        line, end = 1, 0
        for token in TOKEN.finditer(content):
            line, end = line + content.count("\n", end, token.start()), token.start()
            if token["listed"]:
                table = (token["listed"], counts[(token["listed"],)])
                counts[table[:1]] += 1
                self._lines[table] = line
            elif token["section"]:
                table = (token["section"],)
                self._lines[table] = line
            elif token["key"]:
                key = (*table, token["key"])
                self._lines[key] = line
            elif token["text"]:
                self._lines[*key, counts[key]] = line
                counts[key] += 1

    def of(self, place: Sequence[str | int]) -> int | None:
        """Return the line of a place, or of what it stands in; None where neither is known."""
        known = (self._lines.get(tuple(place[:length])) for length in range(len(place), 0, -1))
        return next((line for line in known if line), None)
