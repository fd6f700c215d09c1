from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback import lists
from loopback.errors import LoopbackError
from loopback.settings import ListFile

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.errors import Problem

NEEDED = ("customer_id", "name")
KNOWN = (*NEEDED, "owner", "value")
IDS = ("customer_id", "owner")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def put(folder: Path, content: str | pl.DataFrame, **columns: str) -> ListFile:
    """Write a list as CSV, or as Parquet where it is a table; `columns` maps our names."""
    if isinstance(content, pl.DataFrame):
        content.write_parquet(folder / "list.parquet")
        return ListFile(file="list.parquet", columns=columns)
    (folder / "list.csv").write_text(content, encoding="utf-8")
    return ListFile(file="list.csv", columns=columns)


def read(folder: Path, content: str | pl.DataFrame, **columns: str) -> pl.DataFrame:
    """Return the rows of a list."""
    return lists.rows(folder, put(folder, content, **columns), NEEDED, KNOWN, IDS)


def refused(folder: Path, content: str | pl.DataFrame, **columns: str) -> tuple[Problem, ...]:
    """Return why a list is refused."""
    with pytest.raises(LoopbackError) as failed:
        read(folder, content, **columns)
    return failed.value.problems


def test_cells_have_no_spaces_around_them_and_empty_ones_are_null(folder: Path) -> None:
    found = read(folder, 'customer_id,name,owner\n 007 ,"\u00a0Mill ",  \n8,Foot\t,anna\n')

    assert found.rows() == [(2, "007", "Mill", None), (3, "8", "Foot", "anna")]


def test_columns_of_the_company_pass_through_in_their_places(folder: Path) -> None:
    found = read(folder, "Vertrag,name,customer_id,*\nA 1,Mill,7,x\n")

    assert found.columns == ["row", "Vertrag", "name", "customer_id", "*"]
    assert found.rows() == [(2, "A 1", "Mill", "7", "x")]


def test_a_mapping_names_the_columns_in_our_words(folder: Path) -> None:
    found = read(folder, "Nr,name,owner,Chef\n7,Mill,Paul,anna\n", customer_id="Nr", owner="Chef")

    assert found.columns == ["row", "customer_id", "name", "owner"]
    assert found.rows() == [(2, "7", "Mill", "anna")]


def test_a_mapping_may_swap_two_names(folder: Path) -> None:
    found = read(folder, "name,customer_id\n7,Mill\n", customer_id="name", name="customer_id")

    assert found.select("customer_id", "name").rows() == [("7", "Mill")]


def test_what_is_asked_of_a_list_is_all_that_is_read(folder: Path) -> None:
    listed = put(folder, pl.DataFrame({"customer_id": ["1"], "name": ["Mill"], "odd": [b"\xff"]}))

    found = lists.scan(folder, listed, NEEDED, KNOWN, IDS)

    assert found.columns == ["customer_id", "name", "odd"]
    assert found.read(found.every.select("name")).rows() == [("Mill",)]
    with pytest.raises(LoopbackError, match=r"^list\.parquet: not a Parquet file that can be read"):
        found.read(found.full)


def test_every_row_that_is_uneven_is_named(folder: Path) -> None:
    problems = refused(folder, "customer_id,name\n1,Mill\n2\n3,Foot,Barn\n")

    assert [(p.row, p.what) for p in problems] == [
        (3, "1 cells, which is not as many as the header has"),
        (4, "3 cells, which is not as many as the header has"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "customer_id,name\n",
        "customer_id,name\n,\n\n",
        pl.DataFrame(schema={"customer_id": pl.String, "name": pl.String}),
        pl.DataFrame({"customer_id": ["", None], "name": [None, ""]}),
    ],
    ids=["no line", "blank lines", "no row", "blank rows"],
)
def test_a_list_without_rows_is_refused(folder: Path, content: str | pl.DataFrame) -> None:
    [problem] = refused(folder, content)

    assert problem.what == "there are no rows"


@pytest.mark.parametrize(
    ("numbers", "ids"),
    [
        (pl.Series([7, 8], dtype=pl.Int64), ["7", "8"]),
        (pl.Series([7, 8], dtype=pl.UInt8), ["7", "8"]),
        (pl.Series([7, 8], dtype=pl.Decimal(10, 0)), ["7", "8"]),
        (pl.Series(["007", "8"]), ["007", "8"]),
        (pl.Series(["007", "8"], dtype=pl.Categorical), ["007", "8"]),
    ],
)
def test_ids_are_text_however_they_are_stored(
    folder: Path, numbers: pl.Series, ids: list[str]
) -> None:
    table = pl.DataFrame({"customer_id": numbers, "name": ["Mill", "Foot"]})

    assert read(folder, table)["customer_id"].to_list() == ids


@pytest.mark.parametrize("kind", [pl.Float64, pl.Float32, pl.Decimal(10, 2)])
def test_ids_that_were_stored_as_numbers_with_decimals_are_refused(
    folder: Path, kind: type[pl.DataType] | pl.DataType
) -> None:
    numbers = pl.Series([7, None], dtype=kind)
    table = pl.DataFrame({"Nr": ["1", "2"], "name": ["Mill", "Foot"], "Chef": numbers})

    [problem] = refused(folder, table, customer_id="Nr", owner="Chef")

    assert (problem.file, problem.column) == ("list.parquet", "Chef")
    assert problem.what == "the ids are stored as numbers with decimals, 7 as 7.0"
    assert "as text" in problem.mend


def test_other_columns_may_have_decimals(folder: Path) -> None:
    table = pl.DataFrame({"customer_id": ["1"], "name": ["Mill"], "value": [7.5]})

    assert read(folder, table)["value"].to_list() == ["7.5"]
