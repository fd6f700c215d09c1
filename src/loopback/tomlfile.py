"""TOML files that people write."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from pathlib import Path


def toml(path: Path, hint: str) -> dict[str, Any]:
    """Return what a TOML file holds; raise where it is none, with a hint on how to write it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise LoopbackError(
            Problem("not UTF-8 text", "Save the file as UTF-8.", path.name)
        ) from None
    except RecursionError:
        raise LoopbackError(Problem("not valid TOML: nested too deep", hint, path.name)) from None
    except ValueError as error:  # TOMLDecodeError, or a number beyond all bounds
        raise LoopbackError(Problem(f"not valid TOML: {error}", hint, path.name)) from None
