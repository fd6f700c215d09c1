"""What a team would write in Polars to take in an export: check, match, keep the last, write.

It keeps the export in a folder by its hash, the rows it cannot take with the reason, and of each
invitation the last answer, with who held the customer then and who does now.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import polars as pl

workspace, export, kept = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
kept.mkdir(exist_ok=True)
with export.open("rb") as file:
    source = hashlib.file_digest(file, "sha256").hexdigest()
shutil.copyfile(export, kept / f"{source}.csv")

rows = pl.scan_csv(export, infer_schema=False).with_row_index("row", offset=2)
key = "token" if "token" in rows.collect_schema() else "customer_id"
score = pl.col("score").str.strip_chars().cast(pl.Int8, strict=False)
moment = pl.col("submitted").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", strict=False, time_zone="UTC")
read = rows.select(
    "row",
    pl.col(key).str.strip_chars().str.to_lowercase().alias("key"),
    "comment",
    given="score",
    score=pl.when(score.is_between(0, 10)).then(score),
    responded_at=moment,
)
wrong = pl.when(pl.col("given").is_null()).then(pl.lit("a comment without a score"))
rejects = read.filter(
    pl.col("score").is_null() & (pl.col("given").is_not_null() | pl.col("comment").is_not_null())
).select("row", value="given", why=wrong.otherwise(pl.lit("no score from 0 to 10")))
rejects.sink_parquet(kept / "rejects.parquet")

columns = ("customer_id", "month", "token", "owner", "region", "segment", "language")
asked = pl.scan_parquet(workspace / "ledger" / "invitations" / "*.parquet").select(columns)
if key == "customer_id":
    asked = asked.sort("month").unique("customer_id", keep="last")
listed = pl.scan_parquet(workspace / "customers.parquet").select(
    "customer_id", current_owner="owner"
)
known = asked.with_columns(key=pl.col(key).str.to_lowercase())
answered = read.filter(pl.col("score").is_not_null()).drop("given")
twice = pl.col("token").is_not_null() & pl.col("token").is_duplicated()
matched = (
    answered.join(known, "key", how="left")
    .join(listed, "customer_id", how="left")
    .with_columns(source=pl.lit(source))
    .collect(engine="streaming")
)
last = matched.filter(twice).sort("responded_at", "row").unique("token", keep="last")
current = pl.concat([matched.filter(~twice), last]).sort("row")
current.write_parquet(kept / "responses.parquet")
