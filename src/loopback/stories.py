"""Stories: what customers said that is worth retelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.calls import UNNAMED
from loopback.score import CATEGORY

if TYPE_CHECKING:
    from collections.abc import Iterable

FEWEST, MOST = 10, 600  # letters of a comment that tells something, and still is read
KINDS = ("promoter", "detractor")


class Story(NamedTuple):
    """What a customer said; without a name where the customer wishes it."""

    owner: str
    category: str
    name: str | None
    score: int
    comment: str
    month: str
    told: int


class Pair(NamedTuple):
    """One happy story and one unhappy one, where there are any."""

    happy: Story | None = None
    unhappy: Story | None = None


def stories(responses: pl.DataFrame, customers: pl.DataFrame) -> list[Story]:
    """Return the best story of each owner of today, month and category; `responses` are held.

    Whoever does not want to be quoted is not; of the others the one who tells most.
    """
    length = pl.col("comment").str.strip_chars().str.len_chars()
    named = responses.join(customers.select("customer_id", "name"), "customer_id", how="left")
    rows = named.with_columns(
        category=CATEGORY,
        told=length.cast(pl.Int64),
        name=pl.when(~UNNAMED).then(pl.coalesce("name", "customer_id")),
    ).filter(
        length.is_between(FEWEST, MOST),
        pl.col("category").is_in(KINDS),
        pl.col("consent").fill_null(value=True),
    )
    once = rows.rename({"owner": "asked_by", "current_owner": "owner"}).sort(
        "told", "response_id", descending=[True, False]
    )
    best = once.unique(["owner", "month", "category"], keep="first", maintain_order=True)
    return [Story(*row) for row in best.select(Story._fields).iter_rows()]


def pair(stories: Iterable[Story]) -> Pair:
    """Return the best happy and the best unhappy one of some stories."""
    best: dict[str, Story] = {}
    for story in stories:
        other = best.get(story.category)
        if other is None or (-story.told, story.month, story.owner) < (
            (-other.told, other.month, other.owner)
        ):
            best[story.category] = story
    return Pair(best.get("promoter"), best.get("detractor"))
