"""Code comments of files that are larger than the memory the process may have.

`loopback reasons code` from CSV to CSV, JSON lines to JSON lines and Parquet to Parquet, under
RLIMIT_DATA, which bounds what a process may ask the system for, used or not. Linux only.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

LIMIT = 1_500  # MB
SIZE = 1_800  # MB of each file
LETTERS = 900  # of a comment
ENDINGS = (".csv", ".jsonl", ".parquet")
FRAME = '[[reason]]\nid = "speed"\nlabel = "Speed"\nany = ["late", "deliver*"]\n'
WORDS = "the parcel was delivered late and nobody told us why it took so long this time "


def rows(count: int) -> pl.LazyFrame:
    """Return so many comments, all different, so that no kind of file packs them."""
    numbers = pl.LazyFrame({"id": pl.int_range(count, eager=True)})
    words = WORDS * (LETTERS // len(WORDS))
    return numbers.with_columns(comment=pl.format("{} " + words, pl.col("id").hash()))


def write(path: Path) -> None:
    """Write a file of the kind that its name says, bit by bit."""
    made = rows(SIZE * 1_000_000 // LETTERS)
    match path.suffix:
        case ".csv":
            made.sink_csv(path)
        case ".jsonl":
            made.sink_ndjson(path)
        case _:
            made.sink_parquet(path, compression="uncompressed")


def bounded() -> None:
    """Bound the memory of this process."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT << 20, LIMIT << 20))


def main() -> None:
    """Print whether each kind of file is coded to its end."""
    print("| file | MB | may ask for, MB | rows coded |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name:
        folder = Path(name)
        frame = folder / "reasons.toml"
        frame.write_text(FRAME, encoding="utf-8")
        for ending in ENDINGS:
            file, to = folder / f"in{ending}", folder / f"out{ending}"
            write(file)
            command = [Path(sys.executable).with_name("loopback"), "reasons", "code", file]
            words = [*command, "--frame", frame, "--column", "comment", "--to", to]
            ended = subprocess.run(  # noqa: S603
                words, preexec_fn=bounded, check=False, capture_output=True, text=True
            )
            said = ended.stdout.split(" ")[0] if ended.returncode == 0 else ended.stderr[-200:]
            print(f"| {ending} | {file.stat().st_size >> 20:,} | {LIMIT:,} | {said} |", flush=True)
            file.unlink()
            to.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
