"""Strings that break software, as names, comments, owners, subjects and addresses."""

from __future__ import annotations

import json

from tests.shared import shared

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("https://x.example","click")',
    "=cmd|' /C calc'!A0",
    "https://x.example",
    "mailto:x@y.example",
    "internal:Sheet1!A1",
    "external:c:\\x.xlsx",
    "{=SUM(A1:A2)}",
    "_x0041_",
]
HEADERS = [
    "a\r\nBcc: x@y.example",
    "a\nTo: x@y.example",
    "a, b <x@y.example>",
    '"a" <x@y.example>, c',
    "=?utf-8?q?a=0ABcc:_x=40y.example?=",
    "a\x00b\x0bc\x0cd\x1ce\x85f\u2028g\u2029h",
    "<x@y.example>",
    "a" * 5000,
    "ä" * 5000,
    "\u202egpj.exe",
    "Ærø & Søn: «Œuvre»",
]


def hostile() -> list[str]:
    """Return every hostile string of the shared data, and a few of our own."""
    folder = shared("data", "security")
    naughty: list[str] = json.loads((folder / "blns.json").read_text(encoding="utf-8"))
    listed = [
        line
        for path in sorted(folder.glob("patt_*"))
        for line in path.read_bytes().decode("utf-8", errors="replace").split("\n")
    ]
    return list(dict.fromkeys([*FORMULAS, *HEADERS, *naughty, *listed]))
