"""What a team would write in Polars: a regex of all terms for each reason, over plain letters.

It gives the reasons, and not the terms that gave them.
"""

from __future__ import annotations

import re
import sys
import tomllib
import unicodedata
from pathlib import Path

import polars as pl

comments, frame, to = map(Path, sys.argv[1:])


def plain(term: str) -> str:
    """Return a term in plain letters, digits and single spaces."""
    apart = unicodedata.normalize("NFKD", term).lower()
    bare = "".join(c for c in apart if unicodedata.category(c)[0] != "M")
    return " ".join(re.sub(r"[\W_]+", " ", bare).split())


def pattern(term: str) -> str:
    """Return the regex of a term: whole words, or open where it has a star."""
    start, end = ("" if star else r"\b" for star in (term.startswith("*"), term.endswith("*")))
    return f"{start}{re.escape(plain(term))}{end}"


reasons = tomllib.loads(frame.read_text(encoding="utf-8"))["reason"]
text = pl.col("comment").str.normalize("NFKD").str.to_lowercase()
letters = text.str.replace_all(r"\p{M}+", "").str.replace_all(r"[^\p{L}\p{N}]+", " ")
given = [
    pl.when(pl.col("text").str.contains("|".join(map(pattern, reason["any"])))).then(
        pl.lit(reason["id"])
    )
    for reason in reasons
]
rows = pl.scan_parquet(comments).with_columns(text=letters)
rows.select("comment", reasons=pl.concat_list(given).list.drop_nulls()).sink_parquet(to)
