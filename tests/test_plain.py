from __future__ import annotations

import csv
import io
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.plain import cells

if TYPE_CHECKING:
    from pathlib import Path

    Rows = list[tuple[str | None, ...]]


BLANK = (None, None)


def read(text: str | bytes, delimiter: str = ",") -> Rows | None:
    """Return the cells of a text, those without letters as None; None where it is not plain."""
    plain = cells(text.encode() if isinstance(text, str) else text, delimiter)
    if plain is None:
        return None
    return [tuple(cell or None for cell in row) for row in plain.collect().rows()]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("id,name\n1,Mill\n", [("id", "name"), ("1", "Mill")]),
        ("id,name\n1,Mill", [("id", "name"), ("1", "Mill")]),
        ("id,name\r\n1,Mill\r\n", [("id", "name"), ("1", "Mill")]),
        ("id,name\r\n1,Mill\n2,\r\n", [("id", "name"), ("1", "Mill"), ("2", None)]),
        ("\ufeffid,name\n1,Mill\n", [("id", "name"), ("1", "Mill")]),
        ('"id","name"\n"1","Mill, Foot"\n', [("id", "name"), ("1", "Mill, Foot")]),
        ('id,name\n1,"the ""best"" Mill"\n', [("id", "name"), ("1", 'the "best" Mill')]),
        ('id,name\n"",""""\n', [("id", "name"), (None, '"')]),
        ("id,name\n\n1,Mill\n,\n", [("id", "name"), BLANK, ("1", "Mill"), BLANK]),
        ("id,name\n1,Mill\n\n\n", [("id", "name"), ("1", "Mill"), BLANK, BLANK]),
        ("id,name\n007, 1e5 \n", [("id", "name"), ("007", " 1e5 ")]),
        ("ïd,näme\n1,\u2028\n", [("ïd", "näme"), ("1", "\u2028")]),
    ],
)
def test_plain_text_gives_a_row_for_each_line(text: str, rows: Rows) -> None:
    assert read(text) == rows


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "id\n1\n",
        "\nid,name\n1,Mill\n",
        ",\nid,name\n1,Mill\n",
        "id,name\n1\n",
        "id,name\n1,Mill,Foot\n",
        'id,name\n1,"Mill\nFoot"\n',
        'id,name\n1,5" pipe\n',
        'id,name\n1,"Mill" Foot\n',
        'id,name\n1, "Mill"\n',
        'id,name\n1,"Mill\n',
        "id,name\r1,Mill\r",
        "id,name\n1,Mill\r\r\n",
        "id,name\n1,Mi\rll\n",
        'id,name\n1,"Mi\rll"\n',
        "id,name\n1,Mi\0ll\n",
        b"id,name\n1,M\xfchle\n",
        "id,name\n1,Mill\n".encode("utf-16"),
        zlib.compress(b"id,name\n1,Mill\n", 0),
        "x^,name\n1,Mill\n",
        b"x\xda,name\n1,Mill\n",
    ],
)
def test_what_is_not_plain_is_left_to_others(text: str | bytes) -> None:
    assert read(text) is None


@pytest.mark.parametrize("name", ["list.csv", "l*t.csv", "[list].csv", "list?.csv"])
def test_a_file_is_read_by_its_very_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("id,name\n1,Mill\n", encoding="utf-8")
    (tmp_path / "list1.csv").write_text("id,name\n2,Foot\n", encoding="utf-8")

    plain = cells(tmp_path / name, ",")

    assert plain is not None
    assert plain.collect().rows() == [("id", "name"), ("1", "Mill")]


LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=6)


@settings(deadline=None)
@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(LETTERS, min_size=width, max_size=width), min_size=1, max_size=5
        )
    ),
    delimiter=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
)
def test_what_python_writes_is_plain_if_no_cell_has_a_line_end(
    table: list[list[str]], delimiter: str, ending: str
) -> None:
    table[0][0] = "id"
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter, lineterminator=ending).writerows(table)

    assert read(written.getvalue(), delimiter) == [
        tuple(cell or None for cell in row) for row in table
    ]
