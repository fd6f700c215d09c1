from __future__ import annotations

import pytest

from loopback.nps.discovery import flags


@pytest.mark.parametrize(
    ("below", "flagged"),
    [
        ([], []),
        ([0.5, 0.4, 0.6], [None, None, None]),
        ([0.99, 0.4, 0.02], ["below", None, "above"]),
        # 0.01 and 0.09 are wrong in 5 of 100 together, though 0.09 alone would be too many
        ([0.99, 0.91], ["below", "below"]),
        ([0.91], [None]),
        # the last two are alike: both, or neither
        ([0.98, 0.93, 0.93], ["below", None, None]),
        ([0.999, 0.93, 0.93], ["below", "below", "below"]),
    ],
)
def test_the_most_are_flagged_of_whom_one_in_twenty_is_wrong(
    below: list[float], flagged: list[str | None]
) -> None:
    assert flags(below) == flagged
