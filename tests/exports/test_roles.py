from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback.errors import LoopbackError, WrongUsageError
from tests.exports.drawn import SURVEYMONKEY, read

if TYPE_CHECKING:
    from loopback.exports.roles import Roles


def score_of(content: str, chosen: Roles | None = None) -> str:
    return read(content, chosen).roles["score"]


def refused(content: str, chosen: Roles | None = None) -> LoopbackError:
    with pytest.raises(LoopbackError) as raised:
        read(content, chosen)
    return raised.value


def test_the_only_column_that_holds_scores_is_the_score() -> None:
    assert score_of("question,year\n9,2026\n0,2025\n") == "question"


def test_the_header_of_the_score_may_say_anything() -> None:
    assert score_of("Wie wahrscheinlich ist es?\n10\n3\n") == "Wie wahrscheinlich ist es?"


def test_the_score_is_never_guessed_between_two_candidates() -> None:
    found = refused("recommend us,opening keynote,why\n9,3,x\n10,4,\n,5,\n")

    [problem] = found.problems
    assert "1 'recommend us' (2 answers)" in problem.what
    assert "2 'opening keynote' (3 answers)" in problem.what
    assert "--score 1" in problem.mend
    assert problem.file == "export.csv"


@pytest.mark.parametrize("name", ["recommend us", "1"])
def test_the_user_chooses_between_two_candidates_by_header_or_number(name: str) -> None:
    assert score_of("recommend us,opening keynote\n9,3\n10,4\n", {"score": name}) == "recommend us"


def test_two_columns_both_named_as_scores_are_not_guessed_between() -> None:
    found = refused("nps,score\n9,3\n10,4\n")

    assert "more than one column could be the score" in found.problems[0].what


@pytest.mark.parametrize("word", ["N/A", "Extremely likely", "no answer"])
def test_a_score_column_with_words_in_it_leaves_no_other_to_be_taken_for_it(word: str) -> None:
    found = refused(f"recommend us,opening keynote\n9,3\n8,4\n{word},5\n7,6\n")

    assert "recommend us" in str(found)
    assert "opening keynote" in str(found)


def test_where_no_column_holds_scores_all_are_listed() -> None:
    found = refused("name,grade\nIda,A\nBob,B\n")

    [problem] = found.problems
    assert problem.what == "no column holds scores from 0 to 10"
    assert "1 'name', 2 'grade'" in problem.mend


def test_an_empty_column_holds_no_scores() -> None:
    assert "no column holds scores" in str(refused("a,b\n,x\n,y\n"))


@pytest.mark.parametrize("name", ["3", "0", "-1", "recommended"])
def test_a_column_that_is_not_there_is_wrong_usage(name: str) -> None:
    found = refused("recommend,why\n9,x\n", {"score": name})

    assert isinstance(found, WrongUsageError)
    assert name in found.problems[0].what
    assert "1 'recommend', 2 'why'" in found.problems[0].mend


def test_a_header_that_is_a_number_is_a_header_first() -> None:
    assert score_of("2,1\n9,x\n8,y\n", {"score": "2"}) == "2"


def test_headers_are_compared_without_case_and_spaces_around() -> None:
    found = read(" Customer ID , SCORE , Verbatim ,E-Mail\nC-1,9,good,x@y.example\n")

    assert found.roles == {
        "score": "SCORE",
        "comment": "Verbatim",
        "customer": "Customer ID",
        "email": "E-Mail",
    }


def test_what_the_user_chose_comes_before_what_is_declared() -> None:
    content = "score,comment,real,words\n1,a,9,b\n"

    chosen = read(content, {"score": "real", "comment": "words"}).roles

    assert chosen == {"score": "real", "comment": "words"}


def test_a_column_has_one_role_only() -> None:
    assert read("token,score\nT-1,9\n", {"customer": "token"}).roles == {
        "customer": "token",
        "score": "score",
    }


@pytest.mark.parametrize(
    ("header", "comment"),
    [
        ("score,Why?", "Why?"),
        ("score,What are the REASONS for it?", "What are the REASONS for it?"),
        ("score,Warum?", "Warum?"),
        ("score,Was sind die Gründe?", "Was sind die Gründe?"),
        ("score,Hvorfor?", "Hvorfor?"),
        ("score,Hvad er årsagen?", "Hvad er årsagen?"),
        ("score,Reasonable price", None),
        ("score,remarks", None),
    ],
)
def test_the_column_after_the_score_is_the_comment_where_it_asks_why(
    header: str, comment: str | None
) -> None:
    assert read(f"{header}\n9,x\n").roles.get("comment") == comment


def test_of_two_columns_that_ask_why_the_one_after_the_score_is_the_comment() -> None:
    found = read("why do you buy?,score,why this score?\nx,9,y\n")

    assert found.roles["comment"] == "why this score?"


def test_the_only_column_that_asks_why_is_the_comment_wherever_it_stands() -> None:
    assert read("why?,shop,score\nx,a,9\n").roles["comment"] == "why?"


def test_of_two_columns_that_ask_why_elsewhere_none_is_guessed() -> None:
    assert "comment" not in read("why buy?,why here?,shop,score\nx,y,a,9\n").roles


def test_columns_that_bear_the_same_header_can_each_be_chosen() -> None:
    content = "rating,rating\n9,3\n8,x\n"

    assert read(content, {"score": "1"}).answers.answers["score"].to_list() == [9, 8]
    assert read(content, {"score": "2"}).answers.answers["score"].to_list() == [3]


def test_a_column_that_a_tool_names_as_it_likes_can_be_chosen() -> None:
    assert read(SURVEYMONKEY, {"customer": "Custom Data 1"}).roles["customer"] == "Custom Data 1"
    assert "token" not in read(SURVEYMONKEY, {"customer": "Custom Data 1"}).roles
