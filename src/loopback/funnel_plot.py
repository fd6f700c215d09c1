"""The funnel plot as a picture (SVG) and as lines of text."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NamedTuple

from loopback.nps.funnel import ALARM, WARNING, Funnel, limits
from loopback.score import points

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'
FONT = 'font-family="sans-serif" font-size="12"'
WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 64, 24, 48, 56
PLACES = 160  # on the axis of answers, between which limits are straight
COLUMNS, ROWS = 72, 21  # of the plot in text: ten points a row
TICKS = (-100, -50, 0, 50, 100)
STEPS = (1, 2, 5)
TICKS_WANTED = 8
MANY = 10  # owners in one place of the text
LETTER, LINE = 6.5, 13  # how wide and high a name is drawn, about


class Dot(NamedTuple):
    """An owner in the plot; `side` says where the score lies outside, "below" or "above"."""

    name: str
    n: int
    nps: float
    side: str | None


def svg(dots: Sequence[Dot], found: Funnel, title: str) -> str:
    """Return the plot as an SVG document; owners outside the 99.8 % limits bear their names."""
    most = max((dot.n for dot in dots), default=1)
    parts = [
        f'<svg {NAMESPACE} viewBox="0 0 {WIDTH} {HEIGHT}" {FONT} role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 24, title, 'font-size="15"'),
        *_axes(most),
        _curve(found, most, WARNING, "5 4"),
        _curve(found, most, ALARM, ""),
        _line(LEFT, _y(found.nps), WIDTH - RIGHT, _y(found.nps), "#1f4e79"),
        *(_dot(dot, most) for dot in sorted(dots)),
        *_names(sorted(dot for dot in dots if dot.side), most),
        _text(LEFT, HEIGHT - 8, _legend(found), 'fill="#555"'),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def text(dots: Sequence[Dot], found: Funnel) -> list[str]:
    """Return the plot as lines: `o` an owner, a digit several, `:` the 99.8 % limits."""
    most = max((dot.n for dot in dots), default=1)
    grid = [[" "] * COLUMNS for _ in range(ROWS)]
    for column in range(COLUMNS):
        grid[_row(found.nps)][column] = "-"
        for limit in limits(max(1, round(most * (column + 1) / COLUMNS)), found, ALARM):
            grid[_row(limit)][column] = ":"
    for place, count in sorted(_places(dots, most).items()):
        grid[place[0]][place[1]] = "o" if count == 1 else str(count) if count < MANY else "#"
    lines = [f"{_label(row)} |{''.join(cells)}".rstrip() for row, cells in enumerate(grid)]
    axis = f"{'':5} 1{'answers':^{COLUMNS - 2}}{most}"
    return [*lines, f"{'':5}+{'-' * COLUMNS}", axis, _legend(found)]


def _legend(found: Funnel) -> str:
    return (
        f"Company {points(found.nps)}; between the outer lines lie 998 of 1,000 owners "
        "who are no different from it."
    )


def _places(dots: Iterable[Dot], most: int) -> dict[tuple[int, int], int]:
    counts: dict[tuple[int, int], int] = {}
    for dot in dots:
        place = _row(dot.nps), min(COLUMNS - 1, round(dot.n / most * COLUMNS) - 1)
        counts[place] = counts.get(place, 0) + 1
    return counts


def _row(nps: float) -> int:
    return round((100 - nps) / 200 * (ROWS - 1))


def _label(row: int) -> str:
    value = 100 - 200 * row // (ROWS - 1)
    return f"{points(value) if value in TICKS else '':>5}"


def _x(n: float, most: int) -> float:
    return round(LEFT + n / most * (WIDTH - LEFT - RIGHT), 1)


def _y(nps: float) -> float:
    return round(TOP + (100 - nps) / 200 * (HEIGHT - TOP - BOTTOM), 1)


def _axes(most: int) -> list[str]:
    ticks = [
        part
        for value in TICKS
        for part in (
            _line(LEFT, _y(value), WIDTH - RIGHT, _y(value), "#e4e4e4"),
            _text(LEFT - 8, _y(value) + 4, points(value), 'text-anchor="end"'),
        )
    ]
    marks = [
        _text(_x(n, most), HEIGHT - BOTTOM + 18, str(n), 'text-anchor="middle"')
        for n in range(0, most + 1, _step(most))
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*ticks, *marks, _text(middle, HEIGHT - 24, "answers", 'text-anchor="middle"')]


def _step(most: int) -> int:
    """Return a round distance of ticks: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for step in STEPS:
            if most / (step * power) <= TICKS_WANTED:
                return step * power
        power *= 10


def _curve(found: Funnel, most: int, confidence: float, dashes: str) -> str:
    """Return both limits, each a line of its own."""
    answers = sorted({max(1, round(most * place / PLACES)) for place in range(1, PLACES + 1)})
    pairs = [(_x(n, most), limits(n, found, confidence)) for n in answers]
    style = f'fill="none" stroke="#b0413e" stroke-dasharray="{dashes}"'
    return "\n".join(
        f'<polyline {style} points="{" ".join(f"{x},{_y(pair[side])}" for x, pair in pairs)}"/>'
        for side in (0, 1)
    )


def _dot(dot: Dot, most: int) -> str:
    x, y = _x(dot.n, most), _y(dot.nps)
    colour = "#b0413e" if dot.side else "#1f4e79"
    hint = f"{dot.name}: {points(dot.nps)}, {dot.n} answers"
    return (
        f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}" fill-opacity="0.7">'
        f"<title>{escape(hint)}</title></circle>"
    )


def _names(dots: Sequence[Dot], most: int) -> list[str]:
    """Return the names to the right of their dots, or to the left where that one is taken."""
    places = [(_x(dot.n, most), _y(dot.nps)) for dot in dots]
    taken = [(x - 5, x + 5, y) for x, y in places]
    drawn = []
    for dot, (x, y) in zip(dots, places, strict=True):
        right = (x + 7, x + 7 + LETTER * len(dot.name), y)
        left = (x - 7 - LETTER * len(dot.name), x - 7, y)
        turned = not _free(right, taken) and _free(left, taken)
        taken.append(left if turned else right)
        place, style = (x - 7, 'text-anchor="end"') if turned else (x + 7, "")
        drawn.append(_text(place, y + 4, dot.name, style))
    return drawn


def _free(span: tuple[float, float, float], taken: Iterable[tuple[float, float, float]]) -> bool:
    """Say whether a name would be inside the picture and touch nothing."""
    start, end, y = span
    clear = all(end < first or last < start or abs(y - row) > LINE for first, last, row in taken)
    return clear and start >= LEFT and end <= WIDTH


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}"/>'


def _text(x: float, y: float, words: str, style: str = "") -> str:
    return f'<text x="{x}" y="{y}" {style}>{escape(words)}</text>'
