from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import polars as pl
import pytest

from loopback.frame import CodeFrame, read_frame
from loopback.reasons.codes import coded, codes
from tests.reasons.drawn import TWO, code_frame, commented, one_reason
from tests.shared import shared


def terms(comment: str, lists: str, language: str | None = None) -> list[str]:
    """Return the terms that give the one reason to a comment."""
    return codes(commented(comment, language=language), one_reason(lists))["term"].to_list()


@pytest.mark.parametrize(
    ("comment", "lists", "found"),
    [
        ("Late again!", 'any = ["late"]', ["late"]),
        ("later, and on a plate", 'any = ["late"]', []),
        ("(late)", 'any = ["late"]', ["late"]),
        ("delivery, delivered, deliveries", 'any = ["deliver*"]', ["deliver"]),
        ("undelivered", 'any = ["deliver*"]', []),
        ("Sammelrechnung", 'any = ["*rechnung"]', ["rechnung"]),
        ("Sammelrechnungen", 'any = ["*rechnung"]', []),
        ("Sammelrechnungen", 'any = ["*rechnung*"]', ["rechnung"]),
        ("never on time", 'any = ["on time"]', ["on time"]),
        ("on the time", 'any = ["on time"]', []),
        ("on\ntime", 'any = ["on time"]', ["on time"]),
        ("on lifetime", 'any = ["on time"]', []),
        ("late late late", 'any = ["late"]', ["late"]),
        ("late delivery late", 'any = ["late", "delivery"]', ["delivery", "late"]),
        (
            "very late delivery",
            'any = ["very late", "late delivery"]',
            ["late delivery", "very late"],
        ),
        ("zu spät", 'any = ["spät"]', ["spat"]),
        ("zu spaet", 'any = ["spät"]', ["spat"]),
        ("zu spat", 'any = ["spät"]', ["spat"]),
        ("zu spät", 'any = ["spat"]', ["spat"]),
        ("GRÖSSE", 'any = ["größe"]', ["grosse"]),
        ("groesse", 'any = ["größe"]', ["grosse"]),
        ("blaa", 'any = ["blå"]', ["bla"]),
        ("koeb", 'any = ["køb"]', ["kob"]),
        ("n'a pas reçu l'envoi", 'any = ["envoi"]', ["envoi"]),
        ("l\N{RIGHT SINGLE QUOTATION MARK}envoi", 'any = ["l\'envoi"]', ["l envoi"]),
        ("your e-mail", 'any = ["e mail"]', ["e mail"]),
        ("your email", 'any = ["e-mail"]', []),
        ("great\N{SMILING FACE WITH SMILING EYES}service", 'any = ["service"]', ["service"]),
        ("\N{RIGHT-TO-LEFT MARK}late\N{RIGHT-TO-LEFT MARK}", 'any = ["late"]', ["late"]),
        ("השירות היה איטי מאוד", 'any = ["איטי"]', ["איטי"]),
        ("كانت الخدمة بطيئة", 'any = ["*خدمة"]', ["خدمة"]),
        ("sehr 👍", 'any = ["👍"]', ["👍"]),
        ("super👍🏽👍🏿!", 'any = ["👍"]', ["👍"]),
        ("❤️", 'any = ["❤"]', ["❤"]),
        ("👎", 'any = ["👍"]', []),
        ("late 😡 delivery", 'any = ["late delivery"]', ["late delivery"]),
        ("late 😡 delivery", 'any = ["late delivery", "😡"]', ["😡"]),
        ("ΑΡΓΟΣ", 'any = ["αργός"]', ["αργοσ"]),  # noqa: RUF001
        ("?!?", 'any = ["late"]', []),
        ("", 'any = ["late"]', []),
        ("late", "any = []", []),
        ("late", 'any = ["?"]', []),
    ],
)
def test_a_term_gives_its_reason_where_its_words_stand(
    comment: str, lists: str, found: list[str]
) -> None:
    assert terms(comment, lists) == found


@pytest.mark.parametrize(
    ("language", "found"),
    [
        ("de", ["spat"]),
        ("de-AT", ["spat"]),
        ("DE", ["spat"]),
        ("da", []),
        ("en", []),
        (None, ["spat"]),
    ],
)
def test_a_list_of_a_language_is_for_comments_in_it_or_in_none_known(
    language: str | None, found: list[str]
) -> None:
    assert terms("zu spät", 'any_de = ["spät"]', language) == found


@pytest.mark.parametrize("language", ["German", "Deutsch", "deu", "?", "zz", ""])
def test_a_language_that_is_not_written_as_its_code_is_not_known(language: str) -> None:
    assert terms("zu spät", 'any_de = ["spät"]', language) == ([] if language == "zz" else ["spat"])


@pytest.mark.parametrize("language", ["de", "en", None])
def test_the_common_list_is_for_every_language(language: str | None) -> None:
    assert terms("late", 'any = ["late"]\nany_de = ["spät"]', language) == ["late"]


@pytest.mark.parametrize(
    ("comment", "found"),
    [
        ("he is in his late 40s", []),
        ("late 40s, and late again", ["late"]),
        ("late, in his late 40s", ["late"]),
        ("late 40s late 40s", []),
        ("late 40s late 40s late 40s", []),
        ("late 40s late", ["late"]),
        ("late late 40s", ["late"]),
        ("LATE-40s", []),
        ("late 40", ["late"]),
        ("plate 40s late", ["late"]),
    ],
)
def test_words_inside_a_phrase_that_is_not_meant_do_not_count(
    comment: str, found: list[str]
) -> None:
    assert terms(comment, 'any = ["late"]\nnot = ["late 40s"]') == found


@pytest.mark.parametrize(
    ("comment", "lists", "found"),
    [
        ("delivery room service", 'any = ["room service"]\nnot = ["delivery room"]', []),
        ("the delivery room", 'any = ["deliver*"]\nnot = ["delivery room"]', []),
        ("stayed on late 40s time", 'any = ["on time"]\nnot = ["late 40s"]', []),
        (
            "the late night shift",
            'any = ["late", "night", "shift"]\nnot = ["late night", "night shift"]',
            [],
        ),
        ("a late night", 'any = ["late"]\nnot = ["late", "late night"]', []),
        ("a late night out", 'any = ["out", "night"]\nnot = ["late", "late night"]', ["out"]),
        ("der späte Gast", 'any = ["spät*"]\nnot = ["späte Gast"]', []),
        ("der spaete Gast", 'any = ["spät*"]\nnot = ["späte Gast"]', []),
        ("late again", 'any = ["late"]\nnot = []', ["late"]),
        ("never on time", 'any = ["on time"]\nnot = ["?"]', ["on time"]),
    ],
)
def test_a_match_that_overlaps_a_phrase_that_is_not_meant_does_not_count(
    comment: str, lists: str, found: list[str]
) -> None:
    assert terms(comment, lists) == found


def test_a_phrase_that_is_not_meant_for_one_reason_counts_for_another() -> None:
    frame = code_frame(
        """
        [[reason]]
        id = "speed"
        label = "Speed"
        any = ["late"]
        not = ["late 40s"]
        [[reason]]
        id = "age"
        label = "Age"
        any = ["late 40s"]
        """
    )

    assert codes(commented("late 40s"), frame).rows() == [("R-1", "age", "late 40s")]


def test_a_comment_may_have_several_reasons_each_with_its_words() -> None:
    found = codes(commented("slow and rude, the staff was late", "all fine"), code_frame(TWO))

    assert found.rows() == [
        ("R-1", "people", "rude"),
        ("R-1", "people", "staff"),
        ("R-1", "speed", "late"),
        ("R-1", "speed", "slow"),
    ]


def test_a_term_written_in_two_ways_is_told_once_in_the_order_of_terms() -> None:
    comments = commented("zu spät, late, zu spaet", "late")

    found = coded(comments, one_reason('any = ["spät", "late"]'))

    assert found["reasons"].to_list() == [["it"], ["it"]]
    assert found["evidence"].to_list() == [[["it", "late"], ["it", "spat"]], [["it", "late"]]]


def test_no_comments_give_no_reasons() -> None:
    assert codes(commented(None, None), code_frame(TWO)).is_empty()
    assert codes(commented(), code_frame(TWO)).is_empty()
    assert codes(commented("late"), CodeFrame(reason=[])).is_empty()


MEGABYTE = """
import resource, tomllib
resource.setrlimit(resource.RLIMIT_AS, (4 * 2**30, 4 * 2**30))
import polars as pl
from loopback.frame import CodeFrame
from loopback.reasons.codes import codes
lists = 'id = "it"\\nlabel = "It"\\nany = ["late"]\\nnot = ["late 40s"]'
frame = CodeFrame.model_validate(tomllib.loads(f"[[reason]]\\n{lists}"))
comment = {"response_id": ["R-1"], "comment": ["late 40s " * 120_000], "language": ["en"]}
print(codes(pl.DataFrame(comment), frame).height)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds the memory of a process")
def test_a_comment_of_a_megabyte_of_phrases_that_are_not_meant_takes_bounded_memory() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", MEGABYTE], capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (0, "0\n"), ended.stderr[-500:]


def test_a_comment_of_a_megabyte_is_read_to_its_end() -> None:
    long = "blah " * 200_000 + "late"
    responses, frame = commented(long, long.replace("late", "")), code_frame(TWO)

    found = codes(responses, frame)

    assert found.rows() == [("R-1", "speed", "late")]


@pytest.mark.parametrize(
    "name", ["nhs", "phone_da", "phone_de", "phone_en", "phone_es", "phone_fr"]
)
def test_published_comments_get_the_published_reasons_with_the_published_words(name: str) -> None:
    lines = shared("data", "text", f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    frame = read_frame(shared("data", "text", "frames", f"{name}.toml"))
    responses = pl.DataFrame(
        {
            "response_id": [str(number) for number in range(len(rows))],
            "comment": [row["text"] for row in rows],
            "language": [row["lang"] for row in rows],
        }
    )

    found = Counter[tuple[str, str, str]](codes(responses, frame).iter_rows())
    lists = coded(responses, frame)

    evidence = Counter((str(n), *pair) for n, row in enumerate(rows) for pair in row["evidence"])
    assert len(rows) > 1000
    assert found == evidence
    assert lists["reasons"].to_list() == [row["codes"] for row in rows]
    assert lists["evidence"].to_list() == [row["evidence"] for row in rows]
