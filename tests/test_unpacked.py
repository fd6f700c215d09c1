from __future__ import annotations

import gzip
import io
import struct
import subprocess
import sys
import textwrap
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.exports.reading import recognised
from loopback.settings import Exports
from loopback.unpacked import unpacked

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "token,score,comment\nT-1,9,good\nT-2,3,late\n"
MOST = 20  # MB


def zipped(files: dict[str, bytes | str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return content.getvalue()


def workbook(sheets: dict[str, list[list[str]]]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for number, row in enumerate(rows):
                page.write_row(number, 0, row)
    return content.getvalue()


SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text")
)
MANIFEST = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
KIND = "application/vnd.oasis.opendocument.spreadsheet"
ENTRY = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{KIND}"/>'


def sheets_of_ods(sheets: dict[str, list[list[str]]]) -> bytes:
    """Return a whole ODS, as LibreOffice would write the least of one."""
    text = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    body = ""
    for name, rows in sheets.items():
        lines = ("".join(map(text.format, row)) for row in rows)
        row_texts = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
        body += f'<table:table table:name="{name}">{row_texts}</table:table>'
    inside = f"<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body>"
    whole = f"<office:document-content {SPACES}>{inside}</office:document-content>"
    manifest = f'<manifest:manifest xmlns:manifest="{MANIFEST}">{ENTRY}</manifest:manifest>'
    parts = {"mimetype": KIND, "content.xml": whole, "META-INF/manifest.xml": manifest}
    return zipped({**parts})


def ods(rows: str) -> bytes:
    body = f"<office:body><office:spreadsheet><table:table>{rows}</table:table>"
    return zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": body}
    )


def parquet(table: pl.DataFrame) -> bytes:
    content = io.BytesIO()
    table.write_parquet(content)
    return content.getvalue()


LISTED = [[str(cell) for cell in line.split(",")] for line in TABLE.splitlines()]
FRAME = pl.read_csv(TABLE.encode(), infer_schema=False)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export.zip", zipped({"answers.csv": TABLE})),
        ("export.zip", zipped({"in/": "", "in/answers.csv": TABLE, "__MACOSX/._answers.csv": "x"})),
        ("export.csv", zipped({"answers.csv": TABLE})),
        ("export.zip", zipped({"answers.xlsx": workbook({"S": LISTED})})),
        ("export.csv.gz", gzip.compress(TABLE.encode())),
        ("export", gzip.compress(TABLE.encode()[:20]) + gzip.compress(TABLE.encode()[20:])),
        ("export.csv", workbook({"S": LISTED})),
        ("export.xls", workbook({"S": LISTED})),
        ("export.csv", parquet(FRAME)),
        ("export.txt", TABLE.encode()),
        ("export.ods", sheets_of_ods({"S": LISTED})),
        ("export.xlsx", sheets_of_ods({"S": LISTED})),
    ],
    ids=range(12),
)
def test_a_file_is_what_it_holds_whatever_its_name(name: str, content: bytes) -> None:
    read = recognised(content, name, Exports())

    assert read.file == name
    assert read.answers.answers.select("row", "token", "score").rows() == [
        (2, "T-1", 9),
        (3, "T-2", 3),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped({"a.csv": TABLE, "b.csv": TABLE}), "not one file in it, but 2: 'a.csv', 'b.csv'"),
        (zipped({}), "not one file in it, but 0: none"),
        (zipped({"in.zip": zipped({"a.csv": TABLE})}), "another packed file is in it: 'in.zip'"),
        (gzip.compress(zipped({"a.csv": TABLE})), "another packed file is in it"),
        (zipped({"a.csv": TABLE})[:60], "not a ZIP file"),
        (gzip.compress(TABLE.encode())[:-12], "not a gzip file"),
        (gzip.compress(TABLE.encode())[:12] + b"\0" * 40, "not a gzip file"),
    ],
    ids=range(7),
)
def test_what_is_not_one_file_is_refused_and_what_is_in_it_named(content: bytes, says: str) -> None:
    with pytest.raises(LoopbackError, match=says):
        recognised(content, "export.zip", Exports())


def lying(content: bytes) -> bytes:
    """Return a ZIP that declares another size of its file than comes out."""
    at = content.rindex(b"PK\x01\x02")
    return content[: at + 24] + struct.pack("<I", 100) + content[at + 28 :]


CELL = "<table:table-cell{}><text:p>x</text:p></table:table-cell>"
ROW = '<table:table-row table:number-rows-repeated="{}">' + CELL.format("") + "</table:table-row>"
FAR = '<c r="A1" t="s"><v>0</v></c></row><row r="1048576"><c r="XFD1048576" t="s"><v>0</v></c>'


def replaced(content: bytes, part: str, old: bytes, new: bytes) -> bytes:
    files: dict[str, bytes | str] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        files.update({one: packed.read(one) for one in packed.namelist()})
        assert old in packed.read(part)
        files[part] = packed.read(part).replace(old, new, 1)
    return zipped(files)


def sharing(cells: int) -> bytes:
    """Return a workbook in which cells share one long text."""
    book = workbook({"S": [["x" * 32_000, "score"]]})
    one = b'<c r="A1" t="s"><v>0</v></c>'
    return replaced(book, "xl/worksheets/sheet1.xml", one, one * cells)


NOTHING = bytes(60_000_000)
BOMBS = {
    "a ZIP": ("export.zip", zipped({"a.csv": NOTHING})),
    "a ZIP that lies": ("export.zip", lying(zipped({"a.csv": NOTHING}))),
    "a gzip": ("export.csv.gz", gzip.compress(NOTHING)),
    "a workbook": (
        "export.xlsx",
        replaced(workbook({"S": LISTED}), "xl/styles.xml", b"<", NOTHING + b"<"),
    ),
    "a sheet with a cell far away": (
        "export.xlsx",
        replaced(
            workbook({"S": [["x"]]}),
            "xl/worksheets/sheet1.xml",
            b'<c r="A1" t="s"><v>0</v></c>',
            FAR.encode(),
        ),
    ),
    "a text that many cells share": ("export.xlsx", sharing(3000)),
    "rows that repeat": (
        "export.ods",
        ods(ROW.format(9_999_999)),
    ),
    "cells that repeat": (
        "export.ods",
        ods(
            "<table:table-row>"
            + CELL.format(' table:number-columns-repeated="99999999"')
            + "</table:table-row>"
        ),
    ),
    "a Parquet file": ("export.parquet", parquet(pl.select(score=pl.repeat(9, 5_000_000)))),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_fills_the_memory(name: str, tmp_path: Path) -> None:
    file, content = BOMBS[name]
    (tmp_path / file).write_bytes(content)
    program = f"""
        import resource
        from pathlib import Path
        from loopback.errors import LoopbackError
        from loopback.exports.reading import recognised
        from loopback.settings import Exports

        def used():
            return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()

        most = used() + 400_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        try:
            recognised(Path({file!r}), {file!r}, Exports(unpacked_mb={MOST}))
        except LoopbackError as refused:
            print(refused)
    """

    said = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert f"{file}: the file holds more than {MOST} MB once it is opened" in said.stdout, (
        said.stderr
    )


@pytest.mark.parametrize("name", ["export.zip", "export.xlsx", "export.parquet", "export.ods"])
def test_a_file_below_the_limit_is_opened(name: str) -> None:
    files = {
        "export.zip": zipped({"a.csv": TABLE}),
        "export.xlsx": workbook({"S": LISTED}),
        "export.parquet": parquet(FRAME),
        "export.ods": ods(
            ROW.format(3) + '<table:table-row table:number-rows-repeated="1048570"/>'
        ),
    }

    assert unpacked(files[name], name, 1).name.startswith(name)


@settings(deadline=None, max_examples=60)
@given(
    kind=st.sampled_from(["csv", "xlsx", "ods", "parquet", "zip", "gz"]),
    cut=st.integers(0, 4000),
    at=st.integers(0, 4000),
    new=st.binary(max_size=4),
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    kind: str, cut: int, at: int, new: bytes
) -> None:
    content = {
        "csv": TABLE.encode(),
        "xlsx": workbook({"S": LISTED}),
        "ods": sheets_of_ods({"S": LISTED}),
        "parquet": parquet(FRAME),
        "zip": zipped({"a.csv": TABLE}),
        "gz": gzip.compress(TABLE.encode()),
    }[kind]
    place = at % len(content)
    damaged = (content[:place] + new + content[place + len(new) :])[: len(content) - cut % 200]

    with suppress(LoopbackError):
        assert recognised(damaged, f"export.{kind}", Exports()).height >= 0
