from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from filelock import FileLock

from loopback import __main__, cli, ledger
from loopback.steps import status
from tests.conftest import CUSTOMERS, PEOPLE, TODAY, Said, answer, build
from tests.trees import tree, untouched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., Said]

COMMANDS = [
    "init",
    "demo",
    "check",
    "sample",
    "plan",
    "verify",
    "ingest",
    "score",
    "reasons",
    "route",
    "status",
    "export",
]
HEAVY = ("polars", "rich", "jinja2", "pydantic", "fastexcel", "xlsxwriter", "css_inline")
COLOUR = re.compile(r"\x1b\[[0-9;]*(3[0-8]|4[0-8]|9[0-7]|10[0-7])[0-9;]*m")
ANY_CODE = "\x1b["
LOOPBACK = [sys.executable, "-m", "loopback"]


@pytest.fixture
def asked(acme: Path, run: Run) -> Path:
    """The small workspace in which everyone was asked this month."""
    run("sample", "--today", TODAY)
    return acme


@pytest.fixture
def answered(asked: Path, run: Run) -> Path:
    """The small workspace in which two customers have answered."""
    export = answer(asked, "C-1,2026-11-20,3,the delivery was late", "C-4,2026-11-21,10,")
    run("ingest", export, "--today", TODAY)
    return asked


def performed(folder: Path, *command: str, **environment: str) -> Said:
    """Run a command in a process of its own; return what it said."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def on_a_terminal(folder: Path, *words: str, **environment: str) -> str:
    """Run a command whose output is a terminal; return all that it shows."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    screen, keyboard = pty.openpty()
    shell = os.environ | {"TERM": "xterm-256color"} | environment
    with subprocess.Popen(
        [*LOOPBACK, *words], cwd=folder, env=shell, stdin=keyboard, stdout=keyboard, stderr=keyboard
    ):
        os.close(keyboard)
        shown = _all_of(screen)
    os.close(screen)
    return shown.decode()


def _all_of(screen: int) -> bytes:
    shown = b""
    while True:
        try:
            part = os.read(screen, 4096)
        except OSError:  # Linux says so when the other side is closed
            return shown
        if not part:
            return shown
        shown += part


# Which workspace


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("", "here"),
        ("environment", "environment"),
        ("environment before", "before"),
        ("environment after", "after"),
        ("before", "before"),
        ("after", "after"),
        ("before after", "after"),
        ("environment before after", "after"),
    ],
)
def test_the_workspace_is_named_after_or_before_the_command_or_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, named: str, meant: str
) -> None:
    sizes = {"here": 1, "environment": 2, "before": 3, "after": 4}
    lines = CUSTOMERS.splitlines(keepends=True)
    for name, size in sizes.items():
        build(tmp_path / name, customers="".join(lines[: size + 1]))
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.delenv("LOOPBACK_WORKSPACE", raising=False)
    if "environment" in named:
        monkeypatch.setenv("LOOPBACK_WORKSPACE", str(tmp_path / "environment"))
    before = ["--workspace", tmp_path / "before"] if "before" in named else []
    after = ["-w", tmp_path / "after"] if "after" in named else []

    found = run(*before, "status", "--json", "--today", TODAY, *after).json

    assert found["customers"] == sizes[meant]


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in {"init", "demo"}])
def test_every_command_takes_the_workspace_after_its_name(run: Run, command: str) -> None:
    assert "-w, --workspace" in run(command, "--help").out


# JSON


def strictly(text: str) -> Any:  # noqa: ANN401 - JSON may be anything
    """Return what JSON says; what only Python takes for JSON is refused."""
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("check", "problems"),
        ("sample", "invited"),
        ("sample --dry-run", "invited"),
        ("ingest export.csv", "reports"),
        ("score", "scores"),
        ("score --by owner", "total"),
        ("score --by month --last 3", "months"),
        ("reasons", "tally"),
        ("reasons --by owner", "coverage"),
        ("route", "mails"),
        ("route --dry-run", "mails"),
        ("status", "next"),
    ],
)
def test_with_json_there_is_nothing_but_json_on_stdout(
    answered: Path, run: Run, command: str, key: str
) -> None:
    assert (answered / "export.csv").exists()

    said = run(*command.split(), "--json", "--today", TODAY)

    assert key in strictly(said.out)
    assert said.err == ""


def test_json_is_whole_where_there_is_nothing_yet(acme: Path, run: Run) -> None:
    assert not (acme / "ledger").exists()
    for command in ("score", "reasons", "status"):
        assert strictly(run(command, "--json", "--today", TODAY).out)


def test_problems_are_json_too_and_the_code_says_that_there_are_some(acme: Path, run: Run) -> None:
    (acme / "customers.csv").write_text(CUSTOMERS.replace("1200", "12k"), encoding="utf-8")

    said = run("check", "--json", expect=1)

    assert strictly(said.out)["problems"] == [
        {
            "what": "'12k' is not a number",
            "mend": "Write it like 12500.50.",
            "file": "customers.csv",
            "row": 3,
            "column": "value",
            "line": None,
        }
    ]


def test_rejects_are_json_too_and_the_code_says_that_there_are_some(asked: Path, run: Run) -> None:
    export = answer(asked, "C-1,2026-11-20,11,too good")

    said = run("ingest", export, "--json", "--today", TODAY, expect=3)

    [reject] = strictly(said.out)["rejects"]
    assert (reject["row"], reject["column"], reject["value"]) == (2, "score", "11")


def test_json_keeps_every_letter(acme: Path, run: Run) -> None:
    people = PEOPLE.replace("Anna Berg", "Åse Łuk 😀")
    (acme / "people.csv").write_text(people, encoding="utf-8")
    run("sample", "--today", TODAY)

    said = run("score", "--by", "owner", "--json", "--today", TODAY)

    assert "Åse Łuk 😀" in said.out
    assert [row["name"] for row in strictly(said.out)["scores"]] == ["Ben Cole", "Åse Łuk 😀"]


# Dry runs, days, exit codes


def test_a_dry_sample_writes_nothing_and_says_what_the_real_one_then_does(
    acme: Path, run: Run
) -> None:
    before = tree(acme)

    said = run("sample", "--dry-run", "--json", "--today", TODAY)

    assert tree(acme) == before
    assert said.json == run("sample", "--json", "--today", TODAY).json
    assert tree(acme) != before


def test_a_dry_ingest_writes_nothing_and_says_what_the_real_one_then_does(
    asked: Path, run: Run
) -> None:
    export = answer(asked, "C-1,2026-11-20,3,late", "C-2,2026-11-20,11,", "nobody,2026-11-20,9,")
    before = tree(asked)

    said = run("ingest", export, "--dry-run", "--json", "--today", TODAY, expect=3)

    assert tree(asked) == before
    [seen] = said.json["reports"]
    done = run("ingest", export, "--json", "--today", TODAY, expect=3).json
    [did] = done["reports"]
    assert (seen["rows"], seen["layout"]) == (did["rows"], did["layout"]) == (3, "plain")
    assert (seen["scores"], seen["rejects"]) == (did["taken"], did["rejects"]) == (2, 1)
    assert [row["why"] for row in said.json["rejects"]] == [row["why"] for row in done["rejects"]]
    assert tree(asked) != before


def test_a_dry_route_writes_nothing_and_says_what_the_real_one_then_does(
    answered: Path, run: Run
) -> None:
    before = tree(answered)

    said = run("route", "--dry-run", "--json", "--today", TODAY)

    assert tree(answered) == before
    assert said.json == run("route", "--json", "--today", TODAY).json
    assert tree(answered) != before


@pytest.mark.parametrize("command", ["sample", "ingest export.csv", "route"])
def test_a_command_that_is_repeated_finds_its_work_done_and_changes_nothing(
    answered: Path, run: Run, command: str
) -> None:
    run(*command.split(), "--today", TODAY)
    before = untouched(answered)

    run(*command.split(), "--today", TODAY)

    assert untouched(answered) == before


def test_a_command_runs_as_of_the_day_it_is_told(acme: Path, run: Run) -> None:
    drawn = run("sample", "--json", "--today", "2027-02-28").json
    state = run("status", "--json", "--today", "2027-02-28").json

    assert drawn["month"] == "2027-02"
    assert (acme / "out" / "2027-02" / "invitations.csv").is_file()
    assert state["month"] == "2027-02"
    assert [row["recorded_at"] for row in state["runs"]] == ["2027-02-28T12:00:00+00:00"]


@pytest.mark.parametrize("day", ["2026-02-30", "22.11.2026", "today", ""])
def test_a_day_that_is_none_is_wrong_usage(acme: Path, run: Run, day: str) -> None:
    before = tree(acme)

    said = run("sample", "--today", day, expect=2)

    assert "--today" in said.err
    assert tree(acme) == before


def test_done_is_0(acme: Path, run: Run) -> None:
    assert run("check", "-w", acme, expect=0).code == 0


def test_what_the_user_can_mend_is_1(acme: Path, run: Run) -> None:
    (acme / "customers.csv").unlink()

    assert "customers.csv" in run("sample", "--today", TODAY, expect=1).err


@pytest.mark.parametrize(
    "words",
    [
        "smaple",
        "sample --dryrun",
        "sample extra",
        "ingest",
        "export",
        "export responses",
        "score --by colour",
        "score --last 0",
        "ingest export.csv --scale 1-5",
        "sample --month november",
    ],
)
def test_wrong_usage_is_2(acme: Path, run: Run, words: str) -> None:
    before = untouched(acme)

    said = run(*words.split(), expect=2)

    assert "rror: " in said.err
    assert untouched(acme) == before


def test_done_with_rejects_is_3_and_names_each(asked: Path, run: Run) -> None:
    export = answer(asked, "C-1,2026-11-20,11,", "C-2,2026-11-20,9,")

    said = run("ingest", export, "--today", TODAY, expect=3)

    assert said.out == "export.csv: 2 rows = 1 taken + 0 known already + 1 rejected\n"
    assert said.err.startswith("reject: ")
    assert "(export.csv, row 2, column score)" in said.err


def test_done_with_failed_mails_is_3_and_names_each(answered: Path, run: Run) -> None:
    people = PEOPLE.replace("anna@company.example", "")
    (answered / "people.csv").write_text(people, encoding="utf-8")

    said = run("route", "--today", TODAY, expect=3)

    assert said.out == ""
    assert said.err.startswith("not sent: Anna Berg has no e-mail address")


@pytest.mark.parametrize("command", ["sample", "ingest export.csv", "route", "check --repair"])
def test_while_another_run_holds_the_workspace_a_command_is_busy_and_ends_with_75(
    answered: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(ledger, "LOCK_PATIENCE", 0.05)
    (answered / "ledger" / "holder").write_text("route, process 4711, since 11:22")
    before = tree(answered)

    with FileLock(answered / "ledger" / "lock"):
        said = run(*command.split(), "--today", TODAY, expect=75)

    assert "another run holds the workspace: route, process 4711, since 11:22" in said.err
    assert "Wait until it has finished" in said.err
    assert tree(answered) == before


@pytest.mark.parametrize(
    "command",
    [
        "score",
        "reasons",
        "status",
        "check",
        "sample --dry-run --today 2026-11-22",
        "export runs --to ../runs.csv",
    ],
)
def test_whoever_only_reads_waits_for_nobody(
    answered: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(ledger, "LOCK_PATIENCE", 0.05)

    with FileLock(answered / "ledger" / "lock"):
        assert run(*command.split(), expect=0).code == 0


def test_a_mistake_of_ours_is_70_and_names_the_place_but_no_data(
    acme: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(*_: object) -> None:
        raise ValueError(CUSTOMERS)

    monkeypatch.setattr(status, "status", mistaken)

    said = run("status", "-w", acme, expect=70)

    assert said.err.startswith("error: a mistake in loopback itself: ValueError at __init__.py:")
    assert "Please report this line" in said.err
    assert "Ahorn" not in said.err


# Quiet, talkative, coloured


@pytest.mark.parametrize(
    "command",
    [
        "sample --today 2026-12-01",
        "ingest export.csv --today 2026-11-22",
        "route --today 2026-11-22",
        "export responses --to responses.csv",
        "init ../another",
    ],
)
def test_where_nobody_watches_nothing_is_said_on_success(
    answered: Path, run: Run, command: str
) -> None:
    before = tree(answered.parent)

    said = run(*command.split())

    assert (said.out, said.err) == ("", "")
    assert command.startswith("ingest") or tree(answered.parent) != before


def test_tables_have_no_codes_where_there_is_no_terminal(answered: Path, run: Run) -> None:
    for command in ("score", "reasons", "status"):
        said = run(command, "-w", answered, "--today", TODAY)
        assert said.out
        assert ANY_CODE not in said.out + said.err


def test_on_a_terminal_what_was_done_is_said(acme: Path) -> None:
    shown = on_a_terminal(acme, "sample", "--today", TODAY)

    assert "2026-11: 5 of 6 customers to ask." in shown
    assert "left out, opted out: 1" in shown
    assert "out/2026-11/invitations.csv" in shown


def test_on_a_terminal_an_error_is_in_colour(acme: Path) -> None:
    shown = on_a_terminal(acme, "export", "answers", "--to", "answers.csv")

    assert COLOUR.search(shown)
    assert "there is no table 'answers'" in shown


def test_no_color_is_honoured(acme: Path) -> None:
    shown = on_a_terminal(acme, "export", "answers", "--to", "answers.csv", NO_COLOR="1")

    assert "there is no table 'answers'" in shown
    assert not COLOUR.search(shown)


def test_a_line_of_an_error_is_not_broken_where_there_is_no_terminal(acme: Path, run: Run) -> None:
    far = "-".join(["somewhere"] * 20)

    said = run("check", "-w", acme / far, expect=1)

    assert said.err.count("\n") == 2
    assert str(acme / far) in said.err


def test_a_letter_that_the_output_lacks_stops_no_command(answered: Path) -> None:
    said = performed(answered, *LOOPBACK, "score", "--today", TODAY, PYTHONIOENCODING="cp1252")

    assert (said.code, said.err) == (0, "")
    assert "NPS" in said.out


@pytest.mark.parametrize("what", ["\x1b[2J", "\x07", "\x1b]0;title\x07", "\r", "\x9b31m"])
def test_what_a_file_says_never_steers_the_terminal(acme: Path, run: Run, what: str) -> None:
    customers = CUSTOMERS.replace("customer_id", f'"cust{what}omer"').replace("C-2", f'"C{what}"')
    (acme / "customers.csv").write_text(customers, encoding="utf-8", newline="")

    said = run("check", expect=1)

    assert what not in said.out + said.err


def test_a_name_never_steers_the_terminal(acme: Path, run: Run) -> None:
    people = PEOPLE.replace("Anna Berg", "Anna\x1b[31m Berg")
    (acme / "people.csv").write_text(people, encoding="utf-8")
    run("sample", "--today", TODAY)

    said = run("score", "--by", "owner", "--today", TODAY)

    assert "Berg" in said.out
    assert "\x1b" not in said.out


# Help


def test_help_names_every_command_and_what_the_program_is_for(run: Run) -> None:
    said = run("--help")

    assert "Ask a slice of your customers every month" in said.out
    for command in COMMANDS:
        assert f"\n  {command} " in said.out
    assert len(COMMANDS) == len(cli.app.registered_commands) + len(cli.app.registered_groups)
    assert said.err == ""


def test_h_is_help(run: Run) -> None:
    assert run("-h").out == run("--help").out


def test_without_a_command_the_help_is_shown_and_the_code_is_that_of_wrong_usage(run: Run) -> None:
    said = run(expect=2)

    assert "Commands:" in said.out + said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_in_a_sentence_what_it_does(run: Run, command: str) -> None:
    said = run(command, "--help")

    usage, _, text = said.out.partition("\n\n")
    sentence = text.partition("\n\n")[0].strip()
    assert f" {command} " in usage
    assert sentence[0].isupper()
    assert sentence.endswith(".")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_every_command_is_explained(run: Run, command: str) -> None:
    options = run(command, "--help").out.partition("Options:\n")[2]

    unexplained = re.findall(r"^  -\S.*\n(?=  -|\Z)(?<![.)\]]\n)", options, re.MULTILINE)
    assert options
    assert unexplained == []


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert re.fullmatch(r"loopback \d+\.\d+\.\d+\n", run("--version").out)


def test_a_command_with_a_slip_is_answered_with_the_one_meant(run: Run) -> None:
    assert "Did you mean 'sample'?" in run("smaple", expect=2).err


def test_an_option_with_a_slip_is_answered_with_the_one_meant(run: Run) -> None:
    assert "--dry-run" in run("sample", "--dryrun", expect=2).err


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    python, *module = LOOPBACK

    said = performed(tmp_path, python, "-X", "importtime", *module, "--help")

    loaded = {line.rpartition("|")[2].strip() for line in said.err.splitlines()}
    assert said.code == 0
    assert {"typer", "loopback.cli"} <= loaded
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []


def test_the_package_can_be_run_as_a_module(tmp_path: Path) -> None:
    said = performed(tmp_path, *LOOPBACK, "--version")

    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("loopback ")


# Ended early


@pytest.mark.skipif(os.name == "nt", reason="pipes close another way on Windows")
@pytest.mark.parametrize("words", ["score", "--help"])
def test_whoever_stops_reading_gets_no_traceback(answered: Path, words: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [*LOOPBACK, *words.split()],
        cwd=answered,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)

    assert done.stderr == ""
    assert done.returncode in {0, 1, 141}


def test_control_c_while_the_commands_are_being_loaded_ends_quietly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "loopback.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "loopback.cli")
    monkeypatch.delattr("loopback.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        __main__.main()

    assert ended.value.code == 130
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither SIGINT nor named pipes")
def test_control_c_ends_a_command_with_130_and_the_next_one_does_the_work(
    answered: Path, run: Run
) -> None:
    frame = (answered / "reasons.toml").read_bytes()
    (answered / "reasons.toml").unlink()
    os.mkfifo(answered / "reasons.toml")
    before = untouched(answered)
    with subprocess.Popen(
        [*LOOPBACK, "route", "--today", TODAY], cwd=answered, stderr=subprocess.PIPE, text=True
    ) as process:
        writer = _writer_to(answered / "reasons.toml", process)
        process.send_signal(signal.SIGINT)
        os.close(writer)
        _, err = process.communicate()

    assert process.returncode == 130
    assert "Traceback" not in err
    assert untouched(answered) == before
    (answered / "reasons.toml").unlink()
    (answered / "reasons.toml").write_bytes(frame)
    assert len(run("route", "--today", TODAY, "--json").json["mails"]) == 3


def _writer_to(pipe: Path, process: subprocess.Popen[str]) -> int:
    """Return the writing end of a pipe once a process waits at the other; while open, it waits."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            time.sleep(0.01)
    pytest.fail(f"the command ended by itself with {process.returncode}")


def test_control_c_in_the_middle_of_a_step_is_130(
    acme: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "status", interrupted)

    assert run("status", "-w", acme, expect=130).out == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permissions of this kind")
def test_what_is_written_is_for_the_user_alone(answered: Path, run: Run) -> None:
    given = {path for path in answered.iterdir() if path.is_file()}
    run("route", "--today", TODAY)
    run("export", "responses", "--to", "taken/responses.csv")

    written = [path for path in answered.rglob("*") if path not in given]
    assert len(written) > 10
    assert [path for path in written if path.stat().st_mode & 0o077] == []
