from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import openpyxl
import polars as pl
import pytest

from loopback.ledger import Ledger
from loopback.tables import ACTIONS, FOLLOWUPS, TABLES
from tests.conftest import TODAY, Said, answer, tokens
from tests.frames import table
from tests.hostile import FORMULAS
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIDNIGHT = " 00:00:00"  # which a workbook adds to a day
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def lived(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace after a month: asked, answered, edited, rejected, bounced and routed."""
    run("sample", "--today", TODAY)
    first = answer(acme, "C-1,2026-11-20,3,late again", "C-4,2026-11-20,10,", "C-2,2026-11-20,11,")
    run("ingest", first, "--today", TODAY, expect=3)
    edited = answer(acme, "C-1,2026-11-21,9,=all well", "who,2026-11-21,0,a stranger", name="b.csv")
    run("ingest", edited, "--today", TODAY)
    bounced = acme / "c.csv"
    bounced.write_text(f"token,score,status\n{tokens(acme)['C-3']},,bounced\n", encoding="utf-8")
    run("ingest", bounced, "--today", TODAY)
    run("route", "--today", TODAY)
    return acme


@pytest.fixture
def called(lived: Path) -> Path:
    """The same once a customer was called and an action was decided."""
    call = table(
        FOLLOWUPS,
        """
        response_id | customer_id | person_id | called_on  | promise   | promised_for
        R-1         | C-1         | anna      | 2026-11-22 | a new van | 2026-12-01
        """,
    )
    action = table(
        ACTIONS,
        """
        action_id | what      | due        | decision
        A-1       | a new van | 2026-12-01 | on
        """,
    )
    raised = action.with_columns(responses=pl.lit(["R-1", "R-2"]))
    with Ledger(lived / "ledger").run("followup", NOON) as written:
        written.append(FOLLOWUPS, call)
        written.append(ACTIONS, raised)
    return lived


def parquet(run: Callable[..., Said], name: str, *options: str) -> pl.DataFrame:
    run("export", name, "--to", "table.parquet", *options)
    return pl.read_parquet("table.parquet")


def rows_of_csv(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def plain(value: object) -> str:
    """Return a value as a person reads it in any of the three kinds of file."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case list():
            return " ".join(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(MIDNIGHT)
        case float():
            return f"{value:g}"
    return str(value)


def plain_text(cell: str) -> str:
    """Return a cell of a CSV in the same words."""
    if len(cell) > 19 and cell[10] == "T":
        return cell[:19].replace("T", " ").removesuffix(MIDNIGHT)
    return cell.removesuffix(".0")


def same(folder: Path, run: Callable[..., Said], name: str) -> bool:
    """Say whether a table is the same in each kind of file."""
    for ending in ("csv", "xlsx", "parquet"):
        run("export", name, "--to", f"table.{ending}")
    stored = pl.read_parquet("table.parquet")
    page = openpyxl.load_workbook("table.xlsx")[name]
    text = rows_of_csv(folder / "table.csv")
    expected = [stored.columns, *([plain(value) for value in row] for row in stored.rows())]
    cells = [[plain(cell.value) for cell in row] for row in page.iter_rows()]
    words = [text[0], *([plain_text(cell) for cell in row] for row in text[1:])]
    return stored.height > 0 and expected == cells == words


def test_csv_workbook_and_parquet_hold_the_same(called: Path, run: Callable[..., Said]) -> None:
    assert [name for name in TABLES if not same(called, run, name)] == []


def test_a_table_has_its_declared_columns_and_where_each_row_came_from(
    lived: Path, run: Callable[..., Said]
) -> None:
    assert lived.is_dir()
    for name, declared in TABLES.items():
        stored = parquet(run, name)
        assert stored.schema == declared.schema, name
        origin = stored.select("run", "command", "recorded_at")
        assert origin.null_count().row(0) == (0, 0, 0), name


def test_the_state_of_today_is_given_and_with_history_every_event(
    lived: Path, run: Callable[..., Said]
) -> None:
    known = tokens(lived)

    now = parquet(run, "responses").drop_nulls("customer_id").sort("customer_id")
    ever = parquet(run, "responses", "--history").drop_nulls("customer_id")

    assert now.select("response_id", "score").rows() == [(known["C-1"], 9), (known["C-4"], 10)]
    assert ever.sort("run", "customer_id").select("response_id", "score").rows() == [
        (known["C-1"], 3),
        (known["C-4"], 10),
        (known["C-1"], 9),
    ]


def test_text_that_a_spreadsheet_would_run_is_guarded_on_request_and_nothing_else(
    lived: Path, run: Callable[..., Said]
) -> None:
    run("export", "responses", "--to", "plain.csv")
    run("export", "responses", "--to", "safe.csv", "--excel-safe")

    before, after = rows_of_csv(lived / "plain.csv"), rows_of_csv(lived / "safe.csv")
    changed = [
        (old, new)
        for old_row, new_row in zip(before, after, strict=True)
        for old, new in zip(old_row, new_row, strict=True)
        if old != new
    ]
    assert changed == [("=all well", "'=all well")]


def test_every_formula_is_guarded(lived: Path, run: Callable[..., Said]) -> None:
    comments = [formula for formula in FORMULAS if formula[0] in "=+-@"]
    rows = [f'who,,5,"{comment.replace(chr(34), chr(34) * 2)}"' for comment in comments]
    run("ingest", answer(lived, *rows, name="formulas.csv"), "--today", TODAY)

    run("export", "responses", "--to", "safe.csv", "--excel-safe")

    header, *cells = rows_of_csv(lived / "safe.csv")
    written = [row[header.index("comment")] for row in cells]
    assert {f"'{comment}" for comment in comments} <= set(written)
    assert not [cell for row in cells for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_a_workbook_runs_nothing_with_or_without_the_guard(
    lived: Path, run: Callable[..., Said]
) -> None:
    for options in ((), ("--excel-safe",)):
        run("export", "responses", "--to", "table.xlsx", *options)

        page = openpyxl.load_workbook(lived / "table.xlsx")["responses"]
        kinds = {cell.data_type for row in page.iter_rows() for cell in row}
        assert "f" not in kinds
        assert "=all well" in {cell.value for row in page.iter_rows() for cell in row}


def test_the_runs_say_what_was_read_and_written(lived: Path, run: Callable[..., Said]) -> None:
    runs = parquet(run, "runs")

    assert runs["command"].to_list() == ["sample", "ingest", "ingest", "ingest", "route"]
    assert runs["run"].to_list() == [1, 2, 3, 4, 5]
    assert runs["recorded_at"].to_list() == [NOON] * 5
    assert [len(read) for read in runs["read"]] == [0, 1, 1, 1, 0]
    written = [part.split("/")[0] for parts in runs["wrote"] for part in parts]
    assert written == [
        "invitations",
        "rotation",
        "rejects",
        "responses",
        "responses",
        "bounces",
        "deliveries",
    ]
    assert all((lived / "ledger" / part).is_file() for parts in runs["wrote"] for part in parts)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet"])
def test_a_table_without_rows_gives_its_header(
    acme: Path, run: Callable[..., Said], name: str, ending: str
) -> None:
    said = run("export", name, "--to", f"table.{ending}", "--json").json

    assert said["rows"] == 0
    read = {"csv": pl.read_csv, "xlsx": pl.read_excel, "parquet": pl.read_parquet}[ending]
    assert read(acme / f"table.{ending}").columns == TABLES[name].schema.names()


def test_a_table_that_does_not_exist_is_wrong_usage_and_names_those_that_do(
    acme: Path, run: Callable[..., Said]
) -> None:
    said = run("export", "answers", "--to", "table.csv", expect=2)

    assert all(name in said.err for name in TABLES)
    assert not (acme / "table.csv").exists()


@pytest.mark.parametrize("name", ["table.txt", "table", "table.csv.gz"])
def test_a_file_of_another_kind_is_wrong_usage_and_not_written(
    acme: Path, run: Callable[..., Said], name: str
) -> None:
    before = tree(acme)

    said = run("export", "runs", "--to", name, expect=2)

    assert ".csv, .json, .xlsx or .parquet" in said.err
    assert tree(acme) == before


def test_the_ending_may_be_in_capitals(acme: Path, run: Callable[..., Said]) -> None:
    run("export", "runs", "--to", "RUNS.CSV")

    assert rows_of_csv(acme / "RUNS.CSV")[0] == TABLES["runs"].schema.names()


def test_the_path_is_that_of_the_user_and_not_of_the_workspace(
    acme: Path, tmp_path: Path, run: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    run("export", "runs", "--to", "runs.csv", "--workspace", acme)
    run("export", "runs", "--to", "runs.csv", "--workspace", acme)

    assert (tmp_path / "runs.csv").is_file()
    assert not (acme / "runs.csv").exists()


def test_comments_keep_lines_quotes_and_letters_in_a_csv(
    acme: Path, run: Callable[..., Said]
) -> None:
    comment = 'Zu spät,\n"again" ; Ærø \N{THUMBS UP SIGN}'
    quoted = comment.replace('"', '""')
    (acme / "export.csv").write_text(f'score,comment\n3,"{quoted}"\n', encoding="utf-8")
    run("ingest", "export.csv", "--today", TODAY)

    run("export", "responses", "--to", "table.csv")

    header, row = rows_of_csv(acme / "table.csv")
    assert row[header.index("comment")] == comment
