from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.conftest import CUSTOMERS, SETTINGS, TODAY, Said, answer, build, tokens
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ["Ahorn Mill", "Birch Tools", "Cedar Foods", "Dahlia Dairy", "Elm Garage"]
COLUMNS = ["customer_id", "email", "name", "person", "language", "owner_name", "token", "link"]


def listed(folder: Path, month: str = "2026-11") -> list[dict[str, str]]:
    path = folder / "out" / month / "invitations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def invited(run: Callable[..., Said], folder: Path) -> pl.DataFrame:
    run("export", "invitations", "--to", folder / "invitations.parquet")
    return pl.read_parquet(folder / "invitations.parquet")


def edit(folder: Path, before: str, after: str, name: str = "customers.csv") -> None:
    content = (folder / name).read_text(encoding="utf-8")
    assert before in content
    (folder / name).write_text(content.replace(before, after), encoding="utf-8")


def test_the_list_has_a_row_for_each_customer_with_a_personal_link(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)

    rows = listed(acme)
    assert [row["customer_id"] for row in rows] == ["C-1", "C-2", "C-3", "C-4", "C-5"]
    assert list(rows[0]) == COLUMNS
    assert {name: rows[0][name] for name in COLUMNS[:6]} == {
        "customer_id": "C-1",
        "email": "mill@ahorn.example",
        "name": "Ahorn Mill",
        "person": "Ida Ahorn",
        "language": "de",
        "owner_name": "Anna Berg",
    }
    assert rows[0]["link"] == f"https://survey.example/?token={rows[0]['token']}"


def test_the_link_is_that_of_the_settings(acme: Path, run: Callable[..., Said]) -> None:
    edit(
        acme,
        "[company]",
        '[survey]\nlink = "https://x.example/{token}?a=1"\n[company]',
        "loopback.toml",
    )

    run("sample", "--today", TODAY)

    assert {row["link"] for row in listed(acme)} == {
        f"https://x.example/{row['token']}?a=1" for row in listed(acme)
    }


def test_a_month_that_was_drawn_gives_the_same_list_and_changes_nothing(
    acme: Path, run: Callable[..., Said]
) -> None:
    first = run("sample", "--today", TODAY, "--json").json
    before = tree(acme, without=LOCK)

    second = run("sample", "--today", "2026-11-29", "--json").json

    assert tree(acme, without=LOCK) == before
    assert (first["already"], second["already"]) == (False, True)
    assert (first["invited"], second["invited"]) == (5, 5)


def test_a_month_that_was_drawn_stays_as_it_is_when_the_list_changes(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)
    drawn = tokens(acme)
    row = "C-7,Gorse Cafe,ben,cafe@gorse.example,,,,,,,,no"
    edit(acme, "C-6,Fir", f"{row}\nC-6,Fir")

    run("sample", "--today", TODAY)

    assert tokens(acme) == drawn


def test_a_list_that_was_lost_is_written_again(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", TODAY)
    path = acme / "out" / "2026-11" / "invitations.csv"
    written = path.read_bytes()
    path.unlink()

    run("sample", "--today", TODAY)

    assert path.read_bytes() == written


def test_tokens_cannot_be_guessed_and_name_nobody(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", "2026-10-05")
    run("sample", "--today", TODAY)

    october, november = tokens(acme, "2026-10"), tokens(acme)
    every = [*october.values(), *november.values()]
    assert len(set(every)) == 10
    assert all(re.fullmatch(r"[0-9a-f]{32}", token) for token in every)


def test_another_workspace_gives_other_tokens(
    acme: Path, tmp_path: Path, run: Callable[..., Said]
) -> None:
    other = build(tmp_path / "other")

    run("sample", "--today", TODAY)
    run("sample", "--today", TODAY, "--workspace", other)

    assert tokens(acme).keys() == tokens(other).keys()
    assert not set(tokens(acme).values()) & set(tokens(other).values())


def test_whoever_may_not_be_asked_is_left_out_and_counted(
    acme: Path, run: Callable[..., Said]
) -> None:
    edit(acme, "tools@birch.example", "")
    edit(acme, "foods@cedar.example", "")

    said = run("sample", "--today", TODAY, "--json").json

    assert said["left_out"] == {"no e-mail address": 2, "opted out": 1}
    assert (said["customers"], said["invited"]) == (6, 3)
    assert sorted(tokens(acme)) == ["C-1", "C-4", "C-5"]


def test_an_address_that_bounced_is_not_asked_again_until_it_changes(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", "2026-10-05")
    export = acme / "export.csv"
    token = tokens(acme, "2026-10")["C-2"]
    export.write_text(f"token,score,status\n{token},,bounced\n", encoding="utf-8")
    run("ingest", export, "--score", "score", "--today", "2026-10-06")

    november = run("sample", "--today", TODAY, "--json").json
    edit(acme, "tools@birch.example", "new@birch.example")
    december = run("sample", "--today", "2026-12-05", "--json").json

    assert november["left_out"] == {"opted out": 1, "the address bounced": 1}
    assert sorted(tokens(acme)) == ["C-1", "C-3", "C-4", "C-5"]
    assert december["left_out"] == {"opted out": 1}
    assert "C-2" in tokens(acme, "2026-12")


def test_an_invitation_freezes_what_is_known_of_the_customer(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)
    edit(
        acme,
        "C-4,Dahlia Dairy,ben,dairy@dahlia.example",
        "C-4,Dahlia Dairy,anna,new@dahlia.example",
    )
    run("sample", "--today", "2026-12-05")

    frozen = invited(run, acme).filter(customer_id="C-4").sort("month")
    columns = ["month", "owner", "region", "segment", "value", "language", "email"]
    assert frozen.select(columns).rows() == [
        ("2026-11", "ben", "South", "large", 51000.0, "da", "dairy@dahlia.example"),
        ("2026-12", "anna", "South", "large", 51000.0, "da", "new@dahlia.example"),
    ]
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in frozen["invited_at"]] == [
        "2026-11-22 12:00",
        "2026-12-05 12:00",
    ]


def test_nothing_is_written_by_a_dry_run(acme: Path, run: Callable[..., Said]) -> None:
    before = tree(acme)

    said = run("sample", "--today", TODAY, "--dry-run", "--json").json

    assert (said["invited"], said["left_out"]) == (5, {"opted out": 1})
    assert tree(acme) == before


def test_in_a_year_everyone_is_asked_as_often_as_the_settings_say(
    acme: Path, run: Callable[..., Said]
) -> None:
    edit(acme, "asks_per_year = 12", "asks_per_year = 2", "loopback.toml")
    months = [f"2026-{month:02}" for month in range(1, 13)]

    for month in months:
        run("sample", "--month", month, "--today", f"{month}-01")

    found = invited(run, acme)
    asked = {
        customer: [
            months.index(month) for month in found.filter(customer_id=customer)["month"].sort()
        ]
        for customer in ("C-1", "C-2", "C-3", "C-4", "C-5")
    }
    assert found.height == 10
    assert all(second - first == 6 for first, second in asked.values())
    assert max(found.group_by("month").len()["len"]) == 1


def test_an_owner_who_changes_hands_keeps_the_rhythm_of_the_customer(
    acme: Path, run: Callable[..., Said]
) -> None:
    edit(acme, "asks_per_year = 12", "asks_per_year = 6", "loopback.toml")
    for month in ("2026-01", "2026-02"):
        run("sample", "--today", f"{month}-01")
    first = {*tokens(acme, "2026-01")}
    edit(acme, ",anna,", ",ben,")
    for month in ("2026-03", "2026-04"):
        run("sample", "--today", f"{month}-01")

    assert {*tokens(acme, "2026-03")} == first
    assert {row["owner_name"] for row in listed(acme, "2026-03")} == {"Ben Cole"}


def test_a_month_before_the_last_one_drawn_is_refused(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", TODAY)
    before = tree(acme, without=LOCK)

    said = run("sample", "--month", "2026-10", "--today", TODAY, expect=2)

    assert "2026-11" in said.err
    assert tree(acme, without=LOCK) == before


def test_names_of_any_kind_stay_in_their_cell(acme: Path, run: Callable[..., Said]) -> None:
    name = 'Ahorn, "Mill" & Søn\nGmbH'
    quoted = '"' + name.replace('"', '""') + '"'
    edit(acme, "Ahorn Mill", quoted)

    run("sample", "--today", TODAY)

    assert [row["name"] for row in listed(acme)] == [name, *NAMES[1:]]


@pytest.mark.parametrize("name", ["customers.xlsx", "customers.parquet"])
def test_the_list_may_come_from_a_workbook_or_parquet(
    acme: Path, run: Callable[..., Said], name: str
) -> None:
    rows = pl.read_csv(CUSTOMERS.encode(), infer_schema=False)
    if name.endswith("xlsx"):
        rows.write_excel(acme / name)
    else:
        rows.write_parquet(acme / name)
    settings = f'{SETTINGS}[customers]\nfile = "{name}"\n'
    (acme / "loopback.toml").write_text(settings, encoding="utf-8")
    (acme / "customers.csv").unlink()

    run("sample", "--today", TODAY)

    assert sorted(tokens(acme)) == ["C-1", "C-2", "C-3", "C-4", "C-5"]


def test_an_answer_does_not_change_who_is_asked(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", "2026-10-05")
    export = answer(acme, "C-1,2026-10-20,0,never again", month="2026-10")
    run("ingest", export, "--today", "2026-10-21")

    run("sample", "--today", TODAY)

    assert "C-1" in tokens(acme)


def test_a_list_with_a_mistake_draws_nobody(acme: Path, run: Callable[..., Said]) -> None:
    edit(acme, "C-2,Birch Tools,anna", "C-2,Birch Tools,zoe")

    said = run("sample", "--today", TODAY, expect=1)

    assert "zoe" in said.err
    assert "customers.csv, row 3, column owner" in said.err
    assert not (acme / "out").exists()
