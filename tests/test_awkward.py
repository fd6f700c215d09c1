"""Awkward files of csv-spectrum, csvkit and frictionless: their cells, or why not."""

from __future__ import annotations

import json
import re
from pathlib import PurePath

import pytest

from loopback.delimited import Delimited
from loopback.errors import LoopbackError
from loopback.exports.reading import recognised
from loopback.grid import grid
from loopback.settings import Exports
from tests.frames import frame
from tests.shared import shared

# rows with the header, cells of the header, rows with another number of cells, what is said
TABLE = """
file                                           | encoding  | rows | cells | uneven  | says
csvkit__bad.csv                                | utf-8     | 4    | 3     | 2 3     |
csvkit__bad_skip_lines.csv                     | utf-8     | 4    | 3     | 5 6     |
csvkit__blanks.csv                             | utf-8     | 2    | 6     |         |
csvkit__date_like_number.csv                   | utf-8     | 2    | 1     |         |
csvkit__dummy.tsv                              | utf-8     | 2    | 3     |         |
csvkit__dummy_col_shuffled_ragged.csv          | utf-8     | 2    | 4     |         |
csvkit__empty.csv                              |           |      |       |         | empty
csvkit__mac_newlines.csv                       | utf-8     | 3    | 3     |         |
csvkit__no_header_row.csv                      | utf-8     | 1    | 3     |         |
csvkit__null_byte.csv                          | utf-8     | 2    | 3     |         | a NUL was kept
csvkit__optional_quote_characters.csv          | utf-8     | 2    | 3     |         |
csvkit__sheets.xlsx                            |           |      |       |         | empty
csvkit__sniff_limit.csv                        | utf-8     | 2    | 3     |         |
csvkit__test.xlsx                              |           | 6    | 8     |         |
csvkit__test_date_format.csv                   | utf-8     | 3    | 1     |         |
csvkit__test_empty_columns.csv                 | utf-8     | 3    | 5     | 3       |
csvkit__test_empty_columns_long_row.csv        | utf-8     | 1    | 3     |         |
csvkit__test_empty_columns_short_row.csv       | utf-8     | 1    | 3     |         |
csvkit__test_extra_header.csv                  | utf-8     | 2    | 4     | 2       |
csvkit__test_header_newline.csv                | utf-8     | 2    | 3     |         |
csvkit__test_ignore_case.csv                   | utf-8     | 6    | 3     |         |
csvkit__test_join_short_rows.csv               | utf-8     | 4    | 3     | 2 3     |
csvkit__test_latin1.csv                        | cp1252    | 3    | 3     |         | not in UTF-8
csvkit__test_locale.csv                        | utf-8     | 2    | 3     |         |
csvkit__test_no_leading_zeroes.csv             | utf-8     | 2    | 3     |         |
csvkit__test_numeric_date_format.csv           | utf-8     | 3    | 1     |         |
csvkit__test_skip_lines.csv                    | utf-8     | 2    | 3     |         |
csvkit__test_skip_lines.xlsx                   |           | 6    | 8     |         |
csvkit__test_utf16_big.csv                     | utf-16    | 3    | 3     |         |
csvkit__test_utf16_little.csv                  | utf-16    | 3    | 3     |         |
csvkit__test_utf8.csv                          | utf-8     | 3    | 3     |         |
csvkit__test_utf8_bom.csv                      | utf-8-sig | 3    | 3     |         |
csvspectrum__comma_in_quotes.csv               | utf-8     | 2    | 5     |         |
csvspectrum__empty.csv                         | utf-8     | 3    | 3     |         |
csvspectrum__empty_crlf.csv                    | utf-8     | 3    | 3     |         |
csvspectrum__escaped_quotes.csv                | utf-8     | 3    | 2     |         |
csvspectrum__json.csv                          | utf-8     | 2    | 2     |         |
csvspectrum__newlines.csv                      | utf-8     | 4    | 3     |         |
csvspectrum__newlines_crlf.csv                 | utf-8     | 4    | 3     |         |
csvspectrum__quotes_and_newlines.csv           | utf-8     | 3    | 2     |         |
csvspectrum__simple.csv                        | utf-8     | 2    | 3     |         |
csvspectrum__simple_crlf.csv                   | utf-8     | 2    | 3     |         |
csvspectrum__utf8.csv                          | utf-8     | 3    | 3     |         |
frictionless__accent.csv                       | utf-8     | 3    | 17    |         |
frictionless__ascii-notvalid.csv               | utf-8     | 2    | 3     |         |
frictionless__blank-cells.csv                  | utf-8     | 6    | 2     |         |
frictionless__blank-headers.csv                | utf-8     | 3    | 3     |         |
frictionless__blank-rows-multiple.csv          | utf-8     | 3    | 3     |         |
frictionless__blank-rows-no-fields.csv         | utf-8     | 3    | 3     |         |
frictionless__blank-rows.csv                   | utf-8     | 3    | 3     |         |
frictionless__bom.csv                          | utf-8-sig | 3    | 2     |         |
frictionless__capital-invalid.csv              | utf-8     | 11   | 3     | 10 12   |
frictionless__defective-rows.csv               | utf-8     | 3    | 3     | 2 3     |
frictionless__delimiter.csv                    | utf-8     | 3    | 2     |         |
frictionless__doublequote.csv                  | utf-8     | 6    | 17    |         |
frictionless__duplicate-column.csv             | utf-8     | 2    | 4     |         |
frictionless__duplicate-headers.csv            | utf-8     | 3    | 5     |         |
frictionless__duplicate-rows.csv               | utf-8     | 4    | 3     |         |
frictionless__empty.csv                        |           |      |       |         | empty
frictionless__encoding-issue-274.csv           | utf-8     | 508  | 17    |         |
frictionless__escaping.csv                     | utf-8     | 4    | 2     |         | a quote inside
frictionless__invalid.csv                      | utf-8     | 4    | 4     | 2 3 5   |
frictionless__issue-825.csv                    | utf-8     | 3    | 3     |         |
frictionless__issue-833.csv                    | utf-8     | 4    | 2     |         | a quote inside
frictionless__issue-844.csv                    | utf-8     | 3    | 2     |         |
frictionless__issue-905-bad.csv                | utf-8     | 2    | 2     |         |
frictionless__issue-991.csv                    | utf-8     | 2    | 3     |         |
frictionless__latin1.csv                       | cp1252    | 3    | 2     |         | not in UTF-8
frictionless__leading-zeros.csv                | utf-8     | 4    | 1     |         |
frictionless__matrix-with-comment.csv          | utf-8     | 6    | 1     | 2 3 4 5 6 |
frictionless__merged-cells.xlsx                |           | 1    | 1     |         |
frictionless__multiline-headers.xlsx           |           | 4    | 4     |         |
frictionless__number-format-multicode.xlsx     |           | 4    | 1     |         |
frictionless__sheets.xlsx                      |           | 2    | 2     |         |
frictionless__skip-blank-at-the-end.csv        | utf-8     | 3    | 2     | 2       |
frictionless__skip-rows-before-headers.csv     | utf-8     | 4    | 1     | 2 3 4   |
frictionless__skip-rows.xlsx                   |           | 4    | 2     |         |
frictionless__structure-errors.csv             | utf-8     | 4    | 3     | 5       |
frictionless__table-infer-iso-8859-7.csv       | cp1252    | 5    | 3     |         | not in UTF-8
frictionless__table-infer-missing-values.csv   | utf-8     | 8    | 3     |         |
frictionless__table-unicode-headers.csv        | utf-8     | 3    | 2     |         |
frictionless__timezone.csv                     | utf-8     | 5    | 2     |         |
frictionless__without-headers-extra.csv        | utf-8     | 3    | 2     | 3       |
frictionless__without-headers.csv              | utf-8     | 3    | 2     |         |
frictionless__without-rows.csv                 | utf-8     | 1    | 2     |         |
"""
EXPECTED = {row["file"]: row for row in frame(TABLE).to_dicts()}


def test_the_table_has_every_file() -> None:
    assert sorted(EXPECTED) == sorted(
        path.name for path in shared("data", "csv").iterdir() if path.is_file()
    )


@pytest.mark.parametrize("name", EXPECTED)
def test_an_awkward_file_has_its_cells_or_is_refused(name: str) -> None:
    expected = EXPECTED[name]
    content = shared("data", "csv", name).read_bytes()
    if expected["rows"] is None:
        with pytest.raises(LoopbackError, match=expected["says"]):
            grid(content, name)
        return

    found = grid(content, name, flawed=True)

    assert found.encoding == expected["encoding"]
    assert (found.cells.height, found.cells["fields"][0]) == (
        int(expected["rows"]),
        int(expected["cells"]),
    )
    uneven = found.uneven()["row"].to_list()
    assert uneven == [int(row) for row in (expected["uneven"] or "").split()]
    assert (expected["says"] or "") in " ".join(found.notes)


@pytest.mark.parametrize("name", [name for name in EXPECTED if "csvspectrum" in name])
def test_a_file_with_a_published_parse_is_read_like_it(name: str) -> None:
    path = shared("data", "csv", "expected_json", PurePath(name).with_suffix(".json").name)
    published = json.loads(path.read_text(encoding="utf-8"))

    rows = grid(shared("data", "csv", name).read_bytes(), name).headed().drop("row", "fields")

    assert [{k: v or "" for k, v in row.items()} for row in rows.to_dicts()] == [
        {k: v.replace("\r\n", "\n") for k, v in row.items()} for row in published
    ]


@pytest.mark.parametrize("name", [n for n, row in EXPECTED.items() if row["encoding"]])
def test_no_line_of_an_awkward_file_is_dropped(name: str) -> None:
    content = shared("data", "csv", name).read_bytes()
    found = grid(content, name, flawed=True)

    covered = {flaw.row for flaw in found.flaws}
    for row, _, *cells in found.cells.rows():
        ends = sum(len(re.findall("\r\n|\r|\n", cell or "")) for cell in cells)
        covered |= set(range(row, row + ends + 1))
    lines = enumerate(Delimited(content, name).lines(), start=1)
    filled = {n for n, line in lines if re.search(r'[^\s,;|"]', line)}
    assert filled <= covered


@pytest.mark.parametrize("name", EXPECTED)
def test_an_awkward_file_is_an_export_or_refused_in_words(name: str) -> None:
    try:
        read = recognised(shared("data", "csv", name), name, Exports())
    except LoopbackError as refused:
        assert [problem.mend for problem in refused.problems if problem.mend]  # noqa: PT017 - either
        return

    assert read.refused is None or read.refused.problems[0].mend
    assert read.height + read.header.rows <= int(EXPECTED[name]["rows"] or 99)
