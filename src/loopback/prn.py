"""Permanent random numbers: the same for a customer on every machine, for ever.

From the keyed BLAKE2b of the id, since Polars promises its own hash for one version only.
"""

from __future__ import annotations

import hashlib

import polars as pl

BYTES = 8
AT_ONCE = 200_000  # ids whose marks are held as Python's own


def prn(customer_id: str, seed: str) -> int:
    """Return the customer's permanent random number (64 bits)."""
    return int(prns(pl.Series([customer_id], dtype=pl.String), seed)[0])


def prns(customer_ids: pl.Series, seed: str) -> pl.Series:
    """Return the permanent random number of each customer, as `prn` (UInt64)."""
    keyed = hashlib.blake2b(key=hashlib.blake2b(seed.encode()).digest(), digest_size=BYTES)
    parts = [_numbers(part, keyed) for part in customer_ids.to_frame().iter_slices(AT_ONCE)]
    return pl.concat([pl.Series("prn", dtype=pl.UInt64), *parts])


def _numbers(customer_ids: pl.DataFrame, keyed: hashlib.blake2b) -> pl.Series:
    marks = []
    for customer_id in customer_ids.to_series():
        mark = keyed.copy()  # the key is taken in once for all
        mark.update(customer_id.encode())
        marks.append(mark.digest())
    binary = pl.Series("prn", marks, dtype=pl.Binary)
    return binary.bin.reinterpret(dtype=pl.UInt64, endianness="big")
