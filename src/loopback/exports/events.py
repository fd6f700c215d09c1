"""Events: what of the responses of an export is new to the ledger, and which rows it corrects."""

from __future__ import annotations

import polars as pl

from loopback.exports.order import in_order
from loopback.tables import CORRECTS, PROVENANCE, RESPONSES, WITHDRAWN

# What an export says of a response; an event that says nothing else is none.
CONTENT = (
    *("response_id", "customer_id", "score", "comment", "responded_at"),
    *("contact", "consent", "named", "ticked"),
)
KNOWN = (*CONTENT, "run", "rebuilt", WITHDRAWN)
# The same of a response that is read anew: all but what depends on the list of the day.
FROZEN = ("owner", "current_owner", "region", "segment")
SAID = tuple(
    name
    for name in RESPONSES.columns.names()
    if name not in {*FROZEN, CORRECTS, "rebuilt", WITHDRAWN}
)
GONE = "the exports, as they are read now, have no such answer"
SINCE = "matched since, as response {}"


def fresh(responses: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return the responses that are not yet in the ledger, letter for letter.

    An edited answer comes back as a newer event of the same response. Sorted by row.
    """
    ordered = in_order(responses)
    said = ordered.select(CONTENT).with_row_index("place")
    again = _repeating(said)
    if known.height:
        before = said.join(known, CONTENT, how="semi", nulls_equal=True)["place"]
        again = pl.concat([again, before])
    if again.is_empty():
        return ordered
    return ordered.filter(~said["place"].is_in(again.implode()))


def events(fresh: pl.DataFrame, known: pl.DataFrame, run: int) -> pl.DataFrame:
    """Return new responses as events: each says the last run that wrote a row of its response.

    `known` are the rows that the ledger has of these responses (`KNOWN`), `run` is the one that
    writes these. Sorted by row.
    """
    ordered = in_order(fresh)
    before = known.group_by("response_id").agg(
        before=pl.col("run").max(), since=pl.col("rebuilt").max()
    )
    ids = ordered.select("response_id")
    told = ids.join(before, "response_id", how="left", maintain_order="left")
    corrects = pl.when(_again(ids["response_id"])).then(pl.lit(run, pl.Int64)).otherwise("before")
    return ordered.with_columns(
        *told.select(corrects.alias(CORRECTS), rebuilt="since").get_columns()
    )


def rebuilt(
    target: pl.DataFrame, current: pl.DataFrame, known: pl.DataFrame, run: int
) -> pl.DataFrame:
    """Return the events that make the current responses those of `target`, read anew by a run.

    A response that changed is corrected, one that is no more is withdrawn, and what an invitation
    or the list of that day has frozen stays. `known` are all rows of the ledger (`KNOWN`).
    """
    before = known.group_by("response_id").agg(before=pl.col("run").max())
    other = target.join(current, [*SAID], how="anti", nulls_equal=True)
    frozen = current.select("response_id", "customer_id", *(f"{c}" for c in FROZEN))
    kept = _with_what_was_frozen(other, frozen)
    changed = kept.join(before, "response_id", how="left", maintain_order="left").with_columns(
        pl.col("before").alias(CORRECTS), rebuilt=pl.lit(run, pl.Int64)
    )
    gone = current.join(target, "response_id", how="anti")
    columns = [name for name in target.columns if name not in PROVENANCE] + ["source", "row"]
    return pl.concat([changed.select(columns), withdrawn(gone, pl.lit(GONE)).select(columns)])


def last(responses: pl.DataFrame) -> pl.DataFrame:
    """Return the last answer of each response, of several exports in their `order`.

    What an export says that an earlier one has said to the letter adds nothing.
    """
    said = responses.sort("order", "row").unique(CONTENT, keep="first", maintain_order=True)
    ordered = said.sort("responded_at", "order", "row", nulls_last=False)
    return ordered.unique("response_id", keep="last", maintain_order=True).sort("order", "row")


def _with_what_was_frozen(responses: pl.DataFrame, frozen: pl.DataFrame) -> pl.DataFrame:
    """Keep owner, region and segment of a response of the same customer without an invitation."""
    before = frozen.rename({name: f"{name}_then" for name in FROZEN})
    joined = responses.join(before, ["response_id", "customer_id"], how="left")
    uninvited = pl.col("token").is_null()
    return joined.with_columns(
        pl.when(uninvited).then(pl.coalesce(f"{name}_then", name)).otherwise(name).alias(name)
        for name in FROZEN
    ).select(responses.columns)


def withdrawn(current: pl.DataFrame, why: pl.Expr) -> pl.DataFrame:
    """Return the events that withdraw current responses, each with the reason.

    What a response said stays in the row, and where it stood in its file.
    """
    told = current.with_columns(why.alias(WITHDRAWN), pl.col("run").alias(CORRECTS))
    return told.drop(name for name in PROVENANCE if name not in {"source", "row"})


def matched_since(current: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Return the events that withdraw what is known now under another id.

    `current` are responses that matched nobody, `found` says which have become which: `loose` and
    `response_id`.
    """
    other = found.filter(pl.col("loose") != pl.col("response_id"))
    renamed = other.select(response_id="loose", since="response_id")
    joined = current.join(renamed, "response_id")
    return withdrawn(joined, pl.format(SINCE, "since")).drop("since")


def _repeating(said: pl.DataFrame) -> pl.Series:
    """Return the `place` of rows that repeat an earlier one to the letter."""
    several = said.filter(_shared(said["response_id"]))
    first = several.unique(CONTENT, keep="first", maintain_order=True)
    return several.join(first, "place", how="anti")["place"]


def _again(ids: pl.Series) -> pl.Series:
    """Say which ids stand further up too."""
    places = _shared(ids).arg_true()
    again = ~ids.gather(places).is_first_distinct()
    return pl.repeat(value=False, n=ids.len(), eager=True).scatter(places, again)


def _shared(ids: pl.Series) -> pl.Series:
    """Say which ids may stand more than once: those that share a hash, which is soon told."""
    hashes = ids.hash()
    ordered = hashes.sort()
    return hashes.is_in(ordered.filter(ordered == ordered.shift()).implode())
