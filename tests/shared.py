from __future__ import annotations

import os
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]


def shared(*parts: str) -> Path:
    """Return a path in the data that lies beside the checkout and is never committed.

    A user's clone does not have it, and skips; in CI its absence is a failure.
    """
    folder = Path(os.environ.get("LOOPBACK_SHARED") or CHECKOUT.parent / "shared")
    path = folder.joinpath(*parts)
    if path.exists():
        return path
    absent = f"{path} is not there: set LOOPBACK_SHARED to the folder of shared data"
    if os.environ.get("CI"):
        pytest.fail(absent)
    pytest.skip(absent)
