from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.nps.counts import Counts
from loopback.nps.interval import interval, score_z, shown
from loopback.nps.method import Method

MANY = st.integers(0, 10**7)
SOME = st.builds(Counts, MANY, MANY, MANY).filter(lambda counts: counts.n > 0)
HONEST = st.sampled_from((Method.ADJUSTED_WALD, Method.SCORE))
CONFIDENCE = st.sampled_from((0.8, 0.9, 0.95, 0.999))


def test_a_score_is_divided_last() -> None:
    assert Counts(0, 71, 29).nps == 29  # 29 / 100 * 100 would be 28.999999999999996


@pytest.mark.parametrize("method", list(Method))
def test_an_interval_lies_around_the_score(method: Method) -> None:
    found = interval(Counts(3, 4, 13), method, 0.95)

    assert found.nps == 50
    assert found.lower < 50 < found.upper


def test_wald_alone_has_no_width_when_all_answers_are_alike() -> None:
    alike = Counts(0, 0, 5)

    widths = {m: interval(alike, m, 0.95).upper - interval(alike, m, 0.95).lower for m in Method}

    assert widths[Method.WALD] == 0
    assert widths[Method.ADJUSTED_WALD] > 80
    assert widths[Method.SCORE] > 80


@settings(max_examples=100, deadline=None)
@given(counts=SOME, method=HONEST, confidence=CONFIDENCE)
def test_no_other_interval_is_without_width_or_leaves_the_scale(
    counts: Counts, method: Method, confidence: float
) -> None:
    found = interval(counts, method, confidence)

    assert -100 <= found.lower < found.upper <= 100


@settings(max_examples=100, deadline=None)
@given(counts=SOME, method=HONEST, confidence=CONFIDENCE)
def test_what_is_shown_holds_the_score(counts: Counts, method: Method, confidence: float) -> None:
    found = shown(interval(counts, method, confidence))

    assert found.lower <= found.nps <= found.upper


def test_at_95_percent_only_a_single_answer_needs_to_be_stretched() -> None:
    stretched = [
        counts
        for n in range(1, 31)
        for d in range(n + 1)
        for p in range(n - d + 1)
        if shown(found := interval(counts := Counts(d, n - d - p, p), Method.ADJUSTED_WALD, 0.95))
        != found
    ]

    assert stretched == [Counts(0, 0, 1), Counts(1, 0, 0)]


@settings(max_examples=60, deadline=None)
@given(counts=SOME, method=st.sampled_from(list(Method)))
def test_the_scale_is_symmetric(counts: Counts, method: Method) -> None:
    found = interval(counts, method, 0.95)

    mirrored = interval(Counts(*counts[::-1]), method, 0.95)

    assert (-mirrored.upper, -mirrored.lower) == pytest.approx((found.lower, found.upper), abs=1e-6)


def test_the_score_interval_ends_where_the_test_rejects() -> None:
    counts = Counts(2, 3, 5)

    found = interval(counts, Method.SCORE, 0.95)

    ends = [score_z(counts, found.lower / 100), score_z(counts, found.upper / 100)]
    assert ends == pytest.approx([1.959964, -1.959964], abs=1e-6)


def test_more_confidence_is_more_width() -> None:
    for method in Method:
        narrow, wide = (interval(Counts(2, 3, 5), method, c) for c in (0.8, 0.95))
        assert wide.lower < narrow.lower < narrow.upper < wide.upper
