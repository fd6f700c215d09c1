from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import Mock

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import customers
from loopback.errors import LoopbackError
from loopback.workspace import Workspace
from tests.conftest import CUSTOMERS, SETTINGS, build
from tests.shared import shared
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loopback.errors import Problem

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


# Some columns of the list


def refusal(read: Callable[[], object]) -> tuple[Problem, ...]:
    """Return why something is refused; nothing where it is not."""
    try:
        read()
    except LoopbackError as refused:
        return refused.problems
    return ()


@pytest.mark.parametrize("name", ["kunden.csv", "kunden.xlsx", "kunden.parquet"])
def test_some_columns_are_those_of_the_customers(tmp_path: Path, name: str) -> None:
    workspace = written_as(build(tmp_path / "acme"), name)
    columns = ["opted_out", "customer_id", "value", "joined", "phone", "asks_per_year"]

    listed = workspace.listed(columns)

    assert listed.columns == columns
    assert listed.schema == workspace.customers.select(columns).schema
    assert listed.rows() == [
        (False, "007", 90000.5, date(2020, 1, 1), None, None),
        (True, "1234567890123456789", 1200.0, None, None, None),
        (False, "7", None, date(2022, 2, 1), None, None),
    ]


def test_columns_of_the_company_never_meet_those_that_tell_mistakes(tmp_path: Path) -> None:
    listed = "customer_id,name,owner,trouble,key,row,*\nC-1,Mill,anna,a,b,c,d\n"
    workspace = Workspace(build(tmp_path / "acme", customers=listed))

    assert workspace.listed(["owner", "customer_id"]).rows() == [("anna", "C-1")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("C-2", ""),
        ("C-2", "  "),
        ("C-4", "C-1"),
        ("Cedar Foods", '""'),
        ("Cedar Foods,anna", "Cedar Foods,hans"),
        ("90000", "90k"),
        ("2021-05-01", "1.5.2021"),
        (",yes", ",perhaps"),
        ("customer_id", "Nr"),
        ("Elm Garage", "Elm, Garage"),
    ],
)
@pytest.mark.parametrize("columns", [["region"], ["customer_id", "value", "joined", "opted_out"]])
def test_mistakes_are_found_in_columns_that_are_not_asked_for(
    tmp_path: Path, old: str, new: str, columns: list[str]
) -> None:
    workspace = Workspace(build(tmp_path / "acme", customers=CUSTOMERS.replace(old, new)))

    found = refusal(lambda: workspace.listed(columns))

    assert found
    assert found == refusal(lambda: workspace.customers)


def test_every_mistake_is_named_by_its_row_though_blank_ones_come_before(tmp_path: Path) -> None:
    listed = "customer_id,name,owner,value\n\n,,,\nC-1,Mill,paul,12k\n\nC-1,,anna,\n"
    workspace = Workspace(build(tmp_path / "acme", customers=listed))

    found = refusal(lambda: workspace.listed(["customer_id"]))

    assert [(problem.row, problem.column) for problem in found] == [
        (6, "name"),
        (6, "customer_id"),
        (4, "owner"),
        (4, "value"),
    ]


@pytest.mark.parametrize("ending", [",,,\n,,,\n", "\n\n"])
def test_blank_rows_are_left_out_of_some_columns_too(tmp_path: Path, ending: str) -> None:
    listed = f"customer_id,name,owner,value\nC-1,Mill,anna,7\n{ending}C-2,Foot,ben,\n{ending}"
    workspace = Workspace(build(tmp_path / "acme", customers=listed))

    assert workspace.listed(["customer_id", "value"]).rows() == [("C-1", 7.0), ("C-2", None)]


def test_ids_that_only_look_alike_at_first_are_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(build(tmp_path / "acme"))
    quick = workspace.listed(["customer_id", "value", "joined"])

    monkeypatch.setattr(customers, "sound", Mock(return_value=False))

    assert workspace.listed(["customer_id", "value", "joined"]).equals(quick)


def test_of_many_rows_with_the_same_mistake_the_others_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customers, "PROBLEMS_NAMED", 2)
    listed = "customer_id,name,owner\n" + "".join(f"C-{n},Mill,zoe\n" for n in range(9))
    workspace = Workspace(build(tmp_path / "acme", customers=listed))

    named = refusal(lambda: workspace.listed(["customer_id"]))

    assert [(problem.row, problem.what) for problem in named] == [
        (2, "no such person: 'zoe'"),
        (3, "no such person: 'zoe'"),
        (None, "7 more rows with the same mistake"),
    ]


def test_a_damaged_parquet_list_is_one_clear_error(tmp_path: Path) -> None:
    workspace = written_as(build(tmp_path / "acme"), "kunden.parquet")
    path = workspace.path("kunden.parquet")
    path.write_bytes(path.read_bytes().replace(b"Ahorn Mill", b"Ahorn \xffill"))

    [problem] = refusal(lambda: workspace.listed(["customer_id"]))

    assert (problem.what, problem.file) == ("not a Parquet file that can be read", "kunden.parquet")


class Cells(NamedTuple):
    """One value, as people write it into a CSV file, a workbook and a Parquet column."""

    csv: list[str]
    xlsx: list[object]
    parquet: pl.Series


def moment(text: str) -> datetime:
    """Return a day with a time, without a zone, as a workbook has it."""
    return datetime.fromisoformat(text)


# Numbers, days and yes or no, as text and as what each kind of file makes of them.
WAYS = {
    "value": Cells(
        ["12000.0", "12000", "", "0.5"],
        [12000, "12000.0", None, 0.5],
        pl.Series([12000.0, 12000.0, None, 0.5]),
    ),
    "joined": Cells(
        ["2021-05-01", "2021-05-01 13:30:00", "", "2021-05-02T00:00:00Z"],
        [moment("2021-05-01"), "2021-05-01", None, moment("2021-05-02T09:00")],
        pl.Series([moment("2021-05-01"), moment("2021-05-01T13:30"), None, moment("2021-05-02")]),
    ),
    "opted_out": Cells(
        ["yes", "TRUE", "", "no"], [True, "ja", None, False], pl.Series([True, True, None, False])
    ),
    "segment": Cells(["a", " b", "", "c "], ["a", "b", "", "c"], pl.Series(["a", "b ", "", "c"])),
    "customer_id": Cells(
        ["007", " 7", "07", "7x"], ["007", 7, "07", "7x"], pl.Series(["007", "7", "07", "7x"])
    ),
}


def kinds(folder: Path, columns: dict[str, Cells], chosen: list[int]) -> list[Workspace]:
    """Return a workspace for each kind of file, with the chosen rows of the cells."""
    made = []
    for kind in ("csv", "xlsx", "parquet"):
        rule = SETTINGS + f'[customers]\nfile = "list.{kind}"\n'
        home = build(folder / kind, settings=rule)
        table = {name: [getattr(cells, kind)[n] for n in chosen] for name, cells in columns.items()}
        _write(home / f"list.{kind}", table | {"name": ["x"] * len(chosen)}, columns)
        made.append(Workspace(home))
    return made


def _write(path: Path, table: dict[str, list[object]], columns: dict[str, Cells]) -> None:
    lines = [list(table), *(list(row) for row in zip(*table.values(), strict=True))]
    if path.suffix == ".csv":
        text = "".join(";".join(map(str, line)) + "\n" for line in lines)
        path.write_text(text, encoding="utf-8")
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        page = book.create_sheet("List", 0)
        for line in lines:
            page.append(line)
        book.save(path)
    else:
        stored = {name: cells.parquet.dtype for name, cells in columns.items()}
        pl.DataFrame(table, schema_overrides=stored).write_parquet(path)


@settings(deadline=None, max_examples=30)
@given(chosen=st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True))
def test_the_same_cells_are_the_same_customers_in_every_kind_of_file(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[int]
) -> None:
    owner = Cells(["anna"] * 4, ["anna"] * 4, pl.Series(["anna"] * 4, dtype=pl.Categorical))
    made = kinds(tmp_path_factory.getbasetemp(), WAYS | {"owner": owner}, chosen)

    text, book, parquet = (workspace.listed([*WAYS, "email"]) for workspace in made)

    assert text.schema == book.schema == parquet.schema
    assert text.rows() == book.rows() == parquet.rows()
    assert text["customer_id"].to_list() == [["007", "7", "07", "7x"][n] for n in chosen]


CELL = st.sampled_from(
    ["", " ", "C-1", "C-2", "anna", "ben", "7", "x", "2021-05-01", "yes", "a\nb"]
)


@settings(deadline=None, max_examples=60)
@given(
    lines=st.lists(st.lists(CELL, min_size=6, max_size=6), max_size=4),
    name=st.sampled_from(["list.csv", "list.parquet"]),
)
def test_some_columns_are_read_or_refused_as_the_whole_list_is(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], name: str
) -> None:
    header = ["customer_id", "name", "owner", "value", "opted_out", "more"]
    table = pl.DataFrame(lines, schema=dict.fromkeys(header, pl.String), orient="row")
    rule = SETTINGS + f'[customers]\nfile = "{name}"\n'
    folder = build(tmp_path_factory.getbasetemp() / "whole", settings=rule)
    (table.write_parquet if name.endswith("parquet") else table.write_csv)(folder / name)
    some, whole = Workspace(folder), Workspace(folder)
    columns = ["opted_out", "owner", "value"]

    refused = refusal(lambda: some.listed(columns))

    assert refused == refusal(lambda: whole.customers)
    assert refused or some.listed(columns).equals(whole.customers.select(columns))


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
    export = tmp_path / "Export.CSV"
    export.write_bytes(content)
    source = hashlib.sha256(content).hexdigest()

    for _ in range(2):
        workspace.keep(export, source)

    assert tree(workspace.path("raw")) == {f"{source}.csv": content}
    assert workspace.kept(source) == workspace.path("raw", f"{source}.csv")


def test_an_export_that_changes_while_it_is_read_is_not_kept(tmp_path: Path) -> None:
    workspace = Workspace(build(tmp_path / "acme"))
    export = tmp_path / "export.csv"
    export.write_bytes(b"score\n9\n")

    with pytest.raises(LoopbackError, match="the file changed while it was read"):
        workspace.keep(export, hashlib.sha256(b"score\n8\n").hexdigest())

    assert tree(workspace.path("raw")) == {}


def test_an_export_that_was_changed_in_the_workspace_is_not_read_again(tmp_path: Path) -> None:
    workspace = Workspace(build(tmp_path / "acme"))
    export = tmp_path / "export.csv"
    export.write_bytes(b"score\n9\n")
    source = hashlib.sha256(b"score\n9\n").hexdigest()
    workspace.keep(export, source)
    workspace.path("raw", f"{source}.csv").write_bytes(b"score\n8\n")

    with pytest.raises(LoopbackError, match=r"was changed"):
        workspace.kept(source)


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
