"""Times of answers: moments out of text, nothing guessed."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

MOMENT = pl.Datetime("us", "UTC")
_DATE = r"(?:(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}))"
_CLOCK = r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?(?:\s*([AaPp])\.?\s?[Mm]\.?)?"
_OFFSET = r"(?:(?:GMT|UTC)\s*)?([+-])(\d{1,2}):?(\d{2})?"
_PLACE = r"\(?([A-Za-z_]+/[A-Za-z_/+\-0-9]+|[A-Za-z]{1,5})\)?"
_TIME = rf"^'?{_DATE}(?:(?:T|,?\s+){_CLOCK}(?:\s*(?:{_OFFSET}|{_PLACE}))?)?$"
_PARTS = (
    *("year", "month", "day", "first", "second", "last"),
    *("hour", "minute", "seconds", "fraction", "half", "sign", "hours", "minutes", "place"),
)
# Names that mean one offset everywhere, in minutes; others could mean several.
_PLACES = {
    **dict.fromkeys(("Z", "UTC", "GMT", "WEZ", "WET"), 0),
    **dict.fromkeys(("CET", "MEZ"), 60),
    **dict.fromkeys(("CEST", "MESZ"), 120),
    "EST": -300,
    "EDT": -240,
    "CDT": -300,
    "PST": -480,
    "PDT": -420,
}
_TWO_NUMBERS = r"^'?(\d{1,2})[-/.](\d{1,2})[-/.]\d{4}"
_MONTHS, _NOON = 12, 12
LOOKED_AT = 10  # texts by which it is told how those of a column are written
DAY = len("'20/11/2026")
# Days since the end of 1899, as spreadsheets count: 1954 to 2119. Seconds since 1970: 2001 to 2033.
_SERIAL = r"^[2-7]\d{4}(?:\.\d+)?$"
_EPOCH = r"^1\d{9}(\d{3})?$"
LIKE_A_TIME = rf"{_TIME}|{_SERIAL}|{_EPOCH}"


class Form(NamedTuple):
    """A way to write a time in which each part has its place: its pattern, and its letters."""

    pattern: str
    letters: int
    in_utc: bool = False

    def read(self, tidy: pl.Series, zone: str | None) -> pl.Series:
        """Return the times of texts written in this way, the others empty."""
        moments = tidy.str.to_datetime(self.pattern, strict=False, time_unit="us", exact=True)
        as_long = pl.when(tidy.str.len_bytes() == self.letters).then(moments)
        place = "UTC" if self.in_utc else zone or "UTC"
        local = (
            pl.select(as_long.alias(tidy.name))
            .to_series()
            .dt.replace_time_zone(place, ambiguous="earliest", non_existent="null")
        )
        return local.dt.convert_time_zone("UTC")


# How most tools write.
USUAL = (
    Form("%Y-%m-%d %H:%M:%S", len("2026-11-20 09:01:02")),
    Form("%Y-%m-%dT%H:%M:%S", len("2026-11-20T09:01:02")),
    Form("%Y-%m-%dT%H:%M:%SZ", len("2026-11-20T09:01:02Z"), in_utc=True),
)


def times(texts: pl.Series, *, day_first: bool, zone: str | None = None) -> pl.Series:
    """Return the times of texts in UTC, to the second.

    A text without a zone is read as of `zone`, else as UTC; a day alone is a day anywhere. A text
    that is no time gives an empty cell.
    """
    usual = usual_times(texts, zone)
    rare = usual.is_null() & texts.is_not_null()
    if not rare.any():
        return usual
    read = _read(texts.filter(rare).str.strip_chars(), zone, day_first=day_first)
    return usual.scatter(rare.arg_true(), read)


def usual_times(texts: pl.Series, zone: str | None = None) -> pl.Series:
    """Return the times that are written in the way of the first texts, if most tools write so.

    Others are empty. Such a way tells days from months.
    """
    tidy = texts.str.strip_chars()
    first = tidy.drop_nulls().head(LOOKED_AT)
    for form in USUAL:
        if form.read(first, zone).count():
            return form.read(tidy, zone)
    return tidy.clear(len(tidy)).cast(MOMENT)


def _read(tidy: pl.Series, zone: str | None, *, day_first: bool) -> pl.Series:
    """Return the times of texts written in any of the ways that are known."""
    parts = tidy.to_frame("text").select("text", _parts(day_first=day_first)).unnest("parts")
    naive = parts.with_columns(moment=_moment())
    placed = pl.coalesce(_by_offset(), *_by_place(naive, zone), _counted())
    # A spreadsheet keeps a time as a part of a day, and gives 31.994 seconds back for 32.
    return naive.select(time=placed.dt.round("1s"))["time"]


def _parts(*, day_first: bool) -> pl.Expr:
    """Return the numbers of each text; which of the first two is the day is decided."""
    fields = pl.col("text").str.extract_groups(_TIME).struct.rename_fields(_PARTS)
    day, month = ("first", "second") if day_first else ("second", "first")
    named = fields.struct.with_fields(
        year=pl.coalesce(pl.field("year"), pl.field("last")),
        month=pl.coalesce(pl.field("month"), pl.field(month)),
        day=pl.coalesce(pl.field("day"), pl.field(day)),
    )
    return named.alias("parts")


def _moment() -> pl.Expr:
    """Return the moment on the clock of the place, wherever that is."""
    hour, half = pl.col("hour").cast(pl.Int64), pl.col("half").str.to_lowercase()
    noon = pl.when(half == "p").then(_NOON).when(half == "a").then(0)
    clock = pl.when(half.is_null()).then(hour).when(hour <= _NOON).then(hour % _NOON + noon)
    text = pl.concat_str(
        *(pl.col("year"), pl.lit("-"), pl.col("month"), pl.lit("-"), pl.col("day"), pl.lit(" ")),
        pl.when(pl.col("hour").is_null()).then(pl.lit("0")).otherwise(clock.cast(pl.String)),
        *(pl.lit(":"), pl.col("minute").fill_null("0"), pl.lit(":")),
        *(pl.col("seconds").fill_null("0"), pl.lit("."), pl.col("fraction").fill_null("0")),
    )
    return text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", strict=False, time_unit="us")


def _by_offset() -> pl.Expr:
    """Return the moments whose distance from UTC stands in the text, and days alone."""
    minutes = 60 * pl.col("hours").cast(pl.Int64) + pl.col("minutes").cast(pl.Int64).fill_null(0)
    written = pl.when(pl.col("sign") == "-").then(-minutes).otherwise(minutes)
    known = pl.col("place").str.to_uppercase().replace_strict(_PLACES, default=None)
    whole_day = pl.when(pl.col("hour").is_null()).then(0)
    distance = pl.coalesce(written, known.cast(pl.Int64), whole_day)
    return (pl.col("moment") - pl.duration(minutes=distance)).dt.replace_time_zone("UTC")


def _by_place(naive: pl.DataFrame, zone: str | None) -> list[pl.Expr]:
    """Return the moments whose place has a clock of its own, then those without any place."""
    places = naive["place"].unique().drop_nulls()
    named = [_in_zone(pl.col("place") == p, p) for p in sorted(places) if _has_clock(p)]
    return [*named, _in_zone(pl.col("place").is_null() & pl.col("sign").is_null(), zone or "UTC")]


def _in_zone(rows: pl.Expr, zone: str) -> pl.Expr:
    moment = pl.when(rows).then(pl.col("moment"))
    local = moment.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _has_clock(place: str) -> bool:
    """Say whether a name is that of a time zone, such as Europe/Berlin."""
    if "/" not in place:
        return False
    try:
        pl.select(pl.lit(0).cast(pl.Datetime("us")).dt.replace_time_zone(place))
    except pl.exceptions.PolarsError:
        return False
    return True


def _counted() -> pl.Expr:
    """Return the moments that are written as a count of days or seconds."""
    text = pl.col("text")
    days = pl.when(text.str.contains(_SERIAL)).then(text).cast(pl.Float64, strict=False)
    microseconds = ((days - 25_569) * 86_400).round().cast(pl.Int64) * 1_000_000
    count = pl.when(text.str.contains(_EPOCH)).then(text).cast(pl.Int64, strict=False)
    seconds = pl.when(text.str.len_bytes() > 10).then(count // 1000).otherwise(count)  # noqa: PLR2004 - digits of seconds
    moment = pl.coalesce(microseconds, seconds * 1_000_000)
    return moment.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def is_day_first(texts: pl.Series) -> bool | None:
    """Say whether the first of two numbers is the day, if any text of the column decides it.

    The first letters of each text (`DAY`) are enough.
    """
    tidy = texts.str.strip_chars()
    numbers = tidy.to_frame("text").select(
        first=pl.col("text").str.extract(_TWO_NUMBERS, 1).cast(pl.Int64),
        second=pl.col("text").str.extract(_TWO_NUMBERS, 2).cast(pl.Int64),
    )
    first, second = (list(numbers[name].drop_nulls()) for name in ("first", "second"))
    if not first or tidy.str.contains(r"^'?\d{1,2}\.\d{1,2}\.").any():
        return True  # no text is written that way, or with dots: then the day comes first
    day_first, month_first = max(first) > _MONTHS, max(second) > _MONTHS
    return day_first if day_first != month_first else None
