from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopback.names import first_and_last
from tests.frames import frame
from tests.hostile import hostile

PEOPLE = """
person                        | first        | last
------------------------------+--------------+------------------
Ida Ahorn                     | Ida          | Ahorn
Ahorn, Ida                    | Ida          | Ahorn
Ida                           | Ida          |
Ida Maria Ahorn               | Ida          | Maria Ahorn
Ahorn, Ida Maria              | Ida Maria    | Ahorn
Ludwig van Beethoven          | Ludwig       | van Beethoven
van Beethoven, Ludwig         | Ludwig       | van Beethoven
O'Brien Moe                   | O'Brien      | Moe
Karl-Heinz Müller-Lüdenscheid | Karl-Heinz   | Müller-Lüdenscheid
Дана Кац                      | Дана         | Кац
"""
TITLES = """
person                        | first        | last
------------------------------+--------------+------------------
Dr. Ida Ahorn                 | Ida          | Ahorn
dr Ida Ahorn                  | Ida          | Ahorn
Frau Dr. med. Ida Ahorn       | Ida          | Ahorn
Prof.Dr.Ida Ahorn             | Ida          | Ahorn
Dr.-Ing. Bob Birch            | Bob          | Birch
Dipl.-Ing. Bob Birch          | Bob          | Birch
Mag. Eva Elm                  | Eva          | Elm
Hr. Dan Dahl                  | Dan          | Dahl
Ahorn, Dr. Ida                | Ida          | Ahorn
Dr. Ahorn, Ida                | Ida          | Ahorn
Ida Ahorn, Dr.                | Ida          | Ahorn
Ida Ahorn, PhD                | Ida          | Ahorn
Ida Ahorn MBA                 | Ida          | Ahorn
Frau Ahorn                    |              | Ahorn
Frau von Ahorn                |              | von Ahorn
Ahorn, Frau                   |              | Ahorn
Familie Ahorn                 |              | Ahorn
Drew Elm                      | Drew         | Elm
Herrmann Elm                  | Herrmann     | Elm
Mag Elm                       | Mag          | Elm
"""
UNSURE = """
person                        | first        | last
------------------------------+--------------+------------------
Ida Ahorn, Purchasing         |              | Ida Ahorn
García López, María           |              | García López
Ahorn,                        |              | Ahorn
J. R. Birch                   |              | Birch
Birch, B.                     |              | Birch
M. Dupont                     |              | Dupont
Dr.                           |              |
-                             |              |
???                           |              |
ida@ahorn.example             |              |
Ahorn Mill GmbH               |              |
Ahorn Mill, Inc.              |              |
Birch Tools A/S               |              |
"""
ASIDES = """
person                        | first        | last
------------------------------+--------------+------------------
Ida Ahorn (Purchasing)        | Ida          | Ahorn
Ida Ahorn <ida@ahorn.example> | Ida          | Ahorn
[old] Ida Ahorn               | Ida          | Ahorn
"""


@pytest.mark.parametrize("drawing", [PEOPLE, TITLES, UNSURE, ASIDES])
def test_a_name_is_split_where_it_can_be_told(drawing: str) -> None:
    drawn = frame(drawing)

    found = [first_and_last(person) for person in drawn["person"]]

    assert found == [(first or "", last or "") for _, first, last in drawn.rows()]


@pytest.mark.parametrize("person", [None, "", " ", "\n", ",", "()"])
def test_nobody_has_no_name(person: str | None) -> None:
    assert first_and_last(person) == ("", "")


def test_line_breaks_and_wide_spaces_part_words() -> None:
    assert first_and_last("Ida\nAhorn") == ("Ida", "Ahorn")
    assert first_and_last("Ida\N{NO-BREAK SPACE}Ahorn") == ("Ida", "Ahorn")


def test_marks_of_the_writing_direction_stay() -> None:
    assert first_and_last("\u200fדנה כהן\u200f") == ("\u200fדנה", "כהן\u200f")


def test_nothing_is_made_up() -> None:
    for person in hostile():
        first, last = first_and_last(person)
        assert [word for word in (*first.split(), *last.split()) if word not in person] == []


@given(st.text())
def test_no_text_is_too_strange(person: str) -> None:
    for part in first_and_last(person):
        assert part == " ".join(part.split())
