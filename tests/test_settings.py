from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

from loopback.errors import LoopbackError
from loopback.settings import Settings, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopback.errors import Problem

    Read = Callable[[str | bytes], Settings]

STARTER = Path(__file__).parents[1] / "templates" / "workspace" / "loopback.toml"


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return the settings that a file gives."""

    def settings(content: str | bytes) -> Settings:
        path = tmp_path / "loopback.toml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_settings(path)

    return settings


def problems(read: Read, content: str | bytes) -> tuple[Problem, ...]:
    """Return what is wrong with settings."""
    with pytest.raises(LoopbackError) as refused:
        read(content)
    assert {problem.file for problem in refused.value.problems} == {"loopback.toml"}
    return refused.value.problems


def test_every_setting_has_a_default(read: Read) -> None:
    settings = read("")

    assert settings == Settings()
    assert settings.customers.file == "customers.csv"
    assert settings.people.file == "people.csv"
    assert settings.rotation.asks_per_year == 1
    assert settings.scores.months == 12
    assert settings.scores.confidence == 0.95
    assert settings.mail.copies_to == []
    assert settings.exports.scale is None


def test_what_is_written_is_what_is_set(read: Read) -> None:
    settings = read(
        """
        [company]
        name = "Åhus & Søn"
        [survey]
        link = "https://survey.example/{token}"
        [rotation]
        asks_per_year = 4
        seed = "apples"
        [customers]
        file = "crm.xlsx"
        columns.customer_id = "CRM id"
        columns.owner = "Account manager"
        [exports]
        score = "Q1"
        scale = "1-10"
        day_first = true
        [scores]
        months = 6
        confidence = 0.9
        [mail]
        copies_to = ["carla"]
        """
    )

    assert settings.company.name == "Åhus & Søn"
    assert settings.survey.link == "https://survey.example/{token}"
    assert settings.rotation.seed == "apples"
    assert settings.customers.file == "crm.xlsx"
    assert settings.customers.columns == {"customer_id": "CRM id", "owner": "Account manager"}
    assert (settings.exports.score, settings.exports.scale) == ("Q1", "1-10")
    assert settings.exports.day_first is True
    assert (settings.scores.months, settings.scores.confidence) == (6, 0.9)
    assert settings.mail.copies_to == ["carla"]


def test_a_list_whose_columns_alone_are_named_keeps_its_usual_file(read: Read) -> None:
    settings = read('[customers]\ncolumns.owner = "AM"\n[people]\ncolumns.name = "Who"\n')

    assert settings.customers.file == "customers.csv"
    assert settings.people.file == "people.csv"


def test_settings_do_not_change_while_a_command_runs(read: Read) -> None:
    settings = read("")

    with pytest.raises(ValidationError, match="frozen"):
        settings.rotation.seed = "another"  # type: ignore[misc]


@pytest.mark.parametrize("content", [b'\xef\xbb\xbf[company]\r\nname = "Acme"\r\n'])
def test_a_file_as_windows_saves_it_is_read(read: Read, content: bytes) -> None:
    assert read(content).company.name == "Acme"


@pytest.mark.parametrize(
    ("content", "what", "mend"),
    [
        ("[rotation]\nask_per_year = 2", "rotation.ask_per_year", "Did you mean asks_per_year?"),
        ("[rotaton]\nseed = 'x'", "unknown setting rotaton", "Did you mean rotation?"),
        ("zzz = 'x'", "unknown setting zzz", "Known here: audience, company, customers"),
        (
            "[survey]\nurl = 'x'",
            "unknown setting survey.url",
            "Known here: link, tools, window_days.",
        ),
        ("[customers]\nfiles = 'x'", "customers.files", "Did you mean file?"),
        ("[exports]\nday_frist = true", "exports.day_frist", "Did you mean day_first?"),
        ("[mail]\ncopy_to = []", "mail.copy_to", "Did you mean copies_to?"),
    ],
)
def test_an_unknown_setting_is_answered_with_the_one_meant(
    read: Read, content: str, what: str, mend: str
) -> None:
    [problem] = problems(read, content)

    assert what in problem.what
    assert mend in problem.mend


@pytest.mark.parametrize(
    ("content", "key"),
    [
        ("[rotation]\nasks_per_year = 5", "rotation.asks_per_year"),
        ("[rotation]\nasks_per_year = '2'", "rotation.asks_per_year"),
        ("[rotation]\nseed = 7", "rotation.seed"),
        ("rotation = 3", "rotation"),
        ("[company]\nname = ['Acme']", "company.name"),
        ("[scores]\nmonths = 0", "scores.months"),
        ("[scores]\nmonths = 121", "scores.months"),
        ("[scores]\nmonths = 1.5", "scores.months"),
        ("[scores]\nconfidence = 95", "scores.confidence"),
        ("[scores]\nconfidence = 0.5", "scores.confidence"),
        ("[scores]\nconfidence = nan", "scores.confidence"),
        ("[exports]\nscale = '1-5'", "exports.scale"),
        ("[exports]\nday_first = 'perhaps'", "exports.day_first"),
        ("[mail]\ncopies_to = 'carla'", "mail.copies_to"),
        ("[customers]\ncolumns = ['owner']", "customers.columns"),
        ("[customers]\ncolumns.owner = 3", "customers.columns.owner"),
    ],
)
def test_a_value_that_cannot_be_is_named_by_its_key(read: Read, content: str, key: str) -> None:
    [problem] = problems(read, content)

    assert problem.what.startswith(f"{key}: ")
    assert problem.mend == f"Mend the value of {key}."


def test_a_link_needs_a_place_for_the_token_and_says_which(read: Read) -> None:
    [problem] = problems(read, "[survey]\nlink = 'https://survey.example/'")

    assert "survey.link" in problem.what
    assert "{token}" in problem.mend


def test_every_problem_is_named_at_once(read: Read) -> None:
    found = problems(read, "[rotation]\nasks_per_year = 5\nsede = 'x'\n[scores]\nmonths = 0")

    assert [problem.what.split(":")[0] for problem in found] == [
        "rotation.asks_per_year",
        "unknown setting rotation.sede",
        "scores.months",
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[company\nname = 'Acme'", "at line 1"),
        ("[company]\nname = Acme", "at line 2"),
        ("[company]\nname = 'A'\nname = 'B'\n", "at line 3"),
        ("[company]\n[company]", "at line 2"),
        ("joined = 2026-02-30", "at line 1"),
        ("number = " + "9" * 5000, "not valid TOML"),
        ("deep = " + "[" * 5000, "not valid TOML"),
        (b"name = '\x00'", "at line 1"),
    ],
)
def test_what_is_not_toml_is_named_with_its_line(
    read: Read, content: str | bytes, what: str
) -> None:
    [problem] = problems(read, content)

    assert problem.what.startswith("not valid TOML: ")
    assert what in problem.what
    assert 'name = "Acme"' in problem.mend


def test_what_is_not_utf_8_is_to_be_saved_as_such(read: Read) -> None:
    [problem] = problems(read, "[company]\nname = 'Ærø'".encode("latin-1"))

    assert (problem.what, problem.mend) == ("not UTF-8 text", "Save the file as UTF-8.")


# The file that a new workspace starts with


def uncommented() -> str:
    """Return the starter with every setting in it switched on."""
    return re.sub(
        r"^# ([a-z_.]+ = )", r"\1", STARTER.read_text(encoding="utf-8"), flags=re.MULTILINE
    )


def values(table: dict[str, Any], prefix: str = "") -> dict[str, object]:
    """Return the values of a TOML document by their full keys."""
    found: dict[str, object] = {}
    for key, value in table.items():
        inner = isinstance(value, dict)
        found |= values(value, f"{prefix}{key}.") if inner else {prefix + key: value}
    return found


def test_the_starter_sets_nothing_but_defaults(read: Read) -> None:
    assert read(STARTER.read_bytes()) == Settings()


def test_every_comment_in_the_starter_that_looks_like_a_setting_is_one(read: Read) -> None:
    assert read(uncommented()) != Settings()


def test_the_starter_shows_every_setting_there_is() -> None:
    shown = {".".join(key.split(".")[:2]) for key in values(tomllib.loads(uncommented()))}

    sections = set(Settings.model_fields) - {"audience"}
    assert "audience" in shown
    assert shown >= {f"{section}.{name}" for section in sections for name in _names(section)}


@pytest.mark.parametrize("key", ["rotation.seed", "scores.months", "scores.confidence"])
def test_a_commented_value_of_the_starter_is_the_default(key: str) -> None:
    section, name = key.split(".")

    assert values(tomllib.loads(uncommented()))[key] == getattr(getattr(Settings(), section), name)


def _names(section: str) -> list[str]:
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    return [name for name in model.model_fields if name != "columns"]
