"""Whatever is wrong with what people hand in: one error says what, where and what to do."""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopback import terminal
from loopback.clock import clock_of
from loopback.errors import LoopbackError
from loopback.steps.check import check
from loopback.steps.ingest import choices, ingest
from loopback.steps.reasons import tally
from loopback.steps.route import route
from loopback.steps.sample import sample
from loopback.steps.take import Desk, export_of
from loopback.workspace import Workspace
from tests.conftest import CUSTOMERS, PEOPLE, SETTINGS, TODAY, Said, build, tokens
from tests.trees import tree, untouched

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

    Run = Callable[..., Said]
    Content = str | bytes | None

HEADER = CUSTOMERS.splitlines()[0] + "\n"
FRAME = '[[reason]]\nid = "late"\nlabel = "Delivery"\nany = ["late"]\n'
CUSTOMER_LIST = SETTINGS + '[customers]\nfile = "customers.csv"\n'
MONTH = "2026-11"
NO_MISTAKE_OF_OURS = ("Traceback", "a mistake in loopback itself", "panicked")


class Bad(NamedTuple):
    """Files with one thing wrong in them, and the error of a command that meets it.

    `where` is the place exactly as it is said; `says` and `mend` are the words that matter. A
    file without content is one that is not there.
    """

    files: dict[str, Content]
    where: str
    says: str
    mend: str


def a_list(name: str, old: str, new: str) -> dict[str, Content]:
    """Return the files of a workspace in which a text of one list is another."""
    good = {"customers.csv": CUSTOMERS, "people.csv": PEOPLE, "loopback.toml": SETTINGS}[name]
    assert old in good
    return {name: good.replace(old, new)}


customers, people, rules = (
    partial(a_list, name) for name in ("customers.csv", "people.csv", "loopback.toml")
)


def listed_as(file: str, content: Content) -> dict[str, Content]:
    """Return the files of a workspace whose customers are in another file."""
    return {"loopback.toml": SETTINGS + f'[customers]\nfile = "{file}"\n', file: content}


def mailed(rules: str) -> dict[str, Content]:
    """Return settings by which mails are sent as some rules say."""
    return {"loopback.toml": f'{SETTINGS}[mail]\nsender = "a@b.example"\n{rules}\n'}


def workbook(*sheets: pl.DataFrame) -> bytes:
    """Return a workbook that holds the sheets."""
    content = io.BytesIO()
    (sheets[0] if sheets else pl.DataFrame()).write_excel(content)
    return content.getvalue()


def put(folder: Path, files: dict[str, Content]) -> None:
    """Write files into a folder, and remove those without content."""
    for name, content in files.items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def assert_one_error(said: Said, bad: Bad) -> None:
    """Assert that a command said one thing, in full, and nothing on stdout."""
    text = " ".join(said.err.split())
    assert said.out == ""
    assert text.startswith("error: ")
    assert text.count("error: ") == 1
    assert bad.says in text
    assert bad.where in text
    assert bad.mend in text
    assert not [words for words in NO_MISTAKE_OF_OURS if words in text]


TABLE: dict[str, Bad] = {
    # the customer list as a file
    "no customer list": Bad(
        {"customers.csv": None}, "customers.csv", "there is no file", "loopback.toml"
    ),
    "an empty customer list": Bad(
        {"customers.csv": ""}, "(customers.csv)", "the file is empty", "with a header row"
    ),
    "a customer list of blank lines": Bad(
        {"customers.csv": "\n \r\n\n"}, "(customers.csv)", "the file is empty", "with a header row"
    ),
    "a customer list of nothing but a byte order mark": Bad(
        {"customers.csv": b"\xef\xbb\xbf"}, "(customers.csv)", "the file is empty", "header row"
    ),
    "a customer list of nothing but the mark of UTF-16": Bad(
        {"customers.csv": b"\xff\xfe"}, "(customers.csv)", "the file is empty", "header row"
    ),
    "a customer list with a header and no rows": Bad(
        {"customers.csv": HEADER}, "(customers.csv)", "no rows", "Export it again"
    ),
    "a customer list that is compressed": Bad(
        {"customers.csv": gzip.compress(CUSTOMERS.encode() * 3, mtime=0)},
        "(customers.csv)",
        "not a text file",
        "export it as CSV",
    ),
    "a workbook named as CSV": Bad(
        {"customers.csv": workbook(pl.DataFrame({"customer_id": ["C-1"]}))},
        "(customers.csv)",
        "not a text file",
        "export it as CSV",
    ),
    "a workbook that is none": Bad(
        listed_as("list.xlsx", CUSTOMERS), "(list.xlsx)", "not a workbook", "save it again as XLSX"
    ),
    "a workbook cut short": Bad(
        listed_as("list.xlsx", workbook(pl.DataFrame({"name": ["Mill"]}))[:999]),
        "(list.xlsx)",
        "not a workbook",
        "save it again as XLSX",
    ),
    "an empty workbook": Bad(
        listed_as("list.xlsx", workbook()), "(list.xlsx)", "the file is empty", "with a header row"
    ),
    "a Parquet file that is none": Bad(
        listed_as("list.parquet", CUSTOMERS), "(list.parquet)", "not a Parquet file", "again"
    ),
    "a Parquet file cut short": Bad(
        listed_as("list.parquet", b"PAR1" + bytes(40) + b"\xff\xff\xff\x7fPAR1"),
        "(list.parquet)",
        "not a Parquet file",
        "again",
    ),
    # the columns of the customer list
    "a column with a slip in its name": Bad(
        customers("customer_id", "custmer_id"),
        "(customers.csv)",
        "there is no column 'customer_id'",
        'set columns.customer_id = "custmer_id" in loopback.toml',
    ),
    "a column that is missing": Bad(
        customers("owner", "held_by"),
        "(customers.csv)",
        "there is no column 'owner'",
        "The file has: customer_id, name, held_by, email",
    ),
    "a column mapped to one that does not exist": Bad(
        {"loopback.toml": CUSTOMER_LIST + 'columns.owner = "ownr"\n'},
        "(customers.csv)",
        "there is no column 'ownr'",
        'set columns.owner = "owner" in loopback.toml',
    ),
    "a mapping of a name that loopback does not know": Bad(
        {"loopback.toml": CUSTOMER_LIST + 'columns.ownr = "owner"\n'},
        "(loopback.toml)",
        "unknown name ownr in columns",
        "Known: customer_id, name, owner",
    ),
    "two names mapped to one column": Bad(
        {"loopback.toml": CUSTOMER_LIST + 'columns.segment = "owner"\n'},
        "(loopback.toml)",
        "'owner'",
        "columns",
    ),
    "a needed column mapped away": Bad(
        {"loopback.toml": CUSTOMER_LIST + 'columns.customer_id = "name"\n'},
        "(loopback.toml)",
        "'name'",
        "columns",
    ),
    "a column that stands twice": Bad(
        {"customers.csv": "customer_id,name,owner,email,email\nC-1,Mill,anna,a@x.example,\n"},
        "(customers.csv)",
        "there is more than one column 'email'",
        "Rename one of them",
    ),
    # the rows of the customer list
    "an owner whom nobody knows": Bad(
        customers("C-2,Birch Tools,anna", "C-2,Birch Tools,hans"),
        "(customers.csv, row 3, column owner)",
        "no such person: 'hans'",
        "Add the person to the people list",
    ),
    "an empty customer id": Bad(
        customers("C-2", "  "),
        "(customers.csv, row 3, column customer_id)",
        "customer_id is empty",
        "Fill it in",
    ),
    "a customer id that stands twice": Bad(
        customers("C-4", "C-1"),
        "(customers.csv, row 5, column customer_id)",
        "'C-1' stands twice",
        "Each customer stands on one row",
    ),
    "a value that is no number": Bad(
        customers("1200", "12k"),
        "(customers.csv, row 3, column value)",
        "'12k' is not a number",
        "Write it like 12500.50",
    ),
    "a value that says it is no number": Bad(
        customers("1200", "NaN"),
        "(customers.csv, row 3, column value)",
        "'NaN' is not a number",
        "Write it like 12500.50",
    ),
    "a value without end": Bad(
        customers("1200", "inf"),
        "(customers.csv, row 3, column value)",
        "'inf' is not a number",
        "Write it like 12500.50",
    ),
    "a day that no calendar has": Bad(
        customers("2021-05-01", "2021-02-30"),
        "(customers.csv, row 3, column joined)",
        "'2021-02-30' is not a day",
        "Write it like 2026-11-22",
    ),
    "a day written another way": Bad(
        customers("2021-05-01", "01.05.2021"),
        "(customers.csv, row 3, column joined)",
        "'01.05.2021' is not a day",
        "Write it like 2026-11-22",
    ),
    "a day with a digit too many": Bad(
        customers("2021-05-01", "2021-05-019"),
        "(customers.csv, row 3, column joined)",
        "'2021-05-019' is not a day",
        "Write it like 2026-11-22",
    ),
    "an opt-out that is neither yes nor no": Bad(
        customers("2021-05-01,no", "2021-05-01,perhaps"),
        "(customers.csv, row 3, column opted_out)",
        "'perhaps' is not yes or no",
        "Write yes or no",
    ),
    "a row with too many cells": Bad(
        customers("Birch Tools", "Birch, Tools"),
        "(customers.csv, row 3)",
        "13 cells",
        "Put text that holds one in quotes",
    ),
    "a row with too few cells": Bad(
        customers("Birch Tools,", ""),
        "(customers.csv, row 3)",
        "11 cells",
        "A comma too many or too few?",
    ),
    "a quote that is not closed": Bad(
        customers("Birch Tools", '"Birch Tools'),
        "(customers.csv, row 3)",
        "a quote is not closed",
        "mend the quotes",
    ),
    "a quote inside a quoted cell": Bad(
        customers("Birch Tools", '"Birch "best" Tools"'),
        "(customers.csv, row 3)",
        "stands inside a cell",
        "mend the quotes",
    ),
    "a customer who is asked so often that the months do not come out even": Bad(
        {"customers.csv": "customer_id,name,owner,asks_per_year\nC-1,Mill,anna,5\n"},
        "(customers.csv, row 2, column asks_per_year)",
        "'5' is not 1, 2, 3, 4, 6 or 12",
        "leave the cell empty",
    ),
    # the people list
    "no people list": Bad({"people.csv": None}, "people.csv", "there is no file", "loopback.toml"),
    "an empty people list": Bad(
        {"people.csv": ""}, "(people.csv)", "the file is empty", "with a header row"
    ),
    "a people list with a header and no rows": Bad(
        {"people.csv": PEOPLE.splitlines()[0] + "\n"}, "(people.csv)", "no rows", "Export it again"
    ),
    "people who report to each other": Bad(
        people("carla@company.example,", "carla@company.example,anna"),
        "(people.csv, row 2, column reports_to)",
        "a circle: anna reports to carla reports to anna",
        "empty one reports_to",
    ),
    "three people in a circle": Bad(
        {
            "people.csv": PEOPLE.replace(
                "ben@company.example,carla", "ben@company.example,anna"
            ).replace("carla@company.example,", "carla@company.example,ben")
        },
        "(people.csv, row 2, column reports_to)",
        "a circle: anna reports to carla reports to ben reports to anna",
        "empty one reports_to",
    ),
    "a person who is the own manager": Bad(
        people("carla@company.example,", "carla@company.example,carla"),
        "(people.csv, row 4, column reports_to)",
        "a circle: carla reports to carla",
        "empty one reports_to",
    ),
    "a manager whom nobody knows": Bad(
        people("anna@company.example,carla", "anna@company.example,zoe"),
        "(people.csv, row 2, column reports_to)",
        "reports to 'zoe', who is not in the list",
        "Write the person_id of the manager",
    ),
    "a person who stands twice": Bad(
        {"people.csv": PEOPLE + "anna,Anna Berg,anna@company.example,carla,,,\n"},
        "(people.csv, row 5, column person_id)",
        "'anna' stands twice",
        "Each person stands on one row",
    ),
    "a person without an id": Bad(
        {"people.csv": PEOPLE + ",Zoe Zander,zoe@company.example,,,,\n"},
        "(people.csv, row 5, column person_id)",
        "person_id is empty",
        "Fill it in",
    ),
    "a person without a name": Bad(
        people("Ben Cole", ""),
        "(people.csv, row 3, column name)",
        "name is empty",
        "Fill it in",
    ),
    "a person whose calls are no number": Bad(
        {
            "people.csv": PEOPLE.replace("language", "capacity")
            .replace(",en", ",")
            .replace("North,", "North,many")
        },
        "(people.csv, row 2, column capacity)",
        "'many' is not a number above 0",
        "leave the cell empty",
    ),
    # the settings
    "a setting with a slip in its name": Bad(
        rules("asks_per_year", "ask_per_year"),
        "(loopback.toml)",
        "unknown setting rotation.ask_per_year",
        "Did you mean asks_per_year?",
    ),
    "a section with a slip in its name": Bad(
        rules("[rotation]", "[rotaton]"),
        "(loopback.toml)",
        "unknown setting rotaton",
        "Did you mean rotation?",
    ),
    "a setting like none there is": Bad(
        rules("asks_per_year", "zzz"),
        "(loopback.toml)",
        "unknown setting rotation.zzz",
        "Known here: asks_per_year, by_segment, capacity",
    ),
    "a setting of the wrong type": Bad(
        rules("12", '"often"'),
        "(loopback.toml)",
        "rotation.asks_per_year: Input should be 1, 2, 3, 4, 6 or 12",
        "Mend the value of rotation.asks_per_year",
    ),
    "a link without the place of the token": Bad(
        {"loopback.toml": SETTINGS + '[survey]\nlink = "https://survey.example/"\n'},
        "(loopback.toml)",
        "survey.link",
        "{token}",
    ),
    "settings that are not TOML": Bad(
        {"loopback.toml": "[company\nname = Acme\n"},
        "(loopback.toml)",
        "at line 1, column 9",
        "Text stands in quotes",
    ),
    "settings that are not UTF-8": Bad(
        {"loopback.toml": SETTINGS.replace("Acme", "Ærø").encode("cp1252")},
        "(loopback.toml)",
        "not UTF-8",
        "Save the file as UTF-8",
    ),
    "settings with a number beyond all bounds": Bad(
        {"loopback.toml": f"x = {'1' * 5000}\n"}, "(loopback.toml)", "not valid TOML", "quotes"
    ),
    "settings nested beyond all bounds": Bad(
        {"loopback.toml": f"x = {'[' * 5000}\n"}, "(loopback.toml)", "not valid TOML", "quotes"
    ),
}

LEAVE_OUT = "customer_id,asked_by,reason,until\n"
NOT_ASKED: dict[str, Bad] = {
    "a customer left out without a reason": Bad(
        {"leave-out.csv": LEAVE_OUT + "C-1,anna,,\n"},
        "(leave-out.csv, row 2, column reason)",
        "reason is empty",
        "Write why",
    ),
    "a customer left out by nobody": Bad(
        {"leave-out.csv": LEAVE_OUT + "C-1,,moves,\n"},
        "(leave-out.csv, row 2, column asked_by)",
        "asked_by is empty",
        "Write the person_id",
    ),
    "a customer left out by someone whom nobody knows": Bad(
        {"leave-out.csv": LEAVE_OUT + "C-1,zoe,moves,\n"},
        "(leave-out.csv, row 2, column asked_by)",
        "no such person: 'zoe'",
        "Write the person_id",
    ),
    "a customer left out until a day that no calendar has": Bad(
        {"leave-out.csv": LEAVE_OUT + "C-1,anna,moves,2027-02-30\n"},
        "(leave-out.csv, row 2, column until)",
        "'2027-02-30' is not a day",
        "Write the last day like 2026-11-22",
    ),
    "a customer left out twice": Bad(
        {"leave-out.csv": LEAVE_OUT + "C-1,anna,moves,\nC-1,ben,moves,\n"},
        "(leave-out.csv, row 3, column customer_id)",
        "'C-1' stands twice",
        "Keep one row",
    ),
    "nobody who is left out": Bad(
        {"leave-out.csv": LEAVE_OUT + ",anna,moves,\n"},
        "(leave-out.csv, row 2, column customer_id)",
        "customer_id is empty",
        "Fill it in",
    ),
    "a list of customers left out without a column": Bad(
        {"leave-out.csv": "customer_id,who,reason\nC-1,anna,moves\n"},
        "(leave-out.csv)",
        "there is no column 'asked_by'",
        "The file has: customer_id, who, reason",
    ),
    "a list of customers left out that is empty": Bad(
        {"leave-out.csv": ""}, "(leave-out.csv)", "the file is empty", "with a header row"
    ),
    "a list of customers left out that is not there": Bad(
        {"loopback.toml": SETTINGS + 'leave_out = "wishes.csv"\n'},
        "wishes.csv",
        "there is no file wishes.csv",
        "loopback.toml",
    ),
    "a do-not-contact list that is not there": Bad(
        {"loopback.toml": SETTINGS + 'do_not_contact = ["never.csv"]\n'},
        "(loopback.toml)",
        "there is no file never.csv",
        "do_not_contact in [rotation]",
    ),
    "a do-not-contact list that is empty": Bad(
        {"loopback.toml": SETTINGS + 'do_not_contact = ["never.csv"]\n', "never.csv": "\n"},
        "(never.csv)",
        "the file is empty",
        "with a header row",
    ),
    "a do-not-contact list of other columns": Bad(
        {
            "loopback.toml": SETTINGS + 'do_not_contact = ["never.csv"]\n',
            "never.csv": "number,name\nC-1,Mill\n",
        },
        "(never.csv, row 1)",
        "no column holds ids or addresses",
        "Name the column",
    ),
    "a do-not-contact list with a comma too many": Bad(
        {
            "loopback.toml": SETTINGS + 'do_not_contact = ["never.csv"]\n',
            "never.csv": "name,customer_id\nMill, Ltd,C-1\n",
        },
        "(never.csv, row 2)",
        "3 cells",
        "A comma too many or too few?",
    ),
    "a rest of more months than lie between two asks": Bad(
        {"loopback.toml": SETTINGS + "rest_months = 2\n"},
        "(loopback.toml)",
        "asking 12 times a year leaves 1 month, fewer than the 2 of rest_months",
        "Write rest_months = 1 in [rotation], or ask 6 times a year",
    ),
    "a rest of more days than February has": Bad(
        {"loopback.toml": SETTINGS + "rest_days = 30\n"},
        "(loopback.toml)",
        "28 days from 2027-02 to 2027-03",
        "Write rest_days = 28 in [rotation], or ask 6 times a year",
    ),
    "a rest that one customer alone cannot have": Bad(
        {
            "loopback.toml": "[rotation]\nrest_months = 3\n",
            "customers.csv": "customer_id,name,owner,asks_per_year\nC-1,Mill,anna,6\n",
        },
        "(loopback.toml)",
        "asking 6 times a year leaves 2 months, fewer than the 3 of rest_months",
        "or ask 4 times a year",
    ),
}

UNUSED: dict[str, Bad] = {
    "a segment in which no customer is": Bad(
        {"loopback.toml": SETTINGS + "by_segment = { Large = 4 }\n"},
        "(loopback.toml)",
        "by_segment names 'Large', in which no customer is",
        "The list has: large, small",
    ),
}

FRAMES: dict[str, Bad] = {
    "no code frame": Bad(
        {"reasons.toml": None}, "(reasons.toml)", "there is no file", "loopback init"
    ),
    "a code frame that is not TOML": Bad(
        {"reasons.toml": "[[reason]]\nid = late\n"}, "(reasons.toml)", "at line 2", "in quotes"
    ),
    "a code frame that is not UTF-8": Bad(
        {"reasons.toml": FRAME.replace("late", "spät").encode("cp1252")},
        "(reasons.toml)",
        "not UTF-8",
        "Save the file as UTF-8",
    ),
    "a code frame nested beyond all bounds": Bad(
        {"reasons.toml": f"x = {'[' * 5000}\n"}, "(reasons.toml)", "not valid TOML", "in quotes"
    ),
    "a reason with an unknown key": Bad(
        {"reasons.toml": FRAME.replace("any", "anny")},
        "(reasons.toml, line 1)",
        "unknown key 'anny'",
        "docs/reasons.md",
    ),
    "a code frame with an unknown key": Bad(
        {"reasons.toml": "colour = 1\n" + FRAME},
        "(reasons.toml, line 1)",
        "colour",
        "docs/reasons.md",
    ),
    "a reason without a label": Bad(
        {"reasons.toml": FRAME.replace('label = "Delivery"\n', "")},
        "(reasons.toml, line 1)",
        "label",
        "docs/reasons.md",
    ),
    "a code frame without reasons": Bad(
        {"reasons.toml": 'name = "none"\n'}, "(reasons.toml)", "reason", "docs/reasons.md"
    ),
}

UNREACHABLE: dict[str, Bad] = {
    "a password in the settings": Bad(
        mailed('transport = "smtp"\n[mail.smtp]\nhost = "mail.example"\npassword = "secret"'),
        "(loopback.toml)",
        "mail.smtp.password: a password does not belong into the settings",
        "LOOPBACK_SMTP_PASSWORD",
    ),
    "a person who shall see everything and is not in the list": Bad(
        {"loopback.toml": SETTINGS + '[mail]\ncopies_to = ["zoe"]\n'},
        "(loopback.toml)",
        "'zoe'",
        "person_id",
    ),
    "a rule whose calls go to someone who is not there": Bad(
        {
            "loopback.toml": SETTINGS
            + '[[sheets.escalations]]\nname = "complaint"\ndays = 7\nto = ["legal"]\n'
        },
        "(loopback.toml)",
        "the escalation 'complaint' names 'legal'",
        "person_id",
    ),
    "SMTP without a host": Bad(
        mailed('transport = "smtp"'), "(loopback.toml)", "there is no host", "[mail.smtp] host"
    ),
    "SMTP with a user and no password": Bad(
        mailed('transport = "smtp"\n[mail.smtp]\nhost = "mail.example"\nuser = "us"'),
        "(loopback.toml)",
        "password",
        "LOOPBACK_SMTP_PASSWORD",
    ),
    "certificates that are not there": Bad(
        mailed('transport = "smtp"\n[mail.smtp]\nhost = "mail.example"\nca_file = "no.pem"'),
        "(loopback.toml)",
        "no.pem",
        "ca_file",
    ),
    "a program for mails that is not there": Bad(
        mailed('transport = "sendmail"\nsendmail = "/nowhere/sendmail"'),
        "(loopback.toml)",
        "/nowhere/sendmail",
        "Install it",
    ),
    "a sender left out where mails are sent": Bad(
        {"loopback.toml": SETTINGS + '[mail]\ntransport = "maildir"\n'},
        "(loopback.toml)",
        "there is no sender",
        "[mail] sender",
    ),
    "a sender that is no address": Bad(
        {"loopback.toml": SETTINGS + '[mail]\nsender = "Customer feedback"\n'},
        "(loopback.toml)",
        "'Customer feedback'",
        "sender",
    ),
    "a person without an address": Bad(
        people("ben@company.example", ""),
        "(people.csv, row 3, column email)",
        "address",
        "write one address",
    ),
    "a person with an address that is none": Bad(
        people("ben@company.example", "ben at company"),
        "(people.csv, row 3, column email)",
        "'ben at company' is no address",
        "write one address",
    ),
}

EXPORTS: dict[str, Bad] = {
    "no such file": Bad({"export.csv": None}, "(export.csv)", "no such file", "Check the name"),
    "an empty file": Bad({"export.csv": b""}, "(export.csv)", "the file is empty", "again"),
    "an empty workbook": Bad({"export.xlsx": workbook()}, "(export.xlsx)", "empty", "again"),
    "a workbook that is none": Bad(
        {"export.xlsx": b"PK\x03\x04"}, "(export.xlsx)", "not a workbook", "save it again"
    ),
    "a file without a score": Bad(
        {"export.csv": "token,comment\nabc,too late\n"},
        "(export.csv)",
        "no column holds scores from 0 to 10",
        "--score (header text or number). There are: 1 'token', 2 'comment'",
    ),
    "two columns that could be the score": Bad(
        {"export.csv": "token,quality,service\nabc,0,10\nabd,10,0\nabe,4,7\n"},
        "(export.csv)",
        "2 'quality' (3 answers, 0 to 10), 3 'service' (3 answers, 0 to 10)",
        "--score 2",
    ),
    "a scale that starts at 1": Bad(
        {"export.csv": 'token,"Recommend? 1 = never, 10 = surely"\nabc,3\n'},
        "(export.csv, column",
        "the scale seems to start at 1",
        "--scale 1-10",
    ),
    "a quote that is not closed": Bad(
        {"export.csv": 'token,score,comment\nabc,3,"late\n'},
        "(export.csv, row 2)",
        "a quote is not closed",
        "again",
    ),
}


def drawn(table: dict[str, Bad]) -> pytest.MarkDecorator:
    """Return the rows of a table as the examples of a test, each under its name."""
    return pytest.mark.parametrize(
        "bad", [pytest.param(bad, id=name) for name, bad in table.items()]
    )


@drawn(TABLE | NOT_ASKED)
def test_sample_names_the_mistake_and_writes_nothing(acme: Path, run: Run, bad: Bad) -> None:
    put(acme, bad.files)
    before = untouched(acme)

    said = run("sample", "--today", TODAY, expect=1)

    assert_one_error(said, bad)
    assert untouched(acme) == before


@drawn(TABLE | NOT_ASKED | UNUSED | FRAMES | UNREACHABLE)
def test_check_finds_the_mistake_and_writes_nothing(acme: Path, run: Run, bad: Bad) -> None:
    put(acme, bad.files)
    before = tree(acme)

    said = run("check", expect=1)

    assert_one_error(said, bad)
    assert tree(acme) == before


@pytest.mark.parametrize("command", ["reasons", "route"])
@drawn(FRAMES)
def test_a_broken_code_frame_is_named_by_what_needs_it(
    acme: Path, run: Run, command: str, bad: Bad
) -> None:
    put(acme, bad.files)
    before = untouched(acme)

    said = run(command, "--today", TODAY, expect=1)

    assert_one_error(said, bad)
    assert untouched(acme) == before


@pytest.fixture
def asked(acme: Path, run: Run) -> Path:
    """The small workspace in which everyone was asked this month."""
    run("sample", "--today", TODAY)
    return acme


@drawn(EXPORTS)
def test_ingest_names_the_mistake_and_takes_nothing(asked: Path, run: Run, bad: Bad) -> None:
    put(asked, bad.files)
    before = untouched(asked)

    said = run("ingest", *bad.files, "--today", TODAY, expect=1)

    assert_one_error(said, bad)
    assert untouched(asked) == before


def test_one_bad_export_among_good_ones_leaves_all_untaken(acme: Path, run: Run) -> None:
    put(acme, {"good.csv": "score\n9\n", "bad.csv": "word\nnine\n"})
    before = untouched(acme)

    said = run("ingest", "good.csv", "bad.csv", "--today", TODAY, expect=1)

    assert_one_error(said, Bad({}, "(bad.csv)", "no column holds scores", "--score"))
    assert untouched(acme) == before


def test_a_folder_is_no_export(acme: Path, run: Run) -> None:
    (acme / "exports").mkdir()
    before = untouched(acme)

    said = run("ingest", "exports", "--today", TODAY, expect=1)

    assert_one_error(said, Bad({}, "(exports)", "this is a folder", "Name the files in it"))
    assert untouched(acme) == before


@pytest.mark.parametrize("header", ["*", "^.*$", "^token$", "{}", "[bold]"])
def test_a_header_is_a_name_whatever_it_would_mean_elsewhere(
    asked: Path, run: Run, header: str
) -> None:
    put(asked, {"export.csv": f"token,{header}\n{tokens(asked)['C-1']},9\n"})

    report = run("ingest", "export.csv", "--json", "--today", TODAY).json["reports"][0]

    assert report["roles"] == {"score": header, "token": "token"}
    assert (report["taken"], report["unmatched"]) == (1, 0)


@pytest.mark.parametrize("column", ["mark", "0", "3", "²", "9" * 5000])
def test_a_named_column_that_does_not_exist_is_wrong_usage(
    acme: Path, run: Run, column: str
) -> None:
    put(acme, {"export.csv": "token,quality\nabc,3\n"})
    before = untouched(acme)

    said = run("ingest", "export.csv", "--score", column, "--today", TODAY, expect=2)

    mend = "the header text or the number of one of: 1 'token', 2 'quality'"
    assert_one_error(said, Bad({}, "(export.csv)", "there is no column", mend))
    assert untouched(acme) == before


@pytest.mark.parametrize("command", ["sample", "score", "reasons", "route"])
@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-11", "2026-1", "nov", "٢٠٢٦-11"])
def test_a_month_that_is_none_is_wrong_usage(
    acme: Path, run: Run, command: str, month: str
) -> None:
    before = untouched(acme)

    said = run(command, "--month", month, "--today", TODAY, expect=2)

    assert_one_error(said, Bad({}, "", f"{month!r} is not a month", "such as 2026-11"))
    assert untouched(acme) == before


def test_a_month_before_the_last_one_drawn_is_wrong_usage(acme: Path, run: Run) -> None:
    run("sample", "--month", "2026-11", "--today", TODAY)
    before = untouched(acme)

    said = run("sample", "--month", "2026-10", "--today", TODAY, expect=2)

    says = "2026-10 lies before 2026-11, which is drawn"
    assert_one_error(said, Bad({}, "", says, "or 2026-12 next"))
    assert untouched(acme) == before


def test_a_month_far_ahead_is_wrong_usage(acme: Path, run: Run) -> None:
    before = untouched(acme)

    said = run("sample", "--month", "2062-11", "--today", TODAY, expect=2)

    assert_one_error(said, Bad({}, "", "2062-11 lies too far ahead", "Draw 2026-11"))
    assert untouched(acme) == before


@pytest.mark.parametrize(
    ("table", "to", "says", "mend"),
    [
        ("answers", "out.csv", "there is no table 'answers'", "invitations, rejects, responses"),
        ("responses", "out.pdf", "cannot write .pdf", ".csv, .json, .xlsx or .parquet"),
        ("responses", "out", "a file without ending", ".csv, .json, .xlsx or .parquet"),
    ],
)
def test_an_export_of_what_is_not_there_is_wrong_usage(
    acme: Path, run: Run, table: str, to: str, says: str, mend: str
) -> None:
    before = tree(acme)

    said = run("export", table, "--to", to, expect=2)

    assert_one_error(said, Bad({}, "", says, mend))
    assert tree(acme) == before


@pytest.mark.parametrize("own", ["customers.csv", "people.csv", "ledger/runs/extra.parquet"])
def test_an_export_never_overwrites_what_belongs_to_the_workspace(
    acme: Path, run: Run, own: str
) -> None:
    run("sample", "--today", TODAY)
    before = tree(acme)

    said = run("export", "invitations", "--to", own, expect=2)

    assert_one_error(said, Bad({}, own, "workspace", "another"))
    assert tree(acme) == before


@pytest.mark.parametrize(
    ("command", "where", "says"),
    [
        ("export runs --to folder.csv", "folder.csv", "a folder stands where a file should be"),
        ("export runs --to people.csv/x.csv", "people.csv", "a file stands where a folder"),
        ("init people.csv", "people.csv", "a file stands where a folder should be"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_is_left_half_written(
    acme: Path, run: Run, command: str, where: str, says: str
) -> None:
    (acme / "folder.csv").mkdir()
    before = tree(acme)

    said = run(*command.split(), expect=1)

    assert_one_error(said, Bad({}, where, says, "Move it away"))
    assert tree(acme) == before


@pytest.mark.parametrize("name", ["loopback.toml", "customers.csv", "people.csv", "reasons.toml"])
def test_a_folder_in_the_place_of_a_file_is_named(acme: Path, run: Run, name: str) -> None:
    (acme / name).unlink()
    (acme / name).mkdir()
    before = tree(acme)

    said = run("check", expect=1)

    assert_one_error(said, Bad({}, name, "error: ", ""))
    assert tree(acme) == before


@pytest.mark.parametrize(
    "command",
    [
        "check",
        "sample",
        "ingest export.csv",
        "score",
        "reasons",
        "route",
        "status",
        "export responses --to answers.csv",
    ],
)
def test_where_no_workspace_is_none_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, {"export.csv": "score\n9\n"})
    before = tree(tmp_path)

    said = run(*command.split(), "--workspace", "acne", expect=1)

    says = "no workspace here: acne has no loopback.toml"
    assert_one_error(said, Bad({}, "", says, "loopback init DIR"))
    assert tree(tmp_path) == before


def test_every_mistake_is_named_at_once(acme: Path, run: Run) -> None:
    put(acme, {"customers.csv": CUSTOMERS.replace("1200", "12k").replace("C-5", "C-1")})

    said = run("check", expect=1)

    assert said.err.count("error: ") == 2
    assert "customers.csv, row 3, column value" in said.err
    assert "customers.csv, row 6, column customer_id" in said.err


def test_of_very_many_mistakes_twenty_are_shown_and_the_rest_counted(acme: Path, run: Run) -> None:
    rows = "".join(f"X-{number},Mill,nobody\n" for number in range(30))
    put(acme, {"customers.csv": "customer_id,name,owner\n" + rows})

    said = run("check", expect=1)

    assert said.err.count("error: ") == 20
    assert "... and 10 more of the kind\n" in said.err


def without_root(*words: str) -> list[str]:
    """Return a command line to which permissions apply, also where the tests are run by root."""
    if os.name == "nt" or (os.geteuid() == 0 and not shutil.which("setpriv")):
        pytest.skip("permissions do not bind root, and there is no setpriv to give them up")
    dropped = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return [*dropped, sys.executable, "-m", "loopback", *words]


def locked_out(folder: Path, *words: str) -> Said:
    """Run a command in a process of its own in which permissions apply."""
    ended = subprocess.run(
        without_root(*words), cwd=folder, capture_output=True, text=True, check=False
    )
    return Said(ended.returncode, ended.stdout, ended.stderr)


@pytest.mark.parametrize(
    ("words", "closed", "mode"),
    [
        ("sample --today 2026-11-22", ".", 0o500),
        ("export runs --to kept/runs.csv", "kept", 0o500),
        ("sample --today 2026-11-22", "customers.csv", 0o000),
    ],
)
def test_what_may_not_be_read_or_written_is_named(
    acme: Path, words: str, closed: str, mode: int
) -> None:
    (acme / "kept").mkdir()
    before = untouched(acme)
    usual = (acme / closed).stat().st_mode
    (acme / closed).chmod(mode)
    try:
        said = locked_out(acme, *words.split())
    finally:
        (acme / closed).chmod(usual)

    assert said.code == 1
    where = "" if closed == "." else closed
    assert_one_error(said, Bad({}, where, "this may not be read or written", "permissions"))
    assert untouched(acme) == before


def panicking() -> bytes:
    """Return a Parquet file with a time zone that does not exist, at which Polars panics."""
    content = io.BytesIO()
    schema = pl.Schema({"customer_id": pl.Datetime("us", "UTC")})
    pl.DataFrame({"customer_id": [datetime(2026, 11, 22, tzinfo=UTC)]}, schema).write_parquet(
        content
    )
    described = re.search(rb"ARROW:schema.*?([A-Za-z0-9+/]{40,}=*)", content.getvalue(), re.DOTALL)
    assert described
    inner = base64.b64decode(described[1])
    assert inner.count(b"UTC") == 1
    return content.getvalue().replace(described[1], base64.b64encode(inner.replace(b"UTC", b"ABC")))


def test_a_parquet_file_that_makes_polars_panic_is_refused_like_any_other(
    acme: Path, run: Run
) -> None:
    put(acme, listed_as("list.parquet", panicking()))

    said = run("check", expect=1)

    assert_one_error(said, Bad({}, "(list.parquet)", "not a Parquet file", "again"))


# Anything at all: cells that mean something somewhere, and bytes that mean nothing anywhere.
TRICKY = st.sampled_from(
    [
        "", " ", "0", "9", "10", "11", "-1", "1e5", "nan", "-inf", "1_000", "007", "yes", "no",
        "C-1", "c-1", "anna", "carla", "row", "fields", "=1+1", "\x00", "\x1b[31m", '"', "''",
        "2026-11-22", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "13/13/2026",
        "99/99/9999", "2026-11-22T10:00:00+99:99", "\ufeff", "\u202e", "\U0001f600", "é" * 300,
    ]
)  # fmt: skip
CELL = TRICKY | st.text(max_size=12)
ANY_BYTES = st.binary(max_size=400)


def damaged(content: str) -> SearchStrategy[bytes]:
    """Return a good file with some bytes cut out and others put in."""
    whole = content.encode()
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, 30), st.binary(max_size=12))
    return cut.map(lambda c: whole[: c[0]] + c[2] + whole[c[0] + c[1] :])


def written(*names: str) -> SearchStrategy[bytes]:
    """Return files with these columns and any others, in any order, and any cells in them."""
    header = st.lists(st.sampled_from(names) | CELL, min_size=1, max_size=len(names) + 2)
    rows = st.lists(st.lists(CELL, min_size=1, max_size=len(names) + 2), max_size=5)
    lines = st.tuples(header, rows).map(lambda table: [table[0], *table[1]])
    return lines.map(lambda cells: "\n".join(",".join(row) for row in cells).encode())


QUOTED = CELL.map(lambda cell: '"' + cell.replace('"', '""') + '"')


def filled(header: str) -> SearchStrategy[bytes]:
    """Return files that have the header and as many cells in each row, with anything in them."""
    width = header.count(",") + 1
    rows = st.lists(st.lists(QUOTED, min_size=width, max_size=width), max_size=4)
    return rows.map(lambda cells: "\n".join([header, *(",".join(row) for row in cells)]).encode())


# Columns that a company's own list may well have, and that stand for something else in loopback.
NAMES_OF_OURS = (
    "holder", "why", "bounced", "key", "reasons", "category", "new", "label", "token", "month",
    "score", "comment", "previous", "current_owner", "response_id", "row", "fields", "run", "*",
)  # fmt: skip


def with_extra_columns(*names: str) -> SearchStrategy[bytes]:
    """Return sound customer lists with some of the columns besides, filled with anything."""
    chosen = st.lists(st.sampled_from(names), min_size=3, max_size=6, unique=True)
    good = ("C-1,Ahorn Mill,anna", "C-4,Dahlia Dairy,ben")
    cells = st.lists(st.lists(QUOTED, min_size=6, max_size=6), min_size=2, max_size=2)

    def joined(drawn: tuple[list[str], list[list[str]]]) -> bytes:
        extra, rows = drawn
        lines = [",".join([g, *r[: len(extra)]]) for g, r in zip(good, rows, strict=True)]
        return "\n".join([",".join(["customer_id,name,owner", *extra]), *lines]).encode()

    return st.tuples(chosen, cells).map(joined)


CUSTOMER_FILES = (
    ANY_BYTES
    | damaged(CUSTOMERS)
    | written(*HEADER.strip().split(","))
    | filled("customer_id,name,owner,value,joined,opted_out,asks_per_year")
)
PEOPLE_FILES = (
    ANY_BYTES
    | damaged(PEOPLE)
    | written("person_id", "name", "reports_to")
    | filled("person_id,name,email,reports_to,capacity")
)
LEAVE_OUT_FILES = (
    ANY_BYTES
    | damaged(LEAVE_OUT + "C-1,anna,moves,2027-01-31\nC-2,ben,closed,\n")
    | written(*LEAVE_OUT.strip().split(","))
    | filled(LEAVE_OUT.strip())
)
NEVER_FILES = (
    ANY_BYTES
    | damaged("customer_id,email\nC-1,\n,tools@birch.example\n")
    | written("customer_id", "email")
    | filled("customer_id,email")
    | filled("email")
)
SETTINGS_FILES = ANY_BYTES | damaged(SETTINGS) | damaged('[exports]\nscore = "q1"\n')
FRAME_FILES = ANY_BYTES | damaged(FRAME) | damaged(FRAME + 'not = ["a b", "*"]\n[empty]\nterms=[]')
EXPORT_NAMES = ("token", "customer_id", "email", "score", "comment", "date", "status", "id")
EXPORT_FILES = (
    ANY_BYTES
    | damaged("token,score,comment\nabc,9,fine\nabd,3,late\n")
    | written(*EXPORT_NAMES)
    | filled(",".join(EXPORT_NAMES))
)
CLOCK = clock_of(date(2026, 11, 22))


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace that has drawn a month and taken an answer."""
    folder = build(tmp_path_factory.mktemp("firm") / "acme")
    put(folder, {"reasons.toml": FRAME})
    sample(Workspace(folder), MONTH, CLOCK, dry_run=False)
    token = tokens(folder, MONTH)["C-1"]
    put(folder, {"export.csv": f"token,score,comment\n{token},3,late again\n"})
    workspace = Workspace(folder)
    ingest(workspace, [folder / "export.csv"], choices(workspace), CLOCK)
    return folder


def assert_borne(folder: Path, name: str, content: bytes, *steps: Callable[[], object]) -> None:
    """Assert that steps bear a file: they succeed, or say what is wrong with it in words."""
    whole = (folder / name).read_bytes() if (folder / name).exists() else None
    (folder / name).write_bytes(content)
    try:
        for step in steps:
            assert _ended(step) in {0, 1, 2}
    finally:
        put(folder, {name: whole})


def _ended(step: Callable[[], object]) -> int:
    try:
        step()
    except LoopbackError as failed:
        in_words = all(problem.what and problem.mend for problem in failed.problems)
        return terminal.failure(failed) if in_words else terminal.OUR_MISTAKE
    return 0


def steps_over(folder: Path) -> list[Callable[[], object]]:
    """Return steps that read the lists and the settings of a workspace and write nothing."""
    return [
        lambda: check(Workspace(folder), CLOCK, repair=False),
        lambda: sample(Workspace(folder), "2026-12", CLOCK, dry_run=True),
    ]


@settings(deadline=None, max_examples=60)
@given(content=CUSTOMER_FILES)
def test_any_customer_list_is_taken_or_refused_in_words(firm: Path, content: bytes) -> None:
    assert_borne(firm, "customers.csv", content, *steps_over(firm))


@settings(deadline=None, max_examples=60)
@given(content=PEOPLE_FILES)
def test_any_people_list_is_taken_or_refused_in_words(firm: Path, content: bytes) -> None:
    assert_borne(firm, "people.csv", content, *steps_over(firm))


@settings(deadline=None, max_examples=60)
@given(content=LEAVE_OUT_FILES)
def test_any_list_of_customers_left_out_is_taken_or_refused_in_words(
    firm: Path, content: bytes
) -> None:
    assert_borne(firm, "leave-out.csv", content, *steps_over(firm))


@settings(deadline=None, max_examples=60)
@given(content=NEVER_FILES, ending=st.sampled_from([".csv", ".csv", ".xlsx", ".parquet"]))
def test_any_do_not_contact_list_is_taken_or_refused_in_words(
    firm: Path, content: bytes, ending: str
) -> None:
    rules = (firm / "loopback.toml").read_bytes()
    put(firm, {"loopback.toml": SETTINGS + f'do_not_contact = ["never{ending}"]\n'})
    try:
        assert_borne(firm, f"never{ending}", content, *steps_over(firm))
    finally:
        put(firm, {"loopback.toml": rules})


@settings(deadline=None, max_examples=60)
@given(content=SETTINGS_FILES)
def test_any_settings_are_taken_or_refused_in_words(firm: Path, content: bytes) -> None:
    assert_borne(firm, "loopback.toml", content, *steps_over(firm))


@settings(deadline=None, max_examples=15)
@given(content=with_extra_columns(*NAMES_OF_OURS))
def test_the_sheets_bear_any_columns_that_a_customer_list_brings_along(
    firm: Path, content: bytes
) -> None:
    assert_borne(
        firm,
        "customers.csv",
        content,
        lambda: route(Workspace(firm), MONTH, CLOCK, dry_run=True),
    )


@settings(deadline=None, max_examples=60)
@given(content=FRAME_FILES)
def test_any_code_frame_is_taken_or_refused_in_words(firm: Path, content: bytes) -> None:
    assert_borne(
        firm,
        "reasons.toml",
        content,
        lambda: check(Workspace(firm), CLOCK, repair=False),
        lambda: tally(Workspace(firm), None, MONTH, 1),
    )


@settings(deadline=None, max_examples=100)
@given(content=EXPORT_FILES, ending=st.sampled_from([".csv", ".csv", ".csv", ".xlsx", ".parquet"]))
def test_any_export_is_taken_or_refused_in_words(firm: Path, content: bytes, ending: str) -> None:
    workspace = Workspace(firm)
    file = firm / f"any{ending}"

    def take() -> object:
        return Desk(workspace, choices(workspace), CLOCK.month, 1).taken(export_of(file))

    assert_borne(firm, file.name, content, take)
