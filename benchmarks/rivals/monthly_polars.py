"""What a team would write in Polars: rest the last 11 months, rank within owner, ask a twelfth."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl

workspace, month = Path(sys.argv[1]), sys.argv[2]
year, number = month.split("-")
last_year = f"{int(year) - 1}-{number}"
listed = pl.scan_parquet(workspace / "customers.parquet").filter(
    pl.col("opted_out") != "yes", pl.col("email").is_not_null()
)
rested = listed
if parts := sorted(workspace.glob("ledger/invitations/*.parquet")):
    asked = pl.scan_parquet(parts).filter(pl.col("month") > last_year).select("customer_id")
    rested = listed.join(asked, on="customer_id", how="anti")
share = listed.group_by("owner").agg(share=(pl.len() / 12).ceil())
cohort = (
    rested.join(share, on="owner")
    .filter(pl.col("customer_id").hash(1).rank("ordinal").over("owner") <= pl.col("share"))
    .select("customer_id", "email", "name", "language", "owner")
    .collect()
)
cohort.write_csv(workspace / "rival.csv")
