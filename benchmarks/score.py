"""NPS by owner and month beside the best Polars and DuckDB scripts: time, memory, and growth.

Each way runs in a process of its own, in turn, several times; the least time counts, beside the
least processor seconds, which tell more on a machine that does other things too. All read the same
Parquet and give the same table: counts, NPS and the adjusted Wald limits of every owner and month.

`--command` measures whole commands on a ledger of as many responses, beside scripts that read the
parts of the same ledger, leave out corrected rows, write the same table as JSON to the same file,
and are spared what the command does besides (settings, names, the total, trend and change):
`score --by owner --monthly`, with the response rate of every owner and month; and
`score --by owner`, with customers and value covered and who never answered. In that ledger a fifth
as many customers as responses are asked every other month of a year, and five in six answer.
DuckDB is left out where it is not installed (pip install duckdb).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from benchmarks.cost import surroundings

if TYPE_CHECKING:
    from loopback.tables import Table

SIZES = (1_000_000, 4_000_000)
OWNERS = 2_000
MONTHS = [f"2026-{month:02}" for month in range(1, 13)]
RUNS = 3
CHUNK = 5_000_000
Z = 1.959963984540054

LOOPBACK = """
import polars as pl
from loopback.score import tallies, with_interval
rows = pl.scan_parquet(path, glob=False)
counts = tallies(rows, ["owner", "month"]).collect(engine="streaming")
table = with_interval(counts, 0.95).sort("owner", "month")
"""
POLARS = f"""
import polars as pl
up, down = pl.col("score") >= 9, pl.col("score") <= 6
counts = pl.scan_parquet(path).group_by("owner", "month").agg(
    n=pl.len().cast(pl.Float64), d=down.sum().cast(pl.Float64), p=up.sum().cast(pl.Float64)
)
m, b, o = pl.col("n") + 3, pl.col("p") - pl.col("d"), pl.col("p") + pl.col("d") + 1.5
half = {Z} * ((o / m - (b / m) ** 2) / m).sqrt()
table = counts.with_columns(
    nps=100 * b / pl.col("n"),
    lower=(100 * (b / m - half)).clip(-100, 100),
    upper=(100 * (b / m + half)).clip(-100, 100),
).sort("owner", "month").collect(engine="streaming")
"""
DUCKDB = f"""
import duckdb
duckdb.sql("set preserve_insertion_order = false")
table = duckdb.sql(f'''
with counts as (
    select owner, month, count(*) as n, count(*) filter (score <= 6) as d,
           count(*) filter (score >= 9) as p from read_parquet('{{path}}') group by all
), centres as (
    select *, (p - d) / (n + 3) as c,
           {Z} * sqrt(((p + d + 1.5) / (n + 3) - ((p - d) / (n + 3)) ** 2) / (n + 3)) as h
    from counts
)
select *, 100.0 * (p - d) / n as nps, greatest(100 * (c - h), -100) as lower,
       least(100 * (c + h), 100) as upper from centres order by owner, month
''').fetchall()
"""  # noqa: S608 - the path is our own
WATCH = """
import json, resource, sys, time
path = sys.argv[1]
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
status = open("/proc/self/status").read()  # getrusage would count the parent's peak
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([seconds, used.ru_utime + used.ru_stime, peak, len(table)]))
"""
COMMAND = """
import contextlib
from loopback.cli import main
with open(path + "/table.json", "w", encoding="utf-8") as kept:
    with contextlib.redirect_stdout(kept), contextlib.suppress(SystemExit):
        main(["score", "--by", "owner", "--today", "2026-12-31", "--json", "-w", path, *OPTIONS])
table = [row for row in open(path + "/table.json") if row.startswith('    {"owner"')]
"""
# Of a response that was corrected the last row counts; each looks first whether there is one.
POLARS_CURRENT = """
told = pl.scan_parquet(path + "/ledger/responses/*")
if told.select(pl.col("corrects").count()).collect(engine="streaming").item():
    told = told.sort("run", "row").unique("response_id", keep="last", maintain_order=True)
"""
DUCKDB_CURRENT = """
import duckdb
told = f"(from read_parquet('{path}/ledger/responses/*'))"
if duckdb.sql(f"select count(corrects) from {told}").fetchall()[0][0]:
    last = "row_number() over (partition by response_id order by run desc, row desc) = 1"
    told = f"(from {told} qualify {last})"
"""
POLARS_WRITES = "table.write_ndjson(path + '/table.json')\n"
DUCKDB_WRITES = """
duckdb.sql(f"copy (from found) to '{path}/table.json' (format json)")
table = open(path + "/table.json").readlines()
"""
POLARS_MONTHLY = POLARS.replace("counts = pl.scan_parquet(path)", POLARS_CURRENT + "counts = told")
POLARS_MONTHLY = POLARS_MONTHLY.replace(
    "p=up.sum()", "answered=pl.col('token').count(), p=up.sum()"
).replace(
    ").sort(",
    """).join(
    pl.scan_parquet(path + '/ledger/invitations/*').group_by("owner", "month").agg(asked=pl.len()),
    ["owner", "month"],
).sort(""",
)
DUCKDB_MONTHLY = DUCKDB.replace("read_parquet('{path}')", "{told}").replace(
    "count(*) as n", "count(*) as n, count(token) as answered"
)
DUCKDB_MONTHLY = DUCKDB_MONTHLY.replace(
    "from centres order",
    """from centres join (
    select owner, month, count(*) as asked from read_parquet('{path}/ledger/invitations/*')
    group by all
) using (owner, month) order""",
)
POLARS_REACH = """
import polars as pl
up, down = pl.col("score") >= 9, pl.col("score") <= 6
{current}
asked = pl.scan_parquet(path + "/ledger/invitations/*")
counts = told.group_by("owner").agg(
    n=pl.len(), d=down.sum(), p=up.sum(), answered=pl.col("token").count()
)
invited = asked.group_by("owner").agg(invited=pl.len())
customers = (
    asked.group_by("owner", "customer_id").agg(value=pl.col("value").max_by("month"))
    .join(told.select("owner", "customer_id", covered=True).unique(), ["owner", "customer_id"],
          how="left")
    .join(told.select("customer_id", once=True).unique(), "customer_id", how="left")
    .group_by("owner").agg(
        customers=pl.len(), covered=pl.col("covered").count(), value=pl.col("value").sum(),
        value_covered=pl.col("value").filter(pl.col("covered").is_not_null()).sum(),
        never=pl.col("once").null_count(),
    )
)
table = counts.join(invited, "owner").join(customers, "owner").sort("owner").collect(
    engine="streaming"
)
"""
DUCKDB_REACH = """
import duckdb
duckdb.sql("set preserve_insertion_order = false")
asked = f"'{path}/ledger/invitations/*'"
table = duckdb.sql(f'''
with counts as (
    select owner, count(*) as n, count(token) as answered, count(*) filter (score <= 6) as d,
           count(*) filter (score >= 9) as p from {told} group by owner
), customers as (
    select owner, customer_id, count(*) as invitations, arg_max(value, month) as value
    from read_parquet({asked}) group by all
), covered as (
    select distinct owner, customer_id, true as covered from {told}
), ever as (select distinct customer_id, true as once from {told}
), reached as (
    select owner, sum(invitations) as invited, count(*) as customers, count(covered) as covered,
           sum(value) as value, sum(value) filter (covered) as value_covered,
           count(*) - count(once) as never
    from customers left join covered using (owner, customer_id)
                   left join ever using (customer_id) group by owner
) select * from counts join reached using (owner) order by owner
''').fetchall()
"""
POLARS_REACH = POLARS_REACH.replace("{current}", POLARS_CURRENT)
POLARS_MONTHLY, POLARS_REACH = (code + POLARS_WRITES for code in (POLARS_MONTHLY, POLARS_REACH))
DUCKDB_MONTHLY, DUCKDB_REACH = (
    DUCKDB_CURRENT + code.replace("table =", "found =").replace(".fetchall()", "") + DUCKDB_WRITES
    for code in (DUCKDB_MONTHLY, DUCKDB_REACH)
)
READ = """
import polars as pl
rows = pl.scan_parquet(path).select("owner", "month", "score")
table = rows.select(pl.all().max()).collect(engine="streaming")
"""


class Measured(NamedTuple):
    """What a run took: seconds, processor seconds, megabytes at its peak; and rows it gave."""

    seconds: float
    processor: float
    peak: float
    rows: int


def responses(folder: Path, size: int) -> Path:
    """Write a Parquet of so many responses, made in pieces."""
    path = folder / f"responses-{size}"
    path.mkdir()
    for part, start in enumerate(range(0, size, CHUNK)):
        rows = min(CHUNK, size - start)
        number = pl.int_range(start, start + rows, eager=True)
        chance = number.hash(seed=1)
        pl.DataFrame(
            {
                "owner": "o" + (chance % OWNERS).cast(pl.String),
                "month": pl.Series(MONTHS)[(number.hash(seed=2) % len(MONTHS)).cast(pl.UInt32)],
                "score": (number.hash(seed=3) % 11).cast(pl.Int64),
            }
        ).write_parquet(path / f"{part}.parquet")
    return path


def workspace(folder: Path, size: int) -> Path:
    """Make a workspace whose ledger has a year of so many responses to their invitations."""
    from loopback.clock import clock_of
    from loopback.steps.init import init
    from loopback.tables import INVITATIONS, RESPONSES
    from loopback.workspace import Workspace

    path = folder / f"workspace-{size}"
    init(path)
    ledger, clock = Workspace(path).ledger, clock_of(None)
    for at, month in enumerate(MONTHS):
        asked = _asked(size // 5, at).with_columns(month=pl.lit(month))
        answered = asked.filter(pl.col("chance") % 6 > 0).sort("chance")
        told = answered.with_columns(
            score=(pl.col("chance") // 6 % 11).cast(pl.Int64), response_id="token"
        )
        for command, kind, rows in (("sample", INVITATIONS, asked), ("ingest", RESPONSES, told)):
            with ledger.run(command, clock.now) as run:
                run.append(kind, _fitted(rows, kind))
    return path


def _asked(customers: int, at: int) -> pl.LazyFrame:
    """Return half of the customers, in turn, each with the same owner every time."""
    place = pl.col("place")
    chance = (place * len(MONTHS) + at).hash(seed=5)
    text = chance.cast(pl.String).str.zfill(20)
    return pl.LazyFrame({"place": pl.int_range(at % 2, customers, 2, eager=True)}).select(
        customer_id="C-" + place.cast(pl.String).str.zfill(8),
        token=text + text.str.slice(4, 12),
        owner="o" + (place.hash(seed=1) % OWNERS).cast(pl.String),
        value=(place.hash(seed=3) % 100_000).cast(pl.Float64) / 100,
        chance=chance,
    )


def _fitted(rows: pl.LazyFrame, kind: Table) -> pl.DataFrame:
    known = rows.collect_schema().names()
    absent = [pl.lit(None, t).alias(n) for n, t in kind.columns.items() if n not in known]
    return rows.with_columns(absent).select(kind.columns.names()).collect()


def measured(code: str, path: Path) -> Measured:
    """Return what one run took in a process of its own."""
    script = WATCH.format(code=code)
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(path)],
        check=True,
        capture_output=True,
        text=True,
        env=surroundings(),
    )
    return Measured(*json.loads(done.stdout.splitlines()[-1]))


def compare(ways: dict[str, tuple[str, Path]], size: int, rounds: int) -> None:
    """Print the table of one size; ratios are to the faster of Polars and DuckDB."""
    if not importlib.util.find_spec("duckdb"):
        ways = {name: way for name, way in ways.items() if name != "DuckDB"}
    found: dict[str, list[Measured]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (code, path) in ways.items():
            found[name].append(measured(code, path))
    rivals = [run for name in ("Polars", "DuckDB") for run in found.get(name, [])]
    least, cheapest = min(r.seconds for r in rivals), min(r.processor for r in rivals)
    for name, runs in found.items():
        seconds, processor = min(r.seconds for r in runs), min(r.processor for r in runs)
        print(
            f"{size:12,} {name:26} {seconds:8.2f} {seconds / least:6.2f} {processor:8.2f} "
            f"{processor / cheapest:6.2f} {max(r.peak for r in runs):8.0f} {runs[0].rows:8,}",
            flush=True,
        )


def tallies(folder: Path, size: int, rounds: int) -> None:
    """Compare the counting alone, on a file of owners, months and scores."""
    path = responses(folder, size)
    ways = {"just reading": (READ, path), "loopback": (LOOPBACK, path), "Polars": (POLARS, path)}
    compare(ways | {"DuckDB": (DUCKDB, path / "*.parquet")}, size, rounds)


def commands(folder: Path, size: int, rounds: int) -> None:
    """Compare whole commands on a ledger."""
    path = workspace(folder, size)
    for option, polars, duckdb in (
        ('"--monthly"', POLARS_MONTHLY, DUCKDB_MONTHLY),
        ("", POLARS_REACH, DUCKDB_REACH),
    ):
        ours = COMMAND.replace("*OPTIONS", option)
        name = f"score --by owner {option}".replace('"', "").strip()
        ways = {name: (ours, path), "Polars": (polars, path), "DuckDB": (duckdb, path)}
        compare(ways, size, rounds)


def main() -> None:
    """Print the table of all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="numbers of responses")
    parser.add_argument("--command", action="store_true", help="measure whole commands instead")
    parser.add_argument("--rounds", type=int, default=RUNS, help="how often each way runs")
    options = parser.parse_args()
    print(
        f"{'responses':>12} {'':26} {'seconds':>8} {'ratio':>6} {'cpu s':>8} {'ratio':>6} "
        f"{'peak MB':>8} {'rows':>8}"
    )
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            (commands if options.command else tallies)(Path(folder), size, options.rounds)


if __name__ == "__main__":
    main()
