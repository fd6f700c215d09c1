"""Real exports of survey tools: what each holds, and what loopback asks before it takes it.

The table says what is known of each file; `truth.json` beside the files must say the same.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from loopback.exports.preview import Preview, preview
from loopback.exports.reading import recognised
from loopback.settings import Exports
from tests.frames import frame
from tests.shared import shared

# rows of the header, responses, scores, promoters, passives, detractors, comments
TABLE = """
file                        | header | responses | scores | 9-10 | 7-8 | 0-6  | comments
alchemer__jupyter           | 1      | 300       |        |      |     |      |
googleforms__rstudio*.csv   | 1      | 338       | 331    | 270  | 46  | 15   | 285
googleforms__rstudio*.xlsx  | 1      | 338       | 331    | 270  | 46  | 15   | 285
googleforms__zzzbitz        | 1      | 39        | 39     | 8    | 9   | 22   | 37
inhouse*2020_carpentrycon   | 1      | 124       | 124    | 84   | 33  | 7    | 0
inhouse*longterm_October    | 1      | 476       | 402    | 215  | 118 | 69   | 20
inhouse__duyguHsnHsn        | 1      | 1825      | 1825   | 338  | 296 | 1191 | 0
inhouse__edumaggno          | 1      | 31        | 31     | 5    | 7   | 19   | 0
inhouse__saizhang1          | 1      | 441       | 441    | 306  | 95  | 40   | 441
kobotoolbox__Edouard        | 1      | 5         |        |      |     |      |
limesurvey__dfuchss         | 2      | 45        |        |      |     |      |
limesurvey__softwaresaved   | 1      | 77        | 73     | 12   | 48  | 13   | 0
limesurvey__wittenborg      | 1      | 53        |        |      |     |      |
qualtrics__ropensci__excl   | 3      | 100       |        |      |     |      |
qualtrics*sample.csv        | 3      | 1         |        |      |     |      |
qualtrics*sample_legacy     | 2      | 1         |        |      |     |      |
qualtrics*Better_Sample     | 3      | 10        |        |      |     |      |
qualtrics*Basis_Insights    | 3      | 15        |        |      |     |      |
qualtrics*Basis_Legacy      | 2      | 15        |        |      |     |      |
redcap*simple_data          | 1      | 5         |        |      |     |      |
redcap*survey_data          | 1      | 2         |        |      |     |      |
surveymonkey*2020_H1        | 2      | 79        |        |      |     |      |
surveymonkey*2020_H2        | 2      | 97        | 97     | 64   | 23  | 10   | 53
surveymonkey*2021_H2        | 2      | 102       | 102    | 72   | 22  | 8    | 49
surveymonkey*2023_H1        | 2      | 145       | 145    | 101  | 35  | 9    | 55
surveymonkey*Strimzi        | 2      | 41        |        |      |     |      |
surveymonkey*2019-h1        | 2      | 64        |        |      |     |      |
surveymonkey*2019-h2        | 2      | 70        | 70     | 36   | 26  | 8    | 32
surveymonkey*StarWars       | 2      | 1186      |        |      |     |      |
tally__readme               | 1      | 1         |        |      |     |      |
"""
COUNTS = {
    "scores": "n_scores",
    "9-10": "promoters",
    "7-8": "passives",
    "0-6": "detractors",
}
# What must be said before the answers are taken, in the order in which loopback asks: a part of
# what it refuses with, and the option that it prints.
ASKED = {
    "googleforms__rstudio*.csv": [
        ("19 '¿Qué tan probable es que recomiendes R", "--score 19"),
        ("none of 331 scores is 0, and some are 1", "--scale 1-10"),
    ],
    "googleforms__rstudio*.xlsx": [
        ("19 '¿Qué tan probable es que recomiendes R", "--score 19"),
        ("none of 331 scores is 0, and some are 1", "--scale 1-10"),
    ],
    "googleforms__zzzbitz": [("more than one column could be the score: 2 'On a", "--score 2")],
    "limesurvey__softwaresaved": [("125 'likert5[satisgen1]", "--score 125")],
    "surveymonkey*2020_H2": [
        ("92 'Would you recommend", "--score 92"),
        ("the scale seems to start at 1: 'Would you", "--scale 1-10"),
    ],
    "surveymonkey*2021_H2": [
        ("24 'Would you recommend", "--score 24"),
        ("the scale seems to start at 1: 'Would you", "--scale 1-10"),
    ],
    "surveymonkey*2023_H1": [
        ("7 'Would you recommend CNCF to other open source projects, and ' (145", "--score 7"),
        ("none of 145 scores is 0, and some are 1", "--scale 1-10"),
    ],
    "surveymonkey*2019-h2": [
        ("64 'Would you recommend", "--score 64"),
        ("has words among the scores: 'Absolutely' (21)", "--word Absolutely=10"),
    ],
}
# The question that the publisher calls the comment, where it is not the one after the score.
COMMENTS = {
    "googleforms__rstudio*.csv": "23",
    "googleforms__rstudio*.xlsx": "23",
    "inhouse*longterm_October": "30",
}
# Files without a score from 0 to 10: what they have instead.
REFUSED = {
    "alchemer__jupyter": "no column holds scores from 0 to 10",
    "kobotoolbox__Edouard": "'profile.HHSize' goes from 1 to 5",
    "limesurvey__dfuchss": "no column holds scores from 0 to 10",
    "limesurvey__wittenborg": "holds words: 'Mäßig wichtig' (20), 'Wichtig' (12)",
    "qualtrics__ropensci__excl": "no column holds scores from 0 to 10",
    "qualtrics*sample.csv": "'Q1 - This is a multiple choice question.' goes from 2 to 2",
    "qualtrics*sample_legacy": "'Q1 - This is a multiple choice question.' goes from 2 to 2",
    "qualtrics*Better_Sample": "no column holds scores from 0 to 10",
    "qualtrics*Basis_Insights": "no column holds scores from 0 to 10",
    "qualtrics*Basis_Legacy": "no column holds scores from 0 to 10",
    "redcap*simple_data": "'ethnicity' goes from 0 to 2",
    "redcap*survey_data": "no column holds scores from 0 to 10",
    "surveymonkey*2020_H1": "holds words: 'Agree' (36), 'Strongly Agree' (30), 'Neutral' (9)",
    "surveymonkey*Strimzi": "no column holds scores from 0 to 10",
    "surveymonkey*2019-h1": "goes from 2 to 5, as choices or a shorter scale do",
    "surveymonkey*StarWars": "no column holds scores from 0 to 10",
    "tally__readme": "no column holds scores from 0 to 10",
}
EXPECTED = {row["file"]: row for row in frame(TABLE).to_dicts()}


def name_of(short: str) -> str:
    pattern = short if "." in short else f"{short}*"
    folder = shared("data", "exports")
    found = [path.name for path in folder.glob(f"*{pattern.lstrip('*')}")]
    assert len(found) == 1, (short, found)
    return found[0]


def truth(name: str) -> dict[str, Any]:
    return json.loads(shared("data", "exports", "truth.json").read_text(encoding="utf-8"))[name]


def seen(name: str, **choices: object) -> Preview:
    exports = Exports.model_validate(choices)
    return preview(recognised(shared("data", "exports", name).read_bytes(), name, exports))


def chosen(option: str) -> dict[str, object]:
    flag, value = option.removeprefix("--").split(" ", 1)
    word, _, number = value.partition("=")
    return {"words": {word: int(number)}} if flag == "word" else {flag: value}


def counted(found: Preview) -> dict[str, str | None]:
    scores = (found.scores, found.promoters, found.passives, found.detractors, found.comments)
    names = ("scores", "9-10", "7-8", "0-6", "comments")
    told = (
        dict.fromkeys(names) if found.refused else dict(zip(names, map(str, scores), strict=True))
    )
    return {"header": str(found.header_rows), "responses": str(found.responses)} | told


def test_the_table_has_every_file() -> None:
    names = [name_of(short) for short in EXPECTED]

    assert sorted(names) == sorted(json.loads(_truth_text()))


def _truth_text() -> str:
    return shared("data", "exports", "truth.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("short", EXPECTED)
def test_the_table_says_what_truth_says(short: str) -> None:
    known, row = truth(name_of(short)), EXPECTED[short]

    assert (int(row["header"]), int(row["responses"])) == (
        known["header_rows"],
        known["n_responses"],
    )
    scores = known.get("truth", {})
    assert [row[ours] and int(row[ours]) for ours in COUNTS] == [
        scores.get(theirs) for theirs in COUNTS.values()
    ]
    if row["comments"]:
        assert int(row["comments"]) == known.get("n_reasons", 0)


@pytest.mark.parametrize("short", EXPECTED)
def test_a_real_export_gives_its_true_counts_once_what_it_leaves_open_is_said(short: str) -> None:
    name = name_of(short)
    choices: dict[str, object] = {"comment": COMMENTS[short]} if short in COMMENTS else {}
    for refusal, option in ASKED.get(short, []):
        refused = seen(name, **choices).refused or ""
        assert refusal in refused
        flag, _, value = option.partition(" ")
        assert f"{flag} " in refused
        assert value in refused
        choices |= chosen(option)

    found = seen(name, **choices)

    assert counted(found) == {key: v for key, v in EXPECTED[short].items() if key != "file"}
    parts = (found.scores, found.rejects, *found.left_out.values())
    assert found.refused or sum(parts) == found.rows


@pytest.mark.parametrize("short", REFUSED)
def test_a_real_export_without_scores_is_refused_with_what_it_has_instead(short: str) -> None:
    assert REFUSED[short] in (seen(name_of(short)).refused or "")


def test_the_words_of_a_scale_are_never_dropped() -> None:
    name = name_of("surveymonkey*2019-h2")

    assert seen(name, score="64").refused
    assert seen(name, score="64", words={"Absolutely": 10}).promoters == 36


def test_csv_and_workbook_of_a_survey_give_the_same_responses() -> None:
    choices = Exports(score="19", comment="23", scale="1-10")
    names = [name_of(f"googleforms__rstudio*.{ending}") for ending in ("csv", "xlsx")]

    one, other = (
        recognised(shared("data", "exports", name).read_bytes(), name, choices).answers.answers
        for name in names
    )

    # Cells with several lines make the rows of a text and of a sheet differ.
    assert one.drop("row").equals(other.drop("row"))
