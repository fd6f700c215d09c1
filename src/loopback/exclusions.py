"""The exclusions: which customers may not be asked at all, and why not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import Problem, stop_at
from loopback.mail.address import ADDRESS
from loopback.places import unmarked
from loopback.score import DETRACTOR

if TYPE_CHECKING:
    from datetime import date

    from loopback.grid import Grid

OPTED_OUT = "opted out"
NEVER = "on a do-not-contact list"
WISH = "left out at the owner's wish"
NO_ADDRESS = "no e-mail address"
NOT_AN_ADDRESS = "not an e-mail address"
BOUNCED = "the address bounced"
SETTLING = "joined less than"
RESTING = "asked less than"
SAME_PERSON = "same person as another customer"
# The first that holds is given; to two of them a number of days is added.
ORDER = (
    *(OPTED_OUT, NEVER, WISH, NO_ADDRESS, NOT_AN_ADDRESS, BOUNCED),
    *(SETTLING, RESTING, SAME_PERSON),
)

_RANK = {why: pl.lit(rank, pl.UInt8) for rank, why in enumerate(ORDER)}  # while they are judged

_ID = pl.col("customer_id")
# One person, however the address is written; the cells of the list have no spaces around them.
_PERSON = pl.col("email").str.to_lowercase()
# Polars has no patterns that look ahead, so what an address does not begin with is said apart.
_BARRED = "=?"
_PATTERN = ADDRESS.pattern.removeprefix(f"(?!{re.escape(_BARRED)})")
_HAS_FORM = pl.col("email").str.contains(rf"^(?:{_PATTERN})$")
_IS_ADDRESS = _HAS_FORM & ~pl.col("email").str.starts_with(_BARRED)
_NAMED = re.compile(r"(customer_id|email)(?: \(column \d+\))?", re.IGNORECASE)


class Rules(NamedTuple):
    """The day on which it is judged, the days of rest, and whether a person is asked only once."""

    today: date
    settle_days: int
    rest_days: int
    one_row_a_person: bool


def marks(
    *, bounced: pl.DataFrame, never: pl.Series, left_out: pl.DataFrame, today: date
) -> list[pl.Expr]:
    """Return what can be told of each customer alone, as `judged` takes it: `mark`, `lasting`.

    For customers with customer_id, email and opted_out. `bounced` holds the `email` that failed,
    whosever it is; `never` the ids and addresses of do-not-contact lists; `left_out` customer_id
    and until (the last day, or empty).
    """
    lasting = _lasting(bounced, never, _still(left_out, today))
    mark = pl.when(pl.col("email").is_not_null()).then(_PERSON.hash())
    return [mark.alias("mark"), lasting.alias("lasting")]


def judged(customers: pl.DataFrame, *, resting: pl.Series, rules: Rules) -> pl.DataFrame:
    """Add `why` to customers: why each may not be asked, empty for those who may; in their order.

    `customers` holds customer_id (each once), email, opted_out, joined, `asked` (the month
    of the last ask) and the `marks`; `resting` the ids of those who were asked less than
    `rest_days` ago.
    """
    lasting = [pl.col("lasting")]
    if rules.one_row_a_person:
        lasting.append(_opted_out_elsewhere(customers))
    rests = pl.when(_ID.is_in(resting.implode())).then(_RANK[RESTING])
    later = [_settling(rules.today, rules.settle_days), *([rests] if resting.len() else [])]
    rows = customers.with_columns(lasting=pl.coalesce(*lasting, later[0]))
    reasons = [pl.col("lasting"), *later[1:]]
    if rules.one_row_a_person:
        reasons.append(_same_person(rows))
    ranks = rows.select(why=pl.coalesce(reasons))["why"]
    return customers.with_columns(_words(rules).gather(ranks))


def _words(rules: Rules) -> pl.Series:
    """Return the reasons in words, in their order."""
    days = {SETTLING: rules.settle_days, RESTING: rules.rest_days}
    words = [f"{why} {_ago(days[why])}" if why in days else why for why in ORDER]
    return pl.Series("why", words, dtype=pl.Categorical)


def counts(judged: pl.DataFrame) -> dict[str, int]:
    """Return how many customers may not be asked, by reason, in the order of the reasons."""
    found = judged.drop_nulls("why").group_by("why").len().iter_rows()
    return dict(sorted(found, key=lambda counted: (_rank(counted[0]), counted[0])))


def removals(judged: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    """Return the owners at whose wish customers are left out, and how unhappy these were.

    Columns: owner; customers and detractors of the book; left_out and left_out_detractors, the
    most of these first. The last answer makes a detractor; `responses` holds customer_id, month
    and score of the current responses.
    """
    wish = pl.col("why") == WISH
    return (
        judged.select("customer_id", "owner", "why")
        .join(_last_answers(responses), "customer_id", how="left")
        .group_by("owner")
        .agg(
            customers=pl.len().cast(pl.Int64),
            detractors=DETRACTOR.sum().cast(pl.Int64),
            left_out=wish.sum().cast(pl.Int64),
            left_out_detractors=(wish & DETRACTOR).sum().cast(pl.Int64),
        )
        .filter(pl.col("left_out") > 0)
        .sort("left_out_detractors", "left_out", "owner", descending=[True, True, False])
    )


def do_not_contact(cells: Grid) -> pl.Series:
    """Return the ids and addresses of a do-not-contact list, as `judged` takes them.

    They stand in columns named customer_id or email, or in the only column of a file, then with or
    without a header. Raises where neither is so, or where a row is not as long as the header.
    """
    headed = cells.headed()
    named = [column for column in headed.columns if _NAMED.fullmatch(column)]
    if len(cells.columns) == 1 and not named:
        return _either(cells.cells.select(cells.columns))
    stop_at(_unnamed(cells.name) if not named else _uneven(cells))
    return _either(headed.select(named))


def _lasting(bounced: pl.DataFrame, never: pl.Series, left_out: pl.Series) -> pl.Expr:
    """Return why customers may not be asked for reasons that time does not mend."""
    addresses = bounced.with_columns(pl.col("email").str.strip_chars())
    failed = addresses.select(_PERSON).to_series().drop_nulls()
    listed = _among(_ID, never) | _among(_PERSON, never)
    return (
        pl.when(pl.col("opted_out"))
        .then(_RANK[OPTED_OUT])
        .when(listed)
        .then(_RANK[NEVER])
        .when(_among(_ID, left_out))
        .then(_RANK[WISH])
        .when(pl.col("email").is_null())
        .then(_RANK[NO_ADDRESS])
        .when(~_IS_ADDRESS)
        .then(_RANK[NOT_AN_ADDRESS])
        .when(_among(_PERSON, failed))
        .then(_RANK[BOUNCED])
    )


def _among(text: pl.Expr, listed: pl.Series) -> pl.Expr:
    """Say which texts are listed; where nothing is, no text is looked at."""
    return text.is_in(listed.implode()) if listed.len() else pl.lit(value=False)


def _opted_out_elsewhere(rows: pl.DataFrame) -> pl.Expr:
    """Return why a person who opted out through one row is not asked through another."""
    through = rows.select("mark", "email", "opted_out").filter("opted_out")
    persons = through.select(_PERSON).to_series().drop_nulls()
    others = _marked(rows, through["mark"]).filter(_among(_PERSON, persons))
    return _at(others["row"], rows.height, OPTED_OUT)


def _marked(rows: pl.DataFrame, marks: pl.Series) -> pl.DataFrame:
    """Return the few rows that have one of some marks, and where they stand (`row`).

    Hashes that differ are quickly told apart; whether who shares one is the same is yet to be seen.
    """
    there = _among(pl.col("mark"), marks.drop_nulls().unique())
    looked_at = rows.select("customer_id", "email", "mark", "asked", "lasting")
    return looked_at.with_row_index("row").filter(there)


def _at(rows: pl.Series, height: int, why: str) -> pl.Expr:
    """Give some of so many rows a reason."""
    return pl.when(~unmarked(rows, height)).then(_RANK[why])


def _still(left_out: pl.DataFrame, today: date) -> pl.Series:
    """Return the ids of those whose last day of being left out is not over."""
    over = pl.col("until") < today
    return left_out.filter(~over.fill_null(value=False))["customer_id"]


def _settling(today: date, days: int) -> pl.Expr:
    """Return why customers may not yet be asked for the first time."""
    since = (pl.lit(today) - pl.col("joined")).dt.total_days()
    fresh = pl.col("asked").is_null() & (since < days)
    return pl.when(fresh & bool(days)).then(_RANK[SETTLING])


def _ago(days: int) -> str:
    return f"{days} day{'s'[: days != 1]} ago"


def _same_person(rows: pl.DataFrame) -> pl.Expr:
    """Return why rows are left to another row of the same person.

    Of the rows not yet excluded the one asked last stands for the person, even while it rests:
    through another row the person would not rest.
    """
    free = rows.select(pl.when(pl.col("lasting").is_null()).then("mark")).to_series()
    in_order = free.drop_nulls().sort()
    twice = in_order.filter(in_order == in_order.shift())
    shared = _marked(rows, twice).filter(pl.col("lasting").is_null())
    ordered = shared.sort("asked", "customer_id", descending=[True, False], nulls_last=True)
    others = ordered.filter(~_PERSON.is_first_distinct())
    return _at(others["row"], rows.height, SAME_PERSON)


def _rank(why: str) -> int:
    return next((rank for rank, start in enumerate(ORDER) if why.startswith(start)), len(ORDER))


def _last_answers(responses: pl.DataFrame) -> pl.DataFrame:
    """Return the last score of each customer; of two in a month the lower one."""
    last = pl.col("score").sort_by("month", -pl.col("score")).last()
    return responses.drop_nulls(["customer_id", "score"]).group_by("customer_id").agg(last)


def _either(cells: pl.DataFrame) -> pl.Series:
    """Return the texts of cells; what may be an address also as it is compared.

    A Parquet file with numbers for ids may give 7.0 for 7: better both than to ask 7.
    """
    texts = pl.concat([cells[column] for column in cells.columns]).str.strip_chars()
    addresses = texts.filter(texts.str.contains("@", literal=True)).str.to_lowercase()
    whole = texts.str.extract(r"^(\d+)\.0$")
    found = pl.concat([texts, addresses, whole]).drop_nulls().unique(maintain_order=True)
    return found.rename("never")


def _unnamed(file: str) -> list[Problem]:
    mend = "Name the column that holds ids customer_id, the one that holds addresses email."
    return [Problem("no column holds ids or addresses", mend, file, 1)]


def _uneven(cells: Grid) -> list[Problem]:
    mend = "A comma too many or too few? Put text that holds one in quotes."
    return [
        Problem(f"{fields} cells, which is not as many as the header has", mend, cells.name, row)
        for row, fields in cells.uneven().select("row", "fields").iter_rows()
    ]
