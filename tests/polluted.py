"""One good table, spoiled in every way that exports are: after the Pollock benchmark (VLDB 2023).

Vitagliano et al. take one table and pollute it by one thing at a time, in the file or in one row.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from loopback.errors import LoopbackError
from loopback.exports.reading import recognised
from loopback.settings import Exports

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loopback.exports.reading import Reading

    Row = tuple[str, ...]

RIGHT, FLAGGED, REFUSED, DIFFERENT = "right", "flagged", "refused", "silently different"
HEADER = ("response_id", "customer_id", "score", "comment", "responded_at", "region")
SAID = ("late, again", "", "good", 'the "best"', "two\nlines", "Mühle", "- slow", "fine, so far")
ROWS: list[Row] = [
    (
        f"R-{n:03}",
        f"{n * 7:04}",
        str(n * 5 % 11),
        SAID[n % len(SAID)],
        f"2026-11-{n + 1:02} 09:0{n % 10}:00",
        ("North", "South", "")[n % 3],
    )
    for n in range(24)
]


class Spoiled(NamedTuple):
    """A file, the way in which it was spoiled, the rows it was spoiled in, and those it has."""

    way: str
    content: bytes
    touched: frozenset[int] = frozenset()
    rows: tuple[Row, ...] = tuple(ROWS)


def written(rows: Iterable[Row], **style: object) -> str:
    """Return rows as CSV."""
    text = io.StringIO(newline="")
    options = {"lineterminator": "\r\n"} | style
    csv.writer(text, **options).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


TABLE: list[Row] = [HEADER, *ROWS]
RIGHT_ROWS = tuple(ROWS)
LINES = [written([row]) for row in TABLE]
GOOD = "".join(LINES)


def spoiled() -> Iterator[Spoiled]:
    """Yield the table, spoiled in one way at a time."""
    yield from in_the_file()
    yield from in_the_header()
    for n in range(len(ROWS)):
        yield from in_a_row(n)


def cells_of(row: Row) -> list[str]:
    """Return the cells of a row as they are written, with their quotes."""
    return [written([(cell, "x")])[: -len(",x\r\n")] for cell in row]


def in_a_row(n: int) -> Iterator[Spoiled]:
    """Yield the table with one row spoiled."""

    def but(way: str, line: str) -> Spoiled:
        text = "".join([*LINES[: n + 1], line, *LINES[n + 2 :]])
        return Spoiled(way, text.encode(), frozenset({n, n + 1}))

    row, line = ROWS[n], LINES[n + 1]
    cells = cells_of(row)
    for place in range(len(cells)):
        before, after = cells[:place], cells[place + 1 :]
        cell = cells[place]
        if place:
            joined = [*before[:-1], before[-1] + cell, *after]
            yield but("a separator missing", ",".join(joined) + "\r\n")
        yield but("a separator too many", ",".join([*before, "", cell, *after]) + "\r\n")
        for way, odd in {
            "a quote before a cell": f'"{cell}',
            "a quote after a cell": f'{cell}"',
            "a quote in a cell": f'{cell[:2]}"{cell[2:]}',
            "a line end in a cell": f"{cell}\n",
        }.items():
            yield but(way, ",".join([*before, odd, *after]) + "\r\n")
        # By these, the cell is another one.
        said = row[place]
        quoted = cell.startswith('"')
        for way, odd, means in (
            ("two quotes before a cell", f'""{cell}', f'"{said}' if quoted else said),
            ("an apostrophe before a cell", f"'{cell}", said if quoted else f"'{said}"),
            ("a backslash before a cell", f"\\{cell}", said if quoted else f"\\{said}"),
            ("an escaped quote in a cell", f'"{said}\\"x"', f'{said}"x'),
        ):
            spoilt = (*row[:place], means, *row[place + 1 :])
            one = but(way, ",".join([*before, odd, *after]) + "\r\n")
            yield one._replace(rows=(*ROWS[:n], spoilt, *ROWS[n + 1 :]))
    for mark in (";", "\t", "|", " ", ", "):
        yield but(
            f"another delimiter ({mark!r}) in a row",
            written([row], delimiter=mark[0]) if len(mark) == 1 else mark.join(cells) + "\r\n",
        )
    yield but("another quote in a row", written([row], quotechar="'", quoting=csv.QUOTE_ALL))
    yield but("a row in quotes", '"' + line.replace('"', '""').rstrip() + '"\r\n')
    for end in ("\n", "\r", "\r\r\n", "", "\n\r"):
        yield but(f"another line end ({end!r}) in a row", line.removesuffix("\r\n") + end)
    yield but("a row cut short", line[: len(line) // 2] + "\r\n")
    yield but("a row left empty", "\r\n")
    yield but("a row of separators", ",,,,,\r\n" + line)
    yield but("a blank line in the table", "\r\n" + line)
    yield but("the header again", LINES[0] + line)
    yield but("a row twice", line + line)._replace(rows=(*ROWS[: n + 1], *ROWS[n:]))
    yield but("a NUL in a row", line.replace(",", ",\0", 1))
    yield but("a comment in the file", f"# row {n}\r\n" + line)


def in_the_header() -> Iterator[Spoiled]:
    """Yield the table with its header spoiled."""
    body = "".join(LINES[1:])
    names = list(HEADER)
    headers = {
        "no header": "",
        "a header of two rows": LINES[0] + ",,0 to 10,text,,\r\n",
        "a header of three rows": LINES[0] + ",,0 to 10,text,,\r\n" + "id,id,n,t,d,r\r\n",
        "a header cell missing": ",".join(names[:-1]) + "\r\n",
        "a header cell too many": ",".join([*names, "more"]) + "\r\n",
        "another delimiter in the header": ";".join(names) + "\r\n",
        "a quote in the header": '"' + LINES[0],
        "a header in one cell": '"' + ",".join(names) + '"\r\n',
        "sep= above the table": "sep=,\r\n" + LINES[0],
        "an empty header": ",,,,,\r\n",
        "a header twice": LINES[0] * 2,
    }
    for way, header in headers.items():
        yield Spoiled(way, (header + body).encode())
    for n in range(1, 6):
        above = [f"Survey of November, part {k}" for k in range(n)]
        for gap in ("", "\r\n", "\r\n\r\n"):
            yield Spoiled(
                "lines above the table", ("\r\n".join(above) + "\r\n" + gap + GOOD).encode()
            )
        padded = "".join(f"{line.replace(',', '')},,,,,\r\n" for line in above)
        yield Spoiled("padded lines above the table", (padded + GOOD).encode())
        pairs = "".join(f"key {k},value {k}\r\n" for k in range(n))
        yield Spoiled("pairs above the table", (pairs + "\r\n" + GOOD).encode())


def in_the_file() -> Iterator[Spoiled]:
    """Yield the table written in other ways, cut, or beside others."""
    yield from in_other_marks()
    yield from in_other_letters()
    rest = GOOD[len(LINES[0]) :].replace("\r\n", ",\r\n")
    spaced = "".join(", ".join(cells_of(row)) + "\r\n" for row in TABLE)
    one_line = tuple(tuple(cell.replace("\n", " ") for cell in row) for row in TABLE)
    bare = written(one_line, quoting=csv.QUOTE_NONE, escapechar="\\")
    long = (*ROWS[:3], (*ROWS[3][:3], "x" * 300_000, *ROWS[3][4:]), *ROWS[4:])
    files: dict[str, tuple[str, tuple[Row, ...]]] = {
        "as it was": (GOOD, RIGHT_ROWS),
        "no final line end": (GOOD.rstrip(), RIGHT_ROWS),
        "several final line ends": (GOOD + "\r\n\r\n", RIGHT_ROWS),
        "an escape character": (written(TABLE, doublequote=False, escapechar="\\"), RIGHT_ROWS),
        "no quotes but an escape character": (bare, one_line[1:]),
        "a space after each separator": (spaced, RIGHT_ROWS),
        "a separator at every end": (GOOD.replace("\r\n", ",\r\n"), RIGHT_ROWS),
        "a separator at every end but the header's": (LINES[0] + rest, RIGHT_ROWS),
        "a long cell": (written([HEADER, *long]), long),
        **{f"{n} rows": ("".join(LINES[: n + 1]), tuple(ROWS[:n])) for n in range(3)},
        "nothing": ("", ()),
        "blank lines": ("\r\n\r\n", ()),
        "a mark alone": ("\ufeff", ()),
        "NULs": ("\0" * 50, ()),
        "one word": ("word", ()),
    }
    for way, (text, rows) in files.items():
        yield Spoiled(way, text.encode(), rows=rows)
    for cut in range(1, 25):
        text = GOOD[: len(LINES[0]) + len(GOOD) * cut // 27]
        begun = text.count("R-")
        yield Spoiled("cut short", text.encode(), frozenset({begun - 1}), tuple(ROWS[:begun]))
    yield from beside_others()


def in_other_marks() -> Iterator[Spoiled]:
    """Yield the table with other marks between its cells and rows."""
    for delimiter, quote in product((",", ";", "\t", "|", " ", "^", ":"), ('"', "'")):
        for end, quoting in product(("\r\n", "\n", "\r"), (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)):
            style = {"delimiter": delimiter, "quotechar": quote, "quoting": quoting}
            lines = [written([row], **style).removesuffix("\r\n") + end for row in TABLE]
            way = f"delimiter {delimiter!r}, line end {end!r}, quote {quote}"
            yield Spoiled(way, "".join(lines).encode())


def in_other_letters() -> Iterator[Spoiled]:
    """Yield the table in other encodings, as a whole or in one row."""
    utf = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
    for encoding in (*utf, "cp1252", "mac_roman"):
        yield Spoiled(f"encoding {encoding}", GOOD.encode(encoding))
    for n, line in enumerate(LINES):
        if not line.isascii():
            other = [line.encode("cp1252" if k == n else "utf-8") for k, line in enumerate(LINES)]
            yield Spoiled("a row in another encoding", b"".join(other))


def beside_others() -> Iterator[Spoiled]:
    """Yield the table with another one below it in the same file."""
    others: dict[str, list[Row]] = {
        "as wide": [
            ("shop", "town", "staff", "note", "opened", "area"),
            *((f"S{n}", "Aarhus", str(n), "", "2020-01-01 09:00:00", "x") for n in range(5)),
        ],
        "narrower": [("shop", "staff"), ("A", "3"), ("B", "4")],
        "wider": [(*"abcdefgh",), (*"12345678",), (*"12345678",)],
        "narrower and alike": [("customer_id", "score"), ("0007", "3"), ("0014", "4")],
        "swapped": [(HEADER[1], HEADER[0], *HEADER[2:]), *((r[1], r[0], *r[2:]) for r in ROWS[:3])],
        "moved": [(*HEADER[:2], "staff", *HEADER[3:]), *ROWS[:3]],
    }
    for way, other in others.items():
        for gap in ("", "\r\n", "\r\n\r\n", "Shops\r\n", "\r\nShops\r\n"):
            for headed in (True, False):
                if (
                    not headed
                    and gap in {"", "Shops\r\n"}
                    and way in ("as wide", "swapped", "moved")
                ):
                    continue  # these are but more rows
                below = written(other if headed else other[1:])
                yield Spoiled(
                    f"another table below, {way}" + ("" if headed else ", no header"),
                    (GOOD + gap + below).encode(),
                )


def outcome(file: Spoiled) -> str:
    """Return what loopback makes of a spoiled file."""
    try:
        read = recognised(file.content, "export.csv", Exports())
    except LoopbackError:
        return REFUSED
    if read.refused:
        return REFUSED
    named = rows_said(read)
    below = min((n for note in read.answers.notes for n in numbers(note, "blank lines")), default=0)
    kept = [
        (row[0] in named or bool(below and row[0] >= below), tuple(c or "" for c in row[2:]))
        for row in read.full.collect().rows()
    ]
    again = read.left_out.get("the header again", 0)
    cells = [(said, tuple(cell.strip() for cell in row)) for said, row in kept]
    rows = [(said, row) for said, row in cells if not (again and row == HEADER)]
    noted = bool(named or read.answers.notes or again or read.answers.rejects.height)
    return compared(tuple(read.header.names), rows, file, noted=noted)


def rows_said(read: Reading) -> set[object]:
    """Return the rows that loopback names: the rejected ones, and those in its notes."""
    notes = read.answers.notes
    last = (
        {read.full.collect()["row"].max()}
        if any("no line end" in note for note in notes)
        else set()
    )
    inside = {n for note in notes for n in numbers(note, " in row")}
    rejected = [row[0] for row in read.answers.rejects.rows()]
    return {*rejected, *inside, *last}


def numbers(note: str, after: str) -> list[int]:
    """Return the numbers that stand in a note after some words."""
    return [int(n) for n in re.findall(r"\d+", note.partition(after)[2])]


def compared(
    header: Row, kept: list[tuple[bool, Row]], file: Spoiled, *, noted: bool = False
) -> str:
    """Return how the rows that a reader took are like those that there are.

    A row that is not must be one that it named, and one that is missing one that was spoiled.
    """
    width = len(HEADER)
    if header[:width] != HEADER or not all(h.startswith("column ") for h in header[width:]):
        return DIFFERENT
    rows = [(said, row[:width]) for said, row in kept if not any(row[width:])]
    if [row for _, row in rows] == list(file.rows) and len(rows) == len(kept):
        return RIGHT
    there = Counter(file.rows)
    sure = Counter(row for said, row in rows if not said)
    missing = there - Counter(row for _, row in rows)
    spoilt = Counter(file.rows[n] for n in file.touched if n < len(file.rows))
    return FLAGGED if noted and not sure - there and not missing - spoilt else DIFFERENT
