from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.leave_out import COLUMNS, left_out, problems
from loopback.workspace import Workspace
from tests.frames import frame

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.errors import Problem

PEOPLE = ("anna", "ben")
LISTED = """
row | customer_id | asked_by | reason        | until
2   | C-1         | anna     | in a lawsuit  | 2027-01-31
3   | 007         | ben      | buys no more  |
"""


def rows(drawing: str) -> pl.DataFrame:
    """Return the rows of a drawn list."""
    return frame(drawing, pl.Schema({"row": pl.Int64}))


def one(**cells: str | None) -> pl.DataFrame:
    """Return a list of one sound row with some cells of its own."""
    sound = {"customer_id": "C-1", "asked_by": "anna", "reason": "moves", "until": None}
    text = pl.DataFrame({name: [cell] for name, cell in (sound | cells).items()}).cast(pl.String)
    return text.with_row_index("row", offset=2)


def found(listed: pl.DataFrame) -> list[Problem]:
    """Return what is wrong with a list where anna and ben may ask."""
    return problems(listed, PEOPLE, "leave-out.csv")


def test_the_customers_left_out_have_a_last_day_or_none_and_ids_stay_text() -> None:
    listed = left_out(rows(LISTED))

    assert listed.schema == COLUMNS
    assert listed.rows() == [
        ("C-1", "anna", "in a lawsuit", date(2027, 1, 31)),
        ("007", "ben", "buys no more", None),
    ]
    assert found(rows(LISTED)) == []


def test_the_last_day_may_have_no_column() -> None:
    listed = one().drop("until")

    assert found(listed) == []
    assert left_out(listed).schema == COLUMNS
    assert left_out(listed)["until"].to_list() == [None]


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("customer_id", None, "customer_id is empty"),
        ("asked_by", None, "asked_by is empty"),
        ("asked_by", "zoe", "no such person: 'zoe'"),
        ("asked_by", "Anna", "no such person: 'Anna'"),
        ("reason", None, "reason is empty"),
        ("until", "2027-02-30", "'2027-02-30' is not a day"),
        ("until", "soon", "'soon' is not a day"),
    ],
)
def test_a_cell_that_cannot_be_is_named_once(column: str, cell: str | None, what: str) -> None:
    [problem] = found(one(**{column: cell}))

    assert (problem.what, problem.file, problem.row, problem.column) == (
        what,
        "leave-out.csv",
        2,
        column,
    )
    assert problem.mend


def test_the_second_of_two_rows_with_one_customer_is_named() -> None:
    listed = rows(
        """
        row | customer_id | asked_by | reason
        2   | C-1         | anna     | moves
        3   | C-2         | anna     | moves
        7   | C-1         | ben      | again
        """
    )

    [problem] = found(listed)

    assert (problem.what, problem.row, problem.column) == ("'C-1' stands twice", 7, "customer_id")


def test_empty_ids_are_empty_and_not_twice_the_same() -> None:
    listed = rows(
        """
        row | customer_id | asked_by | reason
        2   |             | anna     | moves
        3   |             | anna     | moves
        """
    )

    assert [problem.what for problem in found(listed)] == ["customer_id is empty"] * 2


def test_columns_that_are_missing_are_all_that_is_said() -> None:
    listed = pl.DataFrame({"row": [2], "customer_id": [None], "who": ["anna"]})

    assert [(p.what, p.mend.partition(".")[0], p.row) for p in found(listed)] == [
        ("there is no column 'asked_by'", "The file has: customer_id, who", None),
        ("there is no column 'reason'", "The file has: customer_id, who", None),
    ]


@settings(deadline=None)
@given(until=st.text(max_size=12))
def test_a_last_day_is_taken_or_complained_of(until: str) -> None:
    listed = one(until=until)

    assert (left_out(listed)["until"].item() is None) == bool(found(listed))


# The list in a workspace


def put(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rule(folder: Path, line: str) -> None:
    path = folder / "loopback.toml"
    path.write_text(path.read_text(encoding="utf-8") + line + "\n", encoding="utf-8")


def refused(folder: Path) -> list[Problem]:
    """Return why a workspace does not give the customers left out."""
    with pytest.raises(LoopbackError) as failed:
        _ = Workspace(folder).leave_out
    return list(failed.value.problems)


def test_without_the_file_nobody_is_left_out(acme: Path) -> None:
    assert Workspace(acme).leave_out.is_empty()
    assert Workspace(acme).leave_out.schema == COLUMNS


def test_a_list_from_which_the_last_row_was_taken_leaves_nobody_out(acme: Path) -> None:
    put(acme, "leave-out.csv", "customer_id,asked_by,reason")

    assert Workspace(acme).leave_out.is_empty()
    assert Workspace(acme).leave_out.schema == COLUMNS


def test_the_workspace_reads_the_list_typed(acme: Path) -> None:
    put(acme, "leave-out.csv", "customer_id,asked_by,reason,until", " C-1 ,anna,moves,2027-01-31")

    listed = Workspace(acme).leave_out

    assert listed.rows() == [("C-1", "anna", "moves", date(2027, 1, 31))]


def test_a_customer_who_is_gone_may_stay_in_the_list(acme: Path) -> None:
    put(acme, "leave-out.csv", "customer_id,asked_by,reason", "C-999,anna,closed")

    assert Workspace(acme).leave_out["customer_id"].to_list() == ["C-999"]


def test_mistakes_in_the_list_are_raised_with_row_and_column(acme: Path) -> None:
    put(acme, "leave-out.csv", "customer_id,asked_by,reason", "C-1,zoe,", "C-2,anna,moves")

    assert [(p.what, p.where) for p in refused(acme)] == [
        ("reason is empty", "leave-out.csv, row 2, column reason"),
        ("no such person: 'zoe'", "leave-out.csv, row 2, column asked_by"),
    ]


def test_another_file_can_be_named_and_must_then_be_there(acme: Path) -> None:
    rule(acme, 'leave_out = "wishes.xlsx"')

    [problem] = refused(acme)
    assert problem.what == "there is no file wishes.xlsx"

    listed = pl.DataFrame({"customer_id": ["C-1"], "asked_by": ["ben"], "reason": ["moves"]})
    listed.write_excel(acme / "wishes.xlsx")
    assert Workspace(acme).leave_out["asked_by"].to_list() == ["ben"]
