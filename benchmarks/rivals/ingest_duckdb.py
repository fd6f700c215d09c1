"""What a team would write in DuckDB to take in an export: check, match, keep the last, write.

It does what the script in Polars does.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import duckdb

workspace, export, kept = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
kept.mkdir(exist_ok=True)
with export.open("rb") as file:
    source = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    key = file.readline().decode().split(",")[0]
shutil.copyfile(export, kept / f"{source}.csv")

database = duckdb.connect()
database.sql("set preserve_insertion_order = true")
asked = f"select customer_id, month, token, owner, region, segment, language from '{workspace}/ledger/invitations/*.parquet'"  # noqa: E501, S608 - our own folder
if key == "customer_id":
    asked += " qualify row_number() over (partition by customer_id order by month desc) = 1"
database.sql(  # the names in it are those of our own folders
    f"""
create temp table read as
select row_number() over () + 1 as row, lower(trim({key})) as key, score as given, comment,
    case when try_cast(trim(score) as tinyint) between 0 and 10
        then try_cast(trim(score) as tinyint) end as score,
    try_strptime(submitted, '%Y-%m-%dT%H:%M:%SZ') as responded_at
from read_csv('{export}', all_varchar = true, header = true);
copy (
    select row, given as value,
        case when given is null then 'a comment without a score' else 'no score from 0 to 10' end
            as why
    from read where score is null and (given is not null or comment is not null)
) to '{kept}/rejects.parquet';
copy (
    select read.row, read.key, comment, score, responded_at, asked.customer_id, month, token,
        asked.owner, asked.region, asked.segment, asked.language,
        listed.owner as current_owner, '{source}' as source
    from read
    left join ({asked}) asked on lower(asked.{key}) = read.key
    left join '{workspace}/customers.parquet' listed on listed.customer_id = asked.customer_id
    where score is not null
    qualify token is null
        or row_number() over (partition by token order by responded_at desc, read.row desc) = 1
    order by read.row
) to '{kept}/responses.parquet' (compression zstd)
"""  # noqa: S608
)
