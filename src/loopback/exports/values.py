"""The values of cells: scores and times out of text, nothing guessed."""

from __future__ import annotations

import re

import polars as pl

# 9, 9.0, 9/10, "10 - Extremely likely": a number from 0 to 10 with nothing else that counts.
_SCORE_TEXT = r"^\s*(\d{1,2})(?:\.0+)?(?:\s*/\s*10)?(?:\s+-\s+\D.*)?\s*$"
_NUMBER = pl.col("score").str.extract(_SCORE_TEXT).cast(pl.Int64, strict=False)
SCORE = pl.when(_NUMBER <= 10).then(_NUMBER)  # noqa: PLR2004 - the scale
UNANSWERED = ("n/a", "na", "-", "no answer", "keine angabe", "k.a.", "intet svar")
# "1 - strongly disagree", "1 = not at all", "from 1 to 10": the scale has no 0.
STARTS_AT_ONE = re.compile(r"\b1\s*(-|\u2013|=|to|bis|til)\s*(10\b|[^\W\d]+)", re.IGNORECASE)
STARTS_AT_ZERO = re.compile(r"\b0\s*(-|\u2013|=|to|bis|til)\s*(10\b|[^\W\d]+)", re.IGNORECASE)

_CLOCKS = ("%H:%M:%S%.f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
_DATE = r"^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{4})(?: |$)"
_ZONE = r"\s*(Z|[+-]\d{2}:?\d{2})$"
_TWO_NUMBERS = r"^(\d{1,2})[/.](\d{1,2})[/.]\d{4}"
_MONTHS = 12


def times(texts: pl.Series, *, day_first: bool | None) -> pl.Series | None:
    """Return the times of texts in UTC, or None where the texts leave day and month open.

    A text without a zone is read as UTC. A text that is no time gives an empty cell.
    """
    tidy = texts.str.strip_chars()
    if day_first is None:
        day_first = _day_first(tidy)
    if day_first is None:
        return None
    slashes = "%d/%m/%Y" if day_first else "%m/%d/%Y"
    dates = ("%Y-%m-%d", slashes)
    formats = [f"{date} {clock}" for date in dates for clock in _CLOCKS]
    return tidy.to_frame("text").select(time=pl.coalesce(*_readings(formats, dates)))["time"]


def _readings(formats: list[str], dates: tuple[str, ...]) -> list[pl.Expr]:
    """Return the ways to read a text: with a zone, without one, as a day alone."""
    spaced = (
        pl.col("text")
        .str.replace(r"^(\d{4}-\d{2}-\d{2})T", "${1} ")
        .str.replace(r"^(\d{1,2})\.(\d{1,2})\.", "${1}/${2}/")
    )
    text = pl.when(spaced.str.contains(_DATE)).then(spaced)
    zoned = text.str.replace(r"\s*Z$", "+00:00").str.replace(
        r"\s*([+-]\d{2}):?(\d{2})$", " ${1}${2}"
    )
    has_zone = text.str.contains(_ZONE)
    with_zone = [_read(pl.when(has_zone).then(zoned), f"{f} %z", zone=True) for f in formats]
    plain = [_read(pl.when(~has_zone).then(text), f, zone=False) for f in (*formats, *dates)]
    return [*with_zone, *plain]


def _read(text: pl.Expr, form: str, *, zone: bool) -> pl.Expr:
    read = text.str.to_datetime(form, strict=False, time_unit="us")
    return read.dt.convert_time_zone("UTC") if zone else read.dt.replace_time_zone("UTC")


def _day_first(texts: pl.Series) -> bool | None:
    """Say which of two numbers is the day, if any text of the column decides it."""
    numbers = texts.to_frame("text").select(
        first=pl.col("text").str.extract(_TWO_NUMBERS, 1).cast(pl.Int64),
        second=pl.col("text").str.extract(_TWO_NUMBERS, 2).cast(pl.Int64),
    )
    first, second = (list(numbers[name].drop_nulls()) for name in ("first", "second"))
    if not first or texts.str.contains(r"^\d{1,2}\.\d{1,2}\.").any():
        return True  # no text is written that way, or with dots: then the day comes first
    day_first, month_first = max(first) > _MONTHS, max(second) > _MONTHS
    return day_first if day_first != month_first else None
