"""The customer list: what its columns mean, and what can be wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import polars as pl

from loopback.errors import Problem
from loopback.words import Words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

NEEDED = ("customer_id", "name", "owner")
OPTIONAL = (
    "email",
    "phone",
    "preferred_time",
    "person",
    "role",
    "language",
    "region",
    "segment",
    "value",
    "joined",
    "opted_out",
    "asks_per_year",
)
COLUMNS = (*NEEDED, *OPTIONAL)
IDS = ("customer_id", "owner")
YES = ("yes", "y", "true", "1", "x", "ja", "j", "oui", "si")
NO = ("no", "n", "false", "0", "nein", "nej", "non")
# How often a year a customer can be asked: so that the months between two asks are whole.
TIMES_A_YEAR = (1, 2, 3, 4, 6, 12)

# Of rows with the same mistake, how many are named one by one.
PROBLEMS_NAMED = 100_000
# Columns in which many rows say the same, so that each word is looked at once for all of them.
FEW = ("owner", "language", "region", "segment", "joined", "opted_out", "asks_per_year")
TROUBLE, KEY = "trouble", "key"

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

_READ = pl.col("value").cast(pl.Float64, strict=False)
_NUMBER = pl.when(_READ.is_finite()).then(_READ)
# A workbook writes a day with a time: 2026-11-22 00:00:00.
_DATE = r"^\d{4}-\d{2}-\d{2}(?:[ T][\d:.+Z-]*)?$"
# A workbook or a Parquet file may write 2.0 for 2.
_TIMES = rf"^(?:{'|'.join(str(times) for times in TIMES_A_YEAR)})(?:\.0+)?$"
_TIMES_READ = pl.col("asks_per_year").cast(pl.Float64, strict=False).cast(pl.Int8, strict=False)
_ASKS = pl.when(pl.col("asks_per_year").str.contains(_TIMES)).then(_TIMES_READ)
_OPTED_OUT = pl.col("opted_out").str.to_lowercase()
_AGAIN = ~pl.col("customer_id").is_first_distinct() & pl.col("customer_id").is_not_null()
_KEYED = pl.col("customer_id").hash().alias(KEY)
_AGAIN_MEND = "Each customer stands on one row."
_OWNER_MEND = "Add the person to the people list, or correct the owner."
_ASKS_MEND = "Write 1, 2, 3, 4, 6 or 12, or leave the cell empty."


def day(column: str) -> pl.Expr:
    """Return a column of text as days; empty where it is not one written like 2026-11-22."""
    begins = pl.col(column).str.head(len("2026-11-22")).str.to_date("%Y-%m-%d", strict=False)
    return pl.when(pl.col(column).str.contains(_DATE)).then(begins)


def language_code(column: str = "language") -> pl.Expr:
    """Return a column of languages as they are compared: `de-at` for `de_AT` and `DE-AT`."""
    return (
        pl.col(column).str.strip_chars().str.to_lowercase().str.replace_all("_", "-", literal=True)
    )


_TYPED = {
    "value": _NUMBER,
    "language": language_code(),
    "joined": day("joined"),
    "asks_per_year": _ASKS,
    "opted_out": _OPTED_OUT.is_in(YES).fill_null(value=False),
}


def customers(rows: Frame) -> Frame:
    """Return the customers of the rows of the list: values typed, other columns passed through.

    The rows are text without spaces around it, and may be rows that are yet to be read. `value` is
    a number, `language` such as `de-at`, `joined` a day, `opted_out` true or false, `asks_per_year`
    a whole number (Int8); a cell that `problems` complains of is empty here.
    """
    return complete(rows).with_columns(**_TYPED)


def looked_at(rows: pl.LazyFrame, asked: Collection[str | pl.Expr]) -> pl.LazyFrame:
    """Return of the rows what `look` takes, with the columns that `asked` needs.

    The columns of `FEW` that the rows have are Categorical.
    """
    there = rows.collect_schema().names()
    needed = {*FEW, *(root for one in asked for root in _roots(one))}
    texts = _marked(_rules(set(there).difference(FEW), ()))
    return rows.select(
        texts, _KEYED, *(name for name in COLUMNS if name in there and name in needed)
    )


def _roots(asked: str | pl.Expr) -> list[str]:
    return [asked] if isinstance(asked, str) else asked.meta.root_names()


class Look(NamedTuple):
    """Rows of the list: their texts, which `TROUBLE` has, and their words."""

    texts: pl.DataFrame
    words: dict[str, Words]


def look(rows: pl.DataFrame) -> Look:
    """Return the rows of `looked_at`, their words tidied."""
    there = [name for name in FEW if name in rows.columns]
    words = {name: Words.of(rows[name]).tidied() for name in there}
    return Look(rows.drop(there), words)


def sound(seen: Look, owners: Collection[str]) -> bool:
    """Say whether rows have nothing wrong with them."""
    texts, words = seen
    if texts[TROUBLE].any() or texts[KEY].n_unique() < texts.height:
        return False
    return not any(words[rule.column].any(rule.broken) for rule in _rules(words, owners))


def typed(seen: Look, coded: Collection[str]) -> pl.LazyFrame:
    """Return sound rows as `customers` does, but those of `FEW` that are `coded` Categorical."""
    texts, words = seen
    meant = {name: _TYPED.get(name, pl.col(name)) for name in words}
    read = [
        of.coded(meant[name]) if name in coded else of.read(meant[name])
        for name, of in words.items()
    ]
    later = {name: of for name, of in _TYPED.items() if name not in words}
    return complete(texts.hstack(read).lazy()).with_columns(**later)


def complete(rows: Frame) -> Frame:
    """Return rows with every column of the list; those it does not have are empty."""
    there = rows.collect_schema().names()
    absent = [pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in there]
    return rows.with_columns(absent)


def asks(default: int, by_segment: Mapping[str, int]) -> pl.Expr:
    """Return how often a year each customer is asked: of its own, by its segment, or as all are.

    For a table with `asks_per_year` and `segment`; whole numbers (Int8), never empty.
    """
    segment = (
        pl.col("segment")
        .cast(pl.String)
        .replace_strict(
            list(by_segment), list(by_segment.values()), default=None, return_dtype=pl.Int8
        )
    )
    of_segment = [segment] if by_segment else []
    return pl.coalesce("asks_per_year", *of_segment, pl.lit(default)).cast(pl.Int8)


def problems(rows: pl.DataFrame, owners: Collection[str], file: str) -> list[Problem]:
    """Return what is wrong with the rows of the list; `owners` are the people there are.

    Of rows with the same mistake, the first `PROBLEMS_NAMED` are named and the others counted.
    """
    rules = _rules(rows.columns, owners)
    marks = rows.lazy().select(_marked(rules), _KEYED).collect()
    # A row whose id has the hash of another row's may stand twice; all such rows are looked at.
    suspect = marks[TROUBLE] | marks[KEY].is_duplicated()
    if not suspect.any():
        return []
    suspects = rows.select("row", *judged(rows.columns)).filter(suspect)
    return [problem for rule in rules for problem in _complaints(suspects, rule, file)]


def _marked(rules: Iterable[_Rule]) -> pl.Expr:
    """Say of each row whether it breaks a rule, those apart that compare it with others."""
    broken = [rule.broken for rule in rules if not rule.compares]
    return pl.any_horizontal(pl.lit(value=False), *broken).alias(TROUBLE)


def judged(columns: Collection[str]) -> list[str]:
    """Return which of the columns can have mistakes."""
    return list(dict.fromkeys(rule.column for rule in _rules(columns, ())))


class _Rule(NamedTuple):
    """What cannot be in a column; where it `compares`, of a row beside the others."""

    column: str
    broken: pl.Expr
    what: str
    mend: str
    compares: bool = False


def _rules(columns: Collection[str], owners: Collection[str]) -> list[_Rule]:
    known = pl.Series(sorted(owners), dtype=pl.String).implode()
    needed = [
        *(_Rule(c, pl.col(c).is_null(), f"{c} is empty", "Fill it in.") for c in NEEDED),
        _Rule("customer_id", _AGAIN, "{!r} stands twice", _AGAIN_MEND, compares=True),
        _Rule("owner", ~pl.col("owner").is_in(known), "no such person: {!r}", _OWNER_MEND),
    ]
    typed: list[tuple[str, pl.Expr, str, str]] = [
        ("value", _NUMBER.is_null(), "{!r} is not a number", "Write it like 12500.50."),
        ("joined", day("joined").is_null(), "{!r} is not a day", "Write it like 2026-11-22."),
        ("opted_out", ~_OPTED_OUT.is_in((*YES, *NO)), "{!r} is not yes or no", "Write yes or no."),
        ("asks_per_year", _ASKS.is_null(), "{!r} is not 1, 2, 3, 4, 6 or 12", _ASKS_MEND),
    ]
    filled = [
        _Rule(column, pl.col(column).is_not_null() & broken, what, mend)
        for column, broken, what, mend in typed
    ]
    return [rule for rule in (*needed, *filled) if rule.column in columns]


def _complaints(suspects: pl.DataFrame, rule: _Rule, file: str) -> list[Problem]:
    wrong = suspects.filter(rule.broken).select("row", rule.column)
    named = [
        Problem(rule.what.format(value), rule.mend, file, row, rule.column)
        for row, value in wrong.head(PROBLEMS_NAMED).iter_rows()
    ]
    others = wrong.height - len(named)
    more = Problem(f"{others} more rows with the same mistake", rule.mend, file, None, rule.column)
    return [*named, more] if others else named
