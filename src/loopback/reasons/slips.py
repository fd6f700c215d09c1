"""Slips in a code frame: what loads, and is most likely not what its author meant."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from loopback.errors import Problem
from loopback.folding import all_normalised, spelled, spellings
from loopback.frame import ANY, FILE, UNLESS
from loopback.reasons.matches import standing, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

    from loopback.frame import CodeFrame
    from loopback.tomllines import Lines, Place

    Slip = tuple[Place, str, str]

FEWEST = 200  # comments: a term that none of them has is called unused


class _Term(NamedTuple):
    """A term or phrase where it is written, with what is looked for."""

    place: Place
    reason: str
    written: str
    literals: list[str]

    @property
    def list(self) -> str:
        """The name of the list it stands in: `any`, `any_de`, `not`."""
        return str(self.place[2])

    @property
    def language(self) -> str | None:
        """The language that the list is for; None for all."""
        return None if self.list in {ANY, UNLESS} else self.list.removeprefix(f"{ANY}_")


def slips(frame: CodeFrame, lines: Lines, name: str = FILE) -> list[Problem]:
    """Return the slips by line.

    They are terms that find nothing, that have a `*` inside, that stand twice or in two reasons,
    phrases that take nothing away, and reasons without terms.
    """
    every = _terms(frame)
    terms = [term for term in every if term.list != UNLESS]
    phrases = [term for term in every if term.list == UNLESS]
    found = [
        *_bare(frame),
        *_nothing(every),
        *_starred(every),
        *_double(terms),
        *_idle(phrases, terms),
    ]
    at = [Problem(what, mend, name, line=lines.of(place)) for place, what, mend in found]
    return sorted(at, key=lambda problem: (problem.line or 0, problem.what))


def unused(
    frame: CodeFrame, lines: Lines, comments: pl.DataFrame, name: str = FILE
) -> list[Problem]:
    """Return the terms that stand in none of many comments, which hold comment and language.

    Each counts as it is written, whatever a wider one finds; one for a language only where many
    comments are in that language.
    """
    texts = texts_of(comments.drop_nulls("comment"), frame)
    looked_at: dict[str | None, int] = dict(texts["spoken"].value_counts().iter_rows())
    looked_at[None] = texts.height
    found = standing(texts, frame.terms["literal"]).select("literal", "spoken").unique()
    there = {(literal, key) for literal, spoken in found.iter_rows() for key in (spoken, None)}
    mend = "Take it out, or leave it for what is still to come."
    return [
        Problem(f"{term.written!r} is in none of {many} comments", mend, name, line=at)
        for term in _terms(frame)
        if term.list != UNLESS and term.literals
        for many, at in [(looked_at.get(term.language, 0), lines.of(term.place))]
        if many >= FEWEST and there.isdisjoint((lit, term.language) for lit in term.literals)
    ]


def _terms(frame: CodeFrame) -> list[_Term]:
    placed = list(frame.placed())
    plain = all_normalised((s for *_, term in placed for s in spellings(term)), frame.symbols)
    return [_Term(place, r.id, term, spelled(term, plain)) for place, r, term in placed]


def _bare(frame: CodeFrame) -> Iterator[Slip]:
    for number, reason in enumerate(frame.reason):
        if not any(reason.lists.values()):
            mend = 'Give it terms: any = ["late", "delay*"].'
            yield ("reason", number), f"{reason.id!r} has no terms", mend


def _nothing(terms: Iterable[_Term]) -> Iterator[Slip]:
    for term in terms:
        if not term.literals:
            mend = "Write letters, digits or an emoji: other signs are not compared."
            yield term.place, f"{term.written!r} finds nothing", mend


def _starred(terms: Iterable[_Term]) -> Iterator[Slip]:
    for term in terms:
        if "*" in term.written.strip("*"):
            mend = "Write the * at an end of the term alone; write two terms where you mean two."
            yield term.place, f"{term.written!r} has a * inside, which is read as a space", mend


def _double(terms: Iterable[_Term]) -> Iterator[Slip]:
    """Yield the terms that say the same as an earlier one for comments of the same language."""
    before: dict[str, list[_Term]] = defaultdict(list)
    for term in terms:
        for literal in term.literals[:1]:
            other = next((o for o in before[literal] if _meet(o.list, term.list)), None)
            if other:
                yield _again(term, other)
        for literal in term.literals:
            before[literal].append(term)


def _meet(one: str, other: str) -> bool:
    """Say whether a comment could be looked at with both lists."""
    return one == other or ANY in {one, other}


def _again(term: _Term, before: _Term) -> Slip:
    if term.reason == before.reason:
        same = "" if term.written == before.written else f", as {before.written!r}"
        return term.place, f"{term.written!r} is in {term.reason!r} already{same}", "Take it out."
    what = f"{term.written!r} is in two reasons, {before.reason!r} and {term.reason!r}"
    return term.place, what, "Leave it where it is right more often, unless it means both."


def _idle(phrases: Iterable[_Term], terms: Iterable[_Term]) -> Iterator[Slip]:
    """Yield the phrases that touch no term of their reason."""
    theirs: dict[str, list[str]] = defaultdict(list)
    for term in terms:
        theirs[term.reason] += term.literals
    for phrase in phrases:
        if phrase.literals and not _touched(phrase.literals, theirs[phrase.reason]):
            what = f"{phrase.written!r} holds no term of {phrase.reason!r}"
            yield phrase.place, what, "Take it out: it takes nothing away."


def _touched(phrases: list[str], terms: list[str]) -> bool:
    """Say whether a term stands in one of the phrases, or may reach into it."""
    texts = [f" {phrase.strip()} " for phrase in phrases]
    words = {word for text in texts for word in text.split()}
    return any(
        term in text or not words.isdisjoint(term.split()) for term in terms for text in texts
    )
