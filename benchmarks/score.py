"""NPS by owner and month beside the best Polars and DuckDB scripts: time, memory, and growth.

Each way runs in a process of its own, in turn, several times; the least time counts. All read the
same Parquet and give the same table: counts, NPS and the adjusted Wald limits of every owner and
month. `--command` adds the whole command on a ledger of as many responses, which also looks for
corrected answers. DuckDB is left out where it is not installed (pip install duckdb).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
import json, sys, time
path = sys.argv[1]
start = time.perf_counter()
{code}
seconds = time.perf_counter() - start
status = open("/proc/self/status").read()  # getrusage would count the parent's peak
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(json.dumps([seconds, peak, len(table)]))
"""
COMMAND = """
import contextlib, io
from loopback.cli import main
kept = io.StringIO()
with contextlib.redirect_stdout(kept), contextlib.suppress(SystemExit):
    main(["score", "--by", "owner", "--today", "2026-12-31", "--json", "-w", path])
import json as reader
table = reader.loads(kept.getvalue())["scores"]
"""
READ = """
import polars as pl
rows = pl.scan_parquet(path).select("owner", "month", "score")
table = rows.select(pl.all().max()).collect(engine="streaming")
"""


def responses(folder: Path, size: int) -> Path:
    """Write a Parquet of so many responses, made in pieces."""
    import polars as pl

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
    """Make a workspace whose ledger has so many responses, each to its invitation."""
    import polars as pl

    from loopback.clock import clock_of
    from loopback.steps.init import init
    from loopback.tables import INVITATIONS, RESPONSES
    from loopback.workspace import Workspace

    path = folder / f"workspace-{size}"
    init(path)
    rows = pl.concat([pl.read_parquet(p) for p in (folder / f"responses-{size}").iterdir()])
    named = rows.with_row_index("place").with_columns(
        customer_id=pl.lit("C") + pl.col("place").cast(pl.String),
        token=pl.lit("T") + pl.col("place").cast(pl.String),
        response_id=pl.lit("R") + pl.col("place").cast(pl.String),
    )
    with Workspace(path).ledger.run("benchmark", clock_of(None).now) as run:
        for kind in (INVITATIONS, RESPONSES):
            absent = [pl.lit(None, t).alias(n) for n, t in kind.columns.items() if n not in named]
            fitted = named.with_columns(absent).select(kind.columns.names())
            run.append(kind, fitted)
    return path


def measured(code: str, path: Path) -> tuple[float, float, int]:
    """Return seconds, peak MB and rows of one run in a process of its own."""
    script = WATCH.format(code=code)
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-c", script, str(path)], check=True, capture_output=True, text=True
    )
    seconds, peak, rows = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak, rows


def compare(folder: Path, size: int, *, command: bool) -> None:
    """Print the table of one size."""
    path = responses(folder, size)
    ways = {"just reading": (READ, path), "loopback": (LOOPBACK, path), "Polars": (POLARS, path)}
    if importlib.util.find_spec("duckdb"):
        ways["DuckDB"] = (DUCKDB, path / "*.parquet")
    if command:
        ways["loopback score, the command"] = (COMMAND, workspace(folder, size))
    found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, (code, place) in ways.items():
            found[name].append(measured(code, Path(place)))
            time.sleep(0.1)
    best = {name: min(runs) for name, runs in found.items()}
    rival = min(best[name][0] for name in ("Polars", "DuckDB") if name in best)
    for name, (seconds, peak, rows) in best.items():
        row = f"{size:12,} {name:28} {seconds:8.2f} {seconds / rival:7.2f} {peak:8.0f} {rows:8}"
        print(row, flush=True)


def main() -> None:
    """Print the table of all sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES, help="numbers of responses")
    parser.add_argument("--command", action="store_true", help="measure the whole command too")
    options = parser.parse_args()
    print(f"{'responses':>12} {'':28} {'seconds':>8} {'ratio':>7} {'peak MB':>8} {'rows':>8}")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            compare(Path(folder), size, command=options.command)


if __name__ == "__main__":
    main()
