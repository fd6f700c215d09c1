"""JSON lines: an object a line, read by Polars, or by Python where a line has what JSON has not."""

from __future__ import annotations

import glob
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import polars as pl

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AT_ONCE = 10_000
MEND = "Each line must be a JSON object, the values of a key of one kind. Write the file again."


def schema(path: Path) -> tuple[pl.Schema, bool]:
    """Return the columns of all lines, and whether Polars can read them.

    Python's `NaN` is no JSON, but common: there Python reads, and it is an empty value.
    """
    try:
        return _scan(path).collect_schema(), True
    except pl.exceptions.PolarsError:
        return _schema(path), False


def batches(path: Path, kinds: pl.Schema, *, by_polars: bool, rows: int) -> Iterator[pl.DataFrame]:
    """Yield the objects of the lines as rows, so many at once."""
    if by_polars:
        yield from _scan(path).collect_batches(chunk_size=rows, maintain_order=True)
        return
    for objects in _objects(path):
        yield pl.DataFrame(objects, schema=kinds, strict=False)


def _scan(path: Path) -> pl.LazyFrame:
    return pl.scan_ndjson(glob.escape(str(path)), infer_schema_length=None)


def _schema(path: Path) -> pl.Schema:
    """Return a column for every key, of a kind that holds all its values."""
    empty = pl.DataFrame()
    for objects in _objects(path):
        try:
            found = pl.DataFrame(objects, infer_schema_length=None).clear()
            empty = pl.concat([empty, found], how="diagonal_relaxed")
        except (pl.exceptions.PolarsError, TypeError):
            raise LoopbackError(Problem("a key has values of two kinds", MEND, path.name)) from None
    return empty.schema


def _objects(path: Path) -> Iterator[list[dict[str, Any]]]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        numbered = ((n, line) for n, line in enumerate(file, start=1) if line.strip())
        while some := list(islice(numbered, AT_ONCE)):
            yield [_object(line, number, path.name) for number, line in some]


def _object(line: str, number: int, name: str) -> dict[str, Any]:
    try:
        found = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise LoopbackError(Problem("not a JSON object", MEND, name, line=number))
    return found
