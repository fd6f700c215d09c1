from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from loopback import cli

if TYPE_CHECKING:
    from collections.abc import Callable

CUSTOMERS = """\
customer_id,name,owner,email,phone,person,language,region,segment,value,joined,opted_out
C-1,Ahorn Mill,anna,mill@ahorn.example,+49 1,Ida Ahorn,de,North,large,90000,2020-01-01,no
C-2,Birch Tools,anna,tools@birch.example,+44 2,Bob Birch,en,North,small,1200,2021-05-01,no
C-3,Cedar Foods,anna,foods@cedar.example,+44 3,Cy Cedar,en,North,small,800,2022-02-01,no
C-4,Dahlia Dairy,ben,dairy@dahlia.example,+45 4,Dan Dahl,da,South,large,51000,2019-07-01,no
C-5,Elm Garage,ben,garage@elm.example,+44 5,Eve Elm,en,South,small,300,2023-09-01,no
C-6,Fir Hotels,ben,hotels@fir.example,+44 6,Flo Fir,en,South,large,70000,2018-03-01,yes
"""
PEOPLE = """\
person_id,name,email,reports_to,role,region,language
anna,Anna Berg,anna@company.example,carla,account manager,North,en
ben,Ben Cole,ben@company.example,carla,account manager,South,en
carla,Carla Dahl,carla@company.example,,sales director,,en
"""
SETTINGS = """\
[company]
name = "Acme"
[rotation]
asks_per_year = 12
"""
TODAY = "2026-11-22"


@dataclass(frozen=True)
class Said:
    """What a command printed, and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - JSON may be anything
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run a command line; it must end with the code that is expected."""

    def command(*arguments: object, expect: int = 0) -> Said:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        said = Said(int(ended.value.code or 0), printed.out, printed.err)
        assert said.code == expect, said
        assert "Traceback" not in said.err
        return said

    return command


def build(folder: Path, **content: str) -> Path:
    """Make a workspace of six customers, two owners and a manager who are asked every month.

    A keyword replaces a file: `customers="..."`, `people="..."`, `settings="..."`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame = Path(__file__).parents[1] / "templates" / "workspace" / "reasons.toml"
    (folder / "customers.csv").write_text(content.get("customers", CUSTOMERS), encoding="utf-8")
    (folder / "people.csv").write_text(content.get("people", PEOPLE), encoding="utf-8")
    (folder / "loopback.toml").write_text(content.get("settings", SETTINGS), encoding="utf-8")
    (folder / "reasons.toml").write_bytes(frame.read_bytes())
    return folder


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small workspace, which is also the current folder."""
    folder = build(tmp_path / "acme")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    return folder


def tokens(folder: Path, month: str = "2026-11") -> dict[str, str]:
    """Return the token of each customer from the invitation list of a month."""
    lines = (folder / "out" / month / "invitations.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    return {row["customer_id"]: row["token"] for row in rows}


def answer(folder: Path, *rows: str, name: str = "export.csv", month: str = "2026-11") -> Path:
    """Write an export of a survey tool: `token,submitted,score,comment`; C-1 stands for its token.

    `answer(acme, "C-1,2026-11-20,3,late again")`
    """
    known = tokens(folder, month)
    lines = ["token,submitted,score,comment"]
    for row in rows:
        customer, _, rest = row.partition(",")
        lines.append(f"{known.get(customer, customer)},{rest}")
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
