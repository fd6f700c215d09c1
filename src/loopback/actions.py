"""Actions: what was decided about the things that customers raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import date

    import polars as pl


class Item(NamedTuple):
    """What became of something that customers of an owner raised."""

    owner: str
    action_id: str
    what: str
    person_id: str | None
    due: date | None
    decision: str | None
    why: str | None


def items(actions: pl.DataFrame, responses: pl.DataFrame) -> list[Item]:
    """Return for each owner of today what became of what the own customers raised.

    `responses` are held (see `calls.held`). An action that several customers of an owner raised
    is one item.
    """
    raised = actions.explode("responses", empty_as_null=False).rename({"responses": "response_id"})
    owners = responses.select("response_id", owner="current_owner")
    held = raised.join(owners, "response_id").unique(["owner", "action_id"], keep="any")
    ordered = held.sort("due", "action_id", nulls_last=True)
    return [Item(*row) for row in ordered.select(Item._fields).iter_rows()]
