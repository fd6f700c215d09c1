from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from tests.exports.drawn import PLAIN, cells, looked_at, read

if TYPE_CHECKING:
    from loopback.exports.roles import Roles

HEADER = "token,submitted,score,comment,status\n"


def rejected(content: str, chosen: Roles | None = None) -> list[tuple[object, ...]]:
    found = read(content, chosen).answers.rejects
    return found.select("row", "column", "value", "why").rows()


def taken(content: str) -> list[tuple[object, ...]]:
    return read(content).answers.answers.select("row", "score", "comment").rows()


def test_answers_are_numbered_as_a_person_counts_the_rows_of_the_file() -> None:
    assert taken(PLAIN) == [(2, 3, "late"), (3, 10, None)]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("partial", "partial"),
        ("Incomplete", "partial"),
        (" IN PROGRESS ", "partial"),
        ("test", "test"),
        ("Survey Preview", "test"),
        ("spam", "spam"),
        ("disqualified", "disqualified"),
        ("bounced", "bounced"),
    ],
)
def test_a_status_that_says_so_leaves_a_row_out(status: str, why: str) -> None:
    found = read(f"{HEADER}T-1,,9,good,{status}\nT-2,,8,,\n").answers

    assert found.left_out == {why: 1}
    assert found.answers["token"].to_list() == ["T-2"]


def test_scores_of_other_surveys_are_not_pooled_with_ours() -> None:
    found = read("survey type,score\nNPS,9\nCSAT,5\n ces ,3\n,8\nspring,7\n").answers

    assert found.left_out == {"another survey": 2}
    assert found.answers["score"].to_list() == [9, 8, 7]


@pytest.mark.parametrize("status", ["complete", "Completed", "", "approved", "whatever"])
def test_any_other_status_counts(status: str) -> None:
    found = read(f"{HEADER}T-1,,9,good,{status}\n").answers

    assert found.left_out == {}
    assert found.answers.height == 1


def test_a_row_that_is_left_out_is_not_rejected_for_its_score() -> None:
    found = read(f"{HEADER}T-1,,eleven,,partial\nT-2,,9,,\n").answers

    assert (found.left_out, found.rejects.height, found.answers.height) == ({"partial": 1}, 0, 1)


@pytest.mark.parametrize("blank", ["", " ", "n/a", "N/A", "NA", "-", "no answer", "keine Angabe"])
def test_a_row_without_score_and_comment_was_not_answered(blank: str) -> None:
    found = read(f"{HEADER}T-1,,{blank},,\nT-2,,9,,\n").answers

    assert found.left_out == {"unanswered": 1}
    assert found.rejects.is_empty()


@pytest.mark.parametrize("cell", ["11", "9.5", "-1", "very likely"])
def test_a_row_that_cannot_be_taken_is_rejected_with_its_cell_and_why(cell: str) -> None:
    assert rejected(f"{HEADER}T-1,,9,,\nT-2,,{cell},good,\n") == [
        (3, "score", cell, "the score is not a whole number from 0 to 10")
    ]


@pytest.mark.parametrize("cell", ["", " ", "n/a"])
def test_a_comment_without_a_score_is_rejected_and_kept(cell: str) -> None:
    assert rejected(f"{HEADER}T-1,,9,,\nT-2,,{cell},too slow,\n") == [
        (3, "comment", "too slow", "a comment without a score")
    ]


def test_a_reject_names_the_column_as_the_file_does() -> None:
    assert rejected("How likely?\n9\n8\n12\n", {"score": "1"}) == [
        (4, "How likely?", "12", "the score is not a whole number from 0 to 10")
    ]


def test_a_row_of_another_length_is_rejected_and_not_shifted_into_place() -> None:
    content = f"{HEADER}T-1,,9,too slow, and late,\nT-2,,8\nT-3,,7,fine,\n"

    assert taken(content) == [(4, 7, "fine")]
    assert rejected(content) == [
        (2, None, "6", "the row does not have as many cells as the header"),
        (3, None, "3", "the row does not have as many cells as the header"),
    ]


def test_a_row_is_rejected_once_whatever_is_wrong_with_it() -> None:
    assert rejected(f"{HEADER}T-1\n,,8,,,late\n") == [
        (2, None, "1", "the row does not have as many cells as the header"),
        (3, None, "6", "the row does not have as many cells as the header"),
    ]


def test_rejects_are_in_the_order_of_the_file() -> None:
    content = f"{HEADER}T-1,,12,,\nT-2\nT-3,,13,,\nT-4,,9,,\n"

    assert [row for row, *_ in rejected(content)] == [2, 3, 4]


def test_a_comment_keeps_its_lines_and_loses_only_the_spaces_around() -> None:
    content = f'{HEADER}T-1,,9,"  first line\n\n second, ""quoted"" = line  ",\n'

    assert taken(content) == [(2, 9, 'first line\n\n second, "quoted" = line')]


def test_ids_are_text_and_lose_only_the_spaces_around() -> None:
    found = read("customer_id,token,score\n 007 , 1e5 ,9\n").answers

    assert found.answers.select("customer", "token").rows() == [("007", "1e5")]


def test_an_address_that_bounced_is_named_with_its_keys() -> None:
    content = "token,customer_id,email,score,status\nT-1,C-1,x@y.example,,bounced\nT-2,C-2,,9,\n"

    found = read(content).answers

    assert found.bounced.rows() == [(2, "T-1", "C-1", "x@y.example")]
    assert found.left_out == {"bounced": 1}


def test_times_that_cannot_be_read_are_empty_with_a_note() -> None:
    found = read(f"{HEADER}T-1,soon,9,,\nT-2,2026-11-20,8,,\nT-3,,7,,\n").answers

    assert found.answers["responded_at"].is_null().to_list() == [True, False, True]
    assert found.notes == ["1 times could not be read and are left empty"]


def test_times_that_can_be_read_two_ways_are_empty_with_a_note() -> None:
    content = f"{HEADER}T-1,3/4/2026,9,,\n"

    open_, decided = read(content).answers, read(content, day_first=True).answers

    assert open_.answers["responded_at"].to_list() == [None]
    assert "--day-first" in open_.notes[0]
    assert decided.notes == []
    assert f"{decided.answers['responded_at'].item():%d %B}" == "03 April"


def test_a_file_without_times_needs_no_note() -> None:
    assert read("score\n9\n8\n").answers.notes == []


def test_rows_that_do_not_count_do_not_decide_how_times_are_read() -> None:
    content = f"{HEADER}T-1,3/4/2026,9,,\nT-2,20/4/2026,8,,test\n"

    assert read(content).answers.answers["responded_at"].to_list() == [None]


@pytest.mark.parametrize("header", ["How likely? 1 = not at all", "from 1 to 10"])
def test_a_scale_that_starts_at_one_is_not_taken_without_asking(header: str) -> None:
    with pytest.raises(LoopbackError, match="start at 1") as raised:
        read(f"{header}\n9\n8\n")

    assert "--scale" in raised.value.problems[0].mend


def test_on_a_scale_from_one_a_zero_is_rejected_and_nothing_rescaled() -> None:
    found = read("from 1 to 10\n1\n10\n0\n", scale="1-10").answers

    assert found.answers["score"].to_list() == [1, 10]
    assert found.rejects["why"].to_list() == ["the score is not on the scale 1-10"]


def test_a_user_who_says_that_the_scale_starts_at_zero_is_believed() -> None:
    found = read("from 1 to 10\n1\n0\n", scale="0-10").answers

    assert found.answers["score"].to_list() == [1, 0]


@pytest.mark.parametrize(
    ("scores", "scale", "noted"),
    [
        ("1\n10\n" * 50, None, True),
        ("1\n10\n" * 49, None, False),
        ("1\n10\n" * 50 + "0\n", None, False),
        ("1\n10\n" * 50, "0-10", False),
        ("1\n10\n" * 50, "1-10", False),
    ],
)
def test_a_file_of_many_scores_without_a_zero_is_remarked_upon(
    scores: str, scale: str | None, *, noted: bool
) -> None:
    notes = read(f"score\n{scores}", scale=scale).answers.notes

    assert any("none of 100 scores is 0" in note for note in notes) == noted


def test_a_header_that_says_0_to_10_decides_and_that_no_0_was_given_is_remarked_upon() -> None:
    found = read("From 0 to 10: how likely?\n" + "1\n10\n" * 50).answers

    assert found.scores == {1: 50, 10: 50}
    assert found.notes == ["none of 100 scores is 0: if the scale is 1-10, say --scale 1-10"]


@pytest.mark.parametrize(
    ("scores", "scale", "refused"),
    [
        ("1\n10\n" * 50, None, True),
        ("1\n10\n" * 49, None, False),
        ("2\n10\n" * 50, None, False),
        ("1\n10\n" * 50 + "0\n", None, False),
        ("1\n10\n" * 50, "0-10", False),
        ("1\n10\n" * 50, "1-10", False),
    ],
)
def test_where_1_is_the_lowest_of_many_scores_the_user_must_name_the_scale(
    scores: str, scale: str | None, *, refused: bool
) -> None:
    found = looked_at(f"How likely?\n{scores}", scale=scale).refused

    assert ("the scale seems to start at 1" in str(found)) == refused


@pytest.mark.parametrize(
    ("scores", "scale", "refused"),
    [
        ("5\n4\n" * 5, None, True),
        ("5\n4\n" * 4, None, False),
        ("5\n6\n" * 5, None, False),
        ("5\n4\n" * 5, "0-10", False),
    ],
)
def test_where_5_is_the_highest_of_many_scores_the_user_must_name_the_scale(
    scores: str, scale: str | None, *, refused: bool
) -> None:
    found = looked_at(f"score\n{scores}", scale=scale).refused

    assert ("the scale seems to end at 5" in str(found)) == refused


def test_words_among_the_scores_stop_with_their_counts_and_how_to_explain_them() -> None:
    content = "score\n9\n8\nAbsolutely\nabsolutely\nno way\n"

    found = looked_at(content).refused

    assert found is not None
    assert "'Absolutely' (2), 'no way' (1)" in found.problems[0].what
    assert '--word "Absolutely=10"' in found.problems[0].mend
    explained = read(content, words={"Absolutely": 10, "no way": "none"}).answers
    assert explained.answers["score"].to_list() == [9, 8, 10, 10]
    assert (explained.left_out, explained.rejects.height) == ({"unanswered": 1}, 0)


def test_a_single_word_among_scores_is_a_reject() -> None:
    assert rejected("score\n9\n8\nmaybe\n", {"score": "score"}) == [
        (4, "score", "maybe", "the score is not a whole number from 0 to 10")
    ]


def test_a_single_bad_cell_does_not_hide_the_column_of_the_score() -> None:
    found = read("How likely?,why\n9,a\n8,b\n99,c\n7,d\n6,e\n10,f\n", {})

    assert found.roles["score"] == "How likely?"
    assert found.answers.rejects.select("row", "value").rows() == [(4, "99")]


def test_where_no_column_holds_scores_the_one_that_nearly_does_is_named_with_its_cells() -> None:
    found = looked_at("How likely?,why\n9,a\n8,b\n99,c\n100,d\n7,e\n").refused

    assert found is not None
    assert "nearest: 1 'How likely?' but for '99' (row 4), '100' (row 5)" in str(found)
    assert "--score 1" in found.problems[0].mend


def test_answers_to_another_survey_are_left_out() -> None:
    content = "token,score,survey_type\nT-1,9,nps\nT-2,4,csat\n"
    own = {"name": "Both", "row_1": ["survey_type"], "surveys": ["nps"]}

    found = looked_at(content, layouts=[own])

    assert (found.left_out, found.answers.answers["score"].to_list()) == (
        {"another survey": 1},
        [9],
    )


def test_a_header_that_comes_again_is_no_answer() -> None:
    found = read("token,score\nT-1,9\ntoken,score\nT-2,8\n").answers

    assert found.left_out == {"the header again": 1}
    assert found.answers["token"].to_list() == ["T-1", "T-2"]


def test_a_comment_loses_the_apostrophe_that_guards_it_and_no_other() -> None:
    content = "score,comment\n9,'- too slow\n8,'tis fine\n7,'=1+1\n"

    assert read(content).answers.answers["comment"].to_list() == ["- too slow", "'tis fine", "=1+1"]


def test_comments_are_counted_also_where_the_row_is_rejected() -> None:
    found = read("score,comment,status\n9,good,\n12,late,\n,bad,\n8,test,test\n").answers

    assert (found.comments, found.rejects.height) == (3, 2)


def test_consent_and_the_wish_to_be_called_are_kept_beside_the_answer() -> None:
    found = read("score,consent,contact\n9,yes,no\n").answers.answers

    assert found.select("consent", "contact").rows() == [("yes", "no")]


CELLS = st.sampled_from(
    (
        "",
        "9",
        "0",
        "10",
        "11",
        "-1",
        "17:30",
        "n/a",
        " ",
        "T-1",
        "2026-11-20",
        "partial",
        "bounced",
        "x",
    )
)
WORDS = ("T-1", "partial", "bounced", "x")
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=7), min_size=1, max_size=25)


@settings(max_examples=80, deadline=None)
@given(rows=ROWS)
def test_answers_rejects_and_the_rows_left_out_add_up_to_the_rows(rows: list[list[str]]) -> None:
    content = io.StringIO(newline="")
    csv.writer(content).writerows([["token", "submitted", "score", "comment", "status"], *rows])

    try:
        found = read(content.getvalue(), scale="0-10", words=dict.fromkeys(WORDS, "none")).answers
    except LoopbackError as refused:
        assert "the header has 5 cells" in str(refused)  # noqa: PT017 - it may be so, or not
        return

    parts = [found.answers.height, found.rejects.height, *found.left_out.values()]
    assert sum(parts) == cells(content.getvalue()).headed().height
    numbers = [*found.answers["row"], *found.rejects["row"]]
    assert len(numbers) == len(set(numbers))
    assert found.answers["score"].is_between(0, 10).all()
