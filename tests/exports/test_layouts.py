from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from loopback.errors import LoopbackError, WrongUsageError
from loopback.exports.layouts import first_rows, fits, layout, layouts
from loopback.exports.roles import NAMES
from tests.exports.drawn import (
    DRAWN,
    GOOGLE_FORMS,
    PLAIN,
    QUALTRICS,
    QUALTRICS_OF_PYTHON,
    SURVEYMONKEY,
    TYPEFORM,
    cells,
    looked_at,
    read,
)

if TYPE_CHECKING:
    from loopback.exports.declarations import Layout

WITHOUT_HOURS = ("plain",)

FIRST, SECOND = datetime(2026, 11, 20, 9, 1, tzinfo=UTC), datetime(2026, 11, 20, 10, 1, tzinfo=UTC)


READ = [declared for declared in layouts() if not declared.refused]


@pytest.mark.parametrize("name", DRAWN)
def test_each_tool_is_known_by_its_header(name: str) -> None:
    assert layout(cells(DRAWN[name])).name == name.partition(",")[0]


@pytest.mark.parametrize("name", DRAWN)
def test_the_answers_of_each_tool_are_those_that_it_counts_as_whole(name: str) -> None:
    found = looked_at(DRAWN[name])

    assert found.refused is None
    answered = found.answers.answers
    assert answered["score"].to_list() == [3, 10]
    assert answered["comment"].str.contains("late|zu spät").to_list() == [True, None]
    day, *_ = answered["responded_at"].dt.date().unique()
    assert f"{day}" == "2026-11-20"
    assert answered.height + sum(found.left_out.values()) == found.height


@pytest.mark.parametrize("name", [name for name in DRAWN if name not in WITHOUT_HOURS])
def test_the_time_of_an_answer_is_read_in_the_zone_of_the_tool(name: str) -> None:
    found = looked_at(DRAWN[name]).answers.answers["responded_at"]

    assert found[0].replace(second=0) == FIRST


@pytest.mark.parametrize("name", [name for name in DRAWN if "T-1" in DRAWN[name]])
def test_the_token_is_found_in_the_column_that_the_tool_has_for_it(name: str) -> None:
    assert looked_at(DRAWN[name]).answers.answers["token"].to_list() == ["T-1", "T-2"]


def test_every_declared_layout_is_drawn_here() -> None:
    drawn = dict.fromkeys(name.partition(",")[0] for name in DRAWN)
    assert list(dict.fromkeys(declared.name for declared in READ)) == list(drawn)


def test_the_last_layout_declared_fits_every_file() -> None:
    last = layouts()[-1]

    assert last.name == "plain"
    assert all(fits(last, first_rows(cells(content))) for content in DRAWN.values())
    assert layout(cells("anything\n1")) == last


@pytest.mark.parametrize("declared", layouts(), ids=lambda declared: declared.name)
def test_a_declaration_names_roles_that_exist(declared: Layout) -> None:
    assert set(declared.roles) <= set(NAMES)
    assert all(declared.roles.values())


@pytest.mark.parametrize(
    "content",
    [
        SURVEYMONKEY.replace("Response", "Answer").replace("Respondent", "Person"),
        TYPEFORM.replace("Network ID", "Net"),
        GOOGLE_FORMS.replace("Timestamp", "Zeit"),
    ],
)
def test_half_a_header_is_not_enough(content: str) -> None:
    assert layout(cells(content)).name == "plain"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (QUALTRICS, 3),
        (QUALTRICS_OF_PYTHON, 3),
        (QUALTRICS.replace("2026-11-2", "n"), 3),
        ("\n".join(QUALTRICS.splitlines()[:2] + QUALTRICS.splitlines()[3:]), 2),
        ("\n".join(QUALTRICS.splitlines()[:1] + QUALTRICS.splitlines()[2:]), 2),
        ("\n".join(QUALTRICS.splitlines()[:1] + QUALTRICS.splitlines()[3:]), 1),
        ("\n".join(SURVEYMONKEY.splitlines()[:1] + SURVEYMONKEY.splitlines()[2:]), 1),
        ("Q1,,,\nWhy,Where,When,Who\na,b,c,d\na,x,c,e\n", 2),
        ("name,score,\nIda,9,good\nBob,8,bad\n", 1),
        ("name,,\nIda,9,good\nBob,8,bad\n", 1),
        ("name,score\n#name,#score\nIda,9\n", 2),
    ],
)
def test_the_rows_of_the_header_are_counted_from_the_content(content: str, rows: int) -> None:
    assert looked_at(content).header.rows == rows


@pytest.mark.parametrize(
    "content",
    [
        "Answer Choices,Responses\n10,3\n9,2\n",
        "How likely are you to recommend us?,,\nAnswer Choices,Responses,\n10,50.00%,3\n",
        "Value,Percent,Count\n10,50.0%,3\n",
        "Month,Promoters,Passives,Detractors,NPS\n2026-11,4,3,2,22\n",
    ],
)
def test_a_summary_is_refused_by_name(content: str) -> None:
    with pytest.raises(LoopbackError, match="this is a summary of"):
        layout(cells(content))


def test_a_row_an_answer_is_refused_where_there_are_several_questions() -> None:
    content = "id,question,answer\n1,recommend?,9\n1,why?,good\n2,recommend?,3\n"

    assert "a row for each answer, to 2 questions" in str(looked_at(content).refused)
    assert looked_at(content.replace("why?,good", "recommend?,7")).refused is None


def test_a_layout_of_the_users_own_goes_before_ours() -> None:
    own = {"name": "Till", "row_1": ["Bon", "Note"], "roles": {"score": ["Note"]}}

    found = looked_at("Bon,Note,nps\n1,9,2\n2,8,3\n", layouts=[own])

    assert (found.layout, found.roles["score"]) == ("Till", "Note")


def test_a_layout_can_be_chosen_by_its_name() -> None:
    found = looked_at("who,submitdate,NPS\n1,2026-11-20,9\n2,,8\n", layout="limesurvey")

    assert (found.layout, found.left_out) == ("LimeSurvey", {"partial": 1})


def test_a_layout_that_does_not_exist_is_wrong_usage() -> None:
    with pytest.raises(WrongUsageError, match="no layout 'Typo'") as raised:
        looked_at("score\n9\n", layout="Typo")

    assert "Typeform" in raised.value.problems[0].mend


@pytest.mark.parametrize(
    "content", [QUALTRICS, QUALTRICS_OF_PYTHON, "\N{ZERO WIDTH NO-BREAK SPACE}" + QUALTRICS]
)
def test_qualtrics_has_three_header_rows_and_leaves_out_partial_and_test_responses(
    content: str,
) -> None:
    found = read(content, {"score": "10", "comment": "11"})

    assert found.layout == "Qualtrics"
    assert found.answers.left_out == {"partial": 1, "test": 1}
    answered = found.answers.answers.select(
        "row", "export_id", "customer", "email", "language", "score", "comment", "responded_at"
    )
    assert answered.rows() == [
        (4, "R_1", "C-1", "mill@ahorn.example", "DE", 3, "zu spät", FIRST.replace(second=2)),
        (5, "R_2", "C-2", "tools@birch.example", "EN", 10, None, SECOND.replace(second=2)),
    ]


def test_the_score_and_comment_of_qualtrics_are_found_by_their_content() -> None:
    found = read(QUALTRICS)

    assert [found.roles[role].split(" - ")[0] for role in ("score", "comment")] == [
        "QID1",
        "QID2_TEXT",
    ]


def test_surveymonkey_has_two_header_rows_and_keeps_its_ids_digit_by_digit() -> None:
    found = read(SURVEYMONKEY)

    answered = found.answers.answers.select(
        "row", "export_id", "token", "email", "score", "comment", "responded_at"
    )
    assert answered.rows() == [
        (3, "11800000000000000001", "T-1", "mill@ahorn.example", 3, "late", FIRST),
        (
            4,
            "11800000000000000002",
            "T-2",
            "tools@birch.example",
            10,
            None,
            SECOND.replace(hour=13),
        ),
    ]


def test_typeform_leaves_out_what_was_not_completed() -> None:
    found = read(TYPEFORM)

    assert found.answers.left_out == {"partial": 1}
    answered = found.answers.answers.select(
        "row", "export_id", "token", "score", "comment", "responded_at"
    )
    assert answered.rows() == [
        (2, "a1", "T-1", 3, "late", FIRST),
        (3, "a2", "T-2", 10, None, SECOND),
    ]


def test_google_forms_knows_the_address_and_the_time() -> None:
    found = read(GOOGLE_FORMS)

    answered = found.answers.answers.select("row", "email", "score", "comment", "responded_at")
    assert answered.rows() == [
        (2, "mill@ahorn.example", 3, "late", FIRST),
        (3, "tools@birch.example", 10, None, SECOND),
    ]


def test_a_plain_file_is_read_by_the_names_of_its_columns() -> None:
    found = read(PLAIN)

    assert found.roles == {
        "score": "score",
        "comment": "comment",
        "token": "token",
        "responded_at": "submitted",
        "status": "status",
    }
    assert found.answers.left_out == {"partial": 1}
    assert found.answers.answers["token"].to_list() == ["T-1", "T-2"]


def test_a_table_with_a_timestamp_of_ones_own_loses_nothing() -> None:
    found = read("Timestamp,customer_id,score,comment\n2026-11-20,C-1,3,late\n")

    answered = found.answers.answers.select("customer", "score", "comment")
    assert answered.rows() == [("C-1", 3, "late")]
