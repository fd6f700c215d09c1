"""The rotation: who is asked in which month.

Customers who were asked are anchored: they are asked again exactly 12/k months later. Those never
asked are planned within 12/k months of their arrival, and only they may be moved. docs/methods.md
gives the guarantees and where the method comes from.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from loopback import deal, months, newcomers
from loopback.newcomers import Loads, Newcomer
from loopback.tables import ASKED, GONE, LEFT_OUT, ROTATION, WAITS

if TYPE_CHECKING:
    from collections.abc import Iterable

PRN_BYTES = 8
CANDIDATES = 200  # customers of a region and month that may be moved for the sake of the region

# Months count from the one that is drawn: 0 is now.
_LISTED = pl.col("owner").is_not_null()
_MAY_BE_ASKED = _LISTED & pl.col("why").is_null()
_NEVER = pl.col("asked").is_null()
_PERIOD = months.A_YEAR // pl.col("asks").cast(pl.Int32)
_FORMER_PERIOD = months.A_YEAR // pl.col("before").cast(pl.Int32)
_CHANGED = pl.col("before").ne_missing(pl.col("asks")) & ~_NEVER & ~pl.col("again")
_FREE = _NEVER | _CHANGED
_KEPT = pl.col("plan").is_between(0, pl.col("latest_at")) & _NEVER
# A hash serves as long as it is compared within one run: another version may give another.
_CELL = pl.struct("owner", "region", "segment", pl.col("asks").cast(pl.Int8)).hash()
_REMEMBERED_FOR = months.A_YEAR  # months after which a customer who is gone is forgotten

_NUMBERS = [months.numbers(c).cast(pl.Int32).alias(c) for c in ("asked", "planned", "latest")]
_PLANS = pl.Schema({"customer_id": pl.String, "new": pl.Int64})


def prn(customer_id: str, seed: str) -> int:
    """Return the customer's permanent random number, the same on every machine (64 bits)."""
    key = hashlib.blake2b(seed.encode()).digest()
    return _prn(customer_id, key)


def _prn(customer_id: str, key: bytes) -> int:
    mark = hashlib.blake2b(customer_id.encode(), key=key, digest_size=PRN_BYTES).digest()
    return int.from_bytes(mark, "big")


def prns(customer_ids: Iterable[str], seed: str) -> pl.Series:
    """Return the permanent random number of each customer."""
    key = hashlib.blake2b(seed.encode()).digest()
    return pl.Series("prn", [_prn(name, key) for name in customer_ids], dtype=pl.UInt64)


def remembered(customers: pl.DataFrame, drawn: pl.LazyFrame) -> pl.DataFrame:
    """Return the customers with what the last draw knew of them, and those who are gone.

    `drawn` are the rows of the last draw (`ROTATION`). Added are `before` (how often a year the
    customer was asked), the months `asked`, `planned` and `latest`, as whole numbers, and `cell`,
    a mark of the group in which the customer was drawn. The row of a customer who is gone has no
    owner.
    """
    was_drawn = pl.col("decision").is_in([ASKED, WAITS])
    cell = pl.when(was_drawn).then(_CELL)
    known = drawn.select("customer_id", *_NUMBERS, before="asks", cell=cell).collect()
    order = "left_right"  # else the order would differ from run to run
    return customers.join(known, on="customer_id", how="full", coalesce=True, maintain_order=order)


def draw(customers: pl.DataFrame, month: str, *, slack: int, seed: str) -> pl.DataFrame:
    """Return what is decided of every customer in a month: the columns of `ROTATION`.

    `customers` are remembered (see `remembered`), with customer_id, owner, region, segment,
    joined, asks (a year) and `why`, the reason to leave the customer out, if there is one. The
    order of the rows is immaterial. A month that is drawn again keeps everyone it has.
    """
    now = months.number(month)
    listed = _counted(customers.lazy(), now).collect()
    eligible = listed.lazy().filter(_MAY_BE_ASKED)
    if eligible.select(pl.col("planned").is_null().all()).collect().item():
        plans = _first_load(eligible, seed)
        listed = listed.with_columns(latest_at=pl.col("period") - 1)
    else:
        queued = _queued(eligible, seed, slack) if slack else pl.DataFrame(schema=_PLANS)
        disturbed = _disturbed(customers.lazy(), now)
        plans = pl.concat([queued, _moved(_planned(eligible, queued), disturbed, seed)])
    return _decisions(_planned(listed.lazy(), plans), month)


def _counted(customers: pl.LazyFrame, now: int) -> pl.LazyFrame:
    """Count the months of the customers from now; `at` is the month each is bound to, if any."""
    again = (pl.col("asked") == now).fill_null(value=False)  # in a month that is drawn again
    counted = customers.with_columns(
        why=pl.when(~again).then("why"),
        period=_PERIOD,
        asked_at=pl.col("asked") - now,
        plan=pl.col("planned") - now,
        again=again,
    ).with_columns(earliest=_earliest(), latest_at=_latest(now))
    missed_is_now = pl.col("plan").clip(lower_bound=0)
    bound = pl.when("again").then(0).when(~_FREE).then(missed_is_now).when(_KEPT).then("plan")
    known = _LISTED | (pl.col("asked_at") > -_REMEMBERED_FOR)
    return counted.with_columns(at=bound).filter(known).drop("joined", "plan", "latest")


def _planned(customers: pl.LazyFrame, plans: pl.DataFrame) -> pl.LazyFrame:
    """Return the customers, `at` being their new month where they have one."""
    joined = customers.join(plans.lazy(), "customer_id", how="left", maintain_order="left")
    return joined.with_columns(at=pl.coalesce("new", "at")).drop("new")


def _earliest() -> pl.Expr:
    """Return the first month for a customer: now, or the rest kept where k changed."""
    rested = pl.col("asked_at") + pl.min_horizontal(_PERIOD, _FORMER_PERIOD)
    return pl.when(_CHANGED).then(rested.clip(0, _PERIOD - 1)).otherwise(0)


def _latest(now: int) -> pl.Expr:
    """Return the last month for a customer: promised, or `period` from the arrival."""
    joined = pl.col("joined").dt.year().cast(pl.Int64) * months.A_YEAR + pl.col("joined").dt.month()
    arrived = joined - 1 + _PERIOD - 1 - now
    end = _PERIOD - 1
    fresh = pl.when(arrived.is_between(0, end)).then(arrived)
    promised = pl.coalesce(pl.col("latest") - now, fresh, end).clip(0, end)
    rested = (pl.col("asked_at") + pl.max_horizontal(_PERIOD, _FORMER_PERIOD)).clip(
        _earliest(), end
    )
    return pl.when(_CHANGED).then(rested).otherwise(promised)


def _first_load(eligible: pl.LazyFrame, seed: str) -> pl.DataFrame:
    """Deal the list out over the months, the customers of each k by themselves."""
    listed = eligible.select("customer_id", "owner", "region", "segment", "period").collect()
    numbered = listed.with_columns(prns(listed["customer_id"], seed))
    dealt = [
        deal.slots(numbered.filter(pl.col("period") == period), period)
        for period in sorted(numbered["period"].unique())
    ]
    named = [slots.rename({"slot": "new"}) for slots in dealt]
    return pl.concat([pl.DataFrame(schema=_PLANS), *named])


def _disturbed(customers: pl.LazyFrame, now: int) -> pl.Series:
    """Return the cells that won or lost customers since the last draw, or whose month was missed.

    In all others everyone keeps the month that was dealt or found: it is as even as it was.
    """
    cell = pl.when(_MAY_BE_ASKED).then(_CELL)
    missed = _MAY_BE_ASKED & (pl.col("planned") < now)
    other = customers.filter(cell.ne_missing(pl.col("cell")) | missed)
    found = other.select(pl.concat_list("cell", cell)).explode("cell").unique().drop_nulls()
    return found.collect()["cell"]


def _queued(eligible: pl.LazyFrame, seed: str, slack: int) -> pl.DataFrame:
    """Return the months of those who were asked, where an ask may be put off.

    An owner's customers queue by month and number, ceil(book / period) a month, none later than
    `slack` months after the month that is due. Whoever is asked this month already has a seat;
    where k changed, the month that was given then is kept.
    """
    owners = ["owner", "period"]
    seats = (pl.len().over(owners) + pl.col("period") - 1) // pl.col("period")
    due = pl.col("asked_at") + pl.col("period")
    last = (due + slack).clip(lower_bound=0)
    in_turn = pl.when(pl.col("at").is_between(due.clip(lower_bound=0), last))
    turns = {"due": in_turn.then(due), "last": in_turn.then(last)}
    kept = {name: turn.otherwise("at") for name, turn in turns.items()}
    asked = eligible.with_columns(seats=seats, **kept).filter(~_FREE).collect()
    queue = asked.with_columns(prns(asked["customer_id"], seed))
    order = [~pl.col("again"), pl.col("due"), pl.col("prn"), pl.col("customer_id")]
    place = pl.int_range(pl.len()).over(owners)
    queue = queue.sort(*owners, *order).with_columns(place=place)
    turn, seat = pl.col("place") // pl.col("seats"), pl.col("place") % pl.col("seats")
    ready = pl.col("due").clip(lower_bound=0)
    free = (ready - turn).cum_max().over(*owners, seat) + turn
    new = pl.min_horizontal(free, "last").cast(pl.Int64)
    return queue.select("customer_id", new=new)


def _moved(eligible: pl.LazyFrame, disturbed: pl.Series, seed: str) -> pl.DataFrame:
    """Place the newcomers, then move those never asked where churn has made months uneven.

    Where the month is drawn again nobody is moved: that might ask someone who was to wait.
    """
    has_month = pl.col("at").is_not_null()
    loads = Loads(eligible.filter(has_month))
    fresh = _newcomers(eligible.filter(~has_month).collect(), seed)
    plans = newcomers.placed(fresh, loads)
    if not eligible.select(pl.col("again").any()).collect().item():
        here = _CELL.is_in(disturbed.implode())
        movable = _movable(eligible.filter(_NEVER & has_month & here), loads)
        plans |= dict(movable.select("customer_id", "at").iter_rows())
        newcomers.rebalance([*fresh, *_newcomers(movable, seed)], plans, loads)
    return pl.DataFrame([list(plans), list(plans.values())], schema=_PLANS)


def _movable(waiting: pl.LazyFrame, loads: Loads) -> pl.DataFrame:
    """Return the customers never asked who may be worth moving: of uneven owners and regions."""
    owners = [group[1] for group in loads.uneven("owner", 1)]
    of_owners = pl.col("owner").is_in(pl.Series(owners, dtype=pl.String).implode())
    rank = pl.col("customer_id").rank("ordinal").over("region", "at")
    return waiting.filter(of_owners | (rank <= CANDIDATES)).collect()


def _newcomers(free: pl.DataFrame, seed: str) -> list[Newcomer]:
    rows = free.select(
        "customer_id",
        "owner",
        "region",
        "segment",
        "period",
        "earliest",
        latest="latest_at",
        prn=prns(free["customer_id"], seed),
    )
    return [Newcomer(*row) for row in rows.iter_rows()]


def _decisions(listed: pl.LazyFrame, month: str) -> pl.DataFrame:
    """Word what was decided; `at` is the month of each customer who may be asked."""
    now = months.number(month)
    chosen = _MAY_BE_ASKED & (pl.col("at") == 0)
    decision = (
        pl.when(~_LISTED)
        .then(pl.lit(GONE))
        .when(chosen)
        .then(pl.lit(ASKED))
        .when(_MAY_BE_ASKED)
        .then(pl.lit(WAITS))
        .otherwise(pl.lit(LEFT_OUT))
    )
    planned = pl.when(chosen).then("period").when(_MAY_BE_ASKED).then("at") + now
    waits = _MAY_BE_ASKED & ~chosen & _NEVER
    decided = listed.select(
        "customer_id",
        "owner",
        "region",
        "segment",
        "why",
        month=pl.lit(month),
        asks=pl.coalesce("asks", "before"),
        decision=decision,
        asked=pl.when(chosen).then(now).otherwise("asked"),
        planned=pl.coalesce(planned, pl.when(~_NEVER).then("planned")),
        latest=pl.when(waits).then(pl.col("latest_at") + now),
    ).collect()
    worded = _worded(decided, ["asked", "planned", "latest"])
    return worded.select(pl.col(name).cast(dtype) for name, dtype in ROTATION.columns.items())


def _worded(decided: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Return whole numbers as months: each of the few there are is worded once."""
    found = [n for column in columns for n in decided[column].drop_nulls().unique()]
    names = {n: months.named(n) for n in found}
    return decided.with_columns(
        pl.col(column).replace_strict(names, return_dtype=pl.String) for column in columns
    )
