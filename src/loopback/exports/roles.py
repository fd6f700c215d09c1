"""Roles: which column of an export holds the score, the comment, the customer and the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from loopback.errors import Problem, WrongUsageError
from loopback.exports.layouts import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loopback.exports.declarations import Layout
    from loopback.exports.header import Header

NAMES = (
    *("score", "comment", "token", "customer", "email", "responded_at", "export_id"),
    *("language", "status", "channel", "survey_type", "consent", "contact", "named", "ticked"),
)
SHARED = {"status", "responded_at"}  # one column may say both: without a time, not completed
# Roles that the company's own list has too, under the name that it has there.
LISTED_AS = {"customer": "customer_id", "email": "email", "language": "language"}
Roles = dict[str, str]
NUMBER = re.compile(r"[0-9]{1,5}")
ASKS_WHY = re.compile(
    r"\b(why|reasons?|warum|(haupt)?gr(ü|u)nde?|begründ(en|e|ung)|hvorfor|(hoved)?årsag(er|en)?"
    r"|begrund(e|else)?|pourquoi|raisons?|por qué|motivos?)\b",
    re.IGNORECASE,
)
COMMENTS = re.compile(
    r"(^|.* - )(comments?|kommentar(e|er)?|bemerkung(en)?|anmerkung(en)?|rückmeldung(en)?|feedback"
    r"|bemærkning(er)?|commentaires?|remarques?|comentarios?|observaciones)\W*$",
    re.IGNORECASE,
)
# What people are asked beside, or instead of, why.
ASKS_MORE = re.compile(
    r"(what (should|could|can) we (do better|improve)|tell us more"
    r"|was (sollten|sollen|können|könnten) wir (besser machen|verbessern)|erzählen sie uns mehr"
    r"|hvad (kan|kunne|skal|bør) vi (gøre bedre|forbedre)|fortæl os mere"
    r"|(pouvons|pourrions|devrions)[- ]nous (améliorer|faire mieux)|dites-nous en plus"
    r"|(podemos|podríamos|deberíamos) (mejorar|hacer mejor)|cuént[ae]nos más)",
    re.IGNORECASE,
)
SEARCHED = 1000  # rows in which tokens are looked for
COLUMNS_SHOWN = 40


class Known(NamedTuple):
    """What is known before an export is read: tokens, and how the company names its columns."""

    tokens: pl.LazyFrame = pl.LazyFrame(schema={"token": pl.String})
    columns: Mapping[str, str] = {}


def roles(
    rows: pl.DataFrame, header: Header, layout: Layout, chosen: Roles, known: Known, file: str
) -> Roles:
    """Return the columns of roles as chosen, as the layout declares, and by the tokens in them.

    `chosen` names columns by their header or their 1-based number.
    """
    found = {role: _chosen(role, name, header, file) for role, name in chosen.items()}
    for role in NAMES:
        declared = _declared(header, layout, known, role)
        taken = {column for other, column in found.items() if not {role, other} <= SHARED}
        if len(declared) == 1 and role not in found and declared[0] not in taken:
            found[role] = declared[0]
    return found if "token" in chosen else _with_tokens(rows, found, chosen, known)


def with_score(found: Roles, score: str, header: Header, layout: Layout) -> Roles:
    """Return the roles with that of the score, and those that depend on where it stands."""
    whole = {role: column for role, column in found.items() if column != score} | {"score": score}
    place = header.names.index(score)
    for role in ("status", "responded_at"):
        several = _declared(header, layout, Known(), role)
        after = [c for c in several if header.names.index(c) > place] or several
        before = [c for c in reversed(several) if header.names.index(c) < place] or several
        if role not in whole and several:
            whole[role] = (after if role == "status" else before)[0]
    return whole if "comment" in whole else whole | _comment(header, whole)


def declared_scores(header: Header, layout: Layout) -> list[str]:
    """Return the columns that bear a name of the score."""
    wanted = layout.roles.get("score", [])
    pairs = zip(header.names, header.roles, strict=True)
    return [column for column, role in pairs if any(matches(role, name) for name in wanted)]


def listed(columns: list[str]) -> str:
    """Name columns by number and shortened header."""
    names = [f"{n} {c[:60]!r}" for n, c in enumerate(columns[:COLUMNS_SHOWN], start=1)]
    more = len(columns) - len(names)
    return ", ".join(names) + (f" and {more} more" if more > 0 else "")


def _chosen(role: str, name: str, header: Header, file: str) -> str:
    if name in header.names:
        return name
    if NUMBER.fullmatch(name) and 1 <= int(name) <= len(header.names):
        return header.names[int(name) - 1]
    texts = zip(header.names, header.roles, strict=True)
    alike = [
        column for column, text in texts if name.strip().casefold() in _spellings(column, text)
    ]
    if len(alike) == 1:
        return alike[0]
    mend = "Give the header text or the number of one of: " + listed(header.names)
    raise WrongUsageError(Problem(f"there is no column {name!r} for the {role}", mend, file))


def _spellings(column: str, text: str) -> set[str]:
    return {column.strip().casefold(), text.strip().casefold()}


def _declared(header: Header, layout: Layout, known: Known, role: str) -> list[str]:
    """Return the columns that bear the first of the names declared for a role that any bears.

    Of columns that bear a plain name alike, the first counts; a pattern may mean several.
    """
    if role == "score":
        return declared_scores(header, layout)
    theirs = known.columns.get(LISTED_AS.get(role, ""))
    for wanted in [*([theirs] if theirs else []), *layout.roles.get(role, [])]:
        pairs = zip(header.names, header.roles, strict=True)
        found = [column for column, text in pairs if matches(text, wanted)]
        if found:
            return found if "*" in wanted else found[:1]
    return []


def _with_tokens(rows: pl.DataFrame, found: Roles, chosen: Roles, known: Known) -> Roles:
    """Return the roles with the token where tokens that we gave are, whatever the header says."""
    free = [c for c in rows.columns[2:] if c not in {found[role] for role in chosen}]
    # Under another name, since a header such as `^x$` could mean several columns.
    top = {c.name: c.alias("cells") for c in rows.head(SEARCHED).get_columns() if c.name in free}
    texts = {name: cells.str.strip_chars().str.to_lowercase() for name, cells in top.items()}
    tokens = _among(texts.values(), known.tokens).implode()
    hits = {name: int(text.is_in(tokens).sum()) for name, text in texts.items()}
    held = found.get("token")
    best = max(free, key=lambda c: (hits[c], c == held), default=None)
    if best is None or not hits[best]:
        return found
    return {role: c for role, c in found.items() if c != best} | {"token": best}


def _among(texts: Iterable[pl.Series], tokens: pl.LazyFrame) -> pl.Series:
    """Return the texts that are tokens, of which there may be millions, in lower case."""
    sought = pl.concat([pl.Series("token", dtype=pl.String), *texts]).unique().to_frame("token")
    tidy = tokens.select(pl.col("token").str.to_lowercase())
    return tidy.join(sought.lazy(), "token", how="semi").collect()["token"]


def _comment(header: Header, found: Roles) -> Roles:
    """Return the column right after the score, or the only one, whose header asks why.

    Where none does, it is the one that asks for a comment, or for more.
    """
    free = [c for c in header.names if c not in found.values()]
    after = header.names[header.names.index(found["score"]) + 1 :][:1]
    asking, bare, more = (
        [c for c in free if pattern.search(_bare(c))] for pattern in (ASKS_WHY, COMMENTS, ASKS_MORE)
    )
    for said in ([c for c in after if c in asking + bare], asking, bare + more):
        if len(said) == 1:
            return {"comment": said[0]}
    return {}


def _bare(column: str) -> str:
    return re.sub(r" \(column \d+\)$", "", column)
