"""What is said of scores: tables with their intervals, sentences, the funnel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback.score import MINUS, points
from loopback.terminal import line, message, table, text, warning

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from loopback.calculator import Calculated
    from loopback.steps.funnel import Plot
    from loopback.steps.score import Scored

BAR = 16
BARS = f"▒ {MINUS} ░ 0 █ +"
SIDES = {"above": "▲ above", "below": "▼ below", None: ""}
Cells = dict[str, "Callable[[Any], str]"]


def scores(scored: Scored) -> None:
    """Print scores with their intervals; few answers are shown for what they are."""
    title = f"NPS, {scored.months[0]} to {scored.months[-1]}"
    table(scored.scores, title, _columns(scored))
    if scored.by and scored.total.height:
        line(_total(scored.total.row(0, named=True)))
    for sentence in scored.sentences:
        line(sentence)
    if scored.unmatched:
        warning(f"{scored.unmatched} responses match no customer: counted in the total alone")


def funnel(plot: Plot) -> None:
    """Print the funnel plot, and where its picture is."""
    for row in plot.lines:
        line(row)
    if plot.file:
        message(f"Drawn in {plot.file}")


def calculated(found: Calculated) -> None:
    """Print every number by its name, in points and with all digits."""
    for name, value in found.values.items():
        if name in {"detractors", "passives", "promoters"}:
            continue
        line(f"{name:18} {'' if value is None else repr(value)}".rstrip())
    for note in found.notes:
        warning(note)


def _columns(scored: Scored) -> Cells:
    """Return the columns of the table: the group, the counts, then what is estimated of it."""
    return {
        **_group(scored.by, scored.scores.columns),
        "rate": _rate,
        "responses": text,
        BARS: _bar,
        "nps": lambda value: "" if value is None else points(value),
        "interval": _interval,
        **_owner(scored.months, scored.scores.columns),
        **_extras(scored),
    }


def _group(by: str | None, columns: list[str]) -> Cells:
    """Return what names a group: with each month by itself, its month too."""
    named = {"owner": "name"}.get(by or "", by)
    return {name: text for name in dict.fromkeys((named, "month")) if name in columns}


def _owner(months: list[str], columns: list[str]) -> Cells:
    """Return what stands beside an owner: the estimate, and the few answers of the last month."""
    if "shrunk" not in columns:
        return {}
    several = len(months) > 1 and "month_promoters" in columns
    month: Cells = {months[-1]: _month} if several else {}
    return {"estimate": _estimate, "": lambda row: SIDES[row["flag"]], **month}


def _extras(scored: Scored) -> Cells:
    """Return what there is beside the score: the change, the value, what was asked for."""
    beside: dict[str, tuple[str, Callable[[Any], str]]] = {
        "change": ("since before", _change),
        "value": ("value covered", _worth),
        "book_nps": ("of the book", _triple("book")),
        "lowest": ("lowest to highest", lambda row: _span(row, "lowest", "highest")),
        "value_nps": ("by value", _triple("value")),
        "account_nps": ("by account", _triple("account")),
        "never_answered": ("never answered", lambda row: text(row["never_answered"])),
    }
    known = [name for name in beside if name in scored.scores.columns]
    return dict(beside[name] for name in known if _known(scored.scores[name]))


def _known(column: pl.Series) -> bool:
    """Say whether a column has anything to show; a value of nothing is none."""
    return column.count() > 0 and (column.name != "value" or column.sum() > 0)


def _total(total: dict[str, Any]) -> str:
    nps = "" if total["nps"] is None else f", NPS {points(total['nps'])} ({_interval(total)})"
    if total["responses"] is None:
        return "All: too few answers to show."
    rate = f"; {_rate(total)} answered" if total["invited"] else ""
    return f"All: {total['responses']} responses{nps}{rate}"


def _rate(row: dict[str, Any]) -> str:
    return "" if row["answered"] is None else f"{row['answered']}/{row['invited']}"


def _bar(row: dict[str, Any]) -> str:
    """Draw the shares of detractors, passives and promoters in sixteen cells."""
    total = row["responses"]
    if not total:
        return ""
    first = round(BAR * row["detractors"] / total)
    last = round(BAR * row["promoters"] / total)
    return "▒" * first + "░" * (BAR - first - last) + "█" * last


def _interval(row: dict[str, Any]) -> str:
    return _span(row, "lower", "upper")


def _span(row: dict[str, Any], lower: str, upper: str) -> str:
    if row[lower] is None:
        return ""
    return f"{points(row[lower])} to {points(row[upper])}"


def _triple(name: str) -> Callable[[dict[str, Any]], str]:
    """Return the cell of an estimate with its limits."""

    def cell(row: dict[str, Any]) -> str:
        if row[f"{name}_nps"] is None:
            return ""
        limits = _span(row, f"{name}_lower", f"{name}_upper")
        return f"{points(row[f'{name}_nps'])} ({limits})"

    return cell


def _estimate(row: dict[str, Any]) -> str:
    if row["shrunk"] is None:
        return ""
    return f"{points(row['shrunk'])} ({_span(row, 'shrunk_lower', 'shrunk_upper')})"


def _month(row: dict[str, Any]) -> str:
    """Show each answer of the last month by its mark, while they are few."""
    marks = {"month_detractors": "▒", "month_passives": "░", "month_promoters": "█"}
    counts = {mark: row[name] or 0 for name, mark in marks.items()}
    if sum(counts.values()) <= BAR:
        return "".join(mark * count for mark, count in counts.items())
    return " ".join(f"{count}{mark}" for mark, count in counts.items() if count)


def _change(row: dict[str, Any]) -> str:
    if row["change"] is None:
        return ""
    return f"{points(row['change'])} ({_span(row, 'change_lower', 'change_upper')})"


def _worth(row: dict[str, Any]) -> str:
    return f"{row['value_covered'] / row['value']:.0%}" if row["value"] else ""
