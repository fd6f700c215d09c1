from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.customers import COLUMNS, asks, customers, problems
from tests.frames import frame

if TYPE_CHECKING:
    from loopback.errors import Problem

OWNERS = ("anna", "ben")


def rows(drawing: str) -> pl.DataFrame:
    """Return the rows of a drawn customer list."""
    return frame(drawing, pl.Schema({"row": pl.Int64}))


def one(**cells: str | None) -> pl.DataFrame:
    """Return a list of one sound customer with some cells of its own."""
    sound = {"customer_id": "C-1", "name": "Mill", "owner": "anna"}
    text = pl.DataFrame({name: [cell] for name, cell in (sound | cells).items()}).cast(pl.String)
    return text.with_row_index("row", offset=2)


def found(rows: pl.DataFrame) -> list[Problem]:
    """Return what is wrong with a list whose owners may be anna and ben."""
    return problems(rows, OWNERS, "customers.csv")


def test_customers_have_every_column_whatever_the_list_has() -> None:
    listed = customers(one())

    assert set(COLUMNS) <= set(listed.columns)
    assert listed.select("value", "joined", "opted_out", "email").row(0) == (
        None,
        None,
        False,
        None,
    )


def test_values_days_and_opt_outs_are_typed_and_ids_stay_text() -> None:
    listed = customers(
        rows(
            """
            row | customer_id          | name | owner | value    | joined              | opted_out
            2   | 007                  | Mill | anna  | 12500.50 | 2021-05-01          | no
            3   | 1234567890123456789  | Foot | ben   | 7        | 2021-05-01 00:00:00 | YES
            4   | 7                    | Barn | ben   | -1e3     | 2021-05-01T23:59:59 |
            """
        )
    )

    assert listed["customer_id"].to_list() == ["007", "1234567890123456789", "7"]
    assert listed["value"].to_list() == [12500.5, 7.0, -1000.0]
    assert listed["joined"].to_list() == [date(2021, 5, 1)] * 3
    assert listed["opted_out"].to_list() == [False, True, False]


def test_a_language_is_one_however_it_is_written() -> None:
    assert [customers(one(language=cell))["language"][0] for cell in ("DE", "de_AT", "de-at")] == [
        "de",
        "de-at",
        "de-at",
    ]


def test_other_columns_pass_through_untouched() -> None:
    listed = customers(one(Vertrag="A 7", bounced="no"))

    assert listed.select("Vertrag", "bounced").row(0) == ("A 7", "no")


@pytest.mark.parametrize("word", ["yes", "Yes", "y", "TRUE", "1", "x", "ja", "oui"])
def test_opted_out_in_many_words(word: str) -> None:
    assert found(one(opted_out=word)) == []
    assert customers(one(opted_out=word))["opted_out"].to_list() == [True]


@pytest.mark.parametrize("word", ["no", "No", "n", "FALSE", "0", "nein", "nej", None])
def test_not_opted_out_in_many_words(word: str | None) -> None:
    assert found(one(opted_out=word)) == []
    assert customers(one(opted_out=word))["opted_out"].to_list() == [False]


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("customer_id", None, "customer_id is empty"),
        ("name", None, "name is empty"),
        ("owner", None, "owner is empty"),
        ("owner", "zoe", "no such person: 'zoe'"),
        ("owner", "Anna", "no such person: 'Anna'"),
        ("value", "12k", "'12k' is not a number"),
        ("value", "1.200,50", "'1.200,50' is not a number"),
        ("value", "nan", "'nan' is not a number"),
        ("value", "inf", "'inf' is not a number"),
        ("value", "-Infinity", "'-Infinity' is not a number"),
        ("joined", "22.11.2026", "'22.11.2026' is not a day"),
        ("joined", "2026-02-30", "'2026-02-30' is not a day"),
        ("joined", "2026-11-222", "'2026-11-222' is not a day"),
        ("joined", "2026-11", "'2026-11' is not a day"),
        ("opted_out", "perhaps", "'perhaps' is not yes or no"),
        ("asks_per_year", "5", "'5' is not 1, 2, 3, 4, 6 or 12"),
        ("asks_per_year", "0", "'0' is not 1, 2, 3, 4, 6 or 12"),
        ("asks_per_year", "-2", "'-2' is not 1, 2, 3, 4, 6 or 12"),
        ("asks_per_year", "2.5", "'2.5' is not 1, 2, 3, 4, 6 or 12"),
        ("asks_per_year", "12x", "'12x' is not 1, 2, 3, 4, 6 or 12"),
        ("asks_per_year", "twice", "'twice' is not 1, 2, 3, 4, 6 or 12"),
    ],
)
def test_a_cell_that_cannot_be_is_named_once(column: str, cell: str | None, what: str) -> None:
    [problem] = found(one(**{column: cell}))

    assert (problem.what, problem.file, problem.row, problem.column) == (
        what,
        "customers.csv",
        2,
        column,
    )
    assert problem.mend


def test_the_second_of_two_rows_with_one_id_is_named() -> None:
    listed = rows(
        """
        row | customer_id | name | owner
        2   | C-1         | Mill | anna
        3   | C-2         | Foot | ben
        7   | C-1         | Mill | anna
        """
    )

    [problem] = found(listed)

    assert (problem.what, problem.row, problem.column) == ("'C-1' stands twice", 7, "customer_id")


def test_empty_ids_are_empty_and_not_twice_the_same() -> None:
    listed = rows(
        """
        row | customer_id | name | owner
        2   |             | Mill | anna
        3   |             | Foot | ben
        """
    )

    assert [problem.what for problem in found(listed)] == ["customer_id is empty"] * 2


def test_ids_that_differ_in_case_or_zeros_are_different_customers() -> None:
    listed = rows(
        """
        row | customer_id | name | owner
        2   | 007         | Mill | anna
        3   | 7           | Foot | ben
        4   | c-1         | Barn | ben
        5   | C-1         | Yard | ben
        """
    )

    assert found(listed) == []


def test_how_often_a_customer_is_asked_is_a_small_whole_number_however_a_workbook_writes_it() -> (
    None
):
    for cell, times in [("1", 1), ("2.0", 2), ("3", 3), ("4", 4), ("6", 6), ("12.00", 12)]:
        assert found(one(asks_per_year=cell)) == []
        assert customers(one(asks_per_year=cell))["asks_per_year"].to_list() == [times]

    assert customers(one())["asks_per_year"].dtype == pl.Int8


def test_a_customer_is_asked_as_often_as_it_says_else_as_its_segment_else_as_all() -> None:
    listed = customers(
        rows(
            """
            row | customer_id | name | owner | segment | asks_per_year
            2   | C-1         | Mill | anna  | large   | 2
            3   | C-2         | Foot | anna  | large   |
            4   | C-3         | Barn | anna  | small   |
            5   | C-4         | Yard | anna  |         |
            6   | C-5         | Shed | anna  | Large   |
            """
        )
    )

    times = listed.select(asks=asks(1, {"large": 4, "small": 12}))

    assert times["asks"].to_list() == [2, 4, 12, 1, 1]
    assert times["asks"].dtype == pl.Int8
    assert listed.select(asks(3, {})).to_series().to_list() == [2, 3, 3, 3, 3]


def test_a_column_that_is_not_there_cannot_be_wrong() -> None:
    assert found(one()) == []


@settings(deadline=None)
@given(
    value=st.text(max_size=8),
    joined=st.text(max_size=12),
    opted_out=st.text(max_size=6),
    times=st.text(max_size=4) | st.integers(-1, 13).map(str),
)
def test_a_cell_is_taken_or_complained_of(
    value: str, joined: str, opted_out: str, times: str
) -> None:
    listed = one(value=value, joined=joined, opted_out=opted_out, asks_per_year=times)

    wrong = {problem.column for problem in found(listed)}

    typed = customers(listed).row(0, named=True)
    assert (typed["value"] is None) == ("value" in wrong)
    assert (typed["joined"] is None) == ("joined" in wrong)
    assert (typed["asks_per_year"] is None) == ("asks_per_year" in wrong)


@settings(deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_that_python_writes_is_read(value: float) -> None:
    listed = one(value=repr(value))

    assert found(listed) == []
    assert customers(listed)["value"].to_list() == [value]


@settings(deadline=None)
@given(joined=st.dates(date(1000, 1, 1)))
def test_every_day_is_read_with_and_without_a_time(joined: date) -> None:
    for text in (f"{joined}", f"{joined} 00:00:00", f"{joined}T12:30:00Z"):
        assert found(one(joined=text)) == []
        assert customers(one(joined=text))["joined"].to_list() == [joined]
