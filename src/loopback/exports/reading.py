"""A reading of one export: its cells, what was recognised in them, and the answers they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import BLANK_END, blank
from loopback.errors import LoopbackError, error
from loopback.exports import callsheets, freetext, groups, own, scores, table
from loopback.exports.answers import (
    Answers,
    Sheet,
    answers,
    left_out,
    no_answers,
    out,
)
from loopback.exports.columns import Columns
from loopback.exports.header import Header, headed, header
from loopback.exports.long import Long, chosen, long, refused, unfolded
from loopback.exports.meanings import NO_SCORE, meanings
from loopback.exports.roles import Known, Roles, declared_scores, roles, with_score
from loopback.exports.sheet import sheet, sheets
from loopback.exports.table import begun, refuse_headless, refuse_second, refuse_uneven
from loopback.grid import WORKBOOKS, Grid, empty, grid
from loopback.settings import ASKED_BESIDES, COLUMNS
from loopback.unpacked import Unpacked, unpacked

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.exports.candidates import Candidate
    from loopback.exports.declarations import Layout
    from loopback.settings import Choices, Exports

PLAIN = "plain"
LOOKED_AT = 1000  # rejected rows of which one could be a header
SAME = "an answer of the same response"
FIRST = 20_000  # rows of a large file in which it is recognised


@dataclass
class Reading:
    """One export as it was read, before anyone asks whose answers these are.

    Where `refused` says why its answers cannot be told, there are none, and what could be
    recognised is all there is. `rows` are those with as many cells as the header; of a large file
    the first ones alone, while `every` has all, under the names of `places`, and blank ones too.
    """

    file: str
    cells: Grid
    declared: Layout
    header: Header
    rows: pl.DataFrame
    broken: pl.DataFrame
    roles: Roles = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    answers: Answers = field(default_factory=no_answers)
    long: Long | None = None
    folded: int = 0
    zone: str | None = None
    refused: LoopbackError | None = None

    @property
    def layout(self) -> str:
        """The name of the layout."""
        return self.declared.name

    @property
    def places(self) -> dict[str, str]:
        """The column of cells of each header."""
        return dict(zip(self.header.names, self.cells.columns, strict=True))

    @cached_property
    def every(self) -> pl.LazyFrame:
        """All rows with as many cells as the header, to be read bit by bit."""
        if self.cells.stream is None:
            return self.rows.rename(self.places).lazy()
        return self.cells.stream.filter(
            pl.col("row") > self.cells.cells["row"][self.header.rows - 1]
        )

    @cached_property
    def full(self) -> pl.LazyFrame:
        """The same without blank rows."""
        return self.every.filter(~blank(self.cells.columns))

    @cached_property
    def height(self) -> int:
        """How many rows there are under the header."""
        if self.cells.stream is None:
            return self.rows.height + self.broken.height + self.folded
        if self.refused is None:
            return self.answers.rows
        return int(self.full.select(pl.len()).collect().item())

    def placed(self, roles: Roles) -> Roles:
        """Return the columns of cells in which roles stand."""
        return {role: self.places[column] for role, column in roles.items()}


def reading(
    source: Path | bytes, name: str, exports: Exports, known: Known | None = None
) -> Reading:
    """Return the reading of an export; raise where what it holds would have to be guessed."""
    read = recognised(source, name, exports, known)
    if read.refused:
        raise read.refused
    return read


def recognised(
    source: Path | bytes, name: str, exports: Exports, known: Known | None = None
) -> Reading:
    """Return the reading of an export, refused or not; raise where it is no list of responses."""
    held = unpacked(source, name, exports.unpacked_mb)
    if exports.sheet is None and PurePath(held.name).suffix.lower() in WORKBOOKS:
        found = sheets(held.source, name)
        callsheets.refuse(name, found)
        return _right_sheet(found, name, exports, known or Known())
    read = _laid_out(_cells(held, name, exports, FIRST), exports)
    if read is None:  # a question over several columns is only put together of all rows
        read = _laid_out(_cells(held, name, exports, None), exports)
    assert read is not None  # noqa: S101 - all rows are there
    return _recognised(read, exports, known or Known())


def _recognised(read: Reading, exports: Exports, known: Known) -> Reading:
    """Return a reading with its roles and answers, or why there are none."""
    try:
        _recognise(read, exports.of_layout(read.layout, read.header.names), known)
    except LoopbackError as refused:
        read.refused = refused
        read.candidates = getattr(refused, "candidates", [])
        read.left_out = left_out(read.full, read.declared, read.placed(read.roles))
        read.answers.notes[:] = read.cells.notes
    return read


def _right_sheet(found: dict[str, Grid], name: str, exports: Exports, known: Known) -> Reading:
    """Return the reading of the sheet that holds the responses; raise where two could."""
    if not found:
        raise empty(name)
    read: dict[str, Reading] = {}
    refused: list[LoopbackError] = []
    for sheet_name, cells in found.items():
        try:
            if one := _laid_out(cells, exports):
                read[sheet_name] = _recognised(one, exports, known)
        except LoopbackError as failed:
            refused.append(failed)
    if not read:
        raise refused[0]
    chosen = _chosen_sheet(read, name)
    if chosen != next(iter(found)):
        note = f"the responses are in the sheet {chosen!r}; if not, say --sheet"
        read[chosen].answers.notes.insert(0, note)
    return read[chosen]


def _chosen_sheet(read: dict[str, Reading], name: str) -> str:
    """Return the sheet of a known layout, else the only one with scores, else the largest."""
    known = [s for s, one in read.items() if one.layout != PLAIN]
    for could in (known, [s for s, one in read.items() if one.refused is None]):
        if len(could) == 1:
            return could[0]
        if could:
            listed = ", ".join(f"{s!r} ({read[s].height} rows)" for s in could)
            mend = f"Choose one: --sheet {json.dumps(could[0], ensure_ascii=False)}."
            raise error(f"more than one sheet could hold the responses: {listed}", mend, name)
    return max(read, key=lambda s: read[s].height * len(read[s].header.names))


def _laid_out(read: Grid, exports: Exports) -> Reading | None:
    """Return the reading of cells without its roles; None where all rows are needed for it."""
    callsheets.refuse(read.name, {"": read})
    cells = begun(read) if own.layout_of(read, exports).name == PLAIN else read
    built = own.layout_of(cells, exports)
    top = header(cells, built)
    uneven = cells.uneven(top.rows)
    refuse_uneven(cells, uneven, top.rows)
    even = headed(cells, top).join(uneven.select("row"), "row", how="anti").sort("row")
    if top.rows == 1:
        refuse_headless(cells.name, top.roles, even)
    swallowing = table.swallowing(even, cells.delimiter)
    halves = table.continued(cells.cells, cells.width(top.rows))
    sound = even.filter(~pl.col("row").is_in([*swallowing, *halves]))
    rows = groups.condensed(sound, top.questions)
    if cells.stream is not None and (uneven.height or not rows.equals(even)):
        return None
    several = long(top, sound)
    choices = exports.of_layout(built.name, top.names)
    if several and chosen(several, choices):
        if cells.stream is not None:
            return None
        wide = _laid_out(unfolded(cells, top, sound, several), exports)
        if wide is not None:
            wide.broken = pl.concat([table.broken(cells, uneven, {}), wide.broken])
            wide.folded = sound.height - wide.rows.height
        return wide
    odd = dict.fromkeys(swallowing, table.SWALLOWS) | dict.fromkeys(halves, table.HALF)
    notes = [note for note in cells.notes if not (built.blank_end and note == BLANK_END)]
    noted = replace(cells, notes=(*notes, *table.gaps(cells), *table.spoilt(cells)))
    broken = table.broken(cells, uneven, odd)
    return Reading(cells.name, noted, built, top, rows, broken, long=several)


def _cells(held: Unpacked, name: str, exports: Exports, first: int | None) -> Grid:
    """Return the cells of a file: of the sheet and in the encoding that are chosen, if any is."""
    source = held.source
    if exports.sheet is not None and PurePath(held.name).suffix.lower() in WORKBOOKS:
        return sheet(source, name, exports.sheet)
    if exports.encoding is None:
        return replace(grid(source, held.name, first, flawed=True), name=name)
    content = source if isinstance(source, bytes) else source.read_bytes()
    try:
        text = content.decode(exports.encoding)
    except LookupError:
        raise error(f"there is no encoding {exports.encoding!r}", "Such as cp1252.", name) from None
    except UnicodeDecodeError as failed:
        what = f"the file is not in {exports.encoding}: byte {failed.start + 1} means nothing in it"
        raise error(what, "Leave --encoding out, or name another.", name) from None
    read = grid(text.removeprefix("\ufeff").encode("utf-8-sig"), name, first, flawed=True)
    if own.is_rejects(read):  # which loopback wrote, whatever the tool writes
        return _cells(held, name, exports.model_copy(update={"encoding": None}), first)
    return replace(read, encoding=exports.encoding)


def _recognise(read: Reading, choices: Choices, known: Known) -> None:
    """Find the roles of the columns, the score above all, and the answers."""
    built, top, name = read.declared, read.header, read.file
    if read.long:
        raise refused(read.long, name)
    if read.layout == own.REJECTS.name:
        whys = pl.col(read.places[own.columns(top)["why"]])
        choices = own.choices(choices, read.full.select(why=whys))
    chosen_roles = (*COLUMNS, *ASKED_BESIDES)
    columns_of = {role: c for role in chosen_roles if (c := getattr(choices, role)) is not None}
    read.roles = roles(read.rows, top, built, columns_of, known, name)
    columns, words = _columns(read), _words(built, choices)
    skip = groups.ranks(columns.shown, top.questions)
    one, read.candidates = scores.score(columns, read.roles, top, built, words, name, skip=skip)
    named = one.header in declared_scores(top, built)
    scores.settled(one, choices, built, name, named=named)
    read.roles = with_score(read.roles, one.header, top, built)
    read.zone = choices.zone or top.zone or built.zone
    lowest = 1 if choices.scale == "1-10" else 0
    meant = meanings(columns.texts(one.header), one.header, words, lowest)
    sheet = Sheet(read.full, read.placed(read.roles), read.roles, read.broken)
    held = answers(sheet, meant, built, choices, read.zone)
    if choices.scale is None and scores.none_is_zero(one):
        note = f"none of {one.scores} scores is 0: if the scale is 1-10, say --scale 1-10"
        held.notes.append(note)
    taken = skip | scores.own(top, built) | set(read.roles.values())
    if "comment" not in read.roles:
        held.notes.extend(freetext.unread(columns.shown, top, taken))
    held.notes[:0] = read.cells.notes
    _refuse_second(read, held, one.header)
    if read.folded:
        held.left_out[SAME] = read.folded
    read.answers, read.left_out = held, held.left_out


def _refuse_second(read: Reading, held: Answers, score: str) -> None:
    """Raise where a row without a score is the header of another table."""
    unread = held.rejects.filter(pl.col("why") == NO_SCORE)["row"].head(LOOKED_AT)
    if unread.len():
        rows = read.every.head(unread[-1]).filter(pl.col("row").is_in(unread.implode())).collect()
        places = {place: header for header, place in read.places.items()}
        refuse_second(read.file, read.rows, rows.rename(places), score)


def _columns(read: Reading) -> Columns:
    """Return the columns, with the rows that count by what they say of themselves."""
    counts = out(read.declared, read.placed(read.roles)).is_null()
    headers = {place: header for header, place in read.places.items()}
    shown = read.rows.rename(read.places).filter(counts).rename(headers)
    return Columns(shown, read.every, read.places, counts, whole=read.cells.stream is None)


def _words(layout: Layout, choices: Choices) -> dict[str, int | None]:
    """Return what words mean as scores: those of the layout, then those that the user explains."""
    said = {word: None if n == "none" else n for word, n in choices.words.items()}
    return dict.fromkeys(layout.unanswered) | said
