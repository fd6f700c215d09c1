"""A made-up company: its people, its customers, and how they come and go."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib import resources
from itertools import accumulate, count
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from datetime import date
    from random import Random

OWNERS = 150
REASONS = 12
SKEW = 0.9  # sigma of the lognormal sizes of books
LEAVE = JOIN = 0.02  # shares of the customers, a month
MOVE_OWNER = 0.005
OPT_OUT = 0.001
NO_ADDRESS = 0.01
FOREIGN = 0.05  # customers who write English whatever the region
HANDOVERS = 4  # colleagues who take over the book of an owner who leaves
FEW_LEFT = 100  # names in a row that somebody bears already
PEOPLE_COLUMNS = ("person_id", "name", "email", "reports_to", "role", "region", "language")


@dataclass
class Owner:
    """A made-up account manager.

    *quality* is what the customers feel, in standard deviations; *habits* say how often each
    reason comes up.
    """

    person_id: str
    name: str
    region: str
    language: str
    size: float
    quality: float
    habits: list[float]


@dataclass
class Customer:
    """A made-up customer; *temper* is what this one thinks of everything."""

    customer_id: str
    name: str
    owner: str
    email: str | None
    phone: str
    person: str
    role: str
    language: str
    region: str
    segment: str
    value: int
    joined: date
    opted_out: str
    temper: float = field(metadata={"secret": True})


@dataclass
class Company:
    """Everyone there is in a month."""

    name: str
    owners: dict[str, Owner]
    managers: list[tuple[str | None, ...]]
    customers: list[Customer]
    born: int = 0

    @cached_property
    def _sizes(self) -> list[float]:
        """The sizes of the books, summed up."""
        return list(accumulate(owner.size for owner in self.owners.values()))

    def any_owner(self, chance: Random) -> Owner:
        """Return an owner, those with large books more often."""
        return chance.choices(list(self.owners.values()), cum_weights=self._sizes)[0]

    def people_rows(self) -> pl.DataFrame:
        """Return the rows of `people.csv`: managers of three levels, then the owners."""
        owners = [
            (
                *(o.person_id, o.name, _mail(o.person_id), f"R{_region_number(o.region)}"),
                *("account manager", o.region, o.language),
            )
            for o in self.owners.values()
        ]
        return pl.DataFrame([*self.managers, *owners], schema=list(PEOPLE_COLUMNS), orient="row")

    def customer_rows(self) -> pl.DataFrame:
        """Return the rows of `customers.csv`."""
        listed = [name.name for name in fields(Customer) if not name.metadata.get("secret")]
        return pl.DataFrame({name: [getattr(c, name) for c in self.customers] for name in listed})


@cache
def names() -> dict[str, Any]:
    """Return the invented names."""
    text = (resources.files("loopback.demo") / "names.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def founded(customers: int, today: date, chance: Random) -> Company:
    """Return a new company with so many customers, whose books are of very different sizes."""
    taken: set[str] = set()
    owners = [_owner(number, taken, chance) for number in range(min(OWNERS, customers // 4))]
    company = Company(names()["company"], {o.person_id: o for o in owners}, _managers(chance), [])
    for _ in range(customers):
        _join(company, today.replace(year=today.year - chance.randint(1, 9)), chance)
    return company


def live_a_month(company: Company, today: date, chance: Random) -> None:
    """Let customers leave, join, opt out and change hands; now and then an owner leaves."""
    count = len(company.customers)
    company.customers = [c for c in company.customers if chance.random() >= LEAVE]
    for customer in company.customers:
        if chance.random() < MOVE_OWNER:
            _hand_over(customer, company.any_owner(chance))
        if chance.random() < OPT_OUT:
            customer.opted_out = "yes"
    _split_a_book(company, chance)
    for _ in range(round(count * JOIN)):
        _join(company, today, chance)


def _owner(number: int, taken: set[str], chance: Random) -> Owner:
    region = names()["region"][number % len(names()["region"])]
    words = names()[region["language"]]
    return Owner(
        f"P{number + 101}",
        _new_name(words, taken, chance),
        region["name"],
        region["language"],
        chance.lognormvariate(0, SKEW),
        chance.gauss(0, 1),
        [chance.lognormvariate(0, 1) for _ in range(REASONS)],
    )


def _new_name(words: dict[str, Any], taken: set[str], chance: Random) -> str:
    """Return a name that nobody bears yet; where few are left, with an initial."""
    tries = (_name(words, chance, initial=tried >= FEW_LEFT) for tried in count())
    name = next(name for name in tries if name not in taken)
    taken.add(name)
    return name


def _name(words: dict[str, Any], chance: Random, *, initial: bool = False) -> str:
    first, last = chance.choice(words["first"]), chance.choice(words["last"])
    return f"{first} {chance.choice(ascii_uppercase)}. {last}" if initial else f"{first} {last}"


def _managers(chance: Random) -> list[tuple[str | None, ...]]:
    """Return a managing director, a director for each language, and a manager for each region."""
    top = _person("M1", None, "managing director", None, "en", chance)
    languages = sorted({region["language"] for region in names()["region"]})
    directors = [
        _person(f"D{number}", "M1", "sales director", None, language, chance)
        for number, language in enumerate(languages, start=1)
    ]
    regional = [
        _person(
            f"R{number}",
            f"D{languages.index(region['language']) + 1}",
            "regional manager",
            region["name"],
            region["language"],
            chance,
        )
        for number, region in enumerate(names()["region"], start=1)
    ]
    return [top, *directors, *regional]


def _person(
    person_id: str,
    boss: str | None,
    role: str,
    region: str | None,
    language: str,
    chance: Random,
) -> tuple[str | None, ...]:
    words = names()[language]
    return (person_id, _name(words, chance), _mail(person_id), boss, role, region, language)


def _mail(person_id: str) -> str:
    return f"{person_id.lower()}@nordlys.example"


def _region_number(name: str) -> int:
    return [region["name"] for region in names()["region"]].index(name) + 1


def _join(company: Company, joined: date, chance: Random) -> None:
    company.born += 1
    owner = company.any_owner(chance)
    words = names()[owner.language]
    kinds = names()["segment"]
    segment = chance.choices(kinds, [kind["share"] for kind in kinds])[0]
    number = f"K{company.born + 10_000}"
    company.customers.append(
        Customer(
            number,
            " ".join(
                filter(None, (chance.choice(words[kind]) for kind in ("last", "trade", "ending")))
            ),
            owner.person_id,
            None if chance.random() < NO_ADDRESS else f"{number.lower()}@customer.example",
            f"{words['phone']}{chance.randint(100, 999)}",
            _name(words, chance),
            chance.choice(words["role"]),
            "en" if chance.random() < FOREIGN else owner.language,
            owner.region,
            segment["name"],
            round(segment["value"] * chance.lognormvariate(0, 0.6), -2),
            joined,
            "no",
            chance.gauss(0, 1),
        )
    )


def _hand_over(customer: Customer, owner: Owner) -> None:
    customer.owner, customer.region = owner.person_id, owner.region


def _split_a_book(company: Company, chance: Random) -> None:
    """Let one owner leave the job: colleagues of the region share the book."""
    left = company.any_owner(chance)
    region = [o for o in company.owners.values() if o.region == left.region and o is not left]
    if not region:
        return
    heirs = chance.sample(region, min(HANDOVERS, len(region)))
    for customer in company.customers:
        if customer.owner == left.person_id:
            _hand_over(customer, chance.choice(heirs))
