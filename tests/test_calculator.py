from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopback.calculator import calculated, counts_of
from loopback.errors import WrongUsageError
from loopback.nps.counts import Counts
from loopback.nps.method import Method

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Said

# docs/methods.md and the values that R gives: detractors, passives, promoters and limits.
REFERENCE = [
    ("adjusted-wald", "16,139,6", -11.8154, -0.3798),
    ("wald", "16,139,6", -11.8400, -0.5824),
    ("score", "16,139,6", -12.4023, -0.5433),
    ("adjusted-wald", "0,0,5", 17.4915, 100.0),
    ("score", "5,0,0", -100.0, -13.1035),
    ("adjusted-wald", "0,5,0", -30.0057, 30.0057),
]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is no workspace."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    return tmp_path


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(("method", "counts", "lower", "upper"), REFERENCE)
def test_anyone_can_reckon_without_a_workspace(
    run: Callable[..., Said], method: str, counts: str, lower: float, upper: float
) -> None:
    found = run("score", "--counts", counts, "--method", method, "--json").json

    assert [found["lower"], found["upper"]] == pytest.approx([lower, upper], abs=1e-4)
    assert found["lower"] < found["nps"] < found["upper"] or found["nps"] in {-100, 100}


@pytest.mark.usefixtures("nowhere")
def test_two_groups_have_a_difference_with_a_probability(run: Callable[..., Said]) -> None:
    typed = ["--counts", "3,4,13", "--versus", "7,6,7", "--method", "wald", "--confidence", "0.9"]

    found = run("score", *typed, "--json").json

    assert (found["nps"], found["versus"]["nps"], found["difference"]) == (50, 0, 50)
    assert found["p_value"] == pytest.approx(0.04550026)
    limits = [found["difference_lower"], found["difference_upper"]]
    assert limits == pytest.approx([8.8786593, 91.1213407])


@pytest.mark.usefixtures("nowhere")
def test_numbers_are_printed_with_all_their_digits(run: Callable[..., Said]) -> None:
    said = run("score", "--counts", "1,2,3", "--versus", "3,2,1")

    printed = dict(line.split() for line in said.out.splitlines())

    found = calculated(Counts(1, 2, 3), Counts(3, 2, 1), Method.ADJUSTED_WALD, 0.95)
    assert {name: float(printed[name]) for name in ("nps", "se", "lower", "p_value")} == {
        name: found.values[name] for name in ("nps", "se", "lower", "p_value")
    }


@pytest.mark.usefixtures("nowhere")
def test_what_cannot_be_reckoned_is_left_empty(run: Callable[..., Said]) -> None:
    assert "nps\n" in run("score", "--counts", "0,0,0").out


def values(counts: Counts, method: Method = Method.ADJUSTED_WALD) -> dict[str, Any]:
    return calculated(counts, None, method, 0.95).result


def test_without_answers_there_is_nothing_to_reckon() -> None:
    found = values(Counts(0, 0, 0))

    assert [found[name] for name in ("nps", "se", "lower", "upper")] == [None] * 4
    assert found["notes"] == ["Without answers there is no score."]


def test_a_difference_from_nobody_is_empty() -> None:
    found = calculated(Counts(1, 2, 3), Counts(0, 0, 0), Method.SCORE, 0.95)

    assert found.values["difference"] is None
    assert found.values["nps"] is not None


def test_what_looks_like_a_mistake_is_explained() -> None:
    single = values(Counts(1, 0, 0))
    alike = values(Counts(0, 0, 5), Method.WALD)

    assert single["nps"] < single["lower"]  # as R gives it
    assert "leaves out the score itself" in single["notes"][0]
    assert alike["lower"] == alike["upper"]
    assert "no width" in alike["notes"][0]
    assert values(Counts(0, 0, 5))["notes"] == []


@pytest.mark.parametrize("typed", ["", "1,2", "1,2,3,4", "1,-2,3", "1,2.5,3", "a,b,c", "1;2;3"])
def test_counts_are_three_whole_numbers(typed: str) -> None:
    with pytest.raises(WrongUsageError, match="not three whole numbers"):
        counts_of(typed)


def test_counts_may_have_spaces() -> None:
    assert counts_of(" 16, 139 ,6") == Counts(16, 139, 6)


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize("confidence", ["0", "1", "95", "-0.5", "nan"])
def test_a_confidence_lies_between_nothing_and_certainty(
    run: Callable[..., Said], confidence: str
) -> None:
    said = run("score", "--counts", "1,2,3", "--confidence", confidence, expect=2)

    assert "is no confidence" in said.err
