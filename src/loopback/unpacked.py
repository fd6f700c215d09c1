"""Files from outside, unpacked: what a ZIP or gzip holds, and whether it is too large to open.

A file of a few MB can hold hundreds of GB. Sizes are looked at before anything is opened: those
that are declared, and those that come out, since what is declared may be a lie.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from functools import partial
from itertools import accumulate
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

BLOCK = 2**20
CELL = 32  # bytes that a cell takes at least, in a workbook; a number in a column takes a quarter
SHOWN = 10
ZIP, GZIP, PARQUET, OLD = (b"PK\x03\x04", b"PK\x05\x06"), b"\x1f\x8b", b"PAR1", b"\xd0\xcf\x11\xe0"
KINDS = {PARQUET: ".parquet", OLD: ".xls"}
NAMES_OF = {".xls": (".xls",), ".parquet": (".parquet",), ".xlsx": (".xlsx", ".xlsm")}
MB = 1_000_000
PLACE = re.compile(rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]{1,3})([0-9]{1,7})"')
SHARED = re.compile(rb'<(?:\w+:)?c\s[^>]*?t="s"[^>]*>\s*<(?:\w+:)?v>([0-9]{1,9})<')
ITEM = re.compile(rb"<(?:\w+:)?si[ >].*?</(?:\w+:)?si>", re.DOTALL)
ODS_ROW = re.compile(
    rb"<table:table-row(?P<head>[^>]*?)(?:/>|>(?P<cells>.*?)</table:table-row>)", re.DOTALL
)
ODS_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell(?P<head>[^>]*?)(?:/>|>(?P<text>.*?)</table:(?:covered-)?table-cell>)",
    re.DOTALL,
)
REPEATED = re.compile(rb'number-(?:rows|columns)-repeated="([0-9]{1,9})"')


class Unpacked(NamedTuple):
    """A file as it can be read: where it is or its bytes, and a name that says what it is."""

    source: Path | bytes
    name: str


def unpacked(source: Path | bytes, name: str, most_mb: int) -> Unpacked:
    """Return a file, or the only one in a ZIP or gzip, named for what it holds.

    Raises where there are several, or where what it holds is larger than `most_mb` MB.
    """
    most = most_mb * MB
    begins = _begins(source)
    if begins.startswith(GZIP):
        with _opened(source) as file:
            inner = _gunzipped(file, name, most)
        return _single(inner, name.removesuffix(".gz"), name, most)
    if begins.startswith(ZIP):
        return _zipped(source, name, most)
    if begins.startswith(PARQUET):
        _refuse_rows(source, name, most)
    kind = next((kind for mark, kind in KINDS.items() if begins.startswith(mark)), None)
    return Unpacked(source, _named(name, kind))


def _zipped(source: Path | bytes, name: str, most: int) -> Unpacked:
    try:
        with _opened(source) as file, zipfile.ZipFile(file) as packed:
            names = set(packed.namelist())
            if "[Content_Types].xml" in names or "xl/workbook.xml" in names:
                _refuse_sheets(packed, name, most)
                return Unpacked(source, _named(name, ".xlsx"))
            if "content.xml" in names:
                _refuse_table(packed, name, most)
                return Unpacked(source, _named(name, ".ods"))
            return _only(packed, name, most)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as failed:
        if PurePath(name).suffix.lower() in {".xlsx", ".xlsm", ".ods"}:
            return Unpacked(source, name)
        what = "not a ZIP file that can be read"
        raise _unreadable(
            what, "Pack it again, or unpack it and name the file in it.", name
        ) from failed


def _only(packed: zipfile.ZipFile, name: str, most: int) -> Unpacked:
    """Return the only file of a ZIP; folders, and what a Mac adds of its own, are none."""
    found = [
        one
        for one in packed.infolist()
        if not one.is_dir() and "__MACOSX" not in one.filename and ".DS_Store" not in one.filename
    ]
    if len(found) != 1:
        listed = ", ".join(repr(one.filename) for one in found[:SHOWN]) or "none"
        more = " ..." * (len(found) > SHOWN)
        what = f"there is not one file in it, but {len(found)}: {listed}{more}"
        raise _unreadable(what, "Unpack it, and name the file that holds the responses.", name)
    [one] = found
    if one.flag_bits & 1:
        raise _unreadable("the file in it is locked by a password", "Unpack it first.", name)
    content = b"".join(_blocks(packed, one, name, most))
    return _single(content, f"{name}: {PurePath(one.filename).name}", name, most)


def _single(content: bytes, inner: str, name: str, most: int) -> Unpacked:
    """Return what was in a packed file, which is not packed again."""
    if content.startswith(GZIP) or (content.startswith(ZIP) and not _is_workbook(content)):
        what = f"another packed file is in it: {inner.rpartition(': ')[2]!r}"
        raise _unreadable(what, "Unpack it, and name the file that holds the responses.", name)
    return unpacked(content, inner, most // MB)


def _is_workbook(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            return bool({"[Content_Types].xml", "content.xml"} & set(packed.namelist()))
    except zipfile.BadZipFile:
        return False


def _gunzipped(file: BinaryIO, name: str, most: int) -> bytes:
    blocks: list[bytes] = []
    size = 0
    unzip = zlib.decompressobj(wbits=31)
    try:
        for block in iter(partial(file.read, BLOCK), b""):
            rest = block
            while rest:
                blocks.append(unzip.decompress(rest, BLOCK))
                size += len(blocks[-1])
                _refuse_larger(size, name, most)
                rest = unzip.unconsumed_tail
                if unzip.eof and unzip.unused_data:
                    rest, unzip = unzip.unused_data, zlib.decompressobj(wbits=31)
    except zlib.error:
        blocks.clear()
    if not (blocks and unzip.eof):
        mend = "Pack it again, or unpack it and name the file in it."
        raise _unreadable("not a gzip file that can be read", mend, name)
    return b"".join(blocks)


def _blocks(packed: zipfile.ZipFile, one: zipfile.ZipInfo, name: str, most: int) -> Iterator[bytes]:
    """Yield what a packed file holds; raise as soon as it is too much, whatever it declares."""
    _refuse_larger(one.file_size, name, most)
    one.file_size = 2**62  # else what comes after the declared size would be hidden
    size = 0
    with packed.open(one) as file:
        for block in iter(partial(file.read, BLOCK), b""):
            size += len(block)
            _refuse_larger(size, name, most)
            yield block


def _refuse_sheets(packed: zipfile.ZipFile, name: str, most: int) -> None:
    """Raise where the sheets of an XLSX are too large: their text, and the cells they span."""
    _refuse_larger(sum(one.file_size for one in packed.infolist()), name, most)
    parts = {one.filename: one for one in packed.infolist()}
    shared = parts.get("xl/sharedStrings.xml")
    texts = b"".join(_blocks(packed, shared, name, most)) if shared else b""
    lengths = [len(item) for item in ITEM.findall(texts)]
    total = len(texts)
    for part, one in parts.items():
        if part.startswith("xl/worksheets/") and part.endswith(".xml"):
            sheet = b"".join(_blocks(packed, one, name, most))
            total += len(sheet) + _shared(sheet, lengths)
            _refuse_larger(max(total, _spanned(sheet) * CELL), name, most)


def _shared(sheet: bytes, lengths: list[int]) -> int:
    """Return how many bytes the texts have that cells share, once for each cell."""
    longest = max(lengths, default=0)
    if sheet.count(b't="s"') * longest < BLOCK:
        return 0
    return sum(lengths[n] for n in map(int, SHARED.findall(sheet)) if n < len(lengths))


def _spanned(sheet: bytes) -> int:
    """Return how many cells lie between the first and the last one."""
    columns: set[bytes] = set()
    rows: set[bytes] = set()
    for column, row in PLACE.findall(sheet):
        columns.add(column)
        rows.add(row)
    if not rows:
        return 0
    numbers = [int(row) for row in rows]
    places = [_number(column) for column in columns]
    return (max(numbers) - min(numbers) + 1) * (max(places) - min(places) + 1)


def _number(column: bytes) -> int:
    *_, number = accumulate(column, lambda n, letter: n * 26 + letter - 64, initial=0)
    return number


def _refuse_table(packed: zipfile.ZipFile, name: str, most: int) -> None:
    """Raise where the tables of an ODS are too large, once what is repeated stands there."""
    _refuse_larger(sum(one.file_size for one in packed.infolist()), name, most)
    content = b"".join(_blocks(packed, packed.getinfo("content.xml"), name, most))
    size, before = 0, 0
    for row in ODS_ROW.finditer(content):
        times = _times(row["head"])
        width = _width(row["cells"] or b"")
        before += times
        if width:
            size += before * CELL + times * width
            before = 0
        _refuse_larger(size, name, most)


def _width(cells: bytes) -> int:
    """Return how many bytes a row of an ODS takes; what is empty at its end takes none."""
    size = before = 0
    for cell in ODS_CELL.finditer(cells):
        times = _times(cell["head"])
        before += times * CELL
        if cell["text"]:
            size += before + times * len(cell["text"])
            before = 0
    return size


def _times(head: bytes) -> int:
    found = REPEATED.search(head)
    return int(found[1]) if found else 1


def _refuse_rows(source: Path | bytes, name: str, most: int) -> None:
    """Raise where a Parquet file has more cells than there is room for, by its own footer."""
    try:
        table = pl.scan_parquet(source, glob=False, hive_partitioning=False)
        cells = len(table.collect_schema()) * int(table.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        return  # what is no Parquet is refused when it is read
    _refuse_larger(cells * CELL // 4, name, most)


def _refuse_larger(size: int, name: str, most: int) -> None:
    if size > most:
        what = f"the file holds more than {most // MB:,} MB once it is opened"
        mend = "If it is what it should be, raise exports.unpacked_mb in loopback.toml."
        raise _unreadable(what, mend, name)


def _named(name: str, kind: str | None) -> str:
    """Return a name that ends as what the file is."""
    ending = PurePath(name).suffix.lower()
    if kind is None or ending in NAMES_OF.get(kind, (kind,)):
        return name
    return f"{name}{kind}"


def _begins(source: Path | bytes) -> bytes:
    with _opened(source) as file:
        return file.read(4)


def _opened(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _unreadable(what: str, mend: str, name: str) -> LoopbackError:
    return LoopbackError(Problem(what, mend, name))
