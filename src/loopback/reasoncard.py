"""What is said of reasons: the tally with its quotes, one comment explained, themes, a trial."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.text import Text

from loopback.score import points
from loopback.terminal import line, message, out, printable, problems, table, text, warning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl

    from loopback.steps.coding import Coding
    from loopback.steps.discover import Added, Discovered
    from loopback.steps.reasons import Tallied
    from loopback.steps.show import Shown
    from loopback.steps.trial import Tried

QUOTED = 6  # reasons of which both ends of the scale are quoted
LETTERS = 140  # of a quote
TERMS_SHOWN = 15
LISTS = {
    "uncovered": "In comments without a specific reason",
    "unhappy": "Beside known reasons: detractors more than promoters",
    "happy": "Beside known reasons: promoters more than detractors",
}
ASSOCIATION = (
    "Impact is the NPS of all who comment less that without those who give the reason: "
    "what goes with a reason need not come from it."
)


def tally(tallied: Tallied) -> None:
    """Print how often each reason was given, with which scores, and the words that say so."""
    title = f"Reasons in comments, {tallied.months[0]} to {tallied.months[-1]}"
    table(tallied.tally, title, _columns(tallied.by, "label", "comments") | {"words": text})
    if not tallied.by:
        _ends(tallied.tally)
    if tallied.total.height == 1:
        line(f"All who say something: {_whole(tallied.total.row(0, named=True))}")
    if tallied.ticked.height:
        columns = _columns(tallied.by, "answer", "responses")
        table(tallied.ticked, "Reasons ticked in the survey, apart from those above", columns)
    line(covered(tallied.coverage))
    for alarm in tallied.alarms:
        warning(alarm)
    if tallied.tally.height:
        message(ASSOCIATION)


def _columns(by: str | None, name: str, count: str) -> dict[str, Callable[[Any], str]]:
    columns: dict[str, Callable[[Any], str]] = {by: text} if by else {}
    share: dict[str, Callable[[Any], str]] = {name: text, count: text, "share": _percent}
    counts: dict[str, Callable[[Any], str]] = dict.fromkeys(
        ("promoters", "passives", "detractors"), text
    )
    scores: dict[str, Callable[[Any], str]] = {
        "nps": _points,
        "interval": _interval,
        "without": _points,
        "impact": _tenths,
    }
    return columns | share | counts | scores


def _ends(rows: pl.DataFrame) -> None:
    """Quote both ends of the scale for the most frequent reasons."""
    if not {"low", "high"} <= set(rows.columns):
        return
    for label, low, high in rows.head(QUOTED).select("label", "low", "high").iter_rows():
        line(f"{label}")
        for end, quote in (("-", low), ("+", high)):
            if quote:
                line(f"  {end} {_short(quote)}")


def _whole(row: dict[str, Any]) -> str:
    if row["nps"] is None:
        return "none"
    return f"{row['responses']}, NPS {points(row['nps'])} ({_interval(row)})"


def coding(result: Coding) -> None:
    """Say how much of the comments of a file the code frame covers, and what to heed."""
    line(f"{result.rows} rows in {result.file}. {covered(result.coverage)}")
    if result.replaced:
        warning(f"Written anew, not taken from the file: {', '.join(result.replaced)}")
    for name, new in result.renamed.items():
        warning(f"The file's own column {name!r} is kept as {new!r}, apart from what is coded")
    for alarm in result.alarms:
        warning(alarm)


def covered(found: dict[str, int]) -> str:
    """Return in words how many comments are of each kind."""
    return (
        f"Comments with a reason: {found['specific']}, general only: {found['general']}, "
        f"none known: {found['uncovered']}, saying nothing: {found['empty']}; "
        f"without a comment: {found['silent']}"
    )


def shown(found: list[Shown]) -> None:
    """Print comments with their matches marked, and what made each match."""
    for one in found:
        given = ", ".join(one.reasons.values()) or f"no reason ({one.kind})"
        who = one.customer_id or "nobody known"
        line(f"{one.response_id}  {who}  {one.month}  score {one.score}")
        line(f"  {given}")
        if one.comment:
            out().print(_highlighted(one))
        for match in one.matches:
            mark = ", a negation before it" if match.negated else ""
            where = f"letters {match.start + 1} to {match.end}"
            line(f"  {match.reason}: {match.words!r} by {match.term!r}, {where}{mark}")
        if one.ticked:
            line(f"  ticked in the survey: {one.ticked}")


def _highlighted(one: Shown) -> Text:
    """Return the comment with its matches in colour; between marks where there is none."""
    shown, at = Text("  "), 0
    comment, marks = one.comment or "", not out().is_terminal
    for match in sorted(one.matches, key=lambda m: (m.start, -m.end)):
        if match.start < at:
            continue
        shown.append_text(printable(comment[at : match.start]))
        words = f"[{match.words}]" if marks else match.words
        shown.append_text(printable(words, "bold reverse"))
        at = match.end
    return shown.append_text(printable(comment[at:]))


def discovered(found: Discovered) -> None:
    """Print the themes of each list, the one to read first at the top, and near words."""
    months = f"{found.months[0]} to {found.months[-1]}"
    line(f"{found.comments} comments, {months}. {covered(found.coverage)}")
    for name in sorted(found.themes, key=lambda name: name != found.first):
        line("")
        line(LISTS[name] + (" (read these first)" if name == found.first else ""))
        if not found.themes[name]:
            line("  nothing that chance alone would not show")
        for theme in found.themes[name]:
            also = f" (also: {', '.join(theme.also)})" if theme.also else ""
            counts = f"{theme.inside} in, {theme.outside} out, z {theme.z:.1f}"
            line(f"  {theme.ngram}{also}: {counts}")
            for quote in theme.quotes:
                line(f"      {_short(quote)}")
    if found.suggestions:
        line("")
        line("Words near to a term")
    for near in found.suggestions:
        said = f"{near.word} ({near.comments}) ~ {near.term} of {near.reason}"
        line(f"  {said}; add {near.add!r}, if it is that")
    problems(found.unused, "warning")
    message('Write a term into the frame: loopback reasons discover --add "TERM" --reason ID')


def plain(found: Discovered) -> dict[str, Any]:
    """Return what was discovered with its themes as tables, for JSON."""
    themes = {name: [theme._asdict() for theme in rows] for name, rows in found.themes.items()}
    near = [suggestion._asdict() for suggestion in found.suggestions]
    return {**asdict(found), "themes": themes, "suggestions": near}


def added(result: Added) -> None:
    """Say which terms were written into the code frame."""
    said = ", ".join(result.terms) or "nothing: all were there already"
    message(f"Added to {result.reason} in {result.file}: {said}")


def handsheet(files: list[Path], comments: int) -> None:
    """Say where the sheets are, and how to go on."""
    message(f"{comments} comments to be coded in {', '.join(map(str, files))}")
    message("Mark with an x each reason that a comment gives, then: loopback reasons test FILE")


def tried(result: Tried, *, audit: bool) -> None:
    """Print how well the frame finds what people found, worst first."""
    if result.unknown:
        warning(f"Not in the frame, and left out: {', '.join(result.unknown)}")
    measures: dict[str, Callable[[Any], str]] = dict.fromkeys(
        ("precision", "recall", "f1", "kappa"), _hundredths
    )
    counts: dict[str, Callable[[Any], str]] = dict.fromkeys(("people", "frame", "both"), text)
    table(
        result.reasons, f"Reasons, {result.comments} comments", {"reason": text} | counts | measures
    )
    terms: dict[str, Callable[[Any], str]] = {
        "reason": text,
        "term": text,
        "comments": text,
        "right": text,
        "precision": _hundredths,
    }
    shown = result.audit if audit else result.terms.head(TERMS_SHOWN)
    table(shown, "Terms to drop" if audit else "Terms that are wrong most often", terms)
    line(f"Overall: {_overall(result.overall)}")
    if audit:
        without = f"Without these {result.audit.height} terms, on the same comments"
        line(f"{without}: {_overall(result.audited)}")
    if result.coders.height:
        kappas: dict[str, Callable[[Any], str]] = {
            "reason": text,
            "comments": text,
            "alpha": _hundredths,
            "kappas": lambda found: ", ".join(map(_hundredths, found)),
        }
        table(result.coders, "Agreement of the coders", kappas)
    problems(result.unused, "warning")


def _overall(found: dict[str, float | None]) -> str:
    return ", ".join(f"{name.replace('_f1', ' F1')} {_hundredths(v)}" for name, v in found.items())


def _short(quote: str) -> str:
    words = " ".join(quote.split())
    return words if len(words) <= LETTERS else f"{words[: LETTERS - 1].rstrip()}…"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


def _points(value: float | None) -> str:
    return "" if value is None else points(value)


def _tenths(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _hundredths(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _interval(row: dict[str, Any]) -> str:
    return "" if row["nps"] is None else f"{points(row['lower'])} to {points(row['upper'])}"
