"""The voices of made-up customers: scores and comments that follow who looks after them."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from random import Random

    from loopback.demo.company import Company, Customer, Owner

# Shares of the invited.
ANSWERING, PARTIAL, BOUNCING = 0.23, 0.03, 0.012
# Shares of the answers: given again with second thoughts, and without a comment.
TWICE, SILENT = 0.02, 0.25
# Shares of the comments: saying nothing, without a reason, and with two.
EMPTY, GENERAL, TWO_REASONS = 0.04, 0.12, 0.3
# A score is drawn round the mean, moved by the owner, the customer's temper and the day.
MEAN, BY_OWNER, BY_TEMPER, BY_DAY = 8.3, 0.8, 0.8, 1.5
HAPPY, MIXED = 9, 7
TOP = 10


class Row(NamedTuple):
    """A row of the export of the made-up survey tool."""

    response_id: str
    status: str
    token: str
    submitted: datetime | None
    language: str
    score: int | None
    comment: str | None


@cache
def phrases() -> dict[str, Any]:
    """Return the invented sentences."""
    text = (resources.files("loopback.demo") / "phrases.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def answers(
    company: Company,
    tokens: Iterable[tuple[str, str]],
    opens: datetime,
    closes: datetime,
    chance: Random,
) -> list[list[Row]]:
    """Return the rows that each invited customer leaves in the survey tool, if any."""
    customers = {customer.customer_id: customer for customer in company.customers}
    found = []
    for customer_id, token in tokens:
        customer = customers[customer_id]
        owner = company.owners[customer.owner]
        moment = opens + (closes - opens) * chance.random() ** 2
        found.append(_rows(customer, owner, token, moment, chance))
    return [rows for rows in found if rows]


def _rows(
    customer: Customer, owner: Owner, token: str, moment: datetime, chance: Random
) -> list[Row]:
    fate = chance.random()
    row_id = f"made-up-{token[:10]}"
    if fate < BOUNCING:
        return [Row(row_id, "bounced", token, None, customer.language, None, None)]
    if fate < BOUNCING + PARTIAL:
        return [Row(row_id, "partial", token, moment, customer.language, None, None)]
    if fate > BOUNCING + PARTIAL + ANSWERING:
        return []
    score = _score(customer, owner, chance)
    comment = _comment(score, owner, customer.language, chance)
    rows = [Row(row_id, "completed", token, moment, customer.language, score, comment)]
    if chance.random() < TWICE:
        again = moment + timedelta(hours=chance.randint(1, 20))
        other = min(TOP, max(0, score + chance.choice((-1, 1))))
        rows.append(rows[0]._replace(response_id=f"{row_id}-2", submitted=again, score=other))
    return rows


def _score(customer: Customer, owner: Owner, chance: Random) -> int:
    feeling = (
        MEAN + BY_OWNER * owner.quality + BY_TEMPER * customer.temper + BY_DAY * chance.gauss(0, 1)
    )
    return min(TOP, max(0, round(feeling)))


def _comment(score: int, owner: Owner, language: str, chance: Random) -> str | None:
    """Return what a customer writes: praise, praise with a but, or complaints, by the score."""
    if chance.random() < SILENT:
        return None
    said = phrases()[language]
    if chance.random() < EMPTY:
        return chance.choice(said["general"]["empty"])
    if score >= HAPPY:
        text = _sentences("good", said, owner, chance)
    elif score >= MIXED:
        good, bad = (_sentence(tone, said, owner, chance) for tone in ("good", "bad"))
        text = f"{good} {chance.choice(said['general']['joiners'])} {bad}"
    else:
        text = _sentences("bad", said, owner, chance)
    return text.replace("{owner}", owner.name.split()[0])


def _sentences(tone: str, said: dict[str, Any], owner: Owner, chance: Random) -> str:
    if chance.random() < GENERAL:
        return chance.choice(said["general"][tone])
    count = 2 if chance.random() < TWO_REASONS else 1
    return " ".join(_sentence(tone, said, owner, chance) for _ in range(count))


def _sentence(tone: str, said: dict[str, Any], owner: Owner, chance: Random) -> str:
    """Return a sentence about a reason that this owner is known for."""
    reasons = list(said[tone])
    weights = [owner.habits[index % len(owner.habits)] for index in range(len(reasons))]
    return chance.choice(said[tone][chance.choices(reasons, weights)[0]])
