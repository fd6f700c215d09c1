"""Strangers: what stands on a list of customers not to be asked, and is no customer's."""

from __future__ import annotations

import polars as pl

from loopback.errors import Problem

SHOWN = 3
ADDRESS, NUMBER = "@", r"^\d+$"
KEY = r"[@\d]"  # has no place in the header of a list with nothing but keys
WHOLE = r"^(\d+)\.0$"  # how a Parquet file with numbers gives an id
MEND = "Write each as the customer list does; who is gone from it may stay."


def strangers(entries: pl.Series, customers: pl.DataFrame, file: str) -> list[Problem]:
    """Say how many entries of a list match no customer, and which lost their zeros.

    `entries` are ids and addresses as `exclusions` takes them; `customers` hold customer_id and,
    where the list has it, email.
    """
    known = [customers["customer_id"], *_addresses(customers)]
    texts = _entries(entries)
    lost = texts.filter(~_any(texts, known))
    if lost.is_empty():
        return []
    shown = ", ".join(repr(text) for text in lost.head(SHOWN)) + " ..." * (lost.len() > SHOWN)
    what = f"{lost.len()} of {texts.len()} entries match no customer: {shown}"
    zeros = [f"{text!r} may be {whole!r}" for text, whole in _with_zeros(lost, known[0])]
    return [Problem("; ".join([what, *zeros[:SHOWN]]), MEND, file)]


def _entries(entries: pl.Series) -> pl.Series:
    """Return each entry once: addresses in small letters, numbers whole, no header."""
    texts = entries.drop_nulls()
    odd = ~texts.str.contains(KEY)
    headed = odd.sum() == 1 and odd[0]
    named = texts.slice(int(headed)).to_frame("text")
    text = pl.col("text")
    lowered = pl.when(text.str.contains(ADDRESS, literal=True)).then(text.str.to_lowercase())
    tidy = pl.coalesce(lowered, text.str.extract(WHOLE), text)
    return named.select(tidy).to_series().unique(maintain_order=True)


def _addresses(customers: pl.DataFrame) -> list[pl.Series]:
    return [customers["email"].str.to_lowercase()] if "email" in customers.columns else []


def _any(texts: pl.Series, known: list[pl.Series]) -> pl.Series:
    found = pl.concat([some.filter(some.is_in(texts.implode())).rename("known") for some in known])
    return texts.is_in(found.implode())


def _with_zeros(lost: pl.Series, ids: pl.Series) -> list[tuple[str, str]]:
    """Return the numbers that are customers' once zeros stand before them, each with the id."""
    bare = pl.col("text").str.strip_chars_start("0")
    numbers = lost.filter(lost.str.contains(NUMBER)).to_frame("text")
    whole = ids.filter(ids.str.starts_with("0")).to_frame("text").select(whole="text", bare=bare)
    return numbers.with_columns(bare=bare).join(whole, "bare").select("text", "whole").rows()
