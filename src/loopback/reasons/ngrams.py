"""N-grams: the words and phrases of texts, each counted once a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable

MASK = "\x01"  # stands for words that are taken out; no phrase reaches over it
LONGEST = 3
FEWEST = 5  # texts: rarer words are in no phrase either, which keeps the phrases few
BATCH = 50_000


def masked(text: pl.Expr, literals: Iterable[str]) -> pl.Expr:
    """Return folded texts in which each word that a literal finds is replaced by a mark.

    With two spaces between words, neighbours do not share one, and each is found.
    """
    known = sorted({literal.replace(" ", "  ") for literal in literals}, key=lambda t: (-len(t), t))
    ends = [literal[1:] if literal.startswith("  ") else literal for literal in known]
    patterns = [literal[:-1] if literal.endswith("  ") else literal for literal in ends]
    wide = text.str.replace_all(" ", "  ", literal=True)
    return wide.str.replace_many(patterns, [MASK] * len(patterns), leftmost=True)


def ngrams(texts: pl.DataFrame) -> pl.DataFrame:
    """Count how many texts of two groups each word and phrase stands in: ngram, inside, outside.

    `texts` holds text (folded) and inside (whether it is of the first group). Phrases are of up
    to three words that each stand in `FEWEST` texts or more.
    """
    words = _summed([_counted(_tokens(b), 1) for b in texts.iter_slices(BATCH)])
    frequent = words.filter(pl.col("inside") + pl.col("outside") >= FEWEST)
    known = frequent["ngram"].implode()
    phrases = [
        _counted(_tokens(batch).filter(pl.col("word").is_in(known)), size)
        for batch in texts.iter_slices(BATCH)
        for size in range(2, LONGEST + 1)
    ]
    return _summed([frequent, *phrases]).filter(pl.col("inside") + pl.col("outside") >= FEWEST)


def sizes(texts: pl.DataFrame) -> tuple[int, int]:
    """Return how many different words all texts of each group have together."""
    counts = texts.with_columns(words=pl.col("text").str.split(" ").list.n_unique() - 1)
    summed = dict(counts.group_by("inside").agg(pl.col("words").sum()).iter_rows())
    return int(summed.get(True, 0)), int(summed.get(False, 0))


def _tokens(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the words of each text with their places; a masked word leaves a gap."""
    split = texts.select(
        "inside",
        word=pl.col("text").str.replace_all(r" +", " ").str.strip_chars(" ").str.split(" "),
    ).with_row_index("place")
    rows = split.explode("word", empty_as_null=False).with_row_index("at")
    return rows.filter((pl.col("word") != "") & ~pl.col("word").str.contains(MASK, literal=True))


def _counted(tokens: pl.DataFrame, size: int) -> pl.DataFrame:
    """Count phrases of so many words that stand next to each other."""
    follow = [pl.col("word").shift(-step) for step in range(size)]
    last_at, last_place = (pl.col(c).shift(-(size - 1)) for c in ("at", "place"))
    beside = (last_at == pl.col("at") + size - 1) & (last_place == pl.col("place"))
    found = tokens.select(
        "place", "inside", beside=beside, ngram=pl.concat_str(follow, separator=" ")
    )
    once = found.filter("beside").unique(["place", "ngram"])
    return once.group_by("ngram").agg(
        inside=pl.col("inside").sum().cast(pl.Int64),
        outside=(~pl.col("inside")).sum().cast(pl.Int64),
    )


def _summed(counts: list[pl.DataFrame]) -> pl.DataFrame:
    schema = {"ngram": pl.String, "inside": pl.Int64, "outside": pl.Int64}
    every = pl.concat([pl.DataFrame(schema=schema), *counts])
    return every.group_by("ngram").agg(pl.col("inside", "outside").sum()).sort("ngram")
