"""What a process costs, in the surroundings that a user has: for the benchmarks beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# With the first, each run would compile all modules anew; Polars sets the second for its process.
NOT_OF_A_USER = {"PYTHONDONTWRITEBYTECODE", "_RJEM_MALLOC_CONF"}
DONE = {0, 3}  # 3 is done, with rejects


class Cost(NamedTuple):
    """What a process took: seconds on the clock and of all processors, gigabytes at the most."""

    seconds: float
    processors: float
    gigabytes: float


def surroundings() -> dict[str, str]:
    """Return the environment without what only a benchmark has in its own."""
    return {name: value for name, value in os.environ.items() if name not in NOT_OF_A_USER}


def spent(*command: str) -> Cost:
    """Run a process; return what it took. What it says is shown where it fails, which ends all."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own scripts
            command, env=surroundings(), stdout=said, stderr=said
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        code = os.waitstatus_to_exitcode(status)
        if code not in DONE:
            said.seek(0)
            sys.exit(f"{said.read().decode()}\n{' '.join(command)} ended with {code}")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1e6)


def best(costs: Iterable[Cost]) -> Cost:
    """Return the least time that some rounds took, and the most memory."""
    seconds, processors, gigabytes = zip(*costs, strict=True)
    return Cost(min(seconds), min(processors), max(gigabytes))
