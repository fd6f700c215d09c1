"""What a team would write in DuckDB: rest the last 11 months, rank within owner, ask a twelfth."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

workspace, month = Path(sys.argv[1]), sys.argv[2]
year, number = month.split("-")
last_year = f"{int(year) - 1}-{number}"
asked = "select null::varchar as customer_id"
if any(workspace.glob("ledger/invitations/*.parquet")):
    parts = workspace / "ledger" / "invitations" / "*.parquet"
    asked = f"select customer_id from '{parts}' where month > '{last_year}'"  # noqa: S608 - ours
duckdb.sql(  # the names in it are those of our own folder
    f"""
copy (
    with listed as (
        select * from '{workspace / "customers.parquet"}'
        where opted_out <> 'yes' and email is not null
    ), asked as (
        {asked}
    ), share as (
        select owner, ceil(count(*) / 12) as share from listed group by owner
    ), cohort as (
        select customer_id, email, name, language, owner, uuid() as token
        from listed join share using (owner)
        where not exists (select 1 from asked where asked.customer_id = listed.customer_id)
        qualify row_number() over (partition by owner order by hash(customer_id)) <= share
    )
    select
        customer_id, email, cohort.name, language, people.name as owner_name, token,
        'https://survey.example/?token=' || token as link
    from cohort left join '{workspace / "people.csv"}' as people on people.person_id = owner
    order by customer_id
) to '{workspace / "rival.csv"}'
"""  # noqa: S608
)
