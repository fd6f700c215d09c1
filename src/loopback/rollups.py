"""Roll-ups: what a manager gets of everyone below; exceptions first, the score last."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from loopback.calls import Call
    from loopback.figures import Numbers
    from loopback.people import People
    from loopback.stories import Pair

SHOWN = 5  # calls of a rule, and silent customers, that are shown; the others are counted
ONE_BY_ONE = 25  # owners that are listed one by one; the teams of more are


class Silent(NamedTuple):
    """A customer who was invited and has not answered under a name."""

    owner: str
    customer_id: str
    name: str
    value: float | None
    value_class: str | None
    invited_on: date | None


class Alert(NamedTuple):
    """The open calls for which a rule holds, the most valuable customers first."""

    rule: str
    calls: list[Call]
    more: int


class OwnerLine(NamedTuple):
    """One owner, or a team, in a roll-up: counts only, since so few answers rank nobody."""

    name: str
    person_id: str
    invited: int
    answered: int
    due: int
    made: int
    late: int


@dataclass(frozen=True)
class RollUp:
    """What a manager gets of everyone below, at any depth.

    `owners` has a line for each owner, `teams` one for each who reports to the manager where the
    owners are many.
    """

    alerts: list[Alert]
    quiet: list[Silent]
    quiet_more: int
    owners: list[OwnerLine]
    teams: list[OwnerLine]
    stories: Pair

    @property
    def lines(self) -> list[OwnerLine]:
        """The lines to show where there is room for few."""
        return self.teams or [line for line in self.owners if line.due]

    @property
    def due(self) -> int:
        """The calls of all owners."""
        return sum(line.due for line in self.owners)

    @property
    def made(self) -> int:
        """The calls of all owners that were made."""
        return sum(line.made for line in self.owners)


def alerts(calls: Iterable[Call], rules: Sequence[str]) -> list[Alert]:
    """Return the alerts of the open calls in the order of the rules; each call is in one."""
    found: dict[str, list[Call]] = {}
    for call in calls:
        first = next((rule for rule in rules if rule in call.flags), None)
        if first:
            found.setdefault(first, []).append(call)
    ordered = {rule: sorted(found.get(rule, []), key=_gravest) for rule in rules}
    return [
        Alert(rule, calls[:SHOWN], len(calls[SHOWN:])) for rule, calls in ordered.items() if calls
    ]


def owner_line(
    person_id: str, name: str, numbers: Numbers, calls: Sequence[Call], today: date
) -> OwnerLine:
    """Return the line of an owner from the own calls, those made and those open."""
    late = sum(not call.closed and call.call_by < today for call in calls)
    made = sum(call.closed for call in calls)
    return OwnerLine(name, person_id, numbers.invited, numbers.answered, len(calls), made, late)


def teams(lines: Sequence[OwnerLine], heads: Iterable[str], people: People) -> list[OwnerLine]:
    """Return the lines summed up for each head of a team, by name; none where owners are few."""
    if len(lines) <= ONE_BY_ONE:
        return []
    found = []
    for head in heads:
        below = people.below(head)
        counts: Counter[str] = Counter()
        for line in lines:
            if line.person_id in below:
                counts.update(dict(zip(line._fields[2:], line[2:], strict=True)))
        if counts:
            name = people.name(head)
            found.append(OwnerLine(name, head, *(counts[f] for f in OwnerLine._fields[2:])))
    return sorted(found)


def quiet(silent: Iterable[Silent], before: date) -> list[Silent]:
    """Return the customers of class A who were invited before a day, the most valuable first."""
    waited = [
        one
        for one in silent
        if one.value_class == "A" and one.invited_on is not None and one.invited_on < before
    ]
    return sorted(waited, key=lambda one: (-(one.value or 0), one.customer_id))


def _gravest(call: Call) -> tuple[float, int, str]:
    return (-(call.value or 0), call.score, call.response_id)
