"""The sheets of a workbook, and the one that is chosen by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopback.delimited import blank, filled
from loopback.errors import Problem, WrongUsageError, error
from loopback.grid import Grid

if TYPE_CHECKING:
    from pathlib import Path


def sheet(source: Path | bytes, name: str, wanted: str) -> Grid:
    """Return the cells of the sheet of that name, or 1-based number; raise where there is none."""
    import fastexcel

    try:
        book = fastexcel.read_excel(source)
        found = _place(book.sheet_names, wanted, name)
        read = book.load_sheet(found, header_row=None, skip_rows=0, dtypes="string").to_polars()
    except fastexcel.FastExcelError:
        mend = "Open it in your spreadsheet program and save it again as XLSX or CSV."
        raise error("not a workbook that can be read", mend, name) from None
    if read.is_empty():
        raise error(f"the sheet {wanted!r} is empty", "Name another with --sheet.", name)
    return Grid(name, _numbered(read))


def sheets(source: Path | bytes, name: str) -> dict[str, Grid]:
    """Return the cells of each sheet of a workbook that is not empty, by its name."""
    import fastexcel

    try:
        book = fastexcel.read_excel(source)
        read = {
            sheet: book.load_sheet(n, header_row=None, skip_rows=0, dtypes="string").to_polars()
            for n, sheet in enumerate(book.sheet_names)
        }
    except fastexcel.FastExcelError:
        mend = "Open it in your spreadsheet program and save it again as XLSX or CSV."
        raise error("not a workbook that can be read", mend, name) from None
    found = {sheet: Grid(name, _numbered(cells)) for sheet, cells in read.items() if cells.width}
    return {sheet: cells for sheet, cells in found.items() if cells.cells.height}


def _place(names: list[str], wanted: str, file: str) -> int:
    if wanted in names:
        return names.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    there = ", ".join(repr(name) for name in names)
    raise WrongUsageError(Problem(f"there is no sheet {wanted!r}", f"There are: {there}.", file))


def _numbered(cells: pl.DataFrame) -> pl.DataFrame:
    """Number the rows of a sheet from 1 and drop the blank ones."""
    columns = [f"column_{index}" for index in range(cells.width)]
    numbered = cells.rename(dict(zip(cells.columns, columns, strict=True))).with_row_index("row", 1)
    return numbered.filter(~blank(columns)).select(
        pl.col("row").cast(pl.Int64),
        pl.lit(cells.width, pl.Int64).alias("fields"),
        *filled(columns),
    )
