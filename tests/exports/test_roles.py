from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback.errors import LoopbackError, WrongUsageError
from loopback.exports.roles import Known
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
    assert "1 'recommend us' (2 answers, 9 to 10)" in problem.what
    assert "2 'opening keynote' (3 answers, 3 to 5)" in problem.what
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
    assert score_of("2,1,n\n9,x,4\n8,y,4\n", {"score": "2"}) == "2"


def test_headers_are_compared_without_case_and_spaces_around() -> None:
    found = read(" Customer ID , SCORE , Verbatim ,E-Mail\nC-1,9,good,x@y.example\n")

    assert found.roles == {
        "score": "SCORE",
        "comment": "Verbatim",
        "customer": "Customer ID",
        "email": "E-Mail",
    }


@pytest.mark.parametrize(
    "header", ["E-Mail-Adresse", "Mail", "E-mail adresse", "Correo", "Adresse e-mail", "E-Mail"]
)
@pytest.mark.parametrize("first", ["shop", "Zeitstempel"])
def test_an_address_is_known_by_its_header_in_five_languages(header: str, first: str) -> None:
    assert read(f"{first},score,{header}\n,9,x@y.example\n").roles["email"] == header


@pytest.mark.parametrize("header", ["Datum", "Zeitstempel", "Dato", "Fecha", "Date", "Horodateur"])
def test_the_time_of_an_answer_is_known_by_its_header_in_five_languages(header: str) -> None:
    found = read(f"shop,{header},score\nA,20.11.2026 09:01,9\n")

    assert found.roles["responded_at"] == header
    assert str(found.answers.answers["responded_at"][0]) == "2026-11-20 09:01:00+00:00"


@pytest.mark.parametrize("header", ["Mailing", "Update", "Datum der Rechnung", "Mail sent"])
def test_a_header_that_may_mean_another_thing_is_no_address_and_no_time(header: str) -> None:
    assert not {"email", "responded_at"} & set(read(f"score,{header}\n9,x\n").roles)


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
        ("score,Was ist der Hauptgrund?", "Was ist der Hauptgrund?"),
        ("score,Grund für Ihre Bewertung", "Grund für Ihre Bewertung"),
        ("score,Bitte begründen Sie", "Bitte begründen Sie"),
        ("score,Hvad er hovedårsagen?", "Hvad er hovedårsagen?"),
        ("score,Pourquoi cette note ?", "Pourquoi cette note ?"),
        ("score,Quelle est la raison principale ?", "Quelle est la raison principale ?"),
        ("score,¿Cuál es el motivo?", "¿Cuál es el motivo?"),
        ("score,Anmerkungen", "Anmerkungen"),
        ("score,Feedback:", "Feedback:"),
        ("score,shop,Kommentar", "Kommentar"),
        ("score,shop,Tell us more", "Tell us more"),
        ("score,What should we do better?", "What should we do better?"),
        ("score,Was sollten wir besser machen?", "Was sollten wir besser machen?"),
        ("score,Was sollten wir verbessern?,Warum?", "Warum?"),
        ("score,Feedback form", None),
        ("score,Background", None),
        ("score,Reasonable price", None),
        ("score,remarks", None),
    ],
)
def test_the_column_after_the_score_is_the_comment_where_it_asks_why(
    header: str, comment: str | None
) -> None:
    cells = ",".join("x" * header.count(","))
    assert read(f"{header}\n9,{cells}\n").roles.get("comment") == comment


def test_texts_that_nobody_reads_are_said_with_the_option_that_reads_them() -> None:
    content = "score,shop,Sonstiges\n9,A,sehr gut\n3,A,zu teuer\n8,B,\n"

    said = "no column is read as the comment; if it is 3 'Sonstiges', say --comment 3"
    assert said in read(content).answers.notes
    assert not read(content, {"comment": "3"}).answers.notes


def test_of_several_columns_of_texts_each_is_named() -> None:
    content = "score,A,B\n9,sehr gut,nicht viel\n3,zu teuer,der Preis\n"

    said = "no column is read as the comment; if it is one of 2 'A', 3 'B', say --comment 2"
    assert said in read(content).answers.notes


@pytest.mark.parametrize(
    "column",
    [
        *("shop;the shop;the shop;the shop", "Company name;Old Mill;New Barn;Big Foot"),
        *("begun;2026-11-20 09:00;2026-11-21 09:00;2026-11-22 09:00", "city;Ulm;Bonn;Bern"),
    ],
)
def test_choices_names_and_times_are_no_comments(column: str) -> None:
    first, *cells = column.split(";")
    rows = "".join(f"{score},{cell}\n" for score, cell in zip("930", cells, strict=True))

    assert not [note for note in read(f"score,{first}\n{rows}").answers.notes if "comment" in note]


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


def test_a_column_of_numbers_that_may_be_choices_is_not_taken_for_the_score() -> None:
    found = refused("name,colour\nIda,2\nBob,3\n")

    assert "no column holds scores from 0 to 10; nearest: 2 'colour' goes from 2 to 3" in str(found)
    assert "--score 2" in found.problems[0].mend


@pytest.mark.parametrize(
    "content",
    [
        "How likely?,ticked\n9,1\n8,0\n",
        "How likely?,from 1 to 5\n9,3\n8,4\n",
        "How likely?,answers\n" + "9,4\n8,3\n" * 5,
        "No.,How likely?\n7,9\n8,8\n",
        "How likely?,who\n" + "".join(f"9,{n}\n" for n in range(5, 10)),
        "How likely?,Q9_NPS_GROUP\n9,3\n3,1\n",
        "How likely?,Rank [A],Rank [B],Rank [C]\n9,1,2,3\n8,3,2,1\n8,2,1,3\n",
    ],
)
def test_ticks_short_scales_numbers_of_rows_and_ranks_are_no_scores(content: str) -> None:
    assert score_of(content) == "How likely?"


def test_the_setting_that_chooses_for_good_is_printed_for_the_layout() -> None:
    found = refused("Timestamp,a,b\n2026-11-20,9,7\n2026-11-20,8,6\n")

    assert '[exports.by_layout."Google Forms"]: score = "a"' in found.problems[0].mend


def test_what_is_chosen_for_a_layout_holds_for_it_alone() -> None:
    chosen = {"by_layout": {"Google Forms": {"score": "b"}}}

    form = read("Timestamp,a,b\n2026-11-20,9,7\n", **chosen)

    assert form.roles["score"] == "b"
    with pytest.raises(LoopbackError):
        read("a,b\n9,7\n8,6\n", **chosen)


def test_the_token_is_found_by_the_tokens_that_we_gave() -> None:
    known = Known(pl.LazyFrame({"token": ["T-1", "T-2"]}))
    content = "score,what,token\n9, t-1 ,x\n8,T-2,y\n"
    by_header = {"score": "score", "token": "token"}

    assert read(content, known=known).roles == by_header | {"token": "what"}
    assert read(content, {"token": "token"}, known=known).roles == by_header
    assert read(content).roles == by_header


def test_a_column_named_as_in_the_list_of_customers_names_the_customer() -> None:
    known = Known(columns={"customer_id": "Account no."})

    assert read("score,Account no.\n9,7\n8,8\n", known=known).roles["customer"] == "Account no."


def test_a_column_that_a_tool_names_as_it_likes_can_be_chosen() -> None:
    assert read(SURVEYMONKEY, {"customer": "Custom Data 1"}).roles["customer"] == "Custom Data 1"
    assert "token" not in read(SURVEYMONKEY, {"customer": "Custom Data 1"}).roles
