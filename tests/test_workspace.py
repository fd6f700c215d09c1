from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.workspace import Workspace
from tests.conftest import CUSTOMERS, SETTINGS, build
from tests.shared import shared
from tests.trees import tree

if TYPE_CHECKING:
    from pathlib import Path

LISTED = """\
customer_id,name,owner,email,value,joined,opted_out,Vertrag
007,Ahorn Mill,anna,mill@ahorn.example,90000.5,2020-01-01,no,A 1
1234567890123456789,"Birch, Tools",ben,,1200,,yes,
7,Çedar Fööds,ben,foods@cedar.example,,2022-02-01,,B 2
"""
MAPPED = """\
[customers]
file = "crm.csv"
columns.customer_id = "CRM id"
columns.owner = "Account manager"
columns.value = "Umsatz"
"""
HARMLESS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 60


def as_text(workspace: Workspace) -> list[tuple[object, ...]]:
    """Return the customers in the order of the list, without their row numbers."""
    return workspace.customers.drop("row").rows()


def written_as(folder: Path, name: str) -> Workspace:
    """Return a workspace whose customers are in a file of another kind."""
    table = pl.read_csv(LISTED.encode(), infer_schema=False)
    match name.rpartition(".")[2]:
        case "parquet":
            table.write_parquet(folder / name)
        case "xlsx":
            _write_workbook(table, folder / name)
        case _:
            (folder / name).write_bytes(table.write_csv(separator=";").encode("cp1252"))
    (folder / "loopback.toml").write_text(SETTINGS + f'[customers]\nfile = "{name}"\n')
    return Workspace(folder)


def _write_workbook(table: pl.DataFrame, path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.create_sheet("Kunden", 0)
    for row in (table.columns, *table.rows()):
        page.append(row)
    book.save(path)


# The lists


@pytest.mark.parametrize("name", ["kunden.csv", "kunden.xlsx", "kunden.parquet"])
def test_a_list_gives_the_same_customers_whatever_kind_of_file_it_is(
    tmp_path: Path, name: str
) -> None:
    plain = Workspace(build(tmp_path / "plain", customers=LISTED))

    other = written_as(build(tmp_path / "other"), name)

    assert other.customers.columns == plain.customers.columns
    assert as_text(other) == as_text(plain)
    assert plain.customers["customer_id"].to_list() == ["007", "1234567890123456789", "7"]


def test_numbers_and_days_that_a_spreadsheet_made_of_them_are_the_same_customers(
    tmp_path: Path,
) -> None:
    plain = Workspace(build(tmp_path / "plain", customers=LISTED))
    folder = build(tmp_path / "typed", settings=SETTINGS + '[customers]\nfile = "crm.parquet"\n')
    text = pl.read_csv(LISTED.encode(), infer_schema=False)
    typed = text.with_columns(pl.col("value").cast(pl.Float64), pl.col("joined").str.to_date())
    typed.write_parquet(folder / "crm.parquet")

    assert as_text(Workspace(folder)) == as_text(plain)


def test_columns_of_the_company_are_named_in_the_settings(tmp_path: Path) -> None:
    folder = build(tmp_path / "acme", settings=SETTINGS + MAPPED)
    (folder / "crm.csv").write_text(
        "Account manager;CRM id;name;Umsatz;row\nanna;C-1;Mill;1200.5;x\n", encoding="utf-8"
    )

    listed = Workspace(folder).customers

    found = listed.select("customer_id", "name", "owner", "value").rows()
    assert found == [("C-1", "Mill", "anna", 1200.5)]
    assert "CRM id" not in listed.columns


def test_a_column_that_a_mapping_replaces_makes_way_for_it(tmp_path: Path) -> None:
    folder = build(tmp_path / "acme", settings=SETTINGS + MAPPED)
    (folder / "crm.csv").write_text(
        "CRM id,name,owner,Account manager,Umsatz\nC-1,Mill,Paul Panther,anna,7\n", encoding="utf-8"
    )

    assert Workspace(folder).customers["owner"].to_list() == ["anna"]


def test_a_mistake_is_named_by_the_column_and_row_of_the_companys_own_file(
    tmp_path: Path,
) -> None:
    folder = build(tmp_path / "acme", settings=SETTINGS + MAPPED)
    (folder / "crm.csv").write_text(
        "CRM id,name,Account manager,Umsatz\n\nC-1,Mill,paul,12k\n,Foot,anna,\n", encoding="utf-8"
    )

    with pytest.raises(LoopbackError) as refused:
        _ = Workspace(folder).customers

    assert sorted((p.file, p.row, p.column) for p in refused.value.problems) == [
        ("crm.csv", 3, "Account manager"),
        ("crm.csv", 3, "Umsatz"),
        ("crm.csv", 4, "CRM id"),
    ]


def test_a_mistake_in_a_mapped_people_list_is_named_by_its_own_column(tmp_path: Path) -> None:
    mapping = '[people]\ncolumns.person_id = "Kürzel"\ncolumns.reports_to = "Chef"\n'
    folder = build(tmp_path / "acme", settings=SETTINGS + mapping)
    (folder / "people.csv").write_text("Kürzel,name,Chef\nanna,Anna,zoe\n", encoding="utf-8")

    with pytest.raises(LoopbackError) as refused:
        _ = Workspace(folder).people

    [problem] = refused.value.problems
    assert (problem.file, problem.row, problem.column) == ("people.csv", 2, "Chef")


def test_spaces_around_cells_do_not_count(tmp_path: Path) -> None:
    folder = build(tmp_path / "acme", customers="customer_id,name,owner\n C-1 ,Mill , anna\n")

    listed = Workspace(folder).customers

    assert listed.select("customer_id", "name", "owner").rows() == [("C-1", "Mill", "anna")]


def test_rows_that_a_spreadsheet_left_empty_at_the_end_are_no_customers(tmp_path: Path) -> None:
    folder = build(tmp_path / "acme", customers=CUSTOMERS + "," * 11 + "\n" + "," * 11 + "\n")

    assert Workspace(folder).customers.height == 6


@pytest.mark.parametrize("column", ["bounced", "why", "holder", "key", "by_id", "category"])
def test_a_column_of_the_company_never_meets_one_of_ours(tmp_path: Path, column: str) -> None:
    listed = f"customer_id,name,owner,{column}\nC-1,Mill,anna,their own\n"
    folder = build(tmp_path / "acme", customers=listed)

    assert Workspace(folder).customers[column].to_list() == ["their own"]


def test_a_folder_without_settings_is_no_workspace_and_gets_no_ledger(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "typo")

    for read in (lambda: workspace.settings, lambda: workspace.ledger):
        with pytest.raises(LoopbackError, match="no workspace here") as refused:
            read()
        assert "loopback init DIR" in refused.value.problems[0].mend
    assert tree(tmp_path) == {}


# What loopback keeps


def test_the_key_is_made_once_and_for_the_user_alone(tmp_path: Path) -> None:
    folder = build(tmp_path / "acme")

    made = Workspace(folder).key()

    assert len(made) >= 32
    assert Workspace(folder).key() == made
    assert (folder / "ledger" / "secret.key").stat().st_mode & 0o077 == 0
    assert Workspace(build(tmp_path / "other")).key() != made


def test_an_export_is_kept_byte_for_byte_under_its_hash(tmp_path: Path) -> None:
    workspace = Workspace(build(tmp_path / "acme"))
    content = b"score\r\n9\r\n\xff\x00"

    names = [workspace.keep(content, ".csv") for _ in range(2)]

    assert names == [hashlib.sha256(content).hexdigest()] * 2
    assert tree(workspace.path("raw")) == {f"{names[0]}.csv": content}


def test_a_path_is_named_as_a_user_of_the_workspace_would_write_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "acme")

    assert workspace.named(workspace.path("out", "2026-11", "list.csv")) == "out/2026-11/list.csv"


# Names of files


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a key that is the same in every run of the tests."""
    folder = build(tmp_path_factory.mktemp("keyed") / "acme")
    (folder / "ledger").mkdir()
    (folder / "ledger" / "secret.key").write_bytes(b"0" * 64)
    return Workspace(folder)


def test_a_file_is_named_after_the_person_and_marked_by_the_id(keyed: Workspace) -> None:
    name = keyed.file_name("anna", "Anna Berg-Sørensen")

    assert name.startswith("anna-berg-s-rensen-")
    assert name == keyed.file_name("anna", "Anna Berg-Sørensen")
    assert name != keyed.file_name("anna2", "Anna Berg-Sørensen")


def test_who_knows_the_id_cannot_guess_the_name_of_the_file(tmp_path: Path) -> None:
    names = {
        Workspace(build(tmp_path / company)).file_name("anna", "Anna") for company in ("a", "b")
    }

    assert len(names) == 2


@pytest.mark.parametrize("name", ["", "...", "山田", "😀", "../../etc/passwd", "CON", "a" * 300])
def test_a_name_of_any_letters_gives_a_harmless_file(keyed: Workspace, name: str) -> None:
    file = keyed.file_name("anna", name)

    assert HARMLESS.fullmatch(file)
    assert len(file) <= LONGEST
    assert keyed.path("out", f"{file}.html").parent == keyed.path("out")


@settings(deadline=None)
@given(person_id=st.text(min_size=1, max_size=20), name=st.text(max_size=80))
def test_every_name_gives_a_harmless_file(keyed: Workspace, person_id: str, name: str) -> None:
    file = keyed.file_name(person_id, name)

    assert HARMLESS.fullmatch(file)
    assert len(file) <= LONGEST


@settings(deadline=None)
@given(ids=st.sets(st.text(min_size=1, max_size=12), min_size=2, max_size=12))
def test_people_of_one_name_get_files_of_their_own(keyed: Workspace, ids: set[str]) -> None:
    assert len({keyed.file_name(person_id, "Anna Berg") for person_id in ids}) == len(ids)


def hostile() -> list[str]:
    """Return every hostile string there is."""
    folder = shared("data", "security")
    lines = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    for path in sorted(folder.glob("patt_*")):
        lines += path.read_text(encoding="utf-8", errors="replace").splitlines()
    return sorted({line for line in lines if line})


def test_hostile_strings_give_harmless_files_one_for_each(keyed: Workspace) -> None:
    strings = hostile()

    files = [keyed.file_name(string, string) for string in strings]

    assert len(strings) > 1000
    assert [file for file in files if not HARMLESS.fullmatch(file) or len(file) > LONGEST] == []
    assert len(set(files)) == len(strings)
