from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from loopback import months
from loopback.guarantees import AGREEMENT, EVENNESS, GAPS, PASSED, SKIPPED, TOLD, WAITS, YEARS
from loopback.ledger import Ledger
from loopback.tables import INVITATIONS, PROVENANCE, RESPONSES, ROTATION, Table
from tests.conftest import Said, build
from tests.console import Command, perform
from tests.frames import table
from tests.lived import lived, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Said]

NOW = datetime(2026, 11, 22, tzinfo=UTC)
TWICE_A_YEAR = "[rotation]\nasks_per_year = 2\nby_segment = { small = 4 }\n"


def verdicts(said: Said) -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in said.json["checks"]}


def breaches(said: Said) -> list[dict[str, Any]]:
    return [breach for check in said.json["checks"] for breach in check["breaches"]]


@pytest.fixture
def acme(acme: Path) -> Path:
    return build(acme, settings=TWICE_A_YEAR)


@pytest.fixture
def lived_in(acme: Path, run: Run) -> Path:
    """The small workspace after fourteen months."""
    for at in range(14):
        run("sample", "--today", f"{months.later('2025-10', at)}-15")
    return acme


def test_before_any_draw_it_says_that_there_is_nothing_to_verify(acme: Path, run: Run) -> None:
    said = run("verify", "-w", acme)

    assert "No month has been drawn yet" in said.out
    assert run("verify", "--json").json == {"passed": True, "checks": [], "removals": []}


def test_fourteen_months_of_the_installed_program_keep_every_guarantee(acme: Path) -> None:
    for at in range(14):
        day = f"{months.later('2025-10', at)}-15"
        perform(Command(["loopback", "sample", "--today", day], 0), acme)

    done = perform(Command(["loopback", "verify"], 0), acme)

    assert "FAIL" not in done.stdout
    assert "2025-10 to 2026-11" in done.stdout
    assert "100.00 % with exactly k asks" in done.stdout


def test_parts_from_before_words_were_kept_by_their_number_still_read(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    older, newer = (build(tmp_path / name, settings=TWICE_A_YEAR) for name in ("older", "newer"))
    days = [f"{months.later('2025-10', at)}-15" for at in range(14)]

    with monkeypatch.context() as before:
        before.setattr(Table, "_stored", as_text)
        for day in days[:7]:
            run("sample", "-w", older, "--today", day)
    first = min(older.glob("ledger/rotation/*"))
    assert pl.read_parquet_schema(first)["owner"] == pl.String
    for day in days[7:]:
        run("sample", "-w", older, "--today", day)
    for day in days:
        run("sample", "-w", newer, "--today", day)

    drawn = [Ledger(folder / "ledger").rows(ROTATION) for folder in (older, newer)]
    assert drawn[0].equals(drawn[1])
    assert run("verify", "-w", older, "--json").json == run("verify", "-w", newer, "--json").json


def as_text(_: Table, schema: pl.Schema) -> list[pl.Expr]:
    """Store columns as they once were: the words in each row."""
    return [pl.col(name).cast(dtype) for name, dtype in schema.items()]


def test_every_guarantee_but_the_skipped_months_is_judged(lived_in: Path, run: Run) -> None:
    said = run("verify", "-w", lived_in, "--json")

    assert said.json["passed"]
    kinds = ("total", "region", "owner", "owner and segment", "segment")
    names = [YEARS, GAPS, WAITS, AGREEMENT, *(EVENNESS.format(kind) for kind in kinds)]
    assert verdicts(said) == dict.fromkeys(names, PASSED) | {SKIPPED: TOLD}
    figures = {check["name"]: check["figures"] for check in said.json["checks"]}
    assert figures[GAPS]["smallest"] == 3
    assert figures[GAPS]["largest"] == 6
    assert figures[YEARS]["customer_years"] == figures[YEARS]["exactly_k"] == 3 * 5


def test_whoever_was_invited_by_a_hand_in_the_ledger_is_named_with_the_months(
    lived_in: Path, run: Run
) -> None:
    ledger = Ledger(lived_in / "ledger")
    last = ledger.current(INVITATIONS).filter(pl.col("customer_id") == "C-1")["month"].max()
    assert isinstance(last, str)
    early = months.later(last, -1)
    with ledger.run("sample", NOW) as hand:
        invited = table(INVITATIONS, f"customer_id | month | token\nC-1 | {early} | x")
        hand.append(INVITATIONS, invited.drop(PROVENANCE.names()))

    said = run("verify", expect=1)

    gap = "asked again after 1 month, 6 is the least"
    assert f"FAIL {GAPS}: customer C-1, {early}, {last}: {gap}" in said.out
    assert f"FAIL {AGREEMENT}: customer C-1, {early}: invited, but not drawn" in said.out
    assert f"FAIL {YEARS}: customer C-1" in said.out


def test_whoever_the_rows_of_a_draw_pass_over_is_named_with_the_months(
    lived_in: Path, run: Run
) -> None:
    ledger = Ledger(lived_in / "ledger")
    for month in months.ending("2027-05", 6):
        rows = ledger.last(ROTATION).drop(PROVENANCE.names()).collect()
        with ledger.run("sample", NOW) as hand:
            waits = rows.with_columns(month=pl.lit(month), decision=pl.lit("waits"))
            hand.append(ROTATION, waits.filter(pl.col("customer_id") == "C-4"))
    last = ledger.current(INVITATIONS).filter(pl.col("customer_id") == "C-4")["month"].max()
    assert isinstance(last, str)

    said = run("verify", "--json", expect=1)

    due = f"asked in {last}, then not again, though due in {months.later(last, 6)}"
    assert not said.json["passed"]
    assert {
        "guarantee": GAPS,
        "customer_id": "C-4",
        "group": None,
        "months": last,
        "what": due,
    } in breaches(said)


def test_a_customer_never_asked_is_named(acme: Path, run: Run) -> None:
    record(
        acme, lived("customer_id | asks | months\nC-9 | 1 | ............\nC-8 | 1 | -" + "A" * 3)
    )

    said = run("verify", expect=1)

    words = "customer C-9, 2025-01: could be asked from 2025-01, was not by 2025-12"
    assert f"FAIL {WAITS}: {words}" in said.out


def test_slack_is_that_of_the_settings(acme: Path, run: Run) -> None:
    record(acme, lived("customer_id | asks | months\nC-1 | 12 | A.A.A\nC-2 | 12 | -AAAA"))
    run("verify", expect=1)

    build(acme, settings="[rotation]\nslack = 1\n")

    assert verdicts(run("verify", "--json"))[GAPS] == PASSED


def test_only_the_last_months_are_looked_at(acme: Path, run: Run) -> None:
    record(acme, lived("customer_id | asks | months\nC-1 | 1 | A.A........."))

    assert verdicts(run("verify", "--json", "--last", "9"))[SKIPPED] == TOLD
    run("verify", "--last", "12", expect=1)
    assert "60" in run("verify", "--last", "61", expect=2).err


def test_only_the_first_of_many_breaches_are_shown_and_all_are_written(
    acme: Path, run: Run
) -> None:
    lives = [f"C-{n:02} | 1 | A.A" for n in range(30)]
    record(acme, lived("\n".join(["customer_id | asks | months", *lives])))

    said = run("verify", "--to", "breaches.csv", expect=1)

    assert said.out.count("\nFAIL") == 10
    with (acme / "breaches.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["customer_id"] for row in rows if row["guarantee"] == GAPS} == {
        f"C-{n:02}" for n in range(30)
    }
    assert f"... and {len(rows) - 10} more: loopback verify --to" in said.out
    assert "belongs to the workspace" in run("verify", "--to", "people.csv", expect=2).err


def test_an_owner_who_had_customers_left_out_is_shown_with_the_reasons_and_the_unhappy(
    acme: Path, run: Run
) -> None:
    left_out = "customer_id,asked_by,reason\nC-1,anna,key account\nC-3,anna,moved away\n"
    (acme / "leave-out.csv").write_text(left_out, encoding="utf-8")
    run("sample", "--today", "2026-11-22")
    with Ledger(acme / "ledger").run("ingest", NOW) as hand:
        answers = """
        response_id | customer_id | month   | score | responded_at
        R-1         | C-1         | 2026-05 | 9     | 2026-05-02
        R-2         | C-1         | 2026-08 | 3     | 2026-08-02
        R-3         | C-2         | 2026-08 | 0     | 2026-08-02
        """
        hand.append(RESPONSES, table(RESPONSES, answers).drop(PROVENANCE.names()))

    assert run("verify", "--json").json["removals"] == [
        {
            "owner": "anna",
            "name": "Anna Berg",
            "customers": 3,
            "detractors": 2,
            "left_out": 2,
            "left_out_detractors": 1,
            "reasons": "key account (1), moved away (1)",
        }
    ]
    assert "key account (1), moved away (1)" in run("verify").out


def test_the_lists_of_the_company_are_not_needed(lived_in: Path, run: Run) -> None:
    for name in ("customers.csv", "people.csv"):
        (lived_in / name).unlink()

    assert run("verify", "--json").json["passed"]
