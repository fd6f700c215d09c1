"""How often an interval holds the true score, and how often owners who are alike are flagged.

Coverage: all outcomes of n answers are enumerated and weighted by their probability, for 400
realistic populations (Dirichlet 6, 12, 22: mean 15/30/55, sd of the NPS 11 points) and ten fixed
ones. No sampling error but that of which populations were drawn.
"""

from __future__ import annotations

import argparse
import math
import random
from collections import Counter
from typing import TYPE_CHECKING

from loopback.nps import funnel
from loopback.nps.counts import POINTS, Counts
from loopback.nps.discovery import flags
from loopback.nps.interval import interval
from loopback.nps.method import Method
from loopback.nps.pairs import paired
from loopback.nps.shrinkage import company, shrunk

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZES = (5, 10, 20, 50)
REALISTIC = (6, 12, 22)
POPULATIONS = 400
CONFIDENCE = 0.95
OWNERS = 150
SHARES = (0.15, 0.30, 0.55)
FIXED = (
    *((0.02, 0.08, 0.90), (0.05, 0.15, 0.80), (0.10, 0.25, 0.65), (0.15, 0.30, 0.55)),
    *((0.10, 0.50, 0.40), (0.25, 0.35, 0.40), (0.05, 0.80, 0.15), (0.45, 0.05, 0.50)),
    *((0.40, 0.35, 0.25), (0.65, 0.20, 0.15)),
)
Shares = tuple[float, ...]


def populations(chance: random.Random) -> list[Shares]:
    """Return realistic populations: shares of detractors, passives and promoters."""
    drawn = [[chance.gammavariate(a, 1) for a in REALISTIC] for _ in range(POPULATIONS)]
    return [tuple(value / sum(row) for value in row) for row in drawn]


def outcomes(n: int) -> Iterator[tuple[Counts, float]]:
    """Return all counts of n answers, each with the logarithm of its multinomial coefficient."""
    for d in range(n + 1):
        for p in range(n - d + 1):
            counts = Counts(d, n - d - p, p)
            yield counts, math.lgamma(n + 1) - sum(math.lgamma(c + 1) for c in counts)


def coverages(n: int, method: Method, truths: list[Shares]) -> tuple[list[float], float]:
    """Return the probability, for each population, that the interval holds its score."""
    found = [(*row, interval(row[0], method, CONFIDENCE)) for row in outcomes(n)]
    held: list[float] = []
    for truth in truths:
        score, logs = POINTS * (truth[2] - truth[0]), [math.log(share) for share in truth]
        held.append(
            math.fsum(
                math.exp(weight + sum(c * log for c, log in zip(counts, logs, strict=True)))
                for counts, weight, limits in found
                if limits.lower <= score <= limits.upper
            )
        )
    widths = [limits.upper - limits.lower for _, _, limits in found]
    return held, min(widths)


def show_coverage(sizes: tuple[int, ...]) -> None:
    """Print the table of coverage."""
    realistic = populations(random.Random(1))  # noqa: S311 - a simulation
    print(f"Coverage of {CONFIDENCE:.0%} intervals: realistic populations | ten fixed ones")
    print(f"{'':14} {'n':>4} {'mean':>7} {'5th pc':>7} {'worst':>7} | {'mean':>7} {'worst':>7}")
    for method in Method:
        for n in sizes:
            held, narrowest = coverages(n, method, realistic)
            fixed, _ = coverages(n, method, list(FIXED))
            mean, low = math.fsum(held) / len(held), sorted(held)[len(held) // 20]
            row = f"{mean:7.4f} {low:7.4f} {min(held):7.4f} | {math.fsum(fixed) / len(fixed):7.4f}"
            width = "" if narrowest > 0 else "   width zero possible"
            print(f"{method.value:14} {n:4} {row} {min(fixed):7.4f}{width}")


def steps(chance: random.Random) -> Shares:
    """Return the shares of customers by step between two times, alike in most.

    A customer answers as the first time with a probability of one half, else anew.
    """
    first = populations(chance)[0]
    drift = populations(chance)[1]
    shares = Counter[int]()
    for i in range(3):
        for j in range(3):
            again = 0.5 * drift[j] + (0.5 if i == j else 0.0)
            shares[j - i] += first[i] * again  # type: ignore[assignment]
    return tuple(shares[step] for step in range(-2, 3))


def paired_coverage(n: int, truth: Shares) -> float:
    """Return how often the interval of n customers who answered twice holds their true change."""
    change = POINTS * sum(step * share for step, share in zip(range(-2, 3), truth, strict=True))
    held: list[float] = []
    for counts in _five(n):
        found = paired(dict(zip(range(-2, 3), counts, strict=True)), CONFIDENCE)
        if found and found.lower <= change <= found.upper:
            log = math.lgamma(n + 1) - sum(math.lgamma(c + 1) for c in counts)
            log += sum(c * math.log(share) for c, share in zip(counts, truth, strict=True))
            held.append(math.exp(log))
    return math.fsum(held)


def _five(n: int) -> Iterator[tuple[int, ...]]:
    for a in range(n + 1):
        for b in range(n - a + 1):
            for c in range(n - a - b + 1):
                for d in range(n - a - b - c + 1):
                    yield a, b, c, d, n - a - b - c - d


def show_pairs() -> None:
    """Print the coverage of the change of the same customers."""
    print("\nCoverage of the change of the same customers (realistic, half answer as before)")
    for n in (5, 10, 20):
        held = [paired_coverage(n, steps(random.Random(seed))) for seed in range(25)]  # noqa: S311
        print(f"{'paired':14} {n:4} {math.fsum(held) / len(held):7.4f} {min(held):15.4f}")


def alike(chance: random.Random, n: int) -> Counts:
    """Return the answers of an owner who is like all others."""
    drawn = Counter(chance.choices(range(3), SHARES, k=n))
    return Counts(drawn[0], drawn[1], drawn[2])


def flagged(groups: list[Counts]) -> dict[str, int]:
    """Return how many owners each rule flags."""
    known, limits = company(groups), funnel.funnel(groups)
    excluded = {
        method: sum(not _holds(group, method, known.nps) for group in groups) for method in Method
    }
    below = [shrunk(group, known, CONFIDENCE).below for group in groups]
    return {
        "Wald interval leaves out the company": excluded[Method.WALD],
        "adjusted Wald leaves out the company": excluded[Method.ADJUSTED_WALD],
        "funnel 95 %": sum(bool(funnel.outside(g, limits, funnel.WARNING)) for g in groups),
        "funnel 99.8 %": sum(bool(funnel.outside(g, limits)) for g in groups),
        "loopback: Bayesian FDR 5 %": sum(flag is not None for flag in flags(below)),
    }


def _holds(group: Counts, method: Method, score: float) -> bool:
    found = interval(group, method, CONFIDENCE)
    return found.lower <= score <= found.upper


def show_flags(repetitions: int) -> None:
    """Print how many of 150 owners who are all alike are flagged, on average."""
    print(f"\nFalse flags among {OWNERS} owners who are all alike, mean of {repetitions}")
    for n in (5, 20, 80):
        sums = Counter[str]()
        for seed in range(repetitions):
            chance = random.Random(seed)  # noqa: S311 - a simulation
            sums.update(flagged([alike(chance, n) for _ in range(OWNERS)]))
        for rule, total in sums.items():
            print(f"{n:3} answers each  {rule:38} {total / repetitions:7.2f}")


def main() -> None:
    """Print all three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of answers")
    parser.add_argument("--repetitions", type=int, default=40, help="of the simulated companies")
    options = parser.parse_args()
    show_coverage(tuple(int(size) for size in options.sizes.split(",")))
    show_pairs()
    show_flags(options.repetitions)


if __name__ == "__main__":
    main()
