"""Take in an export beside scripts written by hand, and how the cost grows.

Usage: python -m benchmarks.ingest [ROWS:CUSTOMERS ...]; without any, 1,000:12,000,
500,000:1,000,000 and 5,000,000:10,000,000. Each way is a process of its own that reads the same
export, the same list (Parquet) and the same ledger, in which everybody was invited once in the
last year. In a hundred rows, one score is no score, one was answered before, one names nobody and
one is empty.
The scripts take for granted what loopback finds out: the tool, the columns, the zone; they see
neither damaged parts nor mistakes in the list.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.cost import best, spent

from loopback import months
from loopback.ledger import Ledger
from loopback.tables import INVITATIONS

if TYPE_CHECKING:
    from benchmarks.cost import Cost

SIZES = ("1,000:12,000", "500,000:1,000,000", "5,000,000:10,000,000")
BOOK, FIRST, TODAY = 80, "2025-12", "2026-11-28"
RIVALS = Path(__file__).parent / "rivals"
ROUNDS = 3
AGAIN, NOBODY, WRONG, EMPTY = range(1, 5)  # of a hundred rows
WORDS = ("late again", "", "good advice", "the delivery was late and nobody called", "ok")


def numbers(count: int) -> pl.LazyFrame:
    """Return the numbers of so many customers, with one that is mixed of each."""
    number = pl.int_range(count, eager=True).alias("number").to_frame().lazy()
    return number.with_columns(mixed=pl.col("number") * 2_654_435_761 % (1 << 32))


def made(folder: Path, customers: int) -> Path:
    """Make a workspace in which every customer was invited in one of the last twelve months."""
    folder.mkdir()
    settings = '[customers]\nfile = "customers.parquet"\n'
    (folder / "loopback.toml").write_text(settings, encoding="utf-8")
    owners = max(1, customers // BOOK)
    people = "\n".join(f"o{number},Owner {number}" for number in range(owners))
    (folder / "people.csv").write_text(f"person_id,name\n{people}\n", encoding="utf-8")
    listed = numbers(customers).select(
        customer_id=_customer_id(),
        name=pl.format("Customer {}", "number"),
        owner=pl.format("o{}", pl.col("mixed") % owners),
        email=pl.format("person{}@company{}.example", "number", pl.col("mixed") % 1000),
        region=pl.format("r{}", pl.col("mixed") % owners % 20),
        segment=pl.format("s{}", pl.col("mixed") // 7 % 4),
    )
    listed.sink_parquet(folder / "customers.parquet")
    invited(folder, customers, owners)
    return folder


def invited(folder: Path, customers: int, owners: int) -> None:
    """Give the workspace a ledger with the invitations of a year."""
    ledger = Ledger(folder / "ledger")
    every = numbers(customers)
    for place in range(12):
        month = months.later(FIRST, place)
        at = datetime.strptime(f"{month}-02 +0000", "%Y-%m-%d %z")
        asked = every.filter(pl.col("number") % 12 == place).select(
            customer_id=_customer_id(),
            month=pl.lit(month),
            token=_token(),
            owner=pl.format("o{}", pl.col("mixed") % owners),
            region=pl.format("r{}", pl.col("mixed") % owners % 20),
            segment=pl.format("s{}", pl.col("mixed") // 7 % 4),
            value=pl.col("mixed").cast(pl.Float64),
            language=pl.lit("en"),
            email=pl.format("person{}@company{}.example", "number", pl.col("mixed") % 1000),
            invited_at=pl.lit(at).cast(INVITATIONS.schema["invited_at"]),
        )
        with ledger.run("sample", at) as run:
            run.append(INVITATIONS, asked.collect())


def _customer_id() -> pl.Expr:
    return pl.format("C-{}", pl.col("number").cast(pl.String).str.zfill(9))


def _token() -> pl.Expr:
    """Return a token as long as ours, and as little in order."""
    halves = [
        (pl.col("mixed") * factor % (1 << 61)).cast(pl.String).str.zfill(19)
        for factor in (40_503, 7)
    ]
    return pl.concat_str(halves).str.head(32)


def exported(path: Path, rows: int, customers: int, key: str) -> Path:
    """Write an export of so many rows, some of which cannot be taken."""
    step = max(1, customers // rows)
    number = (pl.int_range(rows, eager=True) * step % customers).alias("number").to_frame().lazy()
    row = pl.int_range(pl.len()) % 100
    again = pl.when(row == AGAIN).then(pl.col("number") - step).otherwise("number")
    answered = number.with_columns(number=again).with_columns(
        mixed=pl.col("number") * 2_654_435_761 % (1 << 32)
    )
    whose = _token() if key == "token" else _customer_id()
    at = pl.lit(datetime(2026, 11, 20, tzinfo=UTC)) + pl.duration(seconds=pl.col("mixed") % 600_000)
    score = (pl.col("mixed") // 11 % 11).cast(pl.String)
    comment = (pl.col("mixed") % len(WORDS)).replace_strict(dict(enumerate(WORDS)))
    table = answered.select(
        pl.when(row == NOBODY).then(pl.lit("nobody")).otherwise(whose).alias(key),
        submitted=at.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        score=pl.when(row == WRONG).then(pl.lit("11")).when(row != EMPTY).then(score),
        comment=pl.when(row != EMPTY).then(comment),
    )
    table.sink_csv(path)
    return path


def measured(workspace: Path, export: Path) -> dict[str, Cost]:
    """Return the best of some rounds of each way, taken in turn."""
    ledger, whole = workspace / "ledger", workspace / "whole"
    shutil.copytree(ledger, whole, copy_function=os.link)
    costs: dict[str, list[Cost]] = {}
    for _ in range(ROUNDS):
        for way, command in ways(workspace, export).items():
            shutil.rmtree(ledger)
            shutil.copytree(whole, ledger, copy_function=os.link)
            costs.setdefault(way, []).append(spent(*command))
            for folder in ("raw", "rival"):
                shutil.rmtree(workspace / folder, ignore_errors=True)
    shutil.rmtree(ledger)
    whole.rename(ledger)
    return {way: best(found) for way, found in costs.items()}


def ways(workspace: Path, export: Path) -> dict[str, tuple[str, ...]]:
    """Return the command line of each way."""
    ours = ("-m", "loopback", "ingest", str(export), "--today", TODAY, "-w", str(workspace))
    theirs = (str(workspace), str(export), str(workspace / "rival"))
    return {
        "loopback": (sys.executable, *ours),
        "Polars": (sys.executable, str(RIVALS / "ingest_polars.py"), *theirs),
        "DuckDB": (sys.executable, str(RIVALS / "ingest_duckdb.py"), *theirs),
    }


def printed(rows: int, customers: int, key: str, costs: dict[str, Cost]) -> None:
    """Print a row of the table; the ratios are to the best of the others."""
    others = [cost for way, cost in costs.items() if way != "loopback"]
    ours = costs["loopback"]
    cells = " ".join(
        f"{c.seconds:7.2f} {c.processors:7.2f} {c.gigabytes:5.2f}" for c in costs.values()
    )
    seconds = ours.seconds / min(cost.seconds for cost in others)
    processor = ours.processors / min(cost.processors for cost in others)
    memory = ours.gigabytes / min(cost.gigabytes for cost in others)
    ratios = f"{seconds:6.2f} {processor:6.2f} {memory:6.2f}"
    print(f"{rows:10,} {customers:11,} {key:12} {cells} {ratios}", flush=True)


def main() -> None:
    """Print the table."""
    sizes = [
        tuple(int(n.replace(",", "")) for n in size.split(":")) for size in sys.argv[1:] or SIZES
    ]
    heads = " ".join(f"{way:>7} {'cpu':>7} {'GB':>5}" for way in ("loopbck", "Polars", "DuckDB"))
    print(f"{'rows':>10} {'customers':>11} {'by':12} {heads} {'time':>6} {'cpu':>6} {'GB':>6}")
    for rows, customers in sizes:
        with tempfile.TemporaryDirectory() as folder:
            workspace = made(Path(folder) / "company", customers)
            for key in ("token", "customer_id"):
                export = exported(Path(folder) / f"{key}.csv", rows, customers, key)
                printed(rows, customers, key, measured(workspace, export))


if __name__ == "__main__":
    main()
