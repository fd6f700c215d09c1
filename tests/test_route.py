from __future__ import annotations

import email
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tests.conftest import PEOPLE, TODAY, Said, answer
from tests.trees import LOCK, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL = ["Anna Berg", "Ben Cole", "Carla Dahl"]


@pytest.fixture
def answered(acme: Path, run: Callable[..., Said]) -> Path:
    """The small workspace once a customer of Anna and one of Ben have answered."""
    run("sample", "--today", TODAY)
    export = answer(acme, "C-1,2026-11-20,3,late again", "C-4,2026-11-20,10,lovely people")
    run("ingest", export, "--today", TODAY)
    return acme


def edit(folder: Path, name: str, before: str, after: str) -> None:
    content = (folder / name).read_text(encoding="utf-8")
    assert before in content
    (folder / name).write_text(content.replace(before, after), encoding="utf-8")


def mails(folder: Path) -> dict[str, list[EmailMessage]]:
    """Return the mails in the outbox by the address they go to."""
    found: dict[str, list[EmailMessage]] = {}
    for path in sorted((folder / "outbox").glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=SMTP)
        assert isinstance(message, EmailMessage)
        [to] = message["To"].addresses
        found.setdefault(to.addr_spec, []).append(message)
    return found


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def sheet(folder: Path, person: str, ending: str = "txt", month: str = "2026-11") -> str:
    [path] = (folder / "out" / month / "sheets").glob(f"{person}-*.{ending}")
    return path.read_text(encoding="utf-8")


def exported(run: Callable[..., Said], name: str) -> pl.DataFrame:
    run("export", name, "--to", "table.parquet", "--history")
    return pl.read_parquet("table.parquet")


def test_everyone_with_something_new_gets_one_mail(
    answered: Path, run: Callable[..., Said]
) -> None:
    said = run("route", "--today", TODAY, "--json").json

    assert said["mails"] == ALL
    assert (said["sheets"], said["calls"], said["unchanged"], said["failures"]) == (3, 2, 0, [])
    found = mails(answered)
    assert {address: len(sent) for address, sent in found.items()} == {
        "anna@company.example": 1,
        "ben@company.example": 1,
        "carla@company.example": 1,
    }
    [anna], [carla] = found["anna@company.example"], found["carla@company.example"]
    assert anna["Subject"] == "Acme: 1 customer to call (November 2026)"
    assert carla["Subject"] == "Acme: what your customers said (November 2026)"
    assert "late again" in text(anna)
    assert "lovely people" not in text(anna)
    assert "late again" in text(carla)
    assert "lovely people" in text(carla)


def test_a_mail_carries_the_sheet_that_lies_in_the_folder(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", TODAY)

    [anna] = mails(answered)["anna@company.example"]
    assert text(anna) == sheet(answered, "anna-berg")
    [workbook] = anna.iter_attachments()
    [path] = (answered / "out" / "2026-11" / "sheets").glob("anna-berg-*.xlsx")
    assert workbook.get_filename() == path.name
    assert workbook.get_content() == path.read_bytes()
    [carla] = mails(answered)["carla@company.example"]
    assert len(list(carla.iter_attachments())) == 1


def test_a_second_run_sends_nothing(answered: Path, run: Callable[..., Said]) -> None:
    run("route", "--today", TODAY)
    before = tree(answered / "outbox") | tree(answered / "ledger", without=LOCK)

    said = run("route", "--today", "2026-11-23", "--json").json

    assert (said["mails"], said["unchanged"]) == ([], 3)
    assert tree(answered / "outbox") | tree(answered / "ledger", without=LOCK) == before


def test_the_same_run_makes_the_same_files(answered: Path, run: Callable[..., Said]) -> None:
    run("route", "--today", TODAY)
    before = tree(answered / "out")

    run("route", "--today", TODAY)

    assert tree(answered / "out") == before


def test_a_new_answer_gives_one_new_mail_in_which_it_is_marked(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", TODAY)
    run("ingest", answer(answered, "C-2,2026-11-22,8,fine", name="b.csv"), "--today", TODAY)

    said = run("route", "--today", "2026-11-23", "--json").json

    assert (said["mails"], said["unchanged"]) == (["Anna Berg", "Carla Dahl"], 1)
    found = mails(answered)
    assert [len(found[f"{name}@company.example"]) for name in ("anna", "ben", "carla")] == [2, 1, 2]
    marked = [line for line in sheet(answered, "anna-berg").splitlines() if line.startswith("[")]
    assert marked == ["[3] Ahorn Mill (C-1)", "[8] Birch Tools (C-2) *new*"]


def test_a_sheet_that_is_sent_again_still_marks_what_was_new(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", TODAY)
    run("ingest", answer(answered, "C-2,2026-11-22,8,fine", name="b.csv"), "--today", TODAY)
    run("route", "--today", "2026-11-23")
    once = sheet(answered, "anna-berg")

    run("route", "--all", "--today", "2026-11-23")
    run("route", "--all", "--today", "2026-11-23")

    assert sheet(answered, "anna-berg") == once
    assert "[8] Birch Tools (C-2) *new*" in once


def test_an_answer_that_was_edited_gives_a_new_mail(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", TODAY)
    run("ingest", answer(answered, "C-1,2026-11-22,9,all well", name="b.csv"), "--today", TODAY)

    said = run("route", "--today", "2026-11-23", "--json").json

    assert said["mails"] == ["Anna Berg", "Carla Dahl"]
    assert "[9] Ahorn Mill (C-1) *new*" in sheet(answered, "anna-berg")
    assert "late again" not in sheet(answered, "anna-berg")


def test_each_mail_is_recorded(answered: Path, run: Callable[..., Said]) -> None:
    run("route", "--today", TODAY)

    found = exported(run, "deliveries").sort("person_id", maintain_order=True)
    assert found.select("person_id", "month", "event", "transport").rows() == [
        (person, "2026-11", event, "outbox")
        for person in ("anna", "ben", "carla")
        for event in ("prepared", "accepted")
    ]
    written = {path.name for path in (answered / "outbox").iterdir()}
    assert {f"{name}.eml" for name in found["file"]} == written
    ids = {message["Message-ID"] for sent in mails(answered).values() for message in sent}
    assert set(found["message_id"]) == ids


def test_a_dry_run_says_who_would_get_a_mail_and_writes_nothing(
    answered: Path, run: Callable[..., Said]
) -> None:
    before = tree(answered)

    said = run("route", "--today", TODAY, "--dry-run", "--json").json

    assert said["mails"] == ALL
    assert tree(answered) == before


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna at company.example",
        "anna@",
        "a..b@x.example",
        "jörg@x.example",
        "a@x..example",
    ],
)
def test_who_cannot_be_mailed_is_named_and_the_others_get_theirs(
    answered: Path, run: Callable[..., Said], address: str
) -> None:
    edit(answered, "people.csv", "anna@company.example", address)

    said = run("route", "--today", TODAY, "--json", expect=3).json

    assert said["mails"] == ["Ben Cole", "Carla Dahl"]
    [failure] = said["failures"]
    assert (repr(address) if address else "Anna Berg") in failure["what"]
    assert "people list" in failure["mend"]
    assert "late again" in sheet(answered, "anna-berg")


def test_who_is_given_an_address_gets_the_mail_and_nobody_else_a_second_one(
    answered: Path, run: Callable[..., Said]
) -> None:
    edit(answered, "people.csv", "anna@company.example", "")
    run("route", "--today", TODAY, expect=3)
    (answered / "people.csv").write_text(PEOPLE, encoding="utf-8")

    said = run("route", "--today", "2026-11-23", "--json").json

    assert (said["mails"], said["unchanged"]) == (["Anna Berg"], 2)
    assert {address: len(sent) for address, sent in mails(answered).items()} == {
        "anna@company.example": 1,
        "ben@company.example": 1,
        "carla@company.example": 1,
    }


def test_a_customer_who_changed_hands_is_called_by_the_new_owner_while_the_score_stays(
    answered: Path, run: Callable[..., Said]
) -> None:
    edit(answered, "customers.csv", "C-1,Ahorn Mill,anna", "C-1,Ahorn Mill,ben")

    said = run("route", "--today", TODAY, "--json").json

    assert said["mails"] == ["Ben Cole", "Carla Dahl"]
    assert "late again" in sheet(answered, "ben-cole")
    assert not list((answered / "out" / "2026-11" / "sheets").glob("anna-*"))
    rows = run("score", "--by", "owner", "--today", TODAY, "--json").json["scores"]
    assert {row["owner"]: (row["responses"], row["nps"]) for row in rows} == {
        "anna": (1, -100),
        "ben": (1, 100),
    }


def test_an_answer_that_was_sent_goes_to_the_new_owner_as_well(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", TODAY)
    edit(answered, "customers.csv", "C-1,Ahorn Mill,anna", "C-1,Ahorn Mill,ben")

    said = run("route", "--today", "2026-11-23", "--json").json

    assert said["mails"] == ["Ben Cole"]
    sent = [text(message) for message in mails(answered)["ben@company.example"]]
    assert ["late again" in words for words in sent].count(True) == 1


def test_who_matches_nobody_is_told_and_in_no_sheet(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("ingest", answer(answered, "who,2026-11-21,0,stranger", name="b.csv"), "--today", TODAY)

    said = run("route", "--today", TODAY)

    assert "1 responses match no customer and were sent to nobody" in said.err
    assert "stranger" not in "".join(
        path.read_text(encoding="utf-8") for path in (answered / "out").rglob("*.txt")
    )


def test_an_answer_whose_customer_and_owner_have_left_is_not_lost_in_silence(
    answered: Path, run: Callable[..., Said]
) -> None:
    kept = [
        line
        for line in (answered / "customers.csv").read_text(encoding="utf-8").splitlines()
        if ",ben," not in line
    ]
    (answered / "customers.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    edit(
        answered,
        "people.csv",
        "ben,Ben Cole,ben@company.example,carla,account manager,South,en\n",
        "",
    )

    said = run("route", "--today", TODAY)

    everywhere = "".join(
        path.read_text(encoding="utf-8") for path in (answered / "out").rglob("*.txt")
    )
    assert "lovely people" in everywhere or "1 response" in said.err


def test_people_named_in_the_settings_see_the_whole_company(
    answered: Path, run: Callable[..., Said]
) -> None:
    edit(
        answered,
        "people.csv",
        "carla,Carla",
        "fay,Fay Iversen,fay@company.example,,,,\ncarla,Carla",
    )
    edit(answered, "loopback.toml", "[company]", '[mail]\ncopies_to = ["fay"]\n[company]')

    said = run("route", "--today", TODAY, "--json").json

    assert said["mails"] == [*ALL, "Fay Iversen"]
    assert "late again" in sheet(answered, "fay-iversen")
    assert "lovely people" in sheet(answered, "fay-iversen")


def test_an_answer_is_sent_in_the_month_it_came_in_whenever_it_was_asked_for(
    acme: Path, run: Callable[..., Said]
) -> None:
    run("sample", "--today", "2026-10-05")
    export = answer(acme, "C-1,2026-10-30,3,late again", month="2026-10")
    run("ingest", export, "--today", "2026-11-02")

    october = run("route", "--month", "2026-10", "--today", TODAY, "--json").json
    november = run("route", "--today", TODAY, "--json").json

    assert (october["mails"], november["mails"]) == ([], ["Anna Berg", "Carla Dahl"])
    assert "asked in October 2026" in sheet(acme, "anna-berg")


def test_an_answer_of_the_last_day_is_sent_by_the_run_of_the_next_month(
    answered: Path, run: Callable[..., Said]
) -> None:
    run("route", "--today", "2026-11-30")
    last = answer(answered, "C-2,2026-11-30,8,at the last moment", name="b.csv")
    run("ingest", last, "--today", "2026-11-30")

    first = run("route", "--today", "2026-12-01", "--json").json
    second = run("route", "--today", "2026-12-02", "--json").json

    assert (first["mails"], second["mails"]) == (["Anna Berg", "Carla Dahl"], [])
    december = sheet(answered, "anna-berg", month="2026-12")
    assert "at the last moment" in december
    assert "Ahorn Mill (C-1)" not in december  # whose answer the mail of November has carried
    run("sample", "--today", "2026-12-02")
    more = answer(answered, "C-3,2026-12-03,9,now", name="c.csv", month="2026-12")
    run("ingest", more, "--today", "2026-12-03")
    third = run("route", "--today", "2026-12-03", "--json").json
    assert third["mails"] == ["Anna Berg", "Carla Dahl"]
    december = sheet(answered, "anna-berg", month="2026-12")
    assert "at the last moment" in december
    assert "now" in december


def test_an_answer_whose_mail_went_nowhere_is_sent_in_the_next_month(
    answered: Path, run: Callable[..., Said]
) -> None:
    edit(answered, "people.csv", "anna@company.example", "")
    run("route", "--today", "2026-11-30", expect=3)
    edit(answered, "people.csv", "Anna Berg,", "Anna Berg,anna@company.example")

    said = run("route", "--today", "2026-12-01", "--json").json

    assert said["mails"] == ["Anna Berg", "Carla Dahl"]
    assert "Ahorn Mill (C-1)" in sheet(answered, "anna-berg", month="2026-12")


@pytest.mark.parametrize(("day", "mails"), [("2026-12-01", ALL), ("2026-12-20", [])])
def test_what_came_before_the_first_mail_of_all_is_history_but_for_the_last_days(
    answered: Path, run: Callable[..., Said], day: str, mails: list[str]
) -> None:
    last = answer(answered, "C-5,2026-11-29,8,fine", name="b.csv")
    run("ingest", last, "--today", "2026-11-29")

    said = run("route", "--today", day, "--json").json

    assert said["mails"] == (["Ben Cole", "Carla Dahl"] if mails else [])


def test_before_anyone_answers_nobody_gets_a_mail(acme: Path, run: Callable[..., Said]) -> None:
    run("sample", "--today", TODAY)

    said = run("route", "--today", TODAY, "--json").json

    assert (said["sheets"], said["mails"]) == (0, [])
    assert not (acme / "outbox").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/b\\\\c",
        "CON",
        "..",
        "<b>",
        "Ærø & Søn",
        "\N{THUMBS UP SIGN}",
        "x" * 300,
    ],
)
def test_a_person_may_have_any_name(answered: Path, run: Callable[..., Said], name: str) -> None:
    edit(answered, "people.csv", "Anna Berg", name)

    run("route", "--today", TODAY)

    [message] = mails(answered)["anna@company.example"]
    assert "late again" in text(message)
    files = {path.parent for path in answered.rglob("*.txt")}
    assert files == {answered / "out" / "2026-11" / "sheets"}


def test_two_people_of_one_name_get_their_own_sheets(
    answered: Path, run: Callable[..., Said]
) -> None:
    edit(answered, "people.csv", "Ben Cole", "Anna Berg")

    run("route", "--today", TODAY)

    assert len(list((answered / "out" / "2026-11" / "sheets").glob("anna-berg-*.txt"))) == 2
    found = mails(answered)
    assert "late again" in text(found["anna@company.example"][0])
    assert "late again" not in text(found["ben@company.example"][0])
