"""Histories: the months of each customer as the bits of whole numbers.

A month counts from the first that is looked at, which is 0 and the lowest bit. So a history of
years is a few numbers, and since most customers share theirs with many others, each history stands
once: a customer has the number of one, and what holds of a history holds of all who have it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from loopback import months
from loopback.draws import CHOSEN, LEFT, MAY_BE_ASKED, some_at_once
from loopback.places import places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loopback.draws import Draws

LONGEST = 60  # months that fit into the bits of a whole number
ASKS = (1, 2, 3, 4, 6, 12)

_DECIDED = ("may", "chosen", "left")
_TIMES = tuple(f"k{asks}" for asks in ASKS)
_BITS = pl.Schema(
    dict.fromkeys((*_DECIDED, *_TIMES, "invited", "twice", "before"), pl.Int64)
    | {"after": pl.String}
)
# What one row of a draw says of a customer, as a number: a line of `_FACTS`.
_FACTS: list[dict[str, object]] = [
    dict.fromkeys((*said, *times), 1)
    for times in ((), *((name,) for name in _TIMES))
    for said in ((), ("may",), ("may", "chosen"), ("left",))
]
_SAID = pl.when(CHOSEN).then(2).when(MAY_BE_ASKED).then(1).when(LEFT).then(3).otherwise(0)
_ASKS = pl.col("asks").replace_strict(ASKS, range(1, len(ASKS) + 1), default=0)
_FACT = (_ASKS * 4 + _SAID).cast(pl.UInt32)


class Histories(NamedTuple):
    """The histories there are, and which of them each customer has.

    `histories` has `history` (the number), `customers` (how many have it) and the bits: `may`,
    `chosen`, `left` and `invited` hold the months in which a customer could be asked, was to be
    asked, was left out and was invited, `twice` those with a second invitation; `k1` to `k12` those
    with so many asks a year. `before` is 1 where there are invitations of earlier months, `after`
    is the month of a later one. `customers` has customer_id and history.
    """

    histories: pl.DataFrame
    customers: pl.DataFrame


def histories(
    rotation: Sequence[pl.LazyFrame], invitations: Sequence[pl.LazyFrame], drawn: Draws
) -> Histories:
    """Return the histories of all customers of whom these months or an invitation tell.

    Both tables come in parts, which are looked at one after the other.
    """
    told = _Told()
    for rows in drawn.months(rotation):
        told.tell(
            rows.select("customer_id", fact=_FACT, of="at").collect(),
            lambda at: _facts(_FACTS, 1 << at),
        )
    sizes = (rows.item() for rows in pl.collect_all([p.select(pl.len()) for p in invitations]))
    for rows in some_at_once(zip(invitations, sizes, strict=True)):
        once = {"fact": pl.lit(1, pl.UInt32), "of": pl.col("month").cast(pl.String)}
        told.tell(
            rows.select("customer_id", **once).collect(), lambda month: _invitation(month, drawn)
        )
    return told.histories


def _invitation(month: object, drawn: Draws) -> pl.DataFrame:
    """Return what an invitation of a month says of a customer, after what says nothing."""
    bits = {drawn.name(at): 1 << at for at in range(drawn.count)}
    if month in bits:
        return _facts([{}, {"invited": 1}], bits[month])
    early = isinstance(month, str) and month < drawn.name(0)
    return _facts([{}, {"before": 1} if early else {"after": month}])


class _Told:
    """What was told of all customers so far."""

    def __init__(self) -> None:
        self.ids = pl.Series("customer_id", dtype=pl.String)
        self.history = pl.Series("history", dtype=pl.UInt32)
        self.bits = _facts([{}])

    @property
    def histories(self) -> Histories:
        numbered = self.bits.with_row_index("history")
        counted = self.history.value_counts(name="customers").cast({"customers": pl.Int64})
        customers = pl.DataFrame([self.ids, self.history])
        return Histories(numbered.join(counted, on="history"), customers)

    def tell(self, rows: pl.DataFrame, facts: Callable[[Any], pl.DataFrame]) -> None:
        """Add to the history of each `customer_id` the line `fact` of the facts `of` a month."""
        placed = rows.select("of", "fact", at=self._places(rows["customer_id"]))
        for (month,), told in placed.group_by("of"):
            for once in _each_once(told):
                self._tell(once["at"], once["fact"], facts(month))

    def _places(self, ids: pl.Series) -> pl.Series:
        """Return where customers stand, those not known so far after all others."""
        at = places(ids, self.ids)
        strange = at.is_null().arg_true()
        strangers = ids.gather(strange)
        fresh = strangers.unique(maintain_order=True)
        at = at.scatter(strange, places(strangers, fresh) + self.ids.len())
        self.ids = pl.concat([self.ids, fresh])
        self.history = self.history.extend(_zeros(fresh.len()))
        return at

    def _tell(self, at: pl.Series, fact: pl.Series, facts: pl.DataFrame) -> None:
        """Number anew the pairs of a history and a fact that there are: the new histories.

        The first is always that of which nothing is told.
        """
        pairs = self.history * facts.height + _zeros(self.ids.len()).scatter(at, fact)
        numbers = _zeros(self.bits.height * facts.height).scatter(pairs, 1).scatter(0, 1)
        there = (numbers == 1).arg_true()
        numbers = numbers.scatter(there, pl.int_range(there.len(), dtype=pl.UInt32, eager=True))
        self.history = numbers.gather(pairs).alias("history")
        old = self.bits.select(pl.all().gather(there // facts.height))
        self.bits = _both(old, facts.select(pl.all().gather(there % facts.height)))


def _facts(facts: list[dict[str, object]], bit: int = 1) -> pl.DataFrame:
    """Return facts as bits of a month."""
    return pl.DataFrame(facts, schema=_BITS).with_columns(pl.col(pl.Int64).fill_null(0) * bit)


def _both(old: pl.DataFrame, new: pl.DataFrame) -> pl.DataFrame:
    """Return the bits of both, line by line."""
    bits = {name: old[name] | new[name] for name in _BITS if name != "after"}
    bits["twice"] |= old["invited"] & new["invited"]
    after = pl.DataFrame({"old": old["after"], "new": new["after"]}).max_horizontal()
    return pl.DataFrame(bits | {"after": after}, schema=_BITS)


def _zeros(count: int) -> pl.Series:
    return pl.zeros(count, dtype=pl.UInt32, eager=True)


def _each_once(told: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Return the rows so that no customer stands twice among those of one go."""
    while told["at"].n_unique() < told.height:
        first = told["at"].is_first_distinct()
        yield told.filter(first)
        told = told.filter(~first)
    yield told


def covers(column: str, bits: pl.Expr | int) -> pl.Expr:
    """Say whether a column of bits has all of these."""
    return pl.col(column) & bits == bits


def run_of(first: int, length: pl.Expr) -> pl.Expr:
    """Return the bits of so many months in a row."""
    return (pl.lit(2, pl.Int64).pow(length) - 1) * (1 << first)


def periods(bits: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Return the shortest and the longest time between two asks that held in these months."""
    there = [
        pl.when(pl.col(f"k{asks}") & bits != 0).then(pl.lit(months.A_YEAR // asks, pl.Int64))
        for asks in ASKS
    ]
    return pl.min_horizontal(there), pl.max_horizontal(there)
