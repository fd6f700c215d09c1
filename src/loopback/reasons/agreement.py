"""Agreement: how far two ways to code the same comments say the same, reason by reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

DROP_BELOW = 0.4  # right less often than that,
DROP_FROM = 3  # in so many comments or more: a term that costs more than it finds


class Quality(NamedTuple):
    """How well the frame finds a reason that people gave, from 0 to 1; kappa is 0 by chance.

    What cannot be divided is empty: the precision of a reason that the frame never gives.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    kappa: float | None


def quality(both: int, frame: int, people: int, n: int) -> Quality:
    """Return the quality of a reason given by both, by the frame, by people, in n comments."""
    agreed = n - frame - people + 2 * both
    chance = frame * people + (n - frame) * (n - people)  # times n
    kappa = None if chance == n * n else (n * agreed - chance) / (n * n - chance)
    f1 = 2 * both / (frame + people) if frame + people else None
    return Quality(both / frame if frame else None, both / people if people else None, f1, kappa)


def reasons_quality(
    found: pl.DataFrame, given: pl.DataFrame, reasons: Sequence[str], n: int
) -> pl.DataFrame:
    """Return the quality of each reason, worst F1 first: reason, people, frame, both, and more.

    `found` (by the frame) and `given` (by people) hold place and reason, each once.
    """
    pairs = [
        (name, rows.group_by("reason").len())
        for name, rows in (("frame", found), ("people", given))
    ]
    both = found.join(given, ["place", "reason"], how="semi").group_by("reason").len()
    table = pl.DataFrame({"reason": list(reasons)}, schema={"reason": pl.String})
    for name, counts in [*pairs, ("both", both)]:
        table = table.join(
            counts.rename({"len": name}), "reason", how="left", maintain_order="left"
        )
    counted = table.with_columns(pl.exclude("reason").fill_null(0).cast(pl.Int64))
    rows = [
        (*row, *quality(row[3], row[1], row[2], n))
        for row in counted.select("reason", "frame", "people", "both").iter_rows()
    ]
    schema = {
        "reason": pl.String,
        **dict.fromkeys(("frame", "people", "both"), pl.Int64),
        **dict.fromkeys(Quality._fields, pl.Float64),
    }
    whole = pl.DataFrame(rows, schema=schema, orient="row")
    return whole.sort("f1", "reason", nulls_last=True)


def overall(table: pl.DataFrame) -> dict[str, float | None]:
    """Return micro precision, recall and F1, and the macro F1 of the reasons that people gave."""
    frame, people, both = (int(table[name].sum()) for name in ("frame", "people", "both"))
    micro = quality(both, frame, people, frame + people)
    macro = table.filter(pl.col("people") > 0)["f1"].mean()
    return {
        "precision": micro.precision,
        "recall": micro.recall,
        "micro_f1": micro.f1,
        "macro_f1": None if macro is None else float(str(macro)),
    }


def terms_quality(codes: pl.DataFrame, given: pl.DataFrame) -> pl.DataFrame:
    """Return of each term how often it stands, is right, and its precision, worst first.

    `codes` holds place, reason and term. A term is right where people gave its reason.
    """
    right = given.select("place", "reason", right=pl.lit(value=True))
    judged = codes.join(right, ["place", "reason"], how="left")
    counts = judged.group_by("reason", "term").agg(
        comments=pl.len().cast(pl.Int64), right=pl.col("right").sum().cast(pl.Int64)
    )
    precision = pl.col("right") / pl.col("comments")
    return counts.with_columns(precision=precision).sort(
        "precision", "comments", "reason", "term", descending=[False, True, False, False]
    )


def to_drop(terms: pl.DataFrame) -> pl.DataFrame:
    """Return the terms that are wrong so often that the frame is better without them."""
    poor = pl.col("precision") < DROP_BELOW
    return terms.filter(poor & (pl.col("comments") >= DROP_FROM))


def alpha(coders: Sequence[Sequence[bool | None]]) -> float | None:
    """Return Krippendorff's alpha of one reason: 1 - Do/De of yes and no, any number of coders.

    Each coder says yes or no of the same comments, or nothing (None). Empty where nobody ever
    differs in what is said at all. A. Hayes, K. Krippendorff, Communication Methods and Measures
    1, 2007, 77.
    """
    units = [[said for said in unit if said is not None] for unit in zip(*coders, strict=True)]
    paired = [unit for unit in units if len(unit) > 1]
    n = sum(map(len, paired))
    yes = sum(sum(unit) for unit in paired)
    observed = sum(2 * sum(u) * (len(u) - sum(u)) / (len(u) - 1) for u in paired)
    expected = 2 * yes * (n - yes) / (n - 1) if n > 1 else 0.0
    return 1 - observed / expected if expected else None
