from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings

from loopback.delimited import Delimited, filled
from loopback.errors import LoopbackError
from loopback.rows import Rows, reading, rows
from tests.csv_texts import csv_texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Cells = list[tuple[object, ...]]


def written(folder: Path, content: str | bytes | pl.DataFrame) -> Path:
    """Write a file, CSV of text and Parquet of a table; return where."""
    path = folder / ("list.parquet" if isinstance(content, pl.DataFrame) else "list.csv")
    if isinstance(content, pl.DataFrame):
        content.write_parquet(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> Rows:
    """Return the rows of a file."""
    return rows(path, path.name)


def cells(found: pl.LazyFrame, places: Iterable[str]) -> Cells:
    """Return the number and the cells of rows, those without letters as None."""
    return found.select("row", *filled(places)).collect().rows()


def full(found: Rows) -> Cells:
    """Return the rows of a file that are not blank."""
    return cells(found.full, found.columns.values())


@pytest.mark.parametrize("quote", ["", '"'], ids=["plain", "not plain"])
def test_text_gives_names_and_numbered_rows(tmp_path: Path, quote: str) -> None:
    found = read(written(tmp_path, f'id,name,\n1,Mill,x\n\n,,\n2,{quote}Foot{quote},"a""b"\n'))

    assert list(found.columns) == ["id", "name", "column 3"]
    assert full(found) == [(2, "1", "Mill", "x"), (5, "2", "Foot", 'a"b')]
    assert found.uneven == ()


def test_rows_of_another_length_are_told(tmp_path: Path) -> None:
    found = read(written(tmp_path, "id,name\n1,Mill\n2\n3,Foot,Barn\n"))

    assert found.uneven == ((3, 1), (4, 3))


def test_names_that_polars_would_compute_with_are_names(tmp_path: Path) -> None:
    for content in ("*,^.*$,id\na,b,1\n", pl.DataFrame({"*": "a", "^.*$": "b", "id": "1"})):
        found = read(written(tmp_path, content))

        assert list(found.columns) == ["*", "^.*$", "id"]
        assert full(found) == [(2, "a", "b", "1")]


@settings(deadline=None, max_examples=200)
@given(content=csv_texts())
def test_plain_text_or_not_the_rows_are_the_same(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = written(tmp_path_factory.getbasetemp(), content)
    with patch.object(Delimited, "plain", return_value=None):
        slow = outcome(path)

    assert outcome(path) == slow


def outcome(path: Path) -> object:
    """Return all there is to the rows of a file, or why they were refused."""
    try:
        found = read(path)
    except LoopbackError as refused:
        return refused.problems
    return found.columns, full(found), found.uneven, found.decimals


# Parquet


DAY = ("2021-05-01", "2021-05-01 13:30:00.000000")


def test_columns_of_every_simple_kind_become_text(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "id": ["007", ""],
            "count": [7, None],
            "value": [7.5, 12000.0],
            "price": [Decimal("1.50"), None],
            "joined": [date(2021, 5, 1), None],
            "at": [datetime(2021, 5, 1, 13, 30), None],  # noqa: DTZ001 - cells have no time zone
            "active": [True, False],
            "kind": pl.Series(["a", None], dtype=pl.Categorical),
            "size": pl.Series(["s", None], dtype=pl.Enum(["s", "m"])),
            "raw": [b"bytes", None],
            "none": [None, None],
        }
    )

    assert full(read(written(tmp_path, table))) == [
        (2, "007", "7", "7.5", "1.50", *DAY, "true", "a", "s", "bytes", None),
        (3, None, None, "12000.0", *[None] * 3, "false", *[None] * 4),
    ]


def test_numbers_with_decimals_are_told_from_whole_ones(tmp_path: Path) -> None:
    table = pl.DataFrame(
        {
            "float": [7.0],
            "short": pl.Series([7.0], dtype=pl.Float32),
            "price": [Decimal("7.00")],
            "whole": [Decimal(7)],
            "int": [7],
            "text": ["7.0"],
        }
    )

    assert read(written(tmp_path, table)).decimals == {"float", "short", "price"}


def test_blank_rows_count_and_are_none(tmp_path: Path) -> None:
    table = pl.DataFrame({"id": ["1", None, "", "2"], "name": ["Mill", None, "", "Foot"]})

    found = read(written(tmp_path, table))

    assert full(found) == [(2, "1", "Mill"), (5, "2", "Foot")]
    assert found.every.select("row").collect()["row"].to_list() == [2, 3, 4, 5]


def test_what_is_not_asked_for_is_not_read(tmp_path: Path) -> None:
    table = pl.DataFrame({"id": ["1"], "odd": [b"\xff"]})

    found = read(written(tmp_path, table))

    assert found.every.select("row", found.columns["id"]).collect().rows() == [(2, "1")]
    with pytest.raises(LoopbackError, match="not a Parquet file"), reading("list.parquet"):
        found.full.collect()


@pytest.mark.parametrize("cut", [1, 4, 8, 9, 100, 400])
def test_a_file_cut_short_is_refused(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path, pl.DataFrame({"id": ["1"], "name": ["Mill"]}))
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(LoopbackError, match=r"^list\.parquet: not a Parquet file"):
        read(path)


@pytest.mark.parametrize(
    "table",
    [pl.DataFrame(), pl.DataFrame({"id": [[1]]}), pl.DataFrame({"id": [timedelta(1)]})],
    ids=["no columns", "lists", "durations"],
)
def test_a_file_of_other_things_than_cells_is_refused_before_it_is_read(
    tmp_path: Path, table: pl.DataFrame
) -> None:
    with pytest.raises(LoopbackError, match=r"the file is empty|not a Parquet file"):
        read(written(tmp_path, table))
