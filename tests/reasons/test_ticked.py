from __future__ import annotations

import polars as pl
import pytest

from loopback.reasons.ticked import ticked
from tests.reasons.drawn import code_frame

FRAME = code_frame(
    """
    [[reason]]
    id = "speed"
    label = "Speed, and being on time"
    [[reason]]
    id = "price"
    label = "Price"
    """
)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Price", [("Price", "price")]),
        ("PRICE ; Parking", [("PRICE", "price"), ("Parking", None)]),
        ("Price, Parking", [("Parking", None), ("Price", "price")]),
        ("Speed, and being on time", [("Speed, and being on time", "speed")]),
        (
            "Speed, and being on time;price",
            [("Speed, and being on time", "speed"), ("price", "price")],
        ),
        ("Price|Price", [("Price", "price")]),
        (" ; ", []),
        (None, []),
    ],
)
def test_what_was_ticked_is_parted_and_known_by_id_or_label(
    cell: str | None, found: list[tuple[str, str | None]]
) -> None:
    responses = pl.DataFrame(
        {"response_id": ["R-1"], "ticked": [cell]}, schema_overrides={"ticked": pl.String}
    )

    assert ticked(responses, FRAME).select("answer", "reason").rows() == found
