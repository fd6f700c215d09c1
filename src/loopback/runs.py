"""A run of a command: what it has read, and the rows that it adds to the ledger."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from loopback.tables import RUNS, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

LEVEL = 1  # of the compression of parts
ROWS_TOGETHER = 1_000_000  # of a part: the words of a column stand once for so many rows


@dataclass
class Run:
    """One run of a command while it works: what it has read, and the rows it will commit."""

    command: str
    at: datetime
    number: int
    arguments: dict[str, object] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    rows: dict[Table, pl.DataFrame] = field(default_factory=dict)
    spent: list[Path] = field(default_factory=list)  # files to remove once the run is committed

    def append(self, table: Table, rows: pl.DataFrame) -> None:
        """Add rows to be committed to a table; a run adds to each table at most once."""
        if table in self.rows:
            sentence = f"run {self.command} appends twice to {table.name}"
            raise ValueError(sentence)
        if rows.height:
            self.rows[table] = rows

    def part(self, table: Table) -> memoryview:
        """Return the bytes of the part with the rows of a table, each with where it came from."""
        return _content(table, self._stamped(self.rows[table]))

    def row(self, wrote: Sequence[str]) -> memoryview:
        """Return the bytes of the part of `runs` with the row of this run, which wrote others."""
        row = pl.DataFrame(
            {
                "arguments": [json.dumps(self.arguments, sort_keys=True, default=str)],
                "read": [self.read],
                "wrote": [wrote],
                "rows": [sum(rows.height for rows in self.rows.values())],
            }
        )
        return _content(RUNS, self._stamped(row))

    def _stamped(self, rows: pl.DataFrame) -> pl.LazyFrame:
        """Add to each row where it came from; rows of a file bring `source` and `row` with them."""
        origin = [pl.lit(None, pl.String).alias("source"), pl.lit(None, pl.Int64).alias("row")]
        return rows.lazy().with_columns(
            *(column for column in origin if column.meta.output_name() not in rows.columns),
            run=pl.lit(self.number, pl.Int64),
            command=pl.lit(self.command),
            recorded_at=pl.lit(self.at).dt.convert_time_zone("UTC"),
        )


def _content(table: Table, rows: pl.LazyFrame) -> memoryview:
    content = io.BytesIO()
    # Minima and maxima in the footer would repeat personal data outside the rows.
    # A higher level takes twice the time and makes no smaller parts: ids do not repeat.
    table.fitted(rows).sink_parquet(
        content, statistics=False, compression_level=LEVEL, row_group_size=ROWS_TOGETHER
    )
    return content.getbuffer()
