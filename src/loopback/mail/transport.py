"""A transport: how a finished message leaves the workspace, and what is known afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Parcel:
    """A finished message with its one recipient, and the name of its file where it becomes one."""

    sender: str
    recipient: str
    content: bytes
    name: str


class Outcome(NamedTuple):
    """What became of a parcel: an event of `tables`, the words of the other side."""

    event: str
    reply: str = ""
    lost: bool = False  # the connection broke over it


class UnusableError(LoopbackError):
    """The transport takes no parcel at all, for now or until something is mended."""

    def __init__(self, problem: Problem, *, temporary: bool = False) -> None:
        super().__init__(problem)
        self.temporary = temporary


class Transport(Protocol):
    """Whatever takes parcels."""

    def hand_over(self, parcel: Parcel, intend: Callable[[], None]) -> Outcome:
        """Hand a parcel over; raise `UnusableError` where none could be.

        `intend` is called at the last moment at which it is certain that nothing was delivered;
        a transport that can hand over twice without harm never calls it.
        """
        ...

    def close(self) -> None:
        """Let go of what the transport holds open."""
        ...


def unusable(what: str, mend: str, *, temporary: bool = False) -> UnusableError:
    """Return the error of a transport that takes nothing."""
    return UnusableError(Problem(what, mend), temporary=temporary)
