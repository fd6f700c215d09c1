from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loopback.errors import DamagedError
from loopback.journal import Event, Journal

if TYPE_CHECKING:
    from pathlib import Path

EVENTS: list[Event] = [{"event": "handing over", "who": "anna"}, {"event": "accepted", "who": "ä"}]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path / "ledger" / "journal")
    journal.begin(7)
    for event in EVENTS:
        journal.append(event)
    return journal


def test_what_was_appended_is_there(journal: Journal) -> None:
    assert journal.content().events == EVENTS
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_where_there_is_no_journal_nothing_happened(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").content().events == []


def test_a_journal_torn_at_any_byte_holds_what_was_whole(journal: Journal) -> None:
    written = journal.path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(written) if byte == ord("\n")]
    for length in range(len(written) + 1):
        journal.path.write_bytes(written[:length])
        whole = sum(end <= length for end in ends)
        assert journal.content().events == EVENTS[: max(0, whole - 1)]


def test_a_torn_line_is_cut_off_before_the_next_is_appended(journal: Journal) -> None:
    written = journal.path.read_bytes()
    for length in range(len(written)):
        journal.path.write_bytes(written[:length])
        left = journal.content().events
        journal.begin(8)
        journal.append(EVENTS[0])
        assert journal.content().events == [*left, EVENTS[0]]


def test_a_last_line_of_blocks_that_never_reached_the_disk_was_never_written(
    journal: Journal,
) -> None:
    with journal.path.open("ab") as file:
        file.write(b"\0" * 100)

    assert journal.content().events == EVENTS


def test_a_byte_changed_in_any_line_but_the_last_is_noticed(journal: Journal) -> None:
    journal.append(EVENTS[0])
    written = journal.path.read_bytes()
    last = written.rstrip(b"\n").rindex(b"\n")
    for at in range(last):
        journal.path.write_bytes(written[:at] + bytes([written[at] ^ 1]) + written[at + 1 :])
        with pytest.raises(DamagedError, match="ledger/journal, row"):
            journal.content()
        assert len(journal.problems()) == 1


def test_the_same_events_of_another_run_are_another_journal(tmp_path: Path) -> None:
    digests = set()
    for run in (7, 8):
        journal = Journal(tmp_path / f"{run}")
        journal.begin(run)
        journal.append(EVENTS[0])
        digests.add(journal.content().digest)

    assert len(digests) == 2


def test_beginning_again_goes_on_where_a_killed_run_stopped(journal: Journal) -> None:
    before = journal.path.read_bytes()

    journal.begin(8)

    assert journal.path.read_bytes() == before
