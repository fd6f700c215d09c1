"""The monthly draw and the first load beside scripts written by hand, and how the cost grows.

Usage: python -m benchmarks.scale [--mode first|monthly] [--rounds N] [CUSTOMERS ...]; without any,
12,000 and 1,000,000. Each way is a process of its own that reads the same lists and the same ledger
of 24 months and writes a list to import: address, name, language, owner's name, token and link. The
scripts leave out whoever was asked in the last 11 months and rank by a hash within the owner; they
remember no token, check nothing and promise nothing. The month that is drawn follows one in which
3 % of the customers left and 3 % joined; 1 in 6 has never been asked.

`s` is the time on the clock, the best round; `CPU` the seconds of all processors, which others who
work on the machine do not change as much; `GB` the most memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from benchmarks.cost import best, spent

from loopback import months
from loopback.invitations import FROZEN, invitations
from loopback.ledger import Ledger
from loopback.tables import ASKED, INVITATIONS, ROTATION, WAITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.cost import Cost

SIZES = (12_000, 1_000_000)
BOOK, REGIONS, SEGMENTS = 80, 20, 4
FIRST, DRAWN = "2024-01", "2026-01"
RIVALS = Path(__file__).parent / "rivals"
SETTINGS = '[customers]\nfile = "customers.parquet"\n'
ROUNDS = 3


def listed(size: int, joined: int = 0) -> pl.LazyFrame:
    """Return a list of customers; the last of them have `joined` since the first."""
    number = pl.int_range(joined, size + joined, eager=True).alias("number").to_frame().lazy()
    mixed = pl.col("number") * 2_654_435_761 % (1 << 32)
    owners = max(1, size // BOOK)
    return number.select(
        customer_id=pl.format("C-{}", pl.col("number").cast(pl.String).str.zfill(9)),
        name=pl.format("Customer {}", "number"),
        owner=pl.format("o{}", mixed % owners),
        email=pl.format("person{}@company{}.example", "number", mixed % 1000),
        region=pl.format("r{}", mixed % owners % REGIONS),
        segment=pl.format("s{}", mixed // 7 % SEGMENTS),
        language=pl.lit("en"),
        value=(mixed % 100_000).cast(pl.String),
        joined=pl.lit("2020-01-05"),
        opted_out=pl.when(mixed % 200 == 0).then(pl.lit("yes")).otherwise(pl.lit("no")),
    )


def made(folder: Path, size: int) -> Path:
    """Make a workspace whose list has this many customers."""
    folder.mkdir()
    (folder / "loopback.toml").write_text(SETTINGS, encoding="utf-8")
    people = [f"o{number},Owner {number}" for number in range(max(1, size // BOOK))]
    (folder / "people.csv").write_text("person_id,name\n" + "\n".join(people) + "\n", "utf-8")
    listed(size).sink_parquet(folder / "customers.parquet")
    return folder


def aged(workspace: Path, size: int) -> None:
    """Give the workspace a ledger of 24 months, then let a month of churn pass in the list.

    The months come from the first load, as a list without churn would keep them. Of the 24 draws
    only the last is kept as rows of the rotation, since a draw reads no other.
    """
    if not (workspace / "ledger" / "rotation").exists():
        spent(*ways(workspace, FIRST)["loopback"])
    dealt = Ledger(workspace / "ledger").last(ROTATION).select(ROTATION.columns.names()).collect()
    slot = pl.coalesce(
        pl.when(pl.col("decision") == ASKED).then(0),
        months.numbers("planned") - months.number(FIRST),
    )
    fresh = pl.col("customer_id").str.slice(-4).cast(pl.Int64) % 6 == 0
    dealt = dealt.with_columns(slot=slot, fresh=fresh)
    people = listed(size).select("customer_id", "email", "value", "language").collect()
    known = dealt.join(people, "customer_id").with_columns(pl.col("value").cast(pl.Float64))
    shutil.rmtree(workspace / "ledger")
    ledger = Ledger(workspace / "ledger")
    first = months.number(FIRST)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for month in range(24):
        asked = known.filter(~pl.col("fresh") & (pl.col("slot") == month % months.A_YEAR))
        name = months.named(first + month)
        with ledger.run("sample", at, month=name) as run:
            run.append(INVITATIONS, invitations(asked.select(FROZEN), name, b"key", at))
            if month == 23:  # noqa: PLR2004 - the last
                run.append(ROTATION, _last(dealt, first + month))
    joiners = int(size * 0.03)
    listed(size, joiners).sink_parquet(workspace / "customers.parquet")


def by_another(make: Callable[..., None], *given: object) -> None:
    """Let another process make something: what a process starts counts its maker's memory too."""
    maker = get_context("spawn").Process(target=make, args=given)
    maker.start()
    maker.join()
    if maker.exitcode:
        sys.exit(f"making the ledger ended with {maker.exitcode}")


def _last(dealt: pl.DataFrame, now: int) -> pl.DataFrame:
    """Return the rows of the last draw, that of a month of the second year."""
    planned = months.texts(pl.col("slot") + now + 1)
    asked = months.texts(pl.col("slot") + now + 1 - months.A_YEAR)
    now_asked = (pl.col("slot") == months.A_YEAR - 1) & ~pl.col("fresh")
    return dealt.with_columns(
        month=pl.lit(months.named(now)),
        decision=pl.when(pl.col("why").is_not_null())
        .then("decision")
        .when(now_asked)
        .then(pl.lit(ASKED))
        .otherwise(pl.lit(WAITS)),
        asked=pl.when(~pl.col("fresh")).then(asked),
        planned=planned,
        latest=pl.when("fresh").then(pl.lit(months.named(now + months.A_YEAR))),
    ).select(ROTATION.columns.names())


def measured(workspace: Path, month: str, rounds: int) -> dict[str, Cost]:
    """Return the best of some rounds of each way to draw a month, taken in turn."""
    ledger, kept = workspace / "ledger", workspace / "kept"
    ledger.mkdir(exist_ok=True)
    shutil.copytree(ledger, kept, copy_function=os.link)
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        shutil.rmtree(ledger)
        shutil.copytree(kept, ledger, copy_function=os.link)
        for way, command in ways(workspace, month).items():
            costs.setdefault(way, []).append(spent(*command))
    shutil.rmtree(kept)
    return {way: best(found) for way, found in costs.items()}


def ways(workspace: Path, month: str) -> dict[str, tuple[str, ...]]:
    """Return the command line of each way."""
    ours = ("-m", "loopback", "sample", "--today", f"{month}-05", "-w", str(workspace))
    return {
        "loopback": (sys.executable, *ours),
        "Polars": (sys.executable, str(RIVALS / "monthly_polars.py"), str(workspace), month),
        "DuckDB": (sys.executable, str(RIVALS / "monthly_duckdb.py"), str(workspace), month),
    }


def printed(size: int, title: str, costs: dict[str, Cost]) -> None:
    """Print a row of the table."""
    ours, *others = costs.values()
    on_the_clock = ours.seconds / min(cost.seconds for cost in others)
    of_processors = ours.processors / min(cost.processors for cost in others)
    cells = " ".join(
        f"{c.seconds:7.2f} {c.processors:7.2f} {c.gigabytes:5.2f}" for c in costs.values()
    )
    print(f"{size:11,} {title:10} {cells} {on_the_clock:6.2f} {of_processors:6.2f}", flush=True)


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=lambda text: int(text.replace(",", "")))
    parser.add_argument("--mode", choices=("first", "monthly"))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args()


def main() -> None:
    """Print the table."""
    asked = arguments()
    heads = " ".join(f"{way:>7} {'CPU':>7} {'GB':>5}" for way in ("ours, s", "Polars", "DuckDB"))
    print(f"{'customers':>11} {'':10} {heads} {'ratio':>6} {'CPU':>6}", flush=True)
    for size in asked.sizes or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            workspace = made(Path(folder) / "company", size)
            if asked.mode != "monthly":
                printed(size, "first load", measured(workspace, FIRST, asked.rounds))
            if asked.mode != "first":
                by_another(aged, workspace, size)
                printed(size, "monthly", measured(workspace, DRAWN, asked.rounds))


if __name__ == "__main__":
    main()
