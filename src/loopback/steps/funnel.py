"""Funnel: the plot of the owners' scores, as lines for the terminal and as a picture in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from loopback import files, funnel_plot
from loopback.errors import Problem, WrongUsageError, error
from loopback.funnel_plot import Dot
from loopback.nps import funnel
from loopback.score import groups
from loopback.steps.tablefile import refuse_own

if TYPE_CHECKING:
    from pathlib import Path

    from loopback.steps.score import Scored
    from loopback.workspace import Workspace

SHARP = 2.0  # dots of a PNG for one of the SVG


@dataclass(frozen=True)
class Plot:
    """The plot as lines, and the file that has it as a picture."""

    lines: list[str]
    file: Path | None


def draw(workspace: Workspace, scored: Scored, file: Path | None) -> Plot:
    """Draw the groups that have answers in a funnel; write it where a file is named."""
    if scored.by in {None, "month"} or "month" in scored.scores.columns:
        mend = "Ask for it with --by owner, region, segment or language."
        raise WrongUsageError(Problem("a funnel needs groups of customers", mend))
    rows = scored.scores.filter(pl.col("responses") > 0, pl.col(scored.by).is_not_null())
    found = funnel.funnel(groups(rows))
    label = "name" if scored.by == "owner" else scored.by
    dots = [
        Dot(name, int(group.n), group.nps, funnel.outside(group, found))
        for name, group in zip(rows[label], groups(rows), strict=True)
    ]
    if file:
        title = (
            f"NPS by {scored.by} and number of answers, {scored.months[0]} to {scored.months[-1]}"
        )
        refuse_own(workspace, file)
        files.replace(file.absolute(), _picture(funnel_plot.svg(dots, found, title), file))
    return Plot(funnel_plot.text(dots, found), file)


def _picture(svg: str, file: Path) -> bytes:
    match file.suffix.lower():
        case ".svg":
            return svg.encode()
        case ".png":
            return _png(svg)
        case _:
            mend = "End the name of the file in .svg or .png."
            raise WrongUsageError(Problem("cannot draw into this file", mend, str(file)))


def _png(svg: str) -> bytes:
    try:
        import vl_convert  # an extra
    except ImportError:
        mend = "Draw an .svg, or install what draws it: pip install 'loopback-nps[charts]'"
        raise error("a .png needs the extra charts", mend) from None
    return vl_convert.svg_to_png(svg, scale=SHARP)
