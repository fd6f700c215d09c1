"""Names: the first and the last name of a person, out of one text."""

from __future__ import annotations

import re

_TITLES = (
    "dr|drs|prof|professor|dipl|mr|mrs|ms|miss|mx|sir|madam|frau|herr|herrn|familie|family|hr|fru|"
    "frk|frøken|mme|mlle|monsieur|madame|mademoiselle|sr|sra|srta|señor|señora|signor|signora|dhr"
)
_WITH_DOT = "fr|ing|ir|lic|mag|sig"  # titles with their dot alone: without it they are names
_INITIAL = "(?-i:[A-ZÄÖÜÆØÅ])[.]?"  # nobody is greeted by one
BEFORE = re.compile(rf"(?:{_TITLES})(?:[.-]\S*)?|(?:{_WITH_DOT})[.]|{_INITIAL}", re.IGNORECASE)
AFTER = re.compile(r"phd|mba|msc|bsc|md|jr|sr|esq|llm|cpa|ceo|cfo|ii|iii", re.IGNORECASE)
PARTICLE = re.compile(r"af|de|del|della|den|der|di|dos|du|la|le|ten|van|vom|von|zu|zum|zur")
# How a company ends; compared without dots, like the degrees.
COMPANY = re.compile(
    "gmbh|mbh|ag|kg|ohg|ug|gbr|ev|ltd|limited|inc|llc|llp|plc|corp|a/s|aps|bv|sarl|srl|oy|oyj",
    re.IGNORECASE,
)
_ASIDE = re.compile(r"[(\[<][^)\]>]*[)\]>]")
_GLUED = re.compile(rf"\b({_TITLES})\.(?=\w)", re.IGNORECASE)


def first_and_last(person: str | None) -> tuple[str, str]:
    """Return the first and the last name of a person, each empty where it cannot be told.

    `Ida Ahorn`, `Ahorn, Ida` and `Frau Dr. Ida Ahorn` are Ida and Ahorn. One word alone is a first
    name; after a title or an initial, or before a comma, a last one. Companies, addresses and
    dashes have neither.
    """
    text = _GLUED.sub(r"\1. ", _ASIDE.sub(" ", person or ""))
    parts = [part.split() for part in text.split(",")]
    bare = [words for words in map(_bare, parts) if words]
    if not bare or "@" in text or not any(map(str.isalpha, text)) or _is_company(parts):
        return "", ""
    words, *given = bare
    if given:
        return _given(words, given[0]), " ".join(words)
    if PARTICLE.fullmatch(words[0]) or (len(words) == 1 and _is_surname(parts)):
        return "", " ".join(words)
    return words[0], " ".join(words[1:])


def _given(words: list[str], given: list[str]) -> str:
    """Return what stands after the comma, where it must be the first name.

    After two words or more it may as well be a role: `Ida Ahorn, Purchasing`.
    """
    surname = len(words) == 1 or PARTICLE.fullmatch(words[0])
    return " ".join(given) if surname else ""


def _bare(words: list[str]) -> list[str]:
    """Return the words of a name without titles before it and degrees after it."""
    start = 0
    while start < len(words) and (
        BEFORE.fullmatch(words[start]) or (start and _short(words[start]))
    ):
        start += 1
    end = len(words)
    while end > start and AFTER.fullmatch(_undotted(words[end - 1])):
        end -= 1
    return words[start:end]


def _short(word: str) -> bool:
    """Say whether a word goes on with the title before it: `med.`, `rer.`, `nat.`."""
    return word.islower() and word.endswith(".")


def _is_surname(parts: list[list[str]]) -> bool:
    """Say whether a single word is a last name, by what stands around it."""
    return len(parts) > 1 or bool(BEFORE.fullmatch(parts[0][0]))


def _is_company(parts: list[list[str]]) -> bool:
    return any(words and COMPANY.fullmatch(_undotted(words[-1])) for words in parts)


def _undotted(word: str) -> str:
    return word.replace(".", "")
