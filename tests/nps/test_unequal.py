from __future__ import annotations

import pytest

from loopback.nps.counts import Counts
from loopback.nps.interval import interval
from loopback.nps.method import Method
from loopback.nps.unequal import account_score, value_weighted


def test_a_customer_counts_by_value() -> None:
    found = value_weighted({900.0: Counts(1, 0, 0), 100.0: Counts(0, 0, 1)}, 0.95)

    assert found is not None
    assert found.nps == -80
    assert found.effective == pytest.approx(1000**2 / (900**2 + 100**2))
    assert found.lower <= -80 < found.upper


def test_customers_of_one_value_count_as_without() -> None:
    counts = Counts(3, 5, 12)
    found = value_weighted({250.0: counts}, 0.95)
    plain = interval(counts, Method.ADJUSTED_WALD, 0.95)

    assert found is not None
    assert found.effective == 20
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper))


def test_customers_without_value_count_for_nothing() -> None:
    assert value_weighted({0.0: Counts(5, 5, 5)}, 0.95) is None
    assert value_weighted({}, 0.95) is None


def test_an_account_counts_once_however_many_of_its_people_answer() -> None:
    found = account_score([Counts(10, 0, 0), Counts(0, 0, 1), Counts(1, 0, 1)], 0.95)

    assert found is not None
    assert (found.nps, found.effective) == (0, 3)


def test_accounts_of_one_person_are_customers() -> None:
    accounts = [Counts(1, 0, 0)] * 3 + [Counts(0, 1, 0)] * 5 + [Counts(0, 0, 1)] * 12
    found = account_score(accounts, 0.95)
    plain = interval(Counts(3, 5, 12), Method.ADJUSTED_WALD, 0.95)

    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((plain.lower, plain.upper))
    assert account_score([Counts(0, 0, 0)], 0.95) is None
