from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from loopback.frame import read_with_lines
from loopback.reasons.codes import coded
from loopback.reasons.slips import slips
from tests.shared import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Said

TEMPLATES = CHECKOUT / "templates"
FRAMES = {
    "b2b": TEMPLATES / "workspace" / "reasons.toml",
    "retail": TEMPLATES / "frames" / "retail.toml",
    "software": TEMPLATES / "frames" / "software.toml",
}
SENTENCES: dict[str, Any] = tomllib.loads(
    (Path(__file__).parent / "reasons" / "sentences.toml").read_text(encoding="utf-8")
)
LANGUAGES = {"en", "de", "da", "fr", "es", "nl", "sv"}
GENERAL = ("general.praise", "general.blame")


@pytest.mark.parametrize("name", FRAMES)
def test_a_starting_frame_has_no_slips(name: str) -> None:
    assert slips(*read_with_lines(FRAMES[name])) == []


@pytest.mark.parametrize("name", FRAMES)
def test_every_reason_of_a_starting_frame_knows_a_sentence_in_every_language(name: str) -> None:
    frame, _ = read_with_lines(FRAMES[name])
    sentences = {reason: SENTENCES["b2b"][reason] for reason in GENERAL} | SENTENCES[name]
    rows = [(reason, *said) for reason, spoken in sentences.items() for said in spoken.items()]
    comments = pl.DataFrame(rows, schema=["reason", "language", "comment"], orient="row")

    found = comments.hstack(coded(comments, frame).select("reasons"))

    assert set(sentences) == set(frame.labels)
    assert all(set(spoken) == LANGUAGES for spoken in sentences.values())
    assert found.filter(~pl.col("reasons").list.contains(pl.col("reason"))).rows() == []


@pytest.mark.parametrize("name", FRAMES)
def test_init_begins_with_the_frame_that_is_chosen(
    name: str, tmp_path: Path, run: Callable[..., Said]
) -> None:
    run("init", tmp_path / "acme", "--frame", name)

    assert (tmp_path / "acme" / "reasons.toml").read_bytes() == FRAMES[name].read_bytes()
    run("check", "-w", tmp_path / "acme")
