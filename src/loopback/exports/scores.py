"""The score of an export: which column holds it, on which scale, and what its words mean."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from loopback.errors import LoopbackError, Problem
from loopback.exports.candidates import near
from loopback.exports.layouts import matches
from loopback.exports.roles import declared_scores, listed
from loopback.exports.values import STARTS_AT_ONE, STARTS_AT_ZERO, TOP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loopback.exports.candidates import Candidate
    from loopback.exports.columns import Columns
    from loopback.exports.declarations import Layout
    from loopback.exports.header import Header
    from loopback.exports.roles import Roles
    from loopback.exports.values import Words
    from loopback.settings import Choices

MANY = 100  # answers among which a scale from 0 shows a 0
FEW = 10
HALF = 5
SHOWN_WORDS = 8
HEADER_SHOWN = 60


class Unclear(LoopbackError):  # noqa: N818 - what it names is a state of the file
    """Nobody can tell the score of an export; `candidates` are the columns that could hold it."""

    def __init__(self, problem: Problem, candidates: Iterable[Candidate] = ()) -> None:
        super().__init__(problem)
        self.candidates = list(candidates)


def score(
    columns: Columns,
    found: Roles,
    header: Header,
    layout: Layout,
    words: Words,
    file: str,
    *,
    skip: set[str],
) -> tuple[Candidate, list[Candidate]]:
    """Return the column of the score, and all that could be it; raise where that is not clear.

    It is the one chosen, the one that bears a name of the score, or the only one that holds such.
    `skip` are columns that hold numbers which are no scores.
    """
    named = [found["score"]] if "score" in found else declared_scores(header, layout)
    if len(named) == 1:
        only = columns.candidate(named[0], words)
        return only, [only]
    taken = skip | set(found.values()) | own(header, layout)
    searched = named or [c for c in header.names if c not in taken]
    seen = columns.candidates(searched, words)
    could = [one for one in seen if one.sure or one.doubtful]
    if len(could) == 1 and could[0].sure:
        return could[0], could
    if any(one.sure for one in could):
        raise _several(could, layout, file)
    raise _none(seen, header, layout, file)


def own(header: Header, layout: Layout) -> set[str]:
    """Return the columns of the tool itself, by any of the names that the header gives them."""
    pairs = zip(header.names, header.roles, strict=True)
    return {c for c, text in pairs if any(matches(text, wanted) for wanted in layout.own)}


def settled(one: Candidate, choices: Choices, layout: Layout, file: str, *, named: bool) -> None:
    """Raise where the score is on another scale, or has words that nobody has explained.

    `named` says that the column bears the name of the score, which tells its scale.
    """
    if choices.scale is None:
        _refuse_other_scale(one, layout, file, named=named)
    if any(count > 1 for count in one.words.values()):
        raise _wordy(one, layout, file)


def none_is_zero(one: Candidate) -> bool:
    """Say whether there are so many scores that a 0 would be among them, and none is."""
    return one.scores >= MANY and not one.zeros


def _several(could: list[Candidate], layout: Layout, file: str) -> Unclear:
    counts = ", ".join(f"{_name(one)} ({one.answers} answers, {_range(one)})" for one in could)
    first = could[0]
    mend = f"Choose one: --score {first.column}, or for good in loopback.toml, under "
    what = f"more than one column could be the score: {counts}"
    return Unclear(Problem(what, mend + _setting(layout, "score", first.header), file), could)


def _none(seen: list[Candidate], header: Header, layout: Layout, file: str) -> Unclear:
    close = near(seen)
    what = "no column holds scores from 0 to 10"
    if close:
        what += "; nearest: " + "; ".join(_nearness(one) for one in close)
        mend = f"If one is it, say so: {_options(close[0])}, or for good in loopback.toml, under "
        mend += _setting(layout, "score", close[0].header)
    else:
        mend = "Name the column with --score (header text or number). There are: "
        mend += listed(header.names)
    return Unclear(Problem(what, mend, file), close)


def _nearness(one: Candidate) -> str:
    """Say what keeps a column from being the score."""
    if one.words and one.scores < one.answers - sum(one.words.values()) + 1:
        return f"{_name(one)} holds words: {_counted(one.words)}"
    if one.spoilers or (one.spoiled and not one.fits):
        cells = ", ".join(f"{cell[:30]!r} (row {row})" for row, cell in one.spoiled)
        return f"{_name(one)} but for {cells}"
    return f"{_name(one)} goes from {_range(one)}, as choices or a shorter scale do"


def _refuse_other_scale(one: Candidate, layout: Layout, file: str, *, named: bool) -> None:
    from_one = STARTS_AT_ONE.search(one.header) and not STARTS_AT_ZERO.search(one.header)
    ones = one.lowest == 1 and none_is_zero(one) and not named
    if one.scores and from_one:
        raise _scale(f"the scale seems to start at 1: {one.header[:80]!r}", "1-10", layout, file)
    if ones and not STARTS_AT_ZERO.search(one.header):
        what = f"the scale seems to start at 1: none of {one.scores} scores is 0, and some are 1"
        raise _scale(what, "1-10", layout, file)
    if one.scores >= FEW and (one.highest or 0) <= HALF:
        what = f"the scale seems to end at {one.highest}: {_name(one)} goes from {_range(one)}"
        raise _scale(what, "0-10", layout, file)


def _scale(what: str, likely: str, layout: Layout, file: str) -> Unclear:
    how = {
        "1-10": "--scale 1-10 counts 9-10 and 7-8 as they stand; --scale 0-10 if 0 can be given",
        "0-10": "--scale 0-10 if 10 can be given; a shorter scale has no NPS",
    }
    mend = f"Say how to take it: {how[likely]}. For good in loopback.toml, under "
    return Unclear(Problem(what, mend + _setting(layout, "scale", likely), file, column="score"))


def _wordy(one: Candidate, layout: Layout, file: str) -> Unclear:
    what = f"{_name(one)} has words among the scores: {_counted(one.words)}"
    means = _meanings(one)
    options = " ".join(f"--word {json.dumps(f'{w}={n}', ensure_ascii=False)}" for w, n in means)
    table = ", ".join(f"{json.dumps(w, ensure_ascii=False)} = {n}" for w, n in means)
    mend = f"Say what each means, 0 to 10 or none, such as {options}, or for good in loopback.toml"
    where = f", under {_section(layout)}: words = {{ {table} }}"
    return Unclear(Problem(what, mend + where, file, column=f"{one.column}"), [one])


def _meanings(one: Candidate) -> list[tuple[str, str]]:
    """Suggest what words mean: the most frequent is the top, where no number is."""
    words = list(one.words)[:SHOWN_WORDS]
    top = str(TOP) if (one.highest or 0) == TOP - 1 else "N"
    return [(word, top if n == 0 else "N") for n, word in enumerate(words)]


def _options(one: Candidate) -> str:
    """Return the options that take a column for the score; words alone must be explained too."""
    chosen = f"--score {one.column}"
    if one.scores or not one.words:
        return chosen
    word = json.dumps(f"{next(iter(one.words))}=N", ensure_ascii=False)
    return f"{chosen} --word {word}"


def _name(one: Candidate) -> str:
    return f"{one.column} {one.header[:HEADER_SHOWN]!r}"


def _range(one: Candidate) -> str:
    return f"{one.lowest} to {one.highest}"


def _counted(words: dict[str, int]) -> str:
    shown = [f"{word[:40]!r} ({count})" for word, count in list(words.items())[:SHOWN_WORDS]]
    more = len(words) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _setting(layout: Layout, key: str, value: str) -> str:
    return f"{_section(layout)}: {key} = {json.dumps(value, ensure_ascii=False)}"


def _section(layout: Layout) -> str:
    return "[exports]" if layout.name == "plain" else f'[exports.by_layout."{layout.name}"]'
