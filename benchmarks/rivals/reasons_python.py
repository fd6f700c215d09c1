"""What a team would write in Python: the words of each comment looked up, a comment at a time."""

from __future__ import annotations

import re
import sys
import tomllib
import unicodedata
from collections import defaultdict
from functools import cache
from pathlib import Path

import polars as pl

comments, frame, to = map(Path, sys.argv[1:])
BATCH = 50_000
Terms = dict[str, list[tuple[str, str]]]


def plain(text: str) -> str:
    """Return a text in plain letters, digits and single spaces."""
    low = text.lower()
    if not low.isascii():
        apart = unicodedata.normalize("NFKD", low)
        low = "".join(c for c in apart if not unicodedata.combining(c))
    return " ".join(re.sub(r"[\W_]+", " ", low).split())


alone: Terms = defaultdict(list)
phrases: Terms = defaultdict(list)
first: dict[str, list[str]] = defaultdict(list)
for reason in tomllib.loads(frame.read_text(encoding="utf-8"))["reason"]:
    for term in reason["any"]:
        word = plain(term)
        start, end = (" " * (not star) for star in (term.startswith("*"), term.endswith("*")))
        literal = f"{start}{word}{end}"
        (phrases if " " in word else alone)[literal].append((reason["id"], word))
        if " " in word:
            first[word.split()[0]].append(literal)


@cache
def of_word(word: str) -> list[tuple[str, str]]:
    """Return the reasons of one word; most words come again."""
    return [pair for literal, pairs in alone.items() if literal in f" {word} " for pair in pairs]


def coded(comment: str) -> list[tuple[str, str]]:
    """Return the reasons of a comment with the terms that gave them."""
    text = plain(comment)
    found: set[tuple[str, str]] = set()
    for word in set(text.split()):
        found.update(of_word(word))
        for literal in first.get(word, ()):
            if literal in f" {text} ":
                found.update(phrases[literal])
    return sorted(found)


def rows(batch: pl.DataFrame) -> pl.DataFrame:
    """Return a batch with its reasons and evidence."""
    found = [coded(comment) for comment in batch["comment"]]
    reasons = [sorted({reason for reason, _ in pairs}) for pairs in found]
    kind = pl.List(pl.List(pl.String))
    return batch.with_columns(
        pl.Series("reasons", reasons, dtype=kind.inner),
        pl.Series("evidence", [list(map(list, pairs)) for pairs in found], dtype=kind),
    )


read = pl.scan_parquet(comments).collect_batches(chunk_size=BATCH, maintain_order=True)
pl.concat(map(rows, read)).write_parquet(to)
