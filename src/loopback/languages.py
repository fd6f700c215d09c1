"""Languages: the words of sheets, mails and workbooks, and how dates and numbers are written.

One TOML file a language, in `templates/languages/`; a workspace may replace some of the texts, or
add a language. What a language leaves out is said in English.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopback.errors import Problem, stop_at
from loopback.score import MINUS
from loopback.tomlfile import toml

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

ENGLISH = "en"
FOLDER = "languages"
PACKAGE = Path(__file__).parent
PLACE = re.compile(r"\{(\w+)\}")
CODE = re.compile(r"[a-z]{2}")
COUNTED = {"one", "other"}
MEND = "Compare with en.toml: it has every text, and says how the file is written."
TOML_HINT = 'A text stands in quotes: heading = "Your calls". A section starts with [name].'

# The texts of a language by section and key: `calls.heading`, and for counts `head.title.one`.
Texts = dict[str, Any]


def templates_folder() -> Path:
    """Return where the templates lie: in the installed package, or beside `src` in a checkout."""
    shipped = PACKAGE / "templates"
    return shipped if shipped.is_dir() else PACKAGE.parents[1] / "templates"


class Language:
    """The words of one language."""

    def __init__(self, code: str, texts: Texts) -> None:
        self.code = code
        self._texts = texts

    def say(self, key: str, /, **values: object) -> str:
        """Return a text, filled in; of a text with a number the form for `n`."""
        n = values.get("n")
        text = self._texts[f"{key}.{self._form(n)}" if isinstance(n, int) else key]
        return PLACE.sub(partial(self._filled, values), text)

    def known(self, key: str) -> bool:
        """Say whether there is such a text."""
        return key in self._texts

    def every(self, key: str) -> list[str]:
        """Return the texts of a list."""
        return list(self._texts[key])

    def section(self, name: str) -> dict[str, str]:
        """Return the texts of a section by their keys, in the order of the English file."""
        start = f"{name}."
        return {k.removeprefix(start): t for k, t in self._texts.items() if k.startswith(start)}

    def quoted(self, text: str) -> str:
        """Return a text in quotation marks."""
        before, after = self.every("form.quote")
        return f"{before}{text}{after}"

    def listed(self, texts: list[str]) -> str:
        """Return several texts as one."""
        return str(self._texts["form.list"]).join(texts)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with its thousands apart: 12,500."""
        plain = f"{abs(value):,.{decimals}f}".replace(",", "\0").replace(".", "\1")
        marks = {"\0": self._texts["form.thousands"], "\1": self._texts["form.decimal"]}
        sign = MINUS if value < 0 else ""
        return sign + "".join(marks.get(letter, letter) for letter in plain)

    def day(self, day: dt.date) -> str:
        """Return a day of this year: Wed 25 Nov."""
        return self.say(
            "form.day", weekday=self._weekday(day), d=str(day.day), month=self._mon(day)
        )

    def date(self, day: dt.date) -> str:
        """Return a day with its year: 25 Nov 2026."""
        return self.say("form.date", d=str(day.day), month=self._mon(day), year=str(day.year))

    def month(self, month: str) -> str:
        """Return a month such as 2026-11 in words: November 2026."""
        year, number = month.split("-")
        name = self.every("form.months")[int(number) - 1]
        return self.say("form.month", month=name, year=year)

    def _weekday(self, day: dt.date) -> str:
        return self.every("form.weekdays_short")[day.weekday()]

    def _mon(self, day: dt.date) -> str:
        return self.every("form.months_short")[day.month - 1]

    def _form(self, n: int) -> str:
        singular = n == 1 or (n == 0 and self._texts["form.zero_is_one"])
        return "one" if singular else "other"

    def _filled(self, values: dict[str, object], place: re.Match[str]) -> str:
        value = values[place[1]]
        return self.number(value) if isinstance(value, int) else str(value)


class Languages:
    """The languages of one workspace; its own texts come before those of loopback."""

    def __init__(self, own_templates: Path) -> None:
        self._folders = [templates_folder() / FOLDER, own_templates / FOLDER]
        self._english = _texts(self._folders[0] / f"{ENGLISH}.toml")
        self._read: dict[str, Language] = {}

    def of(self, code: str | None) -> Language:
        """Return the language of a person: `de` of `de`, `DE` and `de-AT`; else English."""
        found = CODE.match((code or "").strip().lower())
        name = found[0] if found and self._paths(found[0]) else ENGLISH
        if name not in self._read:
            self._read[name] = Language(name, self._all_texts(name))
        return self._read[name]

    def codes(self) -> list[str]:
        """Return the languages there are."""
        return sorted({path.stem for folder in self._folders for path in folder.glob("??.toml")})

    def _paths(self, name: str) -> list[Path]:
        paths = [folder / f"{name}.toml" for folder in self._folders]
        return [path for path in paths if path.is_file()]

    def _all_texts(self, name: str) -> Texts:
        texts = dict(self._english)
        for path in self._paths(name):
            found = _texts(path)
            stop_at(list(_problems(found, self._english, f"templates/{FOLDER}/{path.name}")))
            texts |= found
        return texts


def _texts(path: Path) -> Texts:
    """Return the texts of a file, those of a table under `section.key`."""
    return dict(_flat(toml(path, TOML_HINT), ""))


def _flat(table: dict[str, Any], start: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value


def _problems(texts: Texts, english: Texts, file: str) -> Iterator[Problem]:
    """Find texts that do not exist, are of another kind, or have places that are not filled in."""
    for key, text in texts.items():
        known = english.get(key)
        if known is None:
            yield Problem(f"unknown text {key}", MEND, file)
        elif type(text) is not type(known) or (
            isinstance(known, list) and not _as_many(key, text, known)
        ):
            yield Problem(f"{key} is not written as in en.toml", MEND, file)
        elif isinstance(text, str) and (strange := _places(text) - _allowed(key, english)):
            names = ", ".join(sorted(strange))
            yield Problem(f"{key} has a place for {names}, which is not known there", MEND, file)


def _as_many(key: str, text: list[Any], known: list[Any]) -> bool:
    """Say whether a list holds texts, and of what is counted (months, days) as many as it must."""
    texts = all(isinstance(one, str) for one in text)
    return texts and (len(text) == len(known) or not key.startswith("form."))


def _allowed(key: str, english: Texts) -> set[str]:
    """Return the places that a text may have: those of the English one, in either form."""
    stem, _, form = key.rpartition(".")
    if form not in COUNTED:
        return _places(english[key])
    return {"n"}.union(*(_places(english[f"{stem}.{one}"]) for one in COUNTED))


def _places(text: str) -> set[str]:
    return set(PLACE.findall(text))
