"""Code the comments of a file, without a workspace: reasons and evidence beside each row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from loopback import files
from loopback.comments import LINES, PARQUET, comments
from loopback.errors import LoopbackError, Problem, WrongUsageError
from loopback.frame import read_frame
from loopback.reasons.codes import CODED, coded
from loopback.reasons.coverage import alarms, by_language, counted, coverage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loopback.comments import Comments
    from loopback.frame import CodeFrame

CSV = ".csv"
GIVEN = "given_"  # begins the new name of a column that has one of ours
GROUP = 50_000  # rows of a Parquet file that are written, and so held, together
BYTES = 16 << 20  # of rows that are coded at once; what is reckoned takes several times that
LIST = pl.List(pl.String)
PAIRS_TEXT = pl.col("evidence").list.eval(pl.element().list.join(": "))
LISTS_TEXT = pl.when(pl.col(LIST).list.len() > 0).then(pl.col(LIST).list.join("; ")).name.keep()


@dataclass(frozen=True)
class Coding:
    """How many rows a file has, how many comments of each kind, by language, and what to heed."""

    file: Path
    rows: int
    coverage: dict[str, int]
    languages: pl.DataFrame
    alarms: list[str]
    replaced: list[str]
    renamed: dict[str, str]


@dataclass(frozen=True)
class _Wish:
    """What is to be coded: the rows, the frame, and the columns of comment and language."""

    rows: Comments
    frame: CodeFrame
    column: str
    language: str | None


def code(path: Path, frame: Path, column: str | None, language: str | None, to: Path) -> Coding:
    """Write the rows of a file with `reasons` and `evidence` added; the whole file or none.

    Rows go through a few at a time, in their order, so that files larger than memory work.
    """
    rows = comments(path)
    code_frame = read_frame(frame)
    spoken = rows.column(language) if language else None
    wish = _Wish(rows, code_frame, rows.column(column), spoken)
    ending = _ending(to, rows)
    counts: list[pl.DataFrame] = []
    with files.replacing(to.absolute()) as temporary:
        _stream(wish, ending, temporary, counts)
    return _coding(to, pl.concat(counts), wish)


def _ending(to: Path, rows: Comments) -> str:
    """Return the ending of the file to write; raise where it could not hold the rows."""
    ending = to.suffix.lower()
    if ending not in {CSV, PARQUET, *LINES}:
        mend = "End the name of the file in .parquet, .csv or .jsonl."
        raise WrongUsageError(Problem(f"cannot write {ending or 'a file without ending'}", mend))
    nested = [name for name, kind in _kept(rows).items() if kind.is_nested() and kind != LIST]
    if ending == CSV and nested:
        mend = "Write a file that ends in .parquet or .jsonl."
        raise WrongUsageError(Problem(f"a CSV cannot hold what is in {nested[0]!r}", mend))
    return ending


def _stream(wish: _Wish, ending: str, to: Path, counts: list[pl.DataFrame]) -> None:
    """Send the coded rows to a file as they come."""
    from polars.io.plugins import register_io_source

    failed: list[LoopbackError] = []

    def batches(*_: object) -> Iterator[pl.DataFrame]:
        try:
            for rows in wish.rows.batches():
                for part in rows.iter_slices(_at_once(rows)):
                    yield _coded(part, wish, ending, counts)
        except LoopbackError as error:
            failed.append(error)
            raise

    schema = pl.Schema({**_kept(wish.rows), **CODED})
    plain = {n: pl.String() if kind.is_nested() else kind for n, kind in schema.items()}
    source = register_io_source(batches, schema=pl.Schema(plain if ending == CSV else schema))
    sinks: dict[str, Callable[[Path], object]] = {
        CSV: source.sink_csv,
        PARQUET: partial(source.sink_parquet, row_group_size=GROUP),
    }
    try:
        sinks.get(ending, source.sink_ndjson)(to)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        if failed:  # Polars wraps it: what went wrong is what we said
            raise failed[0] from None
        raise


def _at_once(rows: pl.DataFrame) -> int:
    """Return how many of some rows to code at once: fewer where comments are long."""
    size = int(rows.estimated_size())
    return max(1, rows.height * BYTES // max(BYTES, size))


def _coded(
    rows: pl.DataFrame, wish: _Wish, ending: str, counts: list[pl.DataFrame]
) -> pl.DataFrame:
    """Return rows with their reasons; count the kinds of their comments."""
    spoken = pl.col(wish.language) if wish.language else pl.lit(None)
    told = rows.select(comment=pl.col(wish.column).cast(pl.String), language=spoken.cast(pl.String))
    found = coded(told, wish.frame)
    counts.append(counted(told.select("language").hstack(found.select("kind"))))
    kept = [pl.col(name).alias(new) for name, new in _own(wish.rows).items()]
    both = rows.select(kept).hstack(found.select(CODED.names()))
    return both.with_columns(PAIRS_TEXT).with_columns(LISTS_TEXT) if ending == CSV else both


def _kept(rows: Comments) -> pl.Schema:
    """Return the columns of the file that stay, under the names that they get."""
    return pl.Schema({new: rows.schema[name] for name, new in _own(rows).items()})


def _own(rows: Comments) -> dict[str, str]:
    """Return the new name of each column of the file that stays.

    Both reasons and evidence are of an earlier coding, and written anew. One alone is the file's
    own, such as reasons that were ticked: it stays beside what is coded, under another name.
    """
    if _coded_before(rows):
        return {name: name for name in rows.schema if name not in CODED}
    own = {name: GIVEN + name if name in CODED else name for name in rows.schema}
    twice = next((name for name, new in own.items() if new != name and new in rows.schema), None)
    if twice:
        what = f"the columns {twice!r} and {own[twice]!r} would get the same name"
        raise LoopbackError(Problem(what, "Rename one of them in the file.", rows.name))
    return own


def _coded_before(rows: Comments) -> bool:
    return set(CODED) <= set(rows.schema)


def _coding(to: Path, counts: pl.DataFrame, wish: _Wish) -> Coding:
    kinds, languages = coverage(counts), by_language(counts)
    return Coding(
        to,
        sum(kinds.values()),
        kinds,
        languages,
        alarms(languages, wish.frame),
        CODED.names() if _coded_before(wish.rows) else [],
        {name: new for name, new in _own(wish.rows).items() if name != new},
    )
