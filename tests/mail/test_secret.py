from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from loopback.errors import LoopbackError
from loopback.mail.secret import secret
from loopback.settings import Smtp

if TYPE_CHECKING:
    from pathlib import Path

PRINTS = [sys.executable, "-c", "print('fr0m-program')"]


def smtp(**given: object) -> Smtp:
    return Smtp.model_validate({"user": "us"} | given)


def test_a_secret_comes_from_the_environment_a_file_or_a_program(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("fr0m-file\n", encoding="utf-8")
    around = {"LOOPBACK_SMTP_PASSWORD": "fr0m-env", "OURS": "fr0m-ours"}

    assert secret(smtp(), around, tmp_path) == "fr0m-env"
    for given, found in (
        ({"password_env": "OURS"}, "fr0m-ours"),
        ({"password_file": "word"}, "fr0m-file"),
        ({"password_command": PRINTS}, "fr0m-program"),
    ):
        assert secret(smtp(**given), around, tmp_path) == found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "the environment has no LOOPBACK_SMTP_PASSWORD"),
        ({"password_env": "OURS"}, "the environment has no OURS"),
        ({"password_file": "none"}, "the file none cannot be read"),
        ({"password_file": "bytes"}, "the file bytes cannot be read"),
        ({"password_file": "two-lines"}, "is not one line"),
        ({"password_file": "blank"}, "is not one line"),
        ({"password_command": ["/nowhere/pass"]}, "/nowhere/pass cannot be run"),
        (
            {"password_command": [sys.executable, "-c", "print('hidden'); exit(3)"]},
            "ended with 3",
        ),
    ],
)
def test_where_there_is_no_secret_the_place_to_mend_is_named_and_nothing_is_quoted(
    tmp_path: Path, given: dict[str, object], words: str
) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe hidden")
    (tmp_path / "two-lines").write_text("hidden\nhidden\n", encoding="utf-8")
    (tmp_path / "blank").write_text("\n", encoding="utf-8")

    with pytest.raises(LoopbackError) as raised:
        secret(smtp(**given), {"OTHER": "hidden"}, tmp_path)

    said = repr(raised.value.problems)
    assert words in said
    assert "'hidden" not in said.replace("print('hidden", "")
    assert raised.value.__cause__ is None
