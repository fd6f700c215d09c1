"""An amendment of a code frame: terms written into the file, the rest of it left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopback.errors import Problem, WrongUsageError
from loopback.frame import ANY

if TYPE_CHECKING:
    from collections.abc import Sequence


def amended(
    content: str, reason: str, terms: Sequence[str], language: str | None, label: str | None
) -> str:
    """Return the text of a code frame with terms added to a list of a reason.

    Comments and layout stay. With a label the reason is a new one, at the end of the file. Raises
    where there is no such reason, or where there is one already.
    """
    import tomlkit

    document = tomlkit.parse(content)
    table = _table(document, reason)
    if table is None and label is None:
        known = ", ".join(str(row["id"]) for row in document.get("reason", []))
        mend = f"Write one of {known}; or give the new one a --label."
        raise WrongUsageError(Problem(f"there is no reason {reason!r}", mend))
    if table is None:
        table = tomlkit.table()
        table.update({"id": reason, "label": label})
        if "reason" not in document:
            document.append("reason", tomlkit.aot())
        reasons: Any = document["reason"]
        reasons.append(table)
    _add(table, f"{ANY}_{language}" if language else ANY, terms)
    return tomlkit.dumps(document)


def _table(document: Any, reason: str) -> Any:  # noqa: ANN401 - tomlkit's tables are made of Any
    return next((row for row in document.get("reason", []) if row.get("id") == reason), None)


def _add(table: Any, key: str, terms: Sequence[str]) -> None:  # noqa: ANN401 - see above
    """Add terms to a list: on a line of their own where the list has several lines."""
    import tomlkit

    if key not in table:
        table.add(key, tomlkit.array())
    listed = table[key]
    fresh = [term for term in terms if term not in listed]
    if "\n" in listed.as_string():
        listed.add_line(*fresh, indent="  ")
    else:
        listed.extend(fresh)
