"""What safety costs: a commit and a read of the ledger beside plain Polars, in one run."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from loopback.ledger import Ledger
from loopback.tables import ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, RUNS = 1_000, 100
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def rows() -> pl.DataFrame:
    """Return a cohort's worth of rows."""
    ids = [f"C-{number}" for number in range(ROWS)]
    return pl.DataFrame({"customer_id": ids}).with_columns(
        month=pl.lit("2026-11"), latest=pl.lit("2027-10")
    )


def timed(act: Callable[[], object]) -> float:
    """Return the milliseconds that something takes."""
    start = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - start)


def commit(folder: Path) -> None:
    """Append one part through the ledger: lock, part, run row, all flushed."""
    with Ledger(folder).run("bench", NOW) as run:
        run.append(ROTATION, rows())


def main() -> None:
    """Write a hundred parts both ways, read them both ways, and print a table."""
    with tempfile.TemporaryDirectory() as name:
        safe, plain = Path(name) / "ledger", Path(name) / "plain"
        plain.mkdir()
        ours = [timed(lambda: commit(safe)) for _ in range(RUNS)]
        files = [plain / f"{number}.parquet" for number in range(RUNS)]
        theirs = [timed(lambda f=file: rows().write_parquet(f)) for file in files]
        first = timed(lambda: Ledger(safe).rows(ROTATION))
        again = timed(lambda: Ledger(safe).rows(ROTATION))
        scan = timed(lambda: pl.scan_parquet(files).collect())
    write, base = statistics.median(ours), statistics.median(theirs)
    print(f"{'':44} {'ms':>8} {'ratio':>7}")
    print(f"{'write_parquet, not flushed, not atomic':44} {base:8.1f} {1:7.1f}")
    print(f"{'a run of the ledger':44} {write:8.1f} {write / base:7.1f}")
    print(f"{f'scan_parquet of {RUNS} parts':44} {scan:8.1f} {1:7.1f}")
    print(f"{'the ledger, hashing what is new':44} {first:8.1f} {first / scan:7.1f}")
    print(f"{'the ledger again':44} {again:8.1f} {again / scan:7.1f}")


if __name__ == "__main__":
    main()
