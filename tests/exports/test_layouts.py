from __future__ import annotations

from datetime import UTC, datetime

import pytest

from loopback.exports.layouts import Layout, layout, layouts
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
    read,
)

FIRST, SECOND = datetime(2026, 11, 20, 9, 1, tzinfo=UTC), datetime(2026, 11, 20, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", DRAWN)
def test_each_tool_is_known_by_its_header(name: str) -> None:
    assert layout(cells(DRAWN[name])).name == name


def test_every_declared_layout_is_drawn_here() -> None:
    assert [declared.name for declared in layouts()] == list(DRAWN)


def test_the_last_layout_declared_fits_every_file() -> None:
    last = layouts()[-1]

    assert last.name == "plain"
    assert all(last.fits(cells(content)) for content in DRAWN.values())
    assert layout(cells("anything\n1")) == last


@pytest.mark.parametrize("declared", layouts(), ids=lambda declared: declared.name)
def test_a_declaration_names_roles_that_exist(declared: Layout) -> None:
    assert set(declared.roles) <= set(NAMES)
    assert all(declared.roles.values())


@pytest.mark.parametrize(
    "content",
    [
        QUALTRICS.replace("{", "["),
        SURVEYMONKEY.replace("Response", "Answer").replace("Open-Ended ", ""),
        TYPEFORM.replace("Network ID", "Net"),
        GOOGLE_FORMS.replace("Timestamp", "Zeit"),
    ],
)
def test_half_a_header_is_not_enough(content: str) -> None:
    assert layout(cells(content)).name == "plain"


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
