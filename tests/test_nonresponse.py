from __future__ import annotations

import polars as pl
import pytest

from loopback.nonresponse import by_classes, by_raking, sentence
from loopback.tables import INVITATIONS, RESPONSES

SCORES = {"detractor": 2, "passive": 7, "promoter": 10}


def answers(**regions: tuple[int, int, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return responses and invitations of regions of 100 customers each, of whom so many answer."""
    asked: list[dict[str, object]] = []
    answered: list[dict[str, object]] = []
    for region, counts in regions.items():
        told = [s for s, n in zip(SCORES.values(), counts, strict=True) for _ in range(n)]
        for place in range(100):
            customer = f"{region}-{place}"
            asked.append({"customer_id": customer, "month": "2026-11", "region": region})
            if place < len(told):
                answered.append(asked[-1] | {"score": told[place], "response_id": customer})
    rows = pl.DataFrame(answered, {**RESPONSES.columns})
    return rows, pl.DataFrame(asked, {**INVITATIONS.columns})


def test_a_region_that_answers_little_counts_as_it_was_asked() -> None:
    responses, asked = answers(North=(0, 0, 40), South=(10, 0, 0))

    classes = by_classes(responses, asked, ["region"], 0.95)
    raked = by_raking(responses, asked, ["region"], 0.95)

    assert classes is not None
    assert raked is not None
    assert (classes.nps, raked.nps) == pytest.approx((0, 0), abs=1e-9)
    assert classes.design_effect == pytest.approx(1.5625)


def test_a_region_of_which_nobody_answered_cannot_be_mended() -> None:
    responses, asked = answers(North=(2, 3, 5), South=(0, 0, 0))

    raked = by_raking(responses, asked, ["region"], 0.95)

    assert raked is not None
    assert raked.nps == pytest.approx(30)


@pytest.mark.parametrize("weighted", [by_classes, by_raking])
def test_without_answers_there_are_no_weights(weighted: object) -> None:
    responses, asked = answers(North=(0, 0, 0))

    assert callable(weighted)
    assert weighted(responses, asked, ["region"], 0.95) is None


def test_what_is_missing_is_a_class_of_its_own() -> None:
    responses, asked = answers(North=(2, 3, 5))
    nowhere = [rows.with_columns(region=pl.lit(None, pl.String)) for rows in (responses, asked)]

    found = by_classes(nowhere[0], nowhere[1], ["region"], 0.95)

    assert found is not None
    assert found.nps == pytest.approx(30)


def test_the_weighted_score_is_said_beside_the_unweighted_with_its_doubts() -> None:
    responses, asked = answers(North=(0, 0, 40), South=(10, 0, 0))
    found = by_classes(responses, asked, ["region"], 0.95)

    assert found is not None
    said = sentence("weighted", found, ["region"], {"nps": 60, "lower": 35, "upper": 78})

    assert said.startswith("Weighted by region: NPS 0 (")
    assert "worth 32 answers; unweighted +60." in said
    assert "design effect 1.56" in said
    assert "further apart than chance" in said
