"""What a delivery needs of the world: the environment, a clock that only goes on, and sleep."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MINUTE = 60.0  # seconds


class Outside(NamedTuple):
    """The environment, and time in seconds."""

    environment: Mapping[str, str] = os.environ
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Pace:
    """Keeps mails apart, so that there are never more a minute than the provider takes."""

    a_minute: float | None
    outside: Outside
    due: float = 0.0

    def wait(self) -> None:
        """Sleep until the next mail may go."""
        if self.a_minute is None:
            return
        now = self.outside.monotonic()
        if now < self.due:
            self.outside.sleep(self.due - now)
        self.due = max(now, self.due) + MINUTE / self.a_minute
