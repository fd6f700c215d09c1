"""TOML files that people write."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from loopback.errors import LoopbackError, Problem

if TYPE_CHECKING:
    from pathlib import Path


def toml(path: Path, hint: str) -> dict[str, Any]:
    """Return what a TOML file holds; raise where it is none, with a hint on how to write it."""
    return parsed(text(path), hint, path.name)


def text(path: Path) -> str:
    """Return the text of a file that people write; raise where it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise LoopbackError(
            Problem("not UTF-8 text", "Save the file as UTF-8.", path.name)
        ) from None


def parsed(content: str, hint: str, name: str) -> dict[str, Any]:
    """Return what a text in TOML holds; raise where it is none, with a hint on how to write it."""
    try:
        return tomllib.loads(content)
    except RecursionError:
        raise LoopbackError(Problem("not valid TOML: nested too deep", hint, name)) from None
    except ValueError as error:  # TOMLDecodeError, or a number beyond all bounds
        raise LoopbackError(Problem(f"not valid TOML: {error}", hint, name)) from None
