"""How long `loopback --help` takes beside `import typer`, in one run: the target is 1.5 times."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import typer'": ["-c", "import typer"],
    "loopback --help": ["-m", "loopback", "--help"],
    "python -c 'import polars'": ["-c", "import polars"],
}


def seconds(arguments: list[str]) -> float:
    """Return the wall time of one run of Python."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    return time.perf_counter() - start


def main() -> None:
    """Time the commands in turn, so that a busy moment meets all of them, and print a table."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            times[name].append(seconds(arguments))
    base = statistics.median(times["python -c 'import typer'"])
    print(f"{'command':28} {'median ms':>10} {'min ms':>8} {'ratio to import typer':>22}")
    for name, found in times.items():
        middle = statistics.median(found)
        line = f"{name:28} {1000 * middle:10.0f} {1000 * min(found):8.0f} {middle / base:22.2f}"
        print(line)


if __name__ == "__main__":
    main()
