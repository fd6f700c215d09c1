"""The record of deliveries: what became of each person's mail, from its events."""

from __future__ import annotations

import polars as pl

from loopback.tables import ACCEPTED, DELIVERIES, HANDING_OVER, LATER, REFUSED, UNSURE

KILLED = "the run was killed while the mail was handed over"
OPEN = pl.col("event").is_in([HANDING_OVER, UNSURE])
FAILED = pl.col("event").is_in([REFUSED, LATER])


def accepted(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events by which a mail has gone."""
    return events.filter(pl.col("event") == ACCEPTED)


def unsure(events: pl.DataFrame) -> pl.DataFrame:
    """Return the last event of each mail of which nobody knows whether it arrived.

    A later mail for the same person and month that did go carries the same answers and more.
    """
    order = events.with_row_index("turn")
    gone = accepted(order).group_by("person_id", "month").agg(gone=pl.col("turn").max())
    last = order.filter(pl.col("turn") == pl.col("turn").max().over(DELIVERIES.key))
    since = pl.col("gone").is_null() | (pl.col("gone") < pl.col("turn"))
    left = last.filter(OPEN).join(gone, ["person_id", "month"], how="left").filter(since)
    return left.sort(DELIVERIES.key).drop("turn", "gone")


def uncarried(answers: pl.DataFrame, gone: pl.DataFrame, arrived: pl.Expr) -> pl.DataFrame:
    """Return the answers that no mail to their owner of today has carried.

    A mail carries what was there before it (`run` up to `as_of`) of its month and those before;
    `arrived` is the month in which an answer came. Answers have response_id, run, current_owner.
    """
    mails = gone.select("as_of", current_owner="person_id", mailed="month")
    carries = (pl.col("as_of") >= pl.col("run")) & (pl.col("mailed") >= arrived)
    carried = answers.join(mails, "current_owner").filter(carries)
    return answers.join(carried, "response_id", how="anti")


def keys(events: pl.DataFrame) -> set[tuple[str, str, str]]:
    """Return the mails that events speak of."""
    return {(row[0], row[1], row[2]) for row in events.select(DELIVERIES.key).iter_rows()}


def latest(events: pl.DataFrame) -> pl.DataFrame:
    """Return the last event of each person and month, in the order of person and month."""
    key = ["person_id", "month"]
    return events.unique(key, keep="last", maintain_order=True).sort(key)


def closed(events: pl.DataFrame) -> pl.DataFrame:
    """Return the events of a killed run, and that whatever it was handing over is unsure."""
    last = events.unique(DELIVERIES.key, keep="last", maintain_order=True)
    open_ = last.filter(pl.col("event") == HANDING_OVER)
    return pl.concat(
        [events, open_.with_columns(event=pl.lit(UNSURE), reply=pl.lit(KILLED))],
        how="vertical",
    )
