from __future__ import annotations

import pytest

from loopback.errors import LoopbackError
from loopback.exports.reading import Reading, recognised
from loopback.settings import Exports

LONG = """\
response_id,email,question,answer
1,a@x.example,Would you recommend us?,9
1,a@x.example,Why?,"good, and fast"
2,b@x.example,Would you recommend us?,3
3,c@x.example,Why?,late
2,b@x.example,What else?,nothing
"""


def read(content: str, **choices: str) -> Reading:
    return recognised(content.encode(), "export.csv", Exports.model_validate(choices))


def test_a_row_an_answer_is_refused_with_its_questions_and_the_option_to_choose_one() -> None:
    refused = str(read(LONG).refused), read(LONG).refused

    assert "a row for each answer, to 3 questions: 'Would you recommend us?', 'Why?'" in refused[0]
    assert refused[1] is not None
    assert '--score "Would you recommend us?"' in refused[1].problems[0].mend


def test_the_answers_to_the_chosen_questions_become_responses() -> None:
    found = read(LONG, score="Would you recommend us?", comment="Why?")

    assert found.answers.answers.select("row", "export_id", "email", "score", "comment").rows() == [
        (2, "1", "a@x.example", 9, "good, and fast"),
        (4, "2", "b@x.example", 3, None),
    ]
    assert found.answers.rejects.select("row", "value", "why").rows() == [
        (5, "late", "a comment without a score")
    ]
    assert found.answers.left_out == {"an answer of the same response": 2}
    assert found.height == 5


def test_one_who_answers_a_question_twice_is_refused() -> None:
    with pytest.raises(LoopbackError, match="row 7: a question is answered a second time"):
        read(LONG + "2,b@x.example,Would you recommend us?,4\n", score="Would you recommend us?")


def test_a_long_export_of_one_question_needs_no_choice() -> None:
    content = "email,question,answer\na@x.example,Recommend?,9\nb@x.example,Recommend?,3\n"

    assert read(content, score="answer").answers.scores == {3: 1, 9: 1}
