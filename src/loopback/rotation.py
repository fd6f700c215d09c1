"""The rotation: who is asked in which month.

Customers who were asked are anchored: they are asked again exactly 12/k months later. Those never
asked are planned within 12/k months of their arrival, and only they may be moved. docs/methods.md
gives the guarantees and where the method comes from.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from loopback import deal, months, newcomers
from loopback.loads import Loads
from loopback.places import absent, places
from loopback.prn import prns
from loopback.tables import ASKED, GONE, LEFT_OUT, ROTATION, WAITS
from loopback.words import Words

CANDIDATES = 200  # customers of a region and month that may be moved for the sake of the region

# Months count from the one that is drawn: 0 is now.
_MAY_BE_ASKED = pl.col("why").is_null()
_NEVER = pl.col("asked").is_null()
_PERIOD = months.A_YEAR // pl.col("asks").cast(pl.Int32)
_FORMER_PERIOD = months.A_YEAR // pl.col("before").cast(pl.Int32)
_CHANGED = pl.col("before").ne_missing(pl.col("asks")) & ~_NEVER & ~pl.col("again")
_FREE = _NEVER | _CHANGED
_ANCHORED = pl.when(~_NEVER).then("planned")  # the month of a customer who may not be asked now
_KEPT = pl.col("plan").is_between(0, pl.col("latest_at")) & _NEVER
GROUPS = ("owner", "region", "segment")
_CODED = pl.col(GROUPS).cast(pl.Categorical)  # a number for each name, the same in all of a run
# A hash serves as long as it is compared within one run: another version may give another.
_CELL = pl.struct(pl.col(GROUPS).to_physical(), pl.col("asks").cast(pl.Int8)).hash()
_REMEMBERED_FOR = months.A_YEAR  # months after which a customer who is gone is forgotten

_MONTHS = ("asked", "planned", "latest")
_PLANS = pl.Schema({"row": pl.UInt32, "new": pl.Int32})
_DECISIONS = (ASKED, WAITS, LEFT_OUT, GONE)


class Remembered(NamedTuple):
    """The customers with what the last draw knew of them, and those who are gone since a draw.

    To the `listed` are added `before` (how often a year the customer was asked), the months
    `asked`, `planned` and `latest`, as whole numbers, and `cell`, a mark of the group in which the
    customer was drawn. The `gone` have these and customer_id.
    """

    listed: pl.DataFrame
    gone: pl.DataFrame


def remembered(customers: pl.DataFrame, drawn: pl.LazyFrame) -> Remembered:
    """Return the customers of the list, in its order, with what the last draw knew of them.

    `drawn` are the rows of the last draw (`ROTATION`).
    """
    known = _known(drawn)
    at = places(customers["customer_id"], known["customer_id"])
    there = known.drop("customer_id").select(pl.all().gather(at))
    gone = known.select(pl.all().gather(absent(at, known.height)))
    return Remembered(customers.with_columns(_CODED).hstack(there), gone)


def _known(drawn: pl.LazyFrame) -> pl.DataFrame:
    was_drawn = pl.col("decision").is_in([ASKED, WAITS])
    cell = pl.when(was_drawn).then(_CELL)
    coded = drawn.with_columns(_CODED, pl.col(_MONTHS).cast(pl.Categorical))
    looked_at = coded.select("customer_id", *_MONTHS, before="asks", cell=cell)
    known = looked_at.collect(engine="streaming").rechunk()
    numbers = {name: months.numbers(name).cast(pl.Int32) for name in _MONTHS}
    return known.with_columns(Words.of(known[name]).read(n) for name, n in numbers.items())


def draw(
    listed: pl.DataFrame, gone: pl.DataFrame, month: str, *, slack: int, seed: str
) -> pl.DataFrame:
    """Return what is decided of every customer in a month: the columns of `ROTATION`, as stored.

    The customers are `remembered`; those who are listed have customer_id, owner, region, segment,
    joined, asks (a year) and `why`, the reason to leave the customer out, if there is one. What is
    decided does not depend on their order, in which it is returned; those who are gone stand
    behind. A month that is drawn again keeps everyone it has.
    """
    now = months.number(month)
    disturbed = _disturbed(listed.lazy(), gone, now)
    again = any((asked == now).any() for asked in (listed["asked"], gone["asked"]))
    counted = _counted(listed.lazy(), now).collect()
    if counted.select((_MAY_BE_ASKED & pl.col("planned").is_not_null()).any()).item():
        counted = _planned(counted, _queued(counted, seed, slack)) if slack else counted
        counted = _planned(counted, _moved(counted, None if again else disturbed, seed))
    else:
        counted = _planned(counted, _first_load(counted, seed))
        counted = counted.with_columns(latest_at=pl.col("period") - 1)
    return pl.concat(_stored(of, month) for of in (_decided(counted, now), _forgotten(gone, now)))


def _counted(listed: pl.LazyFrame, now: int) -> pl.LazyFrame:
    """Count the months of the customers from now; `at` is the month each is bound to, if any."""
    again = (pl.col("asked") == now).fill_null(value=False)  # in a month that is drawn again
    counted = listed.with_columns(
        why=pl.when(~again).then("why"),
        period=_PERIOD,
        asked_at=pl.col("asked") - now,
        plan=pl.col("planned") - now,
        again=again,
    ).with_columns(earliest=_earliest(), latest_at=_latest(now))
    missed_is_now = pl.col("plan").clip(lower_bound=0)
    bound = pl.when("again").then(0).when(~_FREE).then(missed_is_now).when(_KEPT).then("plan")
    placed = counted.with_columns(at=bound.cast(pl.Int32))
    return placed.drop("joined", "plan", "latest", "cell").with_row_index("row")


def _planned(listed: pl.DataFrame, plans: pl.DataFrame) -> pl.DataFrame:
    """Return the customers, `at` being their new month where they have one."""
    return listed.with_columns(listed["at"].clone().scatter(plans["row"], plans["new"]))


def _earliest() -> pl.Expr:
    """Return the first month for a customer: now, or the rest kept where k changed."""
    rested = pl.col("asked_at") + pl.min_horizontal(_PERIOD, _FORMER_PERIOD)
    return pl.when(_CHANGED).then(rested.clip(0, _PERIOD - 1)).otherwise(0)


def _latest(now: int) -> pl.Expr:
    """Return the last month for a customer: promised, or `period` from the arrival."""
    joined = pl.col("joined").dt.year().cast(pl.Int32) * months.A_YEAR + pl.col("joined").dt.month()
    arrived = joined - 1 + _PERIOD - 1 - now
    end = _PERIOD - 1
    fresh = pl.when(arrived.is_between(0, end)).then(arrived)
    promised = pl.coalesce(pl.col("latest") - now, fresh, end).clip(0, end)
    rested = (pl.col("asked_at") + pl.max_horizontal(_PERIOD, _FORMER_PERIOD)).clip(
        _earliest(), end
    )
    return pl.when(_CHANGED).then(rested).otherwise(promised)


def _first_load(listed: pl.DataFrame, seed: str) -> pl.DataFrame:
    """Deal the list out over the months, the customers of each k by themselves."""
    eligible = listed.lazy().filter(_MAY_BE_ASKED)
    numbered = eligible.select("row", "customer_id", *GROUPS, "period").collect()
    numbered = numbered.with_columns(prns(numbered["customer_id"], seed))
    alike = numbered.partition_by("period", maintain_order=True)
    dealt = [of.select("row", new=deal.slots(of, of["period"][0])) for of in alike]
    return pl.concat([pl.DataFrame(schema=_PLANS), *(slots.cast(_PLANS) for slots in dealt)])


def _disturbed(listed: pl.LazyFrame, gone: pl.DataFrame, now: int) -> pl.Series:
    """Return the cells that won or lost customers since the last draw, or whose month was missed.

    In all others everyone keeps the month that was dealt or found: it is as even as it was.
    """
    cell = pl.when(_MAY_BE_ASKED).then(_CELL)
    missed = _MAY_BE_ASKED & (pl.col("planned") < now)
    other = listed.filter(cell.ne_missing(pl.col("cell")) | missed)
    found = other.select(pl.concat_list("cell", cell)).explode("cell").collect()
    return pl.concat([found["cell"], gone["cell"]]).unique().drop_nulls()


def _queued(listed: pl.DataFrame, seed: str, slack: int) -> pl.DataFrame:
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
    eligible = listed.lazy().filter(_MAY_BE_ASKED)
    asked = eligible.with_columns(seats=seats, **kept).filter(~_FREE).collect()
    queue = asked.with_columns(prns(asked["customer_id"], seed))
    order = [~pl.col("again"), pl.col("due"), pl.col("prn"), pl.col("customer_id")]
    place = pl.int_range(pl.len()).over(owners)
    queue = queue.sort(*owners, *order).with_columns(place=place)
    turn, seat = pl.col("place") // pl.col("seats"), pl.col("place") % pl.col("seats")
    ready = pl.col("due").clip(lower_bound=0)
    free = (ready - turn).cum_max().over(*owners, seat) + turn
    return queue.select("row", new=pl.min_horizontal(free, "last")).cast(_PLANS)


def _moved(listed: pl.DataFrame, disturbed: pl.Series | None, seed: str) -> pl.DataFrame:
    """Place the newcomers, then move those never asked where churn has made months uneven.

    Where the month is drawn again nothing is `disturbed`, and nobody is moved: that might ask
    someone who was to wait.
    """
    eligible = listed.lazy().filter(_MAY_BE_ASKED)
    has_month = pl.col("at").is_not_null()
    loads = Loads(eligible)
    fresh = _numbered_by(eligible.filter(~has_month), seed)
    plans = newcomers.placed(loads.newcomers(fresh), loads)
    if disturbed is not None:
        at = pl.Series("at", map(plans.__getitem__, fresh["row"].to_list()), dtype=pl.Int32)
        waiting = eligible.filter(_NEVER & has_month).collect()
        here = waiting.filter(_CELL.is_in(disturbed.implode()))
        worth = _worth_moving(loads)
        planned = _numbered_by(here.lazy().filter(worth), seed)
        movable = pl.concat([fresh.with_columns(at).filter(worth), planned])
        plans |= dict(zip(movable["row"].to_list(), movable["at"].to_list(), strict=True))
        newcomers.rebalance(loads.newcomers(movable), plans, loads)
    return pl.DataFrame([list(plans), list(plans.values())], schema=_PLANS)


def _worth_moving(loads: Loads) -> pl.Expr:
    """Say who may be worth moving: the customers of uneven owners, and some of each region."""
    owners = loads.uneven("owner", 1)["owner"]
    rank = pl.col("customer_id").rank("ordinal").over("region", "at")
    return pl.col("owner").is_in(owners.implode()) | (rank <= CANDIDATES)


def _numbered_by(customers: pl.LazyFrame, seed: str) -> pl.DataFrame:
    found = customers.collect()
    return found.with_columns(prns(found["customer_id"], seed))


def _decided(listed: pl.DataFrame, now: int) -> pl.DataFrame:
    """Say what is decided; `at` is the month of each customer who may be asked."""
    chosen = _MAY_BE_ASKED & (pl.col("at") == 0)
    decision = (
        pl.when(chosen)
        .then(_DECISIONS.index(ASKED))
        .when(_MAY_BE_ASKED)
        .then(_DECISIONS.index(WAITS))
        .otherwise(_DECISIONS.index(LEFT_OUT))
    )
    planned = pl.when(chosen).then("period").when(_MAY_BE_ASKED).then("at") + now
    waits = _MAY_BE_ASKED & ~chosen & _NEVER
    return listed.select(
        "customer_id",
        *GROUPS,
        "why",
        "asks",
        decision=decision,
        asked=pl.when(chosen).then(now).otherwise("asked"),
        planned=pl.coalesce(planned, _ANCHORED),
        latest=pl.when(waits).then(pl.col("latest_at") + now),
    )


def _forgotten(gone: pl.DataFrame, now: int) -> pl.DataFrame:
    """Say of those who are gone that they are, for a year after the last ask."""
    known = gone.filter(pl.col("asked") > now - _REMEMBERED_FOR)
    nothing = [pl.lit(None, pl.Categorical).alias(name) for name in (*GROUPS, "why")]
    return known.select(
        "customer_id",
        *nothing,
        asks="before",
        decision=_DECISIONS.index(GONE),
        asked="asked",
        planned=_ANCHORED,
        latest=pl.lit(None, pl.Int32),
    )


def _stored(decided: pl.DataFrame, month: str) -> pl.DataFrame:
    """Word what was decided, as it is stored."""
    words = pl.Series("decision", _DECISIONS, dtype=pl.Categorical).gather(decided["decision"])
    worded = decided.with_columns(
        words,
        *(_worded(decided[column]) for column in _MONTHS),
        month=pl.lit(month, pl.Categorical),
    )
    return ROTATION.compact(worded)


def _worded(numbers: pl.Series) -> pl.Series:
    """Return whole numbers as months: each of the few there are is worded once."""
    first, last = numbers.min(), numbers.max()
    found = range(first, last + 1) if isinstance(first, int) and isinstance(last, int) else ()
    names = pl.Series(numbers.name, [months.named(n) for n in found], dtype=pl.Categorical)
    return names.gather(numbers - first)
