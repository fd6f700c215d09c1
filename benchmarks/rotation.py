"""The rotation beside the ways a team would do it by hand, in one made-up company, in one run.

12,000 customers, 150 owners with books of very different sizes; each month 3 % of the customers
leave and as many join, 0.5 % change owner, and one owner leaves, whose book three colleagues
share. Asked once a year. The last 36 of 60 months are measured; `wait` is the longest until the
first ask, `moved` the largest share of the list whose planned month a run moved.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import polars as pl

from loopback import months, rotation
from loopback.prn import prn
from loopback.tables import ASKED, GONE, ROTATION

if TYPE_CHECKING:
    from collections.abc import Callable

CUSTOMERS, OWNERS, REGIONS, SEGMENTS = 12_000, 150, 8, 4
LIVED, MEASURED, PERIOD = 60, 36, 12
LEAVE, MOVE, HEIRS = 0.03, 0.005, 3
FIRST = months.number("2026-01")
COLUMNS = ["customer_id", "owner", "region", "segment"]
ABSENT = {
    "joined": pl.lit(None, pl.Date),
    "asks": pl.lit(1, pl.Int8),
    "why": pl.lit(None, pl.String),
}
Customers = dict[str, str]


class Company:
    """The same lives for every method: who is there each month, and who owns whom."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        self.owners = [f"o{number:03}" for number in range(OWNERS)]
        self.sizes = [self.chance.lognormvariate(0, 0.9) for _ in self.owners]
        self.born = 0
        self.customers: Customers = {}
        self.segment: dict[str, str] = {}
        self.join(CUSTOMERS)

    def join(self, count: int) -> None:
        """Let customers join, large books more often."""
        for owner in self.chance.choices(self.owners, self.sizes, k=count):
            self.born += 1
            name = f"c{self.born}"
            self.customers[name] = owner
            self.segment[name] = f"s{self.chance.randrange(SEGMENTS)}"

    def live(self) -> None:
        """Let a month pass."""
        before = len(self.customers)
        stay = {c: o for c, o in self.customers.items() if self.chance.random() >= LEAVE}
        left, *heirs = self.chance.sample(self.owners, HEIRS + 1)
        for customer, owner in stay.items():
            if owner == left:
                stay[customer] = self.chance.choice(heirs)
            elif self.chance.random() < MOVE:
                stay[customer] = self.chance.choices(self.owners, self.sizes)[0]
        self.customers = stay
        self.join(before - len(stay))


class Level:
    """The rotation of loopback; it keeps the share of the list whose planned month moved."""

    def __init__(self, company: Company, slack: int = 0) -> None:
        self.company = company
        self.slack = slack
        self.state = pl.DataFrame(schema=ROTATION.columns)
        self.moved: list[float] = []

    def __call__(self, customers: Customers, month: int) -> set[str]:
        """Draw a cohort and remember it, as the ledger would."""
        rows = [(c, o, region(o), self.company.segment[c]) for c, o in customers.items()]
        listed = pl.DataFrame(rows, schema=COLUMNS, orient="row").with_columns(**ABSENT)
        known = rotation.remembered(listed, self.state.lazy())
        drawn = rotation.draw(*known, months.named(FIRST + month), slack=self.slack, seed="bench")
        self._count_moves(drawn)
        self.state = drawn
        return set(drawn.filter(pl.col("decision") == ASKED)["customer_id"])

    def _count_moves(self, drawn: pl.DataFrame) -> None:
        never = self.state.filter(pl.col("asked").is_null() & pl.col("planned").is_not_null())
        both = never.join(drawn, "customer_id").filter(pl.col("decision_right") != GONE)
        due = pl.when(pl.col("decision_right") == ASKED).then("month_right")
        month = pl.coalesce(due, "planned_right")
        moves = both.filter(pl.col("planned") != month).height
        self.moved.append(moves / drawn.height)


def hashed(customers: Customers, month: int) -> set[str]:
    """Ask those whose hash falls on the month."""
    return {c for c in customers if prn(c, "hash") % PERIOD == month % PERIOD}


def drawn_at_random(customers: Customers, month: int) -> set[str]:
    """Ask a twelfth, picked at random."""
    chance = random.Random(month)  # noqa: S311 - a simulation
    return set(chance.sample(sorted(customers), len(customers) // PERIOD))


class RandomWithRest:
    """Ask a twelfth, picked at random among those not asked in the last eleven months."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}

    def __call__(self, customers: Customers, month: int) -> set[str]:
        """Draw a cohort and remember it."""
        chance = random.Random(month)  # noqa: S311 - a simulation
        rested = [c for c in sorted(customers) if month - self.last.get(c, -PERIOD) >= PERIOD]
        asked = set(chance.sample(rested, min(len(rested), len(customers) // PERIOD)))
        self.last |= dict.fromkeys(asked, month)
        return asked


class Chunks:
    """Shuffle the list at the start of each year and cut it in twelve."""

    def __init__(self) -> None:
        self.month_of: dict[str, int] = {}

    def __call__(self, customers: Customers, month: int) -> set[str]:
        """Draw a cohort; those who joined since wait for the new year."""
        if month % PERIOD == 0:
            order = random.Random(month).sample(sorted(customers), len(customers))  # noqa: S311
            self.month_of = {c: index % PERIOD for index, c in enumerate(order)}
        return {c for c in customers if self.month_of.get(c) == month % PERIOD}


def region(owner: str) -> str:
    """Return the region of an owner."""
    return f"r{int(owner[1:]) % REGIONS}"


def measured(name: str, build: Callable[[Company], Callable[[Customers, int], set[str]]]) -> str:
    """Return a row of the table."""
    company = Company(seed=1)
    draw = build(company)
    misses: list[float] = []
    totals: list[float] = []
    regions: list[float] = []
    born: dict[str, int] = {}
    asked_in: dict[str, list[int]] = defaultdict(list)
    present: dict[int, set[str]] = {}
    start = time.perf_counter()
    for month in range(LIVED):
        if month:
            company.live()
        cohort = draw(company.customers, month)
        for customer in company.customers:
            born.setdefault(customer, month)
        for customer in cohort:
            asked_in[customer].append(month)
        if month >= LIVED - MEASURED:
            misses += owner_misses(company.customers, cohort)
            totals.append(abs(len(cohort) - len(company.customers) / PERIOD))
            regions += region_misses(company.customers, cohort)
            present[month] = set(company.customers)
    once = asked_once(asked_in, present)
    waits = [asked[0] - born[customer] for customer, asked in asked_in.items() if asked]
    moved = f"{max(draw.moved[1:]):7.2%}" if isinstance(draw, Level) else f"{'':7}"
    gaps = [b - a for m in asked_in.values() for a, b in itertools.pairwise(m)]
    seconds = time.perf_counter() - start
    return (
        f"{name:26} {share(m >= 1 for m in misses):9.1%} {share(m >= 2 for m in misses):9.2%}"  # noqa: PLR2004
        f" {max(totals):9.1f} {max(regions):7.1f} {share(once):11.2%} {min(gaps):5} {max(gaps):5}"
        f" {max(waits):5} {moved} {seconds:8.1f}"
    )


def asked_once(asked_in: dict[str, list[int]], present: dict[int, set[str]]) -> list[bool]:
    """Say of each customer who stayed, in each rolling 12 months, whether it was asked once."""
    found: list[bool] = []
    for start in range(LIVED - MEASURED, LIVED - PERIOD + 1):
        window = range(start, start + PERIOD)
        stayed = set.intersection(*(present[month] for month in window))
        found += [sum(month in window for month in asked_in[c]) == 1 for c in stayed]
    return found


def owner_misses(customers: Customers, cohort: set[str]) -> list[float]:
    """Return by how many customers each owner misses a twelfth of the book."""
    books = Counter(customers.values())
    asked = Counter(customers[customer] for customer in cohort)
    return [abs(asked[owner] - size / PERIOD) for owner, size in books.items()]


def region_misses(customers: Customers, cohort: set[str]) -> list[float]:
    """Return by how many customers each region misses a twelfth of its size."""
    sizes = Counter(map(region, customers.values()))
    asked = Counter(region(customers[customer]) for customer in cohort)
    return [abs(asked[name] - size / PERIOD) for name, size in sizes.items()]


def share(found: object) -> float:
    """Return the share of what is true."""
    return statistics.fmean(map(float, found))  # type: ignore[arg-type]


def main() -> None:
    """Print the table."""
    head = f"{'':26} {'owner>=1':>9} {'owner>=2':>9} {'total max':>9} {'region':>7}"
    print(f"{head} {'exactly one':>11} {'gap':>5} {'':>5} {'wait':>5} {'moved':>7} {'seconds':>8}")
    methods: dict[str, Callable[[Company], Callable[[Customers, int], set[str]]]] = {
        "loopback": Level,
        "hash(id) % 12": lambda _: hashed,
        "random twelfth": lambda _: drawn_at_random,
        "random, rest of 11 months": lambda _: RandomWithRest(),
        "list reshuffled each year": lambda _: Chunks(),
    }
    for name, build in methods.items():
        print(measured(name, build))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
