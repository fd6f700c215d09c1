"""Mails on their way: handed to a real server, refused, put off, lost, told, and never twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback import files
from loopback.clock import clock_of
from loopback.steps.ingest import choices, ingest
from loopback.steps.sample import sample
from loopback.workspace import Workspace
from tests.conftest import PEOPLE, TODAY, Said, answer, build
from tests.mail.servers import DROP, LATE, Behaviour, by_smtp, free_port, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., Said]

LOOPBACK = [str(Path(sys.executable).with_name("loopback"))]
ANNA, BEN, CARLA = (f"{who}@company.example" for who in ("anna", "ben", "carla"))


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small workspace in which a customer of Anna and one of Ben have answered."""
    folder = build(tmp_path_factory.mktemp("lived") / "acme")
    workspace, clock = Workspace(folder), clock_of(date.fromisoformat(TODAY))
    sample(workspace, None, clock, dry_run=False)
    export = answer(folder, "C-1,2026-11-20,3,late again", "C-4,2026-11-20,10,lovely people")
    ingest(Workspace(folder), [export], choices(workspace), clock)
    return folder


@pytest.fixture
def answered(lived: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small workspace, which is also the current folder."""
    folder = tmp_path / "acme"
    shutil.copytree(lived, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def server(answered: Path) -> Iterator[Behaviour]:
    """A mail server that the workspace sends through."""
    behaviour = Behaviour()
    with serving(behaviour) as port:
        sending(answered, port)
        yield behaviour


def sending(folder: Path, port: int) -> None:
    path = folder / "loopback.toml"
    ours = by_smtp(port, mail="retry_after = 0.01", server='security = "none"')
    path.write_text(path.read_text(encoding="utf-8") + ours, encoding="utf-8")


def came(behaviour: Behaviour) -> list[str]:
    """Return whom the server has taken a mail for, once for each mail."""
    return sorted(address for received in behaviour.received for address in received.recipients)


def route(run: Run, *options: str, expect: int = 0) -> dict[str, object]:
    said = run("route", "--today", TODAY, "--json", *options, expect=expect).json
    assert isinstance(said, dict)
    return said


def standing(run: Run, expect: int = 0) -> dict[str, str]:
    """Return the last event of each person's mail, as `--status` tells it."""
    said = run("route", "--status", "--today", TODAY, "--json", expect=expect).json
    return {row["person_id"]: row["event"] for row in said["deliveries"]}


def history(run: Run, who: str) -> list[str]:
    run("export", "deliveries", "--to", "table.parquet", "--history")
    rows = pl.read_parquet("table.parquet").sort("run", "row")
    return rows.filter(pl.col("person_id") == who)["event"].to_list()


def test_each_person_gets_one_mail_and_the_record_says_so(server: Behaviour, run: Run) -> None:
    route(run)
    again = route(run)

    assert came(server) == [ANNA, BEN, CARLA]
    assert again["mails"] == []
    assert standing(run) == {"anna": "accepted", "ben": "accepted", "carla": "accepted"}
    assert history(run, "anna") == ["prepared", "handing over", "accepted"]
    assert not Path("ledger", "journal").exists()
    assert server.received[0].sender == "feedback@acme.example"


def test_a_mail_that_was_sent_is_no_draft(server: Behaviour, run: Run) -> None:
    route(run)

    assert [r for r in server.received if b"X-Unsent" in r.content] == []


def test_who_is_refused_keeps_nobody_else_from_theirs_and_gets_it_once_mended(
    server: Behaviour, run: Run
) -> None:
    server.refused[ANNA] = "550 5.1.1 no such user"
    said = route(run, expect=3)

    assert came(server) == [BEN, CARLA]
    assert said["mails"] == ["Ben Cole", "Carla Dahl"]
    [failure] = said["failures"]  # type: ignore[misc]
    assert failure["what"] == "the mail to Anna Berg was refused: 550 5.1.1 no such user"
    assert standing(run, expect=3)["anna"] == "refused"

    people = PEOPLE.replace(ANNA, "anna.berg@company.example")
    Path("people.csv").write_text(people, encoding="utf-8")
    assert route(run)["mails"] == ["Anna Berg"]
    assert came(server) == ["anna.berg@company.example", BEN, CARLA]


def test_what_is_put_off_once_goes_in_the_same_run(server: Behaviour, run: Run) -> None:
    server.faults["rcpt"] = "451 4.7.1 greylisted"
    route(run)

    assert came(server) == [ANNA, BEN, CARLA]
    assert history(run, "anna") == ["prepared", "later", "handing over", "accepted"]


def test_what_is_put_off_every_time_goes_in_a_later_run(server: Behaviour, run: Run) -> None:
    server.faults["rcpt"], server.times = "451 4.7.1 greylisted", 9
    said = run("route", "--today", TODAY, expect=3)

    assert "the mail to Anna Berg was put off: 451 4.7.1 greylisted" in said.err
    assert route(run)["mails"] == ["Anna Berg", "Ben Cole", "Carla Dahl"]
    assert came(server) == [ANNA, BEN, CARLA]


def test_a_server_that_is_away_is_told_once_and_its_mails_go_later(
    answered: Path, run: Run
) -> None:
    sending(answered, port := free_port())
    said = run("route", "--today", TODAY, expect=3)

    assert said.err.count("not sent:") == 1
    assert f"3 mails wait: the mail server 127.0.0.1, port {port}, cannot be reached" in said.err
    assert list(answered.glob("out/2026-11/sheets/anna-*.html"))
    assert standing(run, expect=3)["anna"] == "later"


@pytest.mark.parametrize("stage", ["dot", "kept"])
def test_a_mail_that_may_have_arrived_is_told_and_never_sent_again_by_itself(
    server: Behaviour, run: Run, stage: str
) -> None:
    server.faults[stage] = DROP
    said = run("route", "--today", TODAY, expect=3)
    before = came(server)
    again = run("route", "--today", TODAY, expect=3)

    for told in (said, again):
        assert "the mail to Anna Berg for 2026-11 may or may not have arrived" in told.err
        assert "loopback route --month 2026-11 --only anna with --resend-unsure" in told.err
    assert came(server) == before
    assert standing(run, expect=3) == {"anna": "unsure", "ben": "accepted", "carla": "accepted"}
    assert "1 mails may or may not have arrived" in run("status", "--today", TODAY).out
    assert "may or may not have arrived" in run("check", "--today", TODAY, expect=1).err


def test_an_unsure_mail_goes_again_on_request_under_the_same_id(
    server: Behaviour, run: Run
) -> None:
    server.faults["kept"] = DROP
    route(run, expect=3)
    said = route(run, "--resend-unsure", "--only", "anna")

    assert (said["mails"], said["unsure"]) == (["Anna Berg"], 0)
    ids = [received.id for received in server.received if received.recipients == [ANNA]]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert standing(run)["anna"] == "accepted"


def test_an_unsure_mail_that_has_arrived_is_settled(server: Behaviour, run: Run) -> None:
    server.faults["kept"] = DROP
    route(run, expect=3)
    said = route(run, "--unsure-arrived")

    assert (said["mails"], said["unsure"], said["failures"]) == ([], 0, [])
    assert came(server) == [ANNA, BEN, CARLA]
    assert history(run, "anna")[-2:] == ["unsure", "accepted"]
    assert route(run)["mails"] == []


def test_an_unsure_mail_is_forgotten_once_one_with_more_has_gone(
    server: Behaviour, answered: Path, run: Run
) -> None:
    server.faults["kept"] = DROP
    route(run, expect=3)
    run("ingest", answer(answered, "C-2,2026-11-22,8,fine", name="b.csv"), "--today", TODAY)

    assert route(run)["unsure"] == 0
    assert came(server) == [ANNA, ANNA, BEN, CARLA, CARLA]


def killed_while(behaviour: Behaviour, stage: str) -> None:
    """Run the installed command, and kill it while it waits for the server at a stage."""
    behaviour.faults, behaviour.times = {stage: f"{LATE}120"}, 1
    with subprocess.Popen(
        [*LOOPBACK, "route", "--today", TODAY], stderr=subprocess.PIPE
    ) as process:
        while behaviour.times:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    behaviour.faults = {}


def test_a_run_killed_before_the_last_moment_has_sent_nothing_of_that_mail(
    server: Behaviour, run: Run
) -> None:
    killed_while(server, "data")

    assert standing(run) == {}
    assert route(run)["mails"] == ["Anna Berg", "Ben Cole", "Carla Dahl"]
    assert came(server) == [ANNA, BEN, CARLA]


def test_a_run_killed_while_the_server_has_the_mail_leaves_it_unsure(
    server: Behaviour, run: Run
) -> None:
    killed_while(server, "kept")

    assert standing(run, expect=3) == {"anna": "unsure"}
    assert "may or may not have arrived" in run("check", "--today", TODAY, expect=1).err
    dry = route(run, "--dry-run")
    said = route(run, expect=3)
    assert dry["mails"] == said["mails"] == ["Ben Cole", "Carla Dahl"]
    assert (said["unsure"], came(server)) == (1, [ANNA, BEN, CARLA])
    assert history(run, "anna") == ["handing over", "unsure"]
    assert not Path("ledger", "journal").exists()


def test_what_a_killed_run_has_sent_is_known_though_another_command_ran_in_between(
    server: Behaviour, answered: Path, run: Run
) -> None:
    server.refused[CARLA] = "550 5.1.1 nobody"
    killed_after_two(server)
    run("ingest", answer(answered, "C-2,2026-11-22,8,fine", name="b.csv"), "--today", TODAY)
    server.refused.clear()
    said = route(run)

    assert said["mails"] == ["Anna Berg", "Carla Dahl"]
    assert came(server) == [ANNA, ANNA, BEN, CARLA]
    [sheet] = answered.glob("out/2026-11/sheets/anna-*.txt")
    marked = [row for row in sheet.read_text("utf-8").splitlines() if row.startswith("[")]
    assert marked == ["[3] Ahorn Mill (C-1)", "[8] Birch Tools (C-2) *new*"]


def killed_after_two(behaviour: Behaviour) -> None:
    """Kill a run that waits before it tries Carla's mail a second time."""
    path = Path("loopback.toml")
    rules = path.read_text(encoding="utf-8")
    behaviour.refused[CARLA] = "451 4.7.1 greylisted"
    path.write_text(rules.replace("retry_after = 0.01", "retry_after = 120"), encoding="utf-8")
    with subprocess.Popen([*LOOPBACK, "route", "--today", TODAY]) as process:
        while Path("ledger", "journal").exists() is False or len(behaviour.received) < 2:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(0.5)  # for the reply to Ben's mail to be written
        process.send_signal(signal.SIGKILL)
    path.write_text(rules, encoding="utf-8")


def test_a_journal_that_was_taken_in_already_is_not_taken_in_again(
    server: Behaviour, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_while(server, "kept")
    with monkeypatch.context() as killed:  # between the commit and the end of the journal
        killed.setattr(files, "remove", Path.exists)
        route(run, expect=3)
    assert Path("ledger", "journal").exists()
    before = history(run, "anna")

    assert standing(run, expect=3)["anna"] == "unsure"
    assert route(run, "--resend-unsure")["mails"] == ["Anna Berg"]
    assert history(run, "anna") == [*before, "prepared", "handing over", "accepted"]
    assert not Path("ledger", "journal").exists()


def test_a_journal_that_was_changed_stops_route_and_is_told_by_check(
    server: Behaviour, run: Run
) -> None:
    killed_while(server, "kept")
    journal = Path("ledger", "journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0].replace(b"run", b"rum"), *lines[1:]]))

    for command in (("route",), ("check",), ("route", "--status")):
        said = run(*command, "--today", TODAY, expect=1)
        assert "changed after it was written (ledger/journal, row 1)" in said.err
    assert came(server) == [ANNA]


def test_a_disk_that_fills_up_before_the_last_moment_sends_nothing(
    server: Behaviour, answered: Path, run: Run
) -> None:
    (answered / "ledger" / "journal").mkdir()
    run("route", "--today", TODAY, expect=1)

    assert came(server) == []
    (answered / "ledger" / "journal").rmdir()
    route(run)
    assert came(server) == [ANNA, BEN, CARLA]


def test_all_sends_also_what_is_not_new_and_only_to_whom_it_is_told(
    server: Behaviour, run: Run
) -> None:
    route(run)

    assert route(run, "--all", "--only", "ben")["mails"] == ["Ben Cole"]
    assert route(run, "--all")["mails"] == ["Anna Berg", "Ben Cole", "Carla Dahl"]
    assert came(server) == sorted([ANNA, BEN, CARLA] * 2 + [BEN])


@pytest.mark.usefixtures("answered")
def test_only_writes_and_mails_the_sheets_of_those_it_names(run: Run) -> None:
    said = route(run, "--only", "anna", "--only", "carla")

    assert said["mails"] == ["Anna Berg", "Carla Dahl"]
    assert route(run)["mails"] == ["Ben Cole"]


@pytest.mark.usefixtures("answered")
def test_only_of_a_stranger_is_wrong_usage_and_names_who_was_meant(run: Run) -> None:
    said = run("route", "--only", "ana", "--today", TODAY, expect=2)

    assert "there is nobody with the id 'ana'" in said.err
    assert "Did you mean anna?" in said.err


@pytest.mark.usefixtures("answered")
def test_a_dry_run_says_who_would_get_what_also_when_piped(run: Run) -> None:
    said = run("route", "--dry-run", "--today", TODAY)

    assert said.out.splitlines() == [
        "2026-11: 3 sheets, 2 calls to make.",
        "3 people would get a mail; 0 had nothing new.",
        f"  Anna Berg (anna), {ANNA}: Acme: 1 customer to call (November 2026)",
        f"  Ben Cole (ben), {BEN}: Acme: 1 customer to call (November 2026)",
        f"  Carla Dahl (carla), {CARLA}: Acme: what your customers said (November 2026)",
        "Nothing was written or sent.",
    ]


@pytest.mark.usefixtures("answered")
def test_a_dry_run_names_who_cannot_be_mailed(run: Run) -> None:
    Path("people.csv").write_text(PEOPLE.replace(ANNA, ""), encoding="utf-8")

    said = route(run, "--dry-run", expect=3)

    assert said["mails"] == ["Ben Cole", "Carla Dahl"]
    assert "Anna Berg has no e-mail address" in str(said["failures"])


def test_a_preview_writes_the_pages_names_them_and_sends_nothing(
    server: Behaviour, answered: Path, run: Run
) -> None:
    before = sorted(answered.glob("ledger/*/*"))
    said = run("route", "--preview", "--only", "anna", "--today", TODAY)

    [page] = (Path(line) for line in said.out.splitlines())
    assert "late again" in page.read_text(encoding="utf-8")
    assert page.name.startswith("anna-berg-")
    assert (came(server), sorted(answered.glob("ledger/*/*"))) == ([], before)
    assert route(run)["mails"] == ["Anna Berg", "Ben Cole", "Carla Dahl"]


@pytest.mark.usefixtures("answered")
def test_a_month_without_answers_says_so(run: Run) -> None:
    for options in (["--dry-run"], ["--month", "2026-10"], ["--preview", "--month", "2026-10"]):
        month = ["--month", "2026-09"] if options == ["--dry-run"] else []
        said = run("route", *options, *month, "--today", TODAY)
        assert "no answers came in" in (said.out + said.err).lower()


def test_a_mail_by_sendmail_arrives(answered: Path, run: Run) -> None:
    program = answered / "sendmail"
    program.write_text('#!/bin/sh\ncat >> "$0.got"; echo "$5" >> "$0.to"\n', encoding="utf-8")
    program.chmod(0o700)
    settings = f'\n[mail]\ntransport = "sendmail"\nsendmail = "{program}"\nsender = "a@b.example"\n'
    with (answered / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write(settings)

    route(run)

    assert sorted((answered / "sendmail.to").read_text("utf-8").split()) == [ANNA, BEN, CARLA]
    assert history(run, "ben") == ["prepared", "handing over", "accepted"]


def test_mails_to_a_maildir_lie_there_for_a_mail_program(answered: Path, run: Run) -> None:
    with (answered / "loopback.toml").open("a", encoding="utf-8") as file:
        file.write('\n[mail]\ntransport = "maildir"\nmaildir = "box"\nsender = "a@b.example"\n')

    route(run)
    route(run, "--all")

    assert len(list((answered / "box" / "new").iterdir())) == 3


def test_no_word_of_the_secret_is_said_or_kept(
    server: Behaviour, answered: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.faults["ehlo"] = "535 no s3cret-word"
    monkeypatch.setenv("LOOPBACK_SMTP_PASSWORD", "s3cret-word")
    path = answered / "loopback.toml"
    path.write_text(path.read_text(encoding="utf-8") + 'user = "us"\n', encoding="utf-8")

    said = run("route", "--today", TODAY, expect=3)

    assert "does not let us in" in said.err
    kept = b"".join(p.read_bytes() for p in answered.rglob("*") if p.is_file())
    assert "s3cret-word" not in said.err + said.out
    assert b"s3cret-word" not in kept
