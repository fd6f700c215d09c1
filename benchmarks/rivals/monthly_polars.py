"""What a team would write in Polars: rest the last 11 months, rank within owner, ask a twelfth."""

from __future__ import annotations

import secrets
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
people = pl.scan_csv(workspace / "people.csv").select(owner="person_id", owner_name="name")
cohort = (
    rested.join(share, on="owner")
    .filter(pl.col("customer_id").hash(1).rank("ordinal").over("owner") <= pl.col("share"))
    .join(people, on="owner", how="left")
    .select("customer_id", "email", "name", "language", "owner_name")
    .sort("customer_id")
    .collect()
)
tokens = pl.Series("token", [secrets.token_hex(16) for _ in range(cohort.height)])
link = pl.format("https://survey.example/?token={}", "token")
cohort.with_columns(tokens).with_columns(link=link).write_csv(workspace / "rival.csv")
