from __future__ import annotations

import csv
import re
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.conftest import CUSTOMERS, SETTINGS, TODAY, Said, answer, build, tokens
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAMES = ["Ahorn Mill", "Birch Tools", "Cedar Foods", "Dahlia Dairy", "Elm Garage"]
COLUMNS = [
    *("customer_id", "email", "name", "person", "language", "owner_name", "token", "link"),
    *("first_name", "last_name", "month"),
]


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


def test_what_the_customer_list_does_not_say_is_empty(acme: Path, run: Callable[..., Said]) -> None:
    build(acme, customers="customer_id,name,owner,email\nC-1,Ahorn Mill,anna,a@ahorn.example\n")
    run("sample", "--today", TODAY)

    (row,) = listed(acme)
    assert (row["name"], row["person"], row["language"]) == ("Ahorn Mill", "", "")
    assert invited(run, acme)["value", "language", "region"].row(0) == (None, None, None)


@pytest.mark.parametrize("written", ["de-at", "DE_AT", " de-AT "])
def test_a_language_is_invited_in_one_spelling(
    acme: Path, run: Callable[..., Said], written: str
) -> None:
    head = "customer_id,name,owner,email,language"
    build(acme, customers=f"{head}\nC-1,Ahorn Mill,anna,a@ahorn.example,{written}\n")
    run("sample", "--today", TODAY)

    assert [row["language"] for row in listed(acme)] == ["de-at"]


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


@pytest.mark.usefixtures("acme")
def test_months_in_which_nobody_was_asked_are_named(run: Callable[..., Said]) -> None:
    first = run("sample", "--today", "2026-08-01")

    said = run("sample", "--today", "2026-11-01")
    dry = run("sample", "--today", "2026-12-01", "--dry-run", "--json").json

    assert "nobody was asked in" not in first.err
    assert "nobody was asked in 2026-09, 2026-10: who was due then is asked now" in said.err
    assert dry["skipped"] == []


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


def decided(run: Callable[..., Said], folder: Path) -> dict[str, tuple[str, str | None]]:
    """Return what the last draw decided of each customer, and why."""
    run("export", "rotation", "--to", folder / "rotation.parquet")
    rows = pl.read_parquet(folder / "rotation.parquet")
    return {c: (d, w) for c, d, w in rows.select("customer_id", "decision", "why").iter_rows()}


def test_every_customer_has_a_row_that_says_what_was_decided_and_why(
    acme: Path, run: Callable[..., Said]
) -> None:
    rows = CUSTOMERS.replace("garage@elm.example", "").replace("2022-02-01", "2026-11-01")
    build(acme, customers=rows, settings=SETTINGS + "settle_days = 60\n")
    (acme / "leave-out.csv").write_text(
        "customer_id,asked_by,reason\nC-4,ben,in a lawsuit with us\n", encoding="utf-8"
    )

    said = run("sample", "--today", TODAY, "--json").json

    assert said["left_out"] == {
        "opted out": 1,
        "left out at the owner's wish": 1,
        "no e-mail address": 1,
        "joined less than 60 days ago": 1,
    }
    assert decided(run, acme) == {
        "C-1": ("asked", None),
        "C-2": ("asked", None),
        "C-3": ("left out", "joined less than 60 days ago"),
        "C-4": ("left out", "left out at the owner's wish"),
        "C-5": ("left out", "no e-mail address"),
        "C-6": ("left out", "opted out"),
    }


def test_late_entries_are_added_once_and_nobody_else_is_asked_again(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", "2026-11-02")
    before = {row["customer_id"]: row["token"] for row in listed(acme)}
    late = "C-7,Gorse Inn,ben,inn@gorse.example,,,,South,small,,,no\n"
    build(acme, customers=CUSTOMERS + late)

    added = run("sample", "--add", "--today", "2026-11-20", "--json").json
    again = run("sample", "--add", "--today", "2026-11-21", "--json").json

    assert (added["invited"], added["added"]) == (6, 1)
    assert (again["invited"], again["added"]) == (6, 0)
    month = {row["customer_id"]: row["token"] for row in listed(acme)}
    assert month.keys() - before.keys() == {"C-7"}
    assert {name: month[name] for name in before} == before
    [file] = (acme / "out" / "2026-11").glob("added-*/invitations.csv")
    assert [line.split(",")[0] for line in file.read_text("utf-8").splitlines()[1:]] == ["C-7"]


def test_without_add_a_month_that_was_drawn_stays_as_it_is(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", "2026-11-02")
    build(acme, customers=CUSTOMERS + "C-7,Gorse Inn,ben,inn@gorse.example,,,,South,,,,no\n")

    again = run("sample", "--today", "2026-11-20", "--json").json

    assert (again["invited"], again["added"], again["already"]) == (5, 0, True)


def test_who_was_asked_a_few_days_ago_rests_and_can_be_added_later(
    acme: Path, run: Callable[..., Said]
) -> None:
    build(acme, settings=SETTINGS + "rest_days = 28\n")
    run("sample", "--today", "2026-11-30")

    early = run("sample", "--today", "2026-12-01", "--json").json
    later = run("sample", "--add", "--today", "2026-12-28", "--json").json

    assert (early["invited"], early["left_out"]["asked less than 28 days ago"]) == (0, 5)
    assert (later["invited"], later["added"]) == (5, 5)


def test_a_rest_that_the_rotation_contradicts_is_refused_with_the_months(
    acme: Path, run: Callable[..., Said]
) -> None:
    build(acme, settings="[rotation]\nasks_per_year = 4\nrest_days = 90\n")

    said = run("sample", "--today", TODAY, expect=1)

    assert "leaves 89 days from 2027-02 to 2027-05" in said.err
    assert not (acme / "out").exists()


def test_a_segment_or_a_customer_can_be_asked_more_often(
    acme: Path, run: Callable[..., Said]
) -> None:
    header, *rows = CUSTOMERS.splitlines()
    asks = ["", "", "12", "", "", ""]
    often = [f"{header},asks_per_year", *(f"{r},{a}" for r, a in zip(rows, asks, strict=True))]
    settings = "[rotation]\nasks_per_year = 1\nby_segment.large = 4\n"
    build(acme, customers="\n".join(often) + "\n", settings=settings)

    counts: Counter[str] = Counter()
    for number in range(12):
        month = f"2026-{number + 1:02}"
        run("sample", "--today", f"{month}-05")
        counts.update(row["customer_id"] for row in listed(acme, month))

    assert counts == {"C-1": 4, "C-2": 1, "C-3": 12, "C-4": 4, "C-5": 1}


def test_an_owner_with_more_calls_than_time_is_named_before_anything_is_sent(
    acme: Path, run: Callable[..., Said]
) -> None:
    build(acme, settings=SETTINGS + "capacity = 1\nresponse_rate = 0.5\n")

    said = run("sample", "--today", TODAY, "--dry-run")

    assert "anna: about 2 calls expected in 2026-11, capacity 1" in said.err
    assert "ben" not in said.err


def test_the_lists_of_the_tools_that_are_set_are_written_and_old_ones_go(
    acme: Path, run: Callable[..., Said]
) -> None:
    build(acme, settings=SETTINGS + '[survey]\ntools = ["qualtrics", "mailchimp"]\n')
    run("sample", "--today", TODAY)
    build(acme, settings=SETTINGS + '[survey]\ntools = ["mailchimp"]\n')
    run("sample", "--today", TODAY)

    names = sorted(path.name for path in (acme / "out" / "2026-11").iterdir())
    assert names == ["invitations-mailchimp.csv", "invitations.csv"]


def test_the_same_list_in_any_form_and_order_gives_the_same_cohorts(
    tmp_path: Path, run: Callable[..., Said]
) -> None:
    many = [
        f"00{n:04},Firm {n},{'anna' if n % 3 else 'ben'},a{n}@firm.example,,,,North,"
        f"{'large' if n % 5 else 'small'},{n}.5,2021-01-{n % 28 + 1:02},{'no' if n % 17 else 'yes'}"
        for n in range(200)
    ]
    header = CUSTOMERS.splitlines()[0]
    table = pl.read_csv("\n".join([header, *many]).encode(), infer_schema=False)
    shuffled = table.sample(fraction=1, shuffle=True, seed=1)
    table.write_csv(tmp_path / "c.csv")
    shuffled.write_csv(tmp_path / "shuffled.csv")
    shuffled.write_parquet(tmp_path / "c.parquet")
    table.write_excel(tmp_path / "c.xlsx")
    drawn = {}
    for name in ("c.csv", "shuffled.csv", "c.parquet", "c.xlsx"):
        firm = build(tmp_path / name.replace(".", "-"), settings=f'[customers]\nfile = "{name}"\n')
        (firm / name).write_bytes((tmp_path / name).read_bytes())
        for month in ("2026-11", "2026-12"):
            run("sample", "-w", firm, "--today", f"{month}-05")
        drawn[name] = [
            [row["customer_id"] for row in listed(firm, month)] for month in ("2026-11", "2026-12")
        ]

    assert [len(cohort) for cohort in drawn["c.csv"]] == [16, 16]
    assert drawn["shuffled.csv"] == drawn["c.parquet"] == drawn["c.xlsx"] == drawn["c.csv"]
