from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback.errors import LoopbackError
from loopback.folding import literals
from loopback.frame import read_frame
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

STARTING_FRAME = CHECKOUT / "templates" / "workspace" / "reasons.toml"


def frame_file(folder: Path, content: str) -> Path:
    path = folder / "reasons.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_a_code_frame_keeps_the_order_of_its_reasons(tmp_path: Path) -> None:
    content = """
        format = 1
        name = "Ours"
        [empty]
        terms = ["nothing"]
        [[reason]]
        id = "speed"
        label = "Speed"
        about = "How long it took"
        any = ["late", "delay*"]
        any_de = ["spät*"]
        not = ["late shift"]
        [[reason]]
        id = "praise"
        label = "Just happy"
        general = true
        any = ["great"]
        """

    frame = read_frame(frame_file(tmp_path, content))

    assert frame.labels == {"speed": "Speed", "praise": "Just happy"}
    assert [reason.general for reason in frame.reason] == [False, True]
    assert frame.reason[0].lists == {None: ["late", "delay*"], "de": ["spät*"]}
    assert frame.reason[0].unless == ["late shift"]
    assert frame.empty.terms == ["nothing"]


def test_every_spelling_of_a_term_bears_the_same_plain_term(tmp_path: Path) -> None:
    content = '[[reason]]\nid = "speed"\nlabel = "Speed"\nany_de = ["verspät*"]'

    terms = read_frame(frame_file(tmp_path, content)).terms

    assert terms.select("literal", "reason", "language", "term").rows() == [
        (" verspaet", "speed", "de", "verspat"),
        (" verspat", "speed", "de", "verspat"),
    ]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("reason = 1", "reason"),
        ("[[reason]]\nid = 'a'", "label"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nanny = ['x']", "anny"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nany_de = 'x'", "any_de"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nany = [1]", "any"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\n[rules]\nfold = false", "fold"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\n[rules]\nstem = true", "stem"),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\n[[reason]]\nid = 'a'\nlabel = 'B'", "second"),
        ("format = 2\n[[reason]]\nid = 'a'\nlabel = 'A'", "format"),
        ("[[reason]]\nid = 'a\nlabel = 'A'", "TOML"),
    ],
)
def test_a_mistake_in_a_code_frame_is_named(tmp_path: Path, content: str, names: str) -> None:
    with pytest.raises(LoopbackError) as raised:
        read_frame(frame_file(tmp_path, content))

    [problem] = raised.value.problems
    assert names in problem.what
    assert problem.file == "reasons.toml"
    assert problem.mend


@pytest.mark.parametrize(
    ("terms", "names"),
    [
        ('any_de = ["spät", 1]', "any_de"),
        ('any_ = ["late"]', "any_"),
        ('any_DE = ["spät"]', "any_DE"),
        ('any_german = ["spät"]', "any_german"),
    ],
)
def test_a_list_that_no_comment_could_match_is_a_mistake(
    tmp_path: Path, terms: str, names: str
) -> None:
    content = f'[[reason]]\nid = "speed"\nlabel = "Speed"\n{terms}'

    with pytest.raises(LoopbackError, match=names):
        read_frame(frame_file(tmp_path, content))


def test_all_mistakes_of_a_code_frame_are_named_at_once(tmp_path: Path) -> None:
    content = "[[reason]]\nid = 'a'\n[[reason]]\nlabel = 'B'"

    with pytest.raises(LoopbackError) as raised:
        read_frame(frame_file(tmp_path, content))

    assert len(raised.value.problems) == 2


def test_a_code_frame_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LoopbackError, match="no file"):
        read_frame(tmp_path / "reasons.toml")


def test_the_starting_frame_has_terms_for_three_languages_and_a_catch_all() -> None:
    frame = read_frame(STARTING_FRAME)

    assert {"en", "de", "da"} <= set(frame.terms["language"].drop_nulls())
    assert any(reason.general for reason in frame.reason)
    assert frame.empty.terms


def test_every_term_of_the_starting_frame_can_match() -> None:
    written = [
        term
        for reason in read_frame(STARTING_FRAME).reason
        for terms in reason.lists.values()
        for term in terms
    ]

    assert len(written) > 100
    assert [term for term in written if not literals(term)] == []
    assert [term for term in written if "*" in term.strip("*")] == []


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("# mine\n[[reason]]\nid = 'a'\n", 2),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\nany = ['x',\n  1]\n", 4),
        ("[[reason]]\nid = 'a'\nlabel = 'A'\n\n[[reason]]\nid = 'a'\nlabel = 'B'\n", 6),
        ("[rules]\nhyphen = 'join'\n[[reason]]\nid = 'a'\nlabel = 'A'\n", 2),
        ("colour = 1\n[[reason]]\nid = 'a'\nlabel = 'A'\n", 1),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, content: str, line: int) -> None:
    with pytest.raises(LoopbackError) as raised:
        read_frame(frame_file(tmp_path, content))

    assert [problem.line for problem in raised.value.problems] == [line]


def test_the_rules_of_the_method_may_be_written_out(tmp_path: Path) -> None:
    content = "[rules]\nfold = true\nhyphen = 'space'\n[[reason]]\nid = 'a'\nlabel = 'A'\n"

    assert read_frame(frame_file(tmp_path, content)).rules.fold
