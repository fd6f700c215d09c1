"""Matching: whose answer it is, by token, then customer id, then e-mail address."""

from __future__ import annotations

import hashlib

import polars as pl

from loopback.customers import NO, YES, language_code
from loopback.exports.order import in_order
from loopback.tables import CORRECTS, RESPONSES, TIME, WITHDRAWN

WINDOW = 30  # days after an invitation in which an answer is in time
ID_BYTES = 12
SHORT_ID = r"^\d{1,8}$"  # numbers that a tool counts anew in each survey
WISHES = ("contact", "consent", "named")
_CONTENT = ("given", "score", "comment", "responded_at")
_INVITED = ("customer_id", "month", "token", "owner", "region", "segment", "language", "invited_at")
# What only the ledger can tell of a response; see `events`.
_UNTOLD = {name: RESPONSES.columns[name] for name in (CORRECTS, "rebuilt", WITHDRAWN)}
_LISTED = ("current_owner", "listed_region", "listed_segment")
_PLACED = pl.Schema({"row": pl.Int64, **dict.fromkeys(_INVITED[:-1], pl.String), "asked": TIME})

Frame = pl.DataFrame | pl.LazyFrame


def responses(
    answers: pl.DataFrame, invitations: Frame, customers: Frame, month: str, window: int = WINDOW
) -> pl.DataFrame:
    """Return the responses of answers, with the customer and owner of each that could be matched.

    `month` is that of the run: an answer that no invitation and no time explains belongs to it.
    Of an answer that matches nobody, whom it names is kept; it is `late` where it came more than
    `window` days after its invitation. Sorted by row.
    """
    answered = in_order(answers).rename({"token": "given_token"})
    answered = answered.with_columns(answered_in=language_code()).drop("language")
    whole = (
        answered.join(
            # Not held by a name: it is as large as what comes of it.
            _known(answers, invitations.lazy(), customers.lazy(), month),
            on="row",
            how="left",
            maintain_order="left",
        )
        .pipe(_filled, "month", _answered(month))
        .with_columns(*_frozen(), *_named_by_the_unmatched(), late=_late(window))
        .with_columns(pl.lit(None, kind).alias(name) for name, kind in _UNTOLD.items())
        .with_columns(_yes_or_no(wish).alias(wish) for wish in WISHES)
    )
    return _with_ids(whole).select([*RESPONSES.columns.names(), "row"])


def bounces(bounced: pl.DataFrame, invitations: Frame, customers: Frame) -> pl.DataFrame:
    """Return the invitations that did not arrive; rows that match no invitation are passed over."""
    numbered = bounced.with_columns(pl.col("row").cast(pl.Int64))
    by_token, others = _identified(numbered, invitations.lazy(), customers.lazy())
    whose = pl.concat([by_token.select("customer_id"), others.select("customer_id")]).lazy()
    asked = (
        invitations.lazy()
        .select("customer_id", "month", "email")
        .join(whose, "customer_id", how="semi")
        .collect()
    )
    last = asked.group_by("customer_id").agg(month=pl.col("month").max())
    named = ("row", "customer_id", "month")
    dated = pl.concat([by_token.select(named), others.join(last, "customer_id").select(named)])
    once = dated.sort("row").unique(["customer_id", "month"], keep="first", maintain_order=True)
    return once.join(asked, ["customer_id", "month"]).sort("row")


def unmatched_ids(answers: pl.DataFrame, month: str) -> pl.DataFrame:
    """Return by which id each answer is known as long as it matches nobody: `row`, `loose`.

    An answer that could be matched since is the same answer as before.
    """
    absent = [pl.lit(None, pl.String).alias("customer_id")]
    bare = in_order(answers).with_columns(
        *absent,
        given_token=pl.col("token"),
        token=pl.lit(None, pl.String),
        month=_answered(month),
    )
    return _with_ids(bare).select("row", loose="response_id")


def addressed(answers: pl.DataFrame) -> bool:
    """Say whether any answer names an address, be it where the customer stands."""
    return bool(answers.select(pl.any_horizontal(_is_address("customer", "email").any())).item())


def _is_address(*columns: str) -> pl.Expr:
    return pl.col(columns).str.contains("@", literal=True).fill_null(value=False)


def folded(column: str) -> pl.Expr:
    """Return keys as they are compared where case and spaces do not tell them apart."""
    return pl.col(column).str.replace_all(r"\s+", "").str.to_lowercase()


def given(token: str = "given_token") -> pl.Expr:  # noqa: S107 - the name of a column
    """Return whom an answer names, known or not: it stays when the customer is added later."""
    return pl.coalesce(folded(token), folded("customer"), folded("email"))


def _yes_or_no(column: str) -> pl.Expr:
    """Return what a customer said to a question; empty where it was neither, or not asked."""
    yes, no = folded(column).is_in(YES), folded(column).is_in(NO)
    return pl.when(yes | no).then(yes)


def _known(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.LazyFrame, month: str
) -> pl.DataFrame:
    """Return the rows whose customer is known, each with its invitation and what the list says."""
    placed = _placed(answers, invitations, customers, month).lazy()
    listed = customers.select(
        "customer_id", current_owner="owner", listed_region="region", listed_segment="segment"
    )
    whole = placed.join(listed, "customer_id", how="left")
    return whole.with_columns(pl.col(_LISTED).cast(pl.String)).collect()


def _placed(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.LazyFrame, month: str
) -> pl.DataFrame:
    """Return the rows whose customer is known, each with its invitation, if there is one."""
    by_token, others = _identified(answers, invitations, customers)
    dated = others.join(answers.select("row", "responded_at"), "row")
    invited = _invited(dated, invitations, month)
    return pl.concat([by_token, invited])


def _identified(
    answers: pl.DataFrame, invitations: pl.LazyFrame, customers: pl.LazyFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows that a token places, and those of which only the customer is known.

    The first key that is known decides.
    """
    asked = invitations.select(*_INVITED[:-1], asked="invited_at", key="token")
    by_token = _looked_up(answers, "token", asked).select(_PLACED.names())
    rest = answers.select("row", "customer", "email").join(by_token, "row", how="anti")
    listed = customers.select("customer_id", key="customer_id")
    by_id = _looked_up(rest, "customer", listed).select("row", "customer_id")
    rest = rest.join(by_id, "row", how="anti")
    known = customers.select("customer_id", key="email")
    by_address = []
    for column in ("customer", "email"):
        sought = rest.select("row", pl.when(_is_address(column)).then(column).alias(column))
        found = _looked_up(sought, column, known, exact=False).select("row", "customer_id")
        rest = rest.join(found, "row", how="anti")
        by_address.append(found)
    return by_token, pl.concat([by_id, *by_address])


def _looked_up(
    answers: pl.DataFrame, column: str, known: pl.LazyFrame, *, exact: bool = True
) -> pl.DataFrame:
    """Return `row` and what is known of the key that stands in a column, where it is known.

    A key that is written just so decides; where none is, case and spaces do not count, and a key
    that more than one bears identifies nobody. An address is never told apart by its case.
    """
    sought = answers.select("row", key=pl.col(column).str.strip_chars()).drop_nulls()
    found = known.head(0).collect().with_columns(row=pl.lit(0, pl.Int64)).clear()
    if sought.is_empty():
        return found
    if exact:
        found = sought.lazy().join(known, "key").collect()
        sought = sought.join(found, "row", how="anti")
    if sought.is_empty():
        return found
    alike = _alike(sought.with_columns(loose=folded("key")), known)
    return found if alike.is_empty() else pl.concat([found, alike.select(found.columns)])


def _alike(sought: pl.DataFrame, known: pl.LazyFrame) -> pl.DataFrame:
    """Return what is known of the only key that is like one that is sought."""
    keys = known.select("key", loose=folded("key"))
    near = keys.join(sought.lazy().select("loose"), "loose", how="semi").collect()
    only = near.filter(pl.col("loose").is_unique())
    if only.is_empty():
        return known.head(0).with_columns(row=pl.lit(0, pl.Int64)).collect()
    rows = sought.select("row", "loose").join(only, "loose")
    return known.join(rows.lazy().select("row", "key"), "key").collect()


def _invited(dated: pl.DataFrame, invitations: pl.LazyFrame, month: str) -> pl.DataFrame:
    """Return the rows with the last invitation before the answer, else that of its month."""
    if dated.is_empty():
        return pl.DataFrame(schema=_PLACED)
    end = pl.lit(month).str.to_date("%Y-%m").dt.month_end()
    day = pl.coalesce(pl.col("responded_at").dt.date(), end)
    answered = dated.select("row", "customer_id", day=day, answered=_answered(month))
    asked = invitations.select(*_INVITED[:-1], asked="invited_at")
    every = answered.lazy().join(asked, "customer_id").with_columns(since=asked_at().dt.date())
    found = every.collect()
    latest = _latest(found.filter(pl.col("since") <= pl.col("day")))
    early = answered.join(latest, "row", how="anti").select("row", "customer_id")
    same = found.filter(pl.col("month") == pl.col("answered")).drop("customer_id")
    others = early.join(same, "row", how="left")
    return pl.concat([frame.select(_PLACED.names()) for frame in (latest, others)])


def _latest(asked: pl.DataFrame) -> pl.DataFrame:
    """Return the last invitation of each row."""
    several = asked["row"].is_duplicated()
    ordered = asked.filter(several).sort("since", "month")
    last = ordered.unique("row", keep="last", maintain_order=True)
    return pl.concat([asked.filter(~several), last]) if last.height else asked


def asked_at() -> pl.Expr:
    """Return when an invitation was made; where that is not known, as its month began."""
    begins = pl.col("month").str.to_datetime("%Y-%m", time_unit="us").dt.replace_time_zone("UTC")
    return pl.coalesce("asked", begins)


def _answered(month: str) -> pl.Expr:
    """Return the month of an answer: of its time, else that of the run."""
    return pl.coalesce(pl.col("responded_at").dt.strftime("%Y-%m"), pl.lit(month))


def _late(window: int) -> pl.Expr:
    """Say whether an answer came after the days in which its invitation was to be answered."""
    end = asked_at() + pl.duration(days=window)
    return (pl.col("token").is_not_null() & (pl.col("responded_at") > end)).fill_null(value=False)


def _frozen() -> list[pl.Expr]:
    """Return what the invitation froze; where there was none, what the list says now."""
    return [
        pl.coalesce("owner", "current_owner").alias("owner"),
        pl.coalesce("current_owner", "owner").alias("current_owner"),
        pl.coalesce("region", "listed_region").alias("region"),
        pl.coalesce("segment", "listed_segment").alias("segment"),
        _language().alias("language"),
    ]


def _language() -> pl.Expr:
    """Return the language of an answer, where it is that of the invitation as it stands there.

    Who was asked in `de-at` and answered in `de` is one of those who were asked in `de-at`.
    """
    given, asked = (pl.col(c).str.extract(r"^([a-z]+)") for c in ("answered_in", "language"))
    return (
        pl.when(given == asked).then("language").otherwise(pl.coalesce("answered_in", "language"))
    )


def _named_by_the_unmatched() -> list[pl.Expr]:
    """Return whom an answer names, where it matches nobody; else that says nothing more."""
    nobody = pl.col("customer_id").is_null()
    keys = {"named_token": "given_token", "named_customer": "customer", "named_email": "email"}
    return [pl.when(nobody).then(column).alias(name) for name, column in keys.items()]


def _with_ids(whole: pl.DataFrame) -> pl.DataFrame:
    """Name each response: by its invitation, its id in the export, its customer and time, or all.

    The rows are in order. An invitation is answered once, so a second answer is a newer event of
    the same response. Who was not asked may answer as often as there is a reason: each moment is
    another response, and without a time each row, those that are alike to the letter told apart
    by their order.
    """
    whose = pl.concat_str("customer_id", "responded_at", separator=" ")
    loose = pl.when(pl.col("export_id").is_null()).then(whose)
    named = _filled(whole.with_columns(response_id="token"), "response_id", loose)
    open_ = named.filter(pl.col("response_id").is_null()).with_columns(given=given())
    if open_.is_empty():
        return named
    marks = pl.Series([_id(name) for name in open_.select(_name()).to_series()])
    return named.with_columns(_scattered(named["response_id"], marks))


def _filled(whole: pl.DataFrame, column: str, text: pl.Expr) -> pl.DataFrame:
    """Return rows with the empty cells of a column filled; no other row is worked on."""
    empty = whole.lazy().filter(pl.col(column).is_null())
    filled = empty.select(text.alias(column)).collect()[column]
    return whole.with_columns(_scattered(whole[column], filled)) if filled.len() else whole


def _scattered(cells: pl.Series, texts: pl.Series) -> pl.Series:
    """Return cells with texts in the place of the empty ones."""
    return cells.scatter(cells.is_null().arg_true(), texts)


def _name() -> pl.Expr:
    short = pl.when(pl.col("export_id").str.contains(SHORT_ID)).then("month")
    exported = pl.when(pl.col("export_id").is_not_null()).then(_joined("given", "export_id", short))
    order = pl.int_range(pl.len()).over(_CONTENT)
    return pl.coalesce(exported, _joined(*_CONTENT, order))


def _joined(*columns: str | pl.Expr) -> pl.Expr:
    """Join columns into one text that no other values give."""
    whole = [pl.col(c) if isinstance(c, str) else c for c in columns]
    return pl.concat_str([c.cast(pl.String).fill_null("") for c in whole], separator="\x1f")


def _id(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=ID_BYTES).hexdigest()
