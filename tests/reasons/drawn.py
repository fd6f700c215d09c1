"""Small code frames, and comments laid under them."""

from __future__ import annotations

import tomllib

import polars as pl

from loopback.frame import CodeFrame

COMMENTED = pl.Schema(
    {
        "response_id": pl.String,
        "comment": pl.String,
        "language": pl.String,
        "score": pl.Int64,
        "owner": pl.String,
    }
)


def code_frame(content: str) -> CodeFrame:
    return CodeFrame.model_validate(tomllib.loads(content))


def one_reason(lists: str) -> CodeFrame:
    return code_frame(f'[[reason]]\nid = "it"\nlabel = "It"\n{lists}')


def commented(*comments: str | None, language: str | None = None) -> pl.DataFrame:
    rows = [(f"R-{n}", comment, language, 5, "anna") for n, comment in enumerate(comments, start=1)]
    return pl.DataFrame(rows, schema=COMMENTED, orient="row")


TWO = """
[empty]
terms = ["nothing", "n/a", "-"]
[[reason]]
id = "speed"
label = "Speed"
any = ["late", "slow*"]
[[reason]]
id = "people"
label = "People"
any = ["staff", "rude"]
[[reason]]
id = "praise"
label = "Just happy"
general = true
any = ["great"]
"""
