from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.nps.counts import Counts
from loopback.nps.interval import interval as one_interval
from loopback.nps.interval import shown
from loopback.nps.method import Method
from loopback.score import CATEGORY, points, scores, with_interval
from loopback.tables import INVITATIONS, RESPONSES
from tests.conftest import TODAY, Said, answer
from tests.frames import frame, table
from tests.shared import shared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

COUNTS = pl.Schema({"detractors": pl.Int64, "passives": pl.Int64, "promoters": pl.Int64})
VECTORS = pl.Schema({**COUNTS, "nps": pl.Float64, "lower": pl.Float64, "upper": pl.Float64})
SIX_DECIMALS = 0.5e-6 * 100
NINE_DECIMALS = 0.5e-9 * 100


# docs/methods.md, "Score": computed with R; these limits are not cut to the scale.
REFERENCE = """
detractors | passives | promoters |       nps |     lower |     upper
-----------+----------+-----------+-----------+-----------+----------
1 |    2 |    3 |  0.333333 | -0.267433 |  0.711877
0 |    0 |    5 |  1.000000 |  0.174915 |  1.075085
0 |    5 |    0 |  0.000000 | -0.300057 |  0.300057
5 |    0 |    0 | -1.000000 | -1.075085 | -0.174915
1 |    1 |    3 |  0.400000 | -0.297827 |  0.797827
0 |    2 |    3 |  0.600000 | -0.075085 |  0.825085
2 |    1 |    2 |  0.000000 | -0.574565 |  0.574565
0 |    1 |    4 |  0.800000 |  0.041655 |  0.958345
2 |    3 |    5 |  0.300000 | -0.190506 |  0.652045
3 |    4 |   13 |  0.500000 |  0.125740 |  0.743826
2 |    0 |    9 |  0.636364 |  0.080008 |  0.919992
5 |   15 |   30 |  0.500000 |  0.287881 |  0.655516
10 |   30 |   60 |  0.500000 |  0.354666 |  0.616208
35 |   35 |   30 | -0.050000 | -0.203435 |  0.106348
40 |  100 |   20 | -0.125000 | -0.215096 | -0.030303
8 |   62 |   16 |  0.093023 | -0.019739 |  0.199514
3 |   20 |    9 |  0.187500 | -0.026331 |  0.369188
0 |   43 |    1 |  0.022727 | -0.044378 |  0.086931
7 |   13 |    1 | -0.285714 | -0.480984 | -0.019016
16 |  139 |    6 | -0.062112 | -0.118154 | -0.003798
75 |  675 |  250 |  0.175000 |  0.140859 |  0.208094
1 |    0 |   19 |  0.900000 |  0.550592 |  1.014625
120 |  330 |  550 |  0.430000 |  0.385584 |  0.471844
0 |    0 |    1 |  1.000000 | -0.484986 |  0.984986
0 |    1 |    0 |  0.000000 | -0.600114 |  0.600114
1 |    0 |    1 |  0.000000 | -0.733351 |  0.733351
900 | 2600 | 6500 |  0.560000 |  0.547034 |  0.572630
"""


def cut(limit: float) -> float:
    """Return a limit in points, cut to the scale as scores are."""
    return 100 * max(-1.0, min(1.0, limit))


def interval(detractors: int, passives: int, promoters: int, confidence: float) -> list[float]:
    counts = pl.DataFrame([(detractors, passives, promoters)], schema=COUNTS, orient="row")
    return [*with_interval(counts, confidence).select("nps", "lower", "upper").row(0)]


@pytest.mark.parametrize("row", frame(REFERENCE, VECTORS).rows(), ids=str)
def test_the_interval_is_that_of_the_reference_to_six_decimals(
    row: tuple[int, int, int, float, float, float],
) -> None:
    *counts, nps, lower, upper = row

    found = interval(*counts, confidence=0.95)

    held = [min(cut(lower), 100 * nps), max(cut(upper), 100 * nps)]  # tells on one answer alone
    assert found == pytest.approx([100 * nps, *held], abs=SIX_DECIMALS)


def test_the_interval_is_that_of_every_vector_computed_with_r() -> None:
    with shared("data", "nps", "nps_vectors.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "adjwald_t3"]

    assert len(rows) == 54
    for row in rows:
        counts = [int(row[name]) for name in COUNTS.names()]
        nps, lower, upper = interval(*counts, confidence=float(row["conf"]))
        expected = [min(cut(float(row["lower"])), nps), max(cut(float(row["upper"])), nps)]
        assert [lower, upper] == pytest.approx(expected, abs=NINE_DECIMALS), row["id"]


def test_the_categories_change_between_six_and_seven_and_between_eight_and_nine() -> None:
    drawn = frame(
        """
        score | category
        ------+----------
        0     | detractor
        6     | detractor
        7     | passive
        8     | passive
        9     | promoter
        10    | promoter
        """,
        pl.Schema({"score": pl.Int64}),
    )

    assert drawn.select(CATEGORY)["literal"].to_list() == drawn["category"].to_list()


@pytest.mark.parametrize("counts", [(0, 0, 0)])
def test_without_answers_there_is_no_score_and_no_interval(counts: tuple[int, int, int]) -> None:
    assert interval(*counts, confidence=0.95) == [None, None, None]


@pytest.mark.parametrize("counts", [(3, 4, 13), (0, 0, 1), (0, 5, 0), (0, 0, 0)])
@pytest.mark.parametrize("method", list(Method))
def test_a_column_of_counts_has_the_intervals_of_its_rows(
    counts: tuple[int, int, int], method: Method
) -> None:
    drawn = pl.DataFrame([(1, 1, 1), counts], schema=COUNTS, orient="row")

    found = with_interval(drawn, 0.9, method).select("nps", "lower", "upper").row(1)

    if sum(counts):
        alone = shown(one_interval(Counts(*counts), method, 0.9))
        assert found == pytest.approx((alone.nps, alone.lower, alone.upper), abs=1e-12)
    else:
        assert found == (None, None, None)


MANY = st.integers(0, 10**7)


@settings(max_examples=150, deadline=None)
@given(
    detractors=MANY, passives=MANY, promoters=MANY, confidence=st.sampled_from((0.8, 0.95, 0.999))
)
def test_the_interval_is_never_without_width_nor_outside_the_scale(
    detractors: int, passives: int, promoters: int, confidence: float
) -> None:
    if detractors + passives + promoters == 0:
        return
    nps, lower, upper = interval(detractors, passives, promoters, confidence)

    assert -100 <= lower < upper <= 100
    assert lower <= nps <= upper


@settings(max_examples=60, deadline=None)
@given(detractors=MANY, passives=MANY, promoters=MANY)
def test_the_scale_is_symmetric(detractors: int, passives: int, promoters: int) -> None:
    if detractors + passives + promoters == 0:
        return
    nps, lower, upper = interval(detractors, passives, promoters, confidence=0.95)

    mirrored = interval(promoters, passives, detractors, confidence=0.95)

    assert mirrored == pytest.approx([-nps, -upper, -lower], abs=1e-9)


RESPONDED = """
response_id | customer_id | month   | token | owner | region | segment | score
------------+-------------+---------+-------+-------+--------+---------+------
T-1         | C-1         | 2026-10 | T-1   | anna  | North  | large   | 10
T-2         | C-2         | 2026-10 | T-2   | anna  | North  | small   | 6
T-3         | C-3         | 2026-11 | T-3   | anna  | North  | small   | 8
R-4         | C-4         | 2026-11 |       | ben   | South  | small   | 9
R-5         |             | 2026-11 |       |       |        |         | 0
"""
ASKED = """
customer_id | month   | token | owner | region | segment
------------+---------+-------+-------+--------+--------
C-1         | 2026-10 | T-1   | anna  | North  | large
C-2         | 2026-10 | T-2   | anna  | North  | small
C-3         | 2026-11 | T-3   | anna  | North  | small
C-6         | 2026-11 | T-6   | anna  | North  | small
C-7         | 2026-11 | T-7   | carla | South  | large
"""
COUNTED = ["invited", "answered", "responses", "detractors", "passives", "promoters"]


def counted(by: str | None) -> dict[object, tuple[int, ...]]:
    found = scores(table(RESPONSES, RESPONDED), table(INVITATIONS, ASKED), by)
    keys = found[by].to_list() if by else ["all"]
    return dict(zip(keys, found.select(COUNTED).rows(), strict=True))


def test_each_owner_has_counts_of_those_asked_and_of_those_who_answered() -> None:
    assert counted("owner") == {
        None: (0, 0, 1, 1, 0, 0),
        "anna": (4, 3, 3, 1, 1, 1),
        "ben": (0, 0, 1, 0, 0, 1),
        "carla": (1, 0, 0, 0, 0, 0),
    }


def test_the_same_rows_are_counted_by_region_segment_and_month() -> None:
    assert counted("region") == {
        None: (0, 0, 1, 1, 0, 0),
        "North": (4, 3, 3, 1, 1, 1),
        "South": (1, 0, 1, 0, 0, 1),
    }
    assert counted("segment") == {
        None: (0, 0, 1, 1, 0, 0),
        "large": (2, 1, 1, 0, 0, 1),
        "small": (3, 2, 3, 1, 1, 1),
    }
    assert counted("month") == {"2026-10": (2, 2, 2, 1, 0, 1), "2026-11": (3, 1, 3, 1, 1, 1)}


def test_the_total_counts_those_who_match_nobody_too() -> None:
    assert counted(None) == {"all": (5, 3, 5, 2, 1, 2)}


def test_an_owner_without_answers_has_counts_but_no_score() -> None:
    found = scores(table(RESPONSES, RESPONDED), table(INVITATIONS, ASKED), "owner")

    carla = found.filter(owner="carla").row(0, named=True)

    assert (carla["invited"], carla["responses"]) == (1, 0)
    assert (carla["nps"], carla["lower"], carla["upper"]) == (None, None, None)


def test_groups_are_ordered_by_name_and_never_by_their_score() -> None:
    found = scores(table(RESPONSES, RESPONDED), table(INVITATIONS, ASKED), "owner")

    assert found["owner"].to_list() == [None, "anna", "ben", "carla"]
    assert found["nps"].to_list() == [-100, 0, 100, None]


@pytest.mark.parametrize("by", ["owner", "region", "segment", "month"])
def test_nothing_asked_and_nothing_answered_gives_no_groups(by: str) -> None:
    assert scores(RESPONSES.empty(), INVITATIONS.empty(), by).is_empty()


def test_nothing_asked_and_nothing_answered_is_a_total_of_nothing() -> None:
    total = scores(RESPONSES.empty(), INVITATIONS.empty())

    assert total.rows() == [(0, 0, 0, 0, 0, 0, None, None, None)]


@pytest.mark.parametrize("by", [None, "owner"])
def test_those_who_were_asked_are_counted_before_anyone_answers(by: str | None) -> None:
    found = scores(RESPONSES.empty(), table(INVITATIONS, ASKED), by)

    assert found["invited"].sum() == 5
    assert found["responses"].to_list() == [0] * found.height
    assert found["nps"].null_count() == found.height


ROWS = st.lists(
    st.tuples(st.sampled_from(("anna", "ben", None)), st.integers(0, 10)), min_size=1, max_size=60
)


@settings(max_examples=40, deadline=None)
@given(rows=ROWS, randomly=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_bit(
    rows: list[tuple[str | None, int]], randomly: Random
) -> None:
    drawn = pl.DataFrame(rows, schema={"owner": pl.String, "score": pl.Int64}, orient="row")
    responses = drawn.with_row_index("token").with_columns(pl.col("token").cast(pl.String))
    other = responses[randomly.sample(range(len(rows)), len(rows))]
    asked = INVITATIONS.empty()

    assert scores(responses, asked, "owner").equals(scores(other, asked, "owner"))
    assert scores(responses, asked).equals(scores(other, asked))


@settings(max_examples=40, deadline=None)
@given(rows=ROWS)
def test_the_counts_of_the_groups_add_up_to_the_total(rows: list[tuple[str | None, int]]) -> None:
    drawn = pl.DataFrame(rows, schema={"owner": pl.String, "score": pl.Int64}, orient="row")
    responses = drawn.with_row_index("token").with_columns(pl.col("token").cast(pl.String))
    asked = INVITATIONS.empty()

    groups, total = scores(responses, asked, "owner"), scores(responses, asked)

    assert groups.select(COUNTED).sum().row(0) == total.select(COUNTED).row(0)
    assert total.select(COUNTED[3:]).sum_horizontal().item() == len(rows)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (41.6, "+42"),
        (0.4, "0"),
        (-0.4, "0"),
        (-40.0, "\N{MINUS SIGN}40"),
        (100.0, "+100"),
        (-100.0, "\N{MINUS SIGN}100"),
    ],
)
def test_points_are_rounded_and_bear_their_sign(value: float, text: str) -> None:
    assert points(value) == text


def test_score_shows_each_owner_and_counts_the_unmatched_in_the_total(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)
    run(
        "ingest",
        answer(acme, "C-1,2026-11-20,9,", "C-4,2026-11-20,3,", "who,2026-11-20,10,"),
        "--today",
        TODAY,
    )

    said = run("score", "--by", "owner", "--today", TODAY, "--json").json

    assert [
        (row["name"], row["invited"], row["responses"], row["nps"]) for row in said["scores"]
    ] == [
        ("Anna Berg", 3, 1, 100),
        ("Ben Cole", 2, 1, -100),
        ("(unmatched)", 0, 1, 100),
    ]
    assert (said["total"][0]["responses"], said["unmatched"]) == (3, 1)


def test_the_confidence_of_the_settings_decides_the_width(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", TODAY)
    run("ingest", answer(acme, "C-1,2026-11-20,9,", "C-4,2026-11-20,3,"), "--today", TODAY)
    wide = run("score", "--today", TODAY, "--json").json["total"][0]
    with (acme / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write("[scores]\nconfidence = 0.8\n")

    narrow = run("score", "--today", TODAY, "--json").json["total"][0]

    assert wide["lower"] < narrow["lower"] < narrow["nps"] < narrow["upper"] < wide["upper"]


def test_a_month_is_scored_alone_and_a_span_is_pooled(acme: Path, run: Callable[..., Said]) -> None:
    for month, score in (("2026-10", 3), ("2026-11", 10)):
        run("sample", "--today", f"{month}-01")
        export = answer(acme, f"C-1,{month}-20,{score},", name=f"{month}.csv", month=month)
        run("ingest", export, "--today", f"{month}-22")

    alone = run("score", "--month", "2026-11", "--json").json
    pooled = run("score", "--month", "2026-11", "--last", "2", "--json").json

    assert (alone["months"], alone["total"][0]["nps"]) == (["2026-11"], 100)
    assert (pooled["months"], pooled["total"][0]["nps"]) == (["2026-10", "2026-11"], 0)


@pytest.fixture
def year(acme: Path, run: Callable[..., Said]) -> Path:
    """Two Novembers in which the same customers answered, and a month between."""
    for month, both in (("2025-11", (3, 7)), ("2026-10", (8, 9)), ("2026-11", (9, 9))):
        run("sample", "--today", f"{month}-01")
        rows = (f"C-{c},{month}-20,{s}," for c, s in zip((1, 4), both, strict=True))
        run(
            "ingest",
            answer(acme, *rows, name=f"{month}.csv", month=month),
            "--today",
            f"{month}-22",
        )
    return acme


@pytest.mark.usefixtures("year")
def test_a_span_is_compared_with_the_one_before_in_a_sentence(run: Callable[..., Said]) -> None:
    said = run("score", "--today", TODAY, "--json").json

    assert said["change"]["difference"] == 125
    assert said["paired"] == pytest.approx(
        {
            "customers": 2,
            "change": 150,
            "lower": -24.9820,  # of 60, with 43.4 the standard error of five
            "upper": 150,  # stretched to hold the change
            "p_value": 0.1664,
        },
        abs=1e-4,
    )
    assert said["sentences"][0].startswith("+125 since the 12 months before")


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize("by", ["owner", "region", "segment", "language", "month"])
def test_every_group_shows_who_was_reached_and_who_never_answered(
    run: Callable[..., Said], by: str
) -> None:
    said = run("score", "--by", by, "--today", TODAY, "--json").json

    for name in ("invited", "responses", "promoters"):
        assert sum(row[name] for row in said["scores"]) == said["total"][0][name]
    total = said["total"][0]
    assert (total["customers"], total["covered"], total["never_answered"]) == (5, 2, 3)
    assert (total["value"], total["value_covered"]) == (143300, 141000)


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize("ending", ["csv", "json", "parquet", "xlsx"])
def test_scores_are_written_to_a_file(run: Callable[..., Said], year: Path, ending: str) -> None:
    run("score", "--by", "owner", "--today", TODAY, "--to", f"scores.{ending}")

    assert (year / f"scores.{ending}").stat().st_size > 200
    if ending == "parquet":
        rows = pl.read_parquet(year / "scores.parquet")
        assert rows.select("owner", "responses", "nps").row(0) == ("ben", 2, 100)


@pytest.mark.usefixtures("year")
def test_scores_never_overwrite_what_the_workspace_is_made_of(
    run: Callable[..., Said], year: Path
) -> None:
    run("score", "--today", TODAY, "--to", "people.csv", expect=2)

    assert (year / "people.csv").read_text("utf-8").startswith("person_id")


@pytest.mark.usefixtures("year")
def test_what_stands_beside_the_score_is_shown_when_asked_for(run: Callable[..., Said]) -> None:
    said = run(
        *("score", "--by", "region", "--book-interval", "--bounds", "--value", "--account", "name"),
        *("--weight", "region,segment", "--rake", "region", "--needed", "10"),
        *("--method", "score", "--confidence", "0.8", "--today", TODAY, "--json"),
    ).json

    north = said["scores"][0]
    assert (north["book"], north["book_nps"], north["accounts"]) == (3, 100, 1)
    assert (north["lowest"], north["highest"]) == pytest.approx((-100 / 3, 100))
    assert north["value_nps"] == 50
    assert said["needed"]["answers"] > 30
    assert said["weighted"]["by"] == ["region", "segment"]
    assert said["raked"]["effective"] <= 4
    assert (said["method"], said["confidence"]) == ("score", 0.8)


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--weight", "shoe"], "cannot weight by 'shoe'"),
        (["--account", "shoe"], "has no column 'shoe'"),
        (["--book-interval", "--by", "month"], "a month has no book"),
        (["--needed", "0"], "0 points"),
        (["--needed", "-5"], "-5 points"),
        (["--monthly"], "--monthly shows"),
        (["--monthly", "--by", "owner", "--bounds"], "--monthly shows"),
        (["--monthly", "--funnel"], "a funnel needs groups"),
    ],
)
def test_what_cannot_be_shown_is_said_with_what_can(
    run: Callable[..., Said], arguments: list[str], what: str
) -> None:
    assert what in run("score", *arguments, "--today", TODAY, expect=2).err


@pytest.mark.usefixtures("year")
def test_each_month_of_each_owner_has_its_rate_and_score(run: Callable[..., Said]) -> None:
    said = run("score", "--by", "owner", "--monthly", "--today", TODAY, "--json").json
    whole = run("score", "--by", "owner", "--today", TODAY, "--json").json

    for name in COUNTED:
        for owner in whole["scores"]:
            months = [row[name] for row in said["scores"] if row["owner"] == owner["owner"]]
            assert sum(months) == owner[name]
    places = [(row["name"], row["month"]) for row in said["scores"]]
    assert places == sorted(places)
    assert len(places) > len(whole["scores"])
    assert "month" in run("score", "--by", "owner", "--monthly", "--today", TODAY).out


@pytest.mark.usefixtures("year")
def test_owners_are_shown_by_estimate_with_the_verdict(run: Callable[..., Said]) -> None:
    said = run("score", "--by", "owner", "--today", TODAY).out

    assert "estimate" in said
    assert "Nothing tells the 2 owners apart" in said


def test_a_workspace_in_which_nobody_was_asked_has_no_scores(
    acme: Path, run: Callable[..., Said]
) -> None:
    assert acme.exists()
    for by in ("owner", "region", "month"):
        assert run("score", "--by", by, "--today", TODAY, "--json").json["scores"] == []
    assert run("score", "--funnel", "--weight", "region", "--needed", "5", "--today", TODAY).out
