"""The demo company: nobody sees a customer of anyone who is not below."""

from __future__ import annotations

import email
import io
import zipfile
from datetime import date
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from loopback.clock import clock_of
from loopback.demo.year import demo
from loopback.tables import INVITATIONS, RESPONSES
from loopback.workspace import Workspace

TODAY = clock_of(date(2026, 11, 22))


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Three months of a company of 1,200 customers, the last of them routed."""
    return Workspace(demo(tmp_path_factory.mktemp("leak") / "demo", 1, 3, 1_200, TODAY).folder)


def unzipped(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())


def told(company: Workspace, person_id: str) -> str:
    """Return everything that a person got, as text: sheet, workbook, mail and what hangs on it."""
    name = company.file_name(person_id, company.people.name(person_id))
    found = []
    for path in company.path("out").glob(f"*/sheets/{name}.*"):
        content = path.read_bytes()
        found.append(unzipped(content) if path.suffix == ".xlsx" else content.decode())
    for path in company.path("outbox").glob(f"*-{name}-*.eml"):
        message = email.message_from_bytes(path.read_bytes(), policy=SMTP)
        assert isinstance(message, EmailMessage)
        found.append(str(message.items()))
        for part in message.walk():
            if not part.is_multipart():
                content = part.get_content()
                found.append(unzipped(content) if isinstance(content, bytes) else content)
    return "\n".join(found)


def test_no_string_that_identifies_a_customer_of_another_owner_is_in_anything(
    company: Workspace,
) -> None:
    people, customers = company.people, company.customers
    held = list(customers.select("customer_id", "owner", "email").iter_rows())
    got = {person_id: told(company, person_id) for person_id in people.by_id}

    assert sum(map(bool, got.values())) > 20
    seen = 0
    for person_id, content in got.items():
        below = people.below(person_id)
        for customer_id, owner, address in held:
            told_of = customer_id in content or (address is not None and address in content)
            assert owner in below or not told_of, (person_id, customer_id)
            seen += told_of
    assert seen > 15


def test_no_comment_of_a_customer_of_another_owner_is_in_anything(company: Workspace) -> None:
    holders = dict(company.customers.select("customer_id", "owner").iter_rows())
    answers = company.ledger.current(RESPONSES).drop_nulls("comment")
    once = answers.filter(answers["comment"].is_unique(), answers["comment"].str.len_chars() > 20)

    for person_id in company.people.by_id:
        content, below = told(company, person_id), company.people.below(person_id)
        for customer_id, comment in once.select("customer_id", "comment").iter_rows():
            if holders.get(customer_id, person_id) not in below:
                assert comment not in content, (person_id, customer_id)


def test_no_token_with_which_anyone_could_answer_is_in_anything(company: Workspace) -> None:
    tokens = company.ledger.current(INVITATIONS)["token"]
    everything = "".join(told(company, person_id) for person_id in company.people.by_id)

    assert len(everything) > 100_000
    assert [token for token in tokens if token in everything] == []
