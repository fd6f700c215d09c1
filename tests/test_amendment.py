from __future__ import annotations

import tomllib

import pytest

from loopback.amendment import amended
from loopback.errors import WrongUsageError

FRAME = """\
# mine, all mine
[[reason]]
id = "speed"   # the first
label = "Speed"
any = ["late", "slow"] # why not
any_de = [
  # first those
  "spät", "liefer*",
  "zu langsam",
]

[[reason]]
id = "price"
label = "Price"
"""


@pytest.mark.parametrize(
    ("reason", "terms", "language", "line"),
    [
        ("speed", ["tardy"], None, 'any = ["late", "slow", "tardy"] # why not'),
        ("speed", ["late", "tardy"], None, 'any = ["late", "slow", "tardy"] # why not'),
        ("speed", ["lahm", 'ein "Witz"'], "de", '  "lahm", "ein \\\\"Witz\\\\"",'),
        ("price", ["cher"], "fr", 'any_fr = ["cher"]'),
    ],
)
def test_terms_are_added_and_every_other_line_stays(
    reason: str, terms: list[str], language: str | None, line: str
) -> None:
    after = amended(FRAME, reason, terms, language, None)

    fresh = [text for text in after.splitlines() if text not in FRAME.splitlines()]
    gone = [text for text in FRAME.splitlines() if text not in after.splitlines()]
    assert fresh == [line.replace("\\\\", "\\")]
    assert len(gone) <= 1
    assert tomllib.loads(after)


def test_a_new_reason_comes_at_the_end() -> None:
    after = amended(FRAME, "access", ["password*"], None, "Access")

    assert after.startswith(FRAME)
    assert tomllib.loads(after)["reason"][-1] == {
        "id": "access",
        "label": "Access",
        "any": ["password*"],
    }


def test_an_unknown_reason_needs_a_label() -> None:
    with pytest.raises(WrongUsageError, match="there is no reason 'acess'"):
        amended(FRAME, "acess", ["password*"], None, None)
