"""The clock of a run: what day it is, and the moment its rows are stamped with."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import NamedTuple

from loopback.months import month_of

NOON = time(12, tzinfo=UTC)


class Clock(NamedTuple):
    """A day, and a moment of it in UTC."""

    today: date
    now: datetime

    @property
    def month(self) -> str:
        """The month of the day."""
        return month_of(self.today)


def clock_of(day: date | None) -> Clock:
    """Return the clock of a run as of a day (at noon, UTC), or of this moment."""
    if day is not None:
        return Clock(day, datetime.combine(day, NOON))
    now = datetime.now(UTC)
    return Clock(now.astimezone().date(), now.replace(microsecond=0))
