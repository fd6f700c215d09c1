"""What a dry run counts is what the run then does."""

from __future__ import annotations

import csv
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback.clock import clock_of
from loopback.errors import LoopbackError
from loopback.steps.ingest import choices, ingest
from loopback.steps.look import look
from loopback.steps.sample import sample
from loopback.workspace import Workspace
from tests.conftest import TODAY, build, tokens

CLOCK = clock_of(date.fromisoformat(TODAY))
SAID = st.sampled_from(["0", "7", "10", "11", "", "n/a", "seven"])
ROW = st.tuples(
    st.sampled_from(["C-1", "C-2", "C-3", "nobody", ""]),
    st.sampled_from(["2026-11-20", "2026-11-20 09:00:00", "2027-03-01", "soon", ""]),
    SAID,
    st.sampled_from(["late", "", "good, but late"]),
)
COUNTED = ("rows", "taken", "known", "left_out", "rejects", "unmatched", "late", "answered")


@pytest.fixture(scope="module")
def invited(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace whose customers of November are invited; exports are taken in one by one."""
    workspace = Workspace(build(tmp_path_factory.mktemp("invited")))
    sample(workspace, None, CLOCK, dry_run=False)
    return workspace


@settings(max_examples=12, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8))
def test_a_dry_run_counts_what_the_run_then_does(
    invited: Workspace, rows: list[tuple[str, ...]]
) -> None:
    known = tokens(invited.folder)
    export = invited.path("export.csv")
    with export.open("w", encoding="utf-8", newline="") as file:
        written = csv.writer(file)
        written.writerow(("token", "submitted", "score", "comment"))
        written.writerows((known.get(whose, whose), *rest) for whose, *rest in rows)
    fresh = Workspace(invited.folder)
    chosen = choices(fresh, score="score", scale="0-10", words={"seven": 7})

    [seen] = look(fresh, [export], chosen, CLOCK).reports
    if seen["refused"]:
        with pytest.raises(LoopbackError):
            ingest(fresh, [export], chosen, CLOCK)
        return
    [done] = ingest(fresh, [export], chosen, CLOCK).reports

    assert done.already or [seen[name] for name in COUNTED] == [
        getattr(done, name) for name in COUNTED
    ]
