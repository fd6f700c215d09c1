"""Alerts: which rules of escalation hold for which open calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.frame import CodeFrame, Reason
from loopback.reasons.codes import codes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import polars as pl

    from loopback.calls import Call
    from loopback.escalations import Escalation


def worded(responses: pl.DataFrame, rules: Sequence[Escalation]) -> dict[str, set[str]]:
    """Return by the name of each rule with words the ids of the responses that hold one."""
    if not any(rule.words for rule in rules):
        return {}
    found = codes(responses, _frame(rules)).select("reason", "response_id").unique()
    ids: dict[str, set[str]] = {}
    for name, response_id in found.iter_rows():
        ids.setdefault(name, set()).add(response_id)
    return ids


def flagged(
    call: Call, rules: Sequence[Escalation], words: dict[str, set[str]], today: date
) -> Call:
    """Return an open call with the names of the rules that hold for it, in their order."""
    names = [rule.name for rule in rules if rule.holds(call, words.get(rule.name, set()), today)]
    return call._replace(flags=names)


def _frame(rules: Sequence[Escalation]) -> CodeFrame:
    """Return the words of the rules as a code frame, so that they are found as reasons are."""
    reasons = [
        Reason.model_validate(
            {"id": rule.name, "label": rule.name}
            | {f"any_{language}": terms for language, terms in rule.words.items()}
        )
        for rule in rules
        if rule.words
    ]
    return CodeFrame(reason=reasons)
