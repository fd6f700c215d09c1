"""Real exports, from the file a survey tool gave to the sheets of the owners."""

from __future__ import annotations

import csv
import email
import json
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import polars as pl
import pytest

from loopback.calls import mark
from tests.console import Command, perform
from tests.shared import shared

if TYPE_CHECKING:
    from collections.abc import Iterable

PRODUCT = "inhouse__saizhang1__NLP-text-analysis__nps.csv"
SURVEYMONKEY = "surveymonkey__cncf__surveys__CNCF_Maintainers_Survey_2021_H2.csv"
GOOGLE_FORMS = "googleforms__zzzbitz__prepbench__sudzilla_input_01.csv"
TODAY = "2026-11-22"
OWNERS = 6
FRAME = Path(__file__).parents[1] / "templates" / "workspace" / "reasons.toml"


def truth(name: str) -> dict[str, Any]:
    return json.loads(shared("data", "exports", "truth.json").read_text(encoding="utf-8"))[name]


def ids(name: str, column: int, header_rows: int) -> list[str]:
    with shared("data", "exports", name).open(newline="", encoding="utf-8") as file:
        return [record[column] for record in list(csv.reader(file))[header_rows:]]


def company(folder: Path, customer_ids: Iterable[str]) -> Path:
    """Make a workspace of customers with these ids, dealt out to six owners of two managers."""
    rows = [
        {
            "customer_id": i,
            "name": f"Customer {n}",
            "owner": f"o{n % OWNERS}",
            "region": f"r{n % 2}",
        }
        for n, i in enumerate(dict.fromkeys(customer_ids))
    ]
    pl.DataFrame(rows).write_csv(folder / "customers.csv")
    people = ["person_id,name,email,reports_to", "top,Top,top@x.example,"]
    people += [f"m{n},Manager {n},m{n}@x.example,top" for n in range(2)]
    people += [f"o{n},Owner {n},o{n}@x.example,m{n % 2}" for n in range(OWNERS)]
    (folder / "people.csv").write_text("\n".join(people) + "\n", encoding="utf-8")
    (folder / "loopback.toml").write_text('[company]\nname = "Real"\n', encoding="utf-8")
    (folder / "reasons.toml").write_bytes(FRAME.read_bytes())
    return folder


def said(folder: Path, *words: object, code: int = 0) -> Any:  # noqa: ANN401 - any JSON
    command = Command(
        ["loopback", *(str(word) for word in words), "--today", TODAY, "--json"], code
    )
    return json.loads(perform(command, folder).stdout)


def exported(folder: Path) -> pl.DataFrame:
    """Return all current responses as `export` gives them, every cell as text."""
    perform(Command(["loopback", "export", "responses", "--to", "all.csv"], 0), folder)
    return pl.read_csv(folder / "all.csv", infer_schema=False)


def counts(responses: pl.DataFrame) -> dict[str, int]:
    scores = responses["score"].cast(pl.Int64)
    return {
        "n_scores": scores.len(),
        "promoters": scores.filter(scores >= 9).len(),
        "passives": scores.filter(scores.is_in([7, 8])).len(),
        "detractors": scores.filter(scores <= 6).len(),
        "sum": sum(scores),
    }


@pytest.mark.parametrize(
    ("name", "column", "header_rows", "options"),
    [
        (PRODUCT, 0, 1, []),
        (SURVEYMONKEY, 0, 2, ["--score", 24, "--comment", 25, "--customer", 1, "--scale", "1-10"]),
        (GOOGLE_FORMS, 0, 1, ["--score", 2, "--customer", "Timestamp"]),
    ],
)
def test_the_counts_are_those_of_the_file(
    name: str, column: int, header_rows: int, options: list[object], tmp_path: Path
) -> None:
    customers = ids(name, column, header_rows)
    folder = company(tmp_path, customers)
    known, export = truth(name), shared("data", "exports", name)
    looked = said(folder, "ingest", export, *options, "--dry-run")["reports"][0]
    report = said(folder, "ingest", export, *options)["reports"][0]

    assert {key: report[key] for key in report} == {key: looked[key] for key in report}
    assert report["rows"] == known["n_responses"] == report["taken"]
    assert report["rejects"] == report["unmatched"] == 0
    assert looked["scores"] == known["truth"]["n_scores"]
    keys = ("promoters", "passives", "detractors")
    assert [looked[key] for key in keys] == [known["truth"][key] for key in keys]
    assert looked["comments"] == known["n_reasons"]
    responses = exported(folder)
    assert sorted(responses["customer_id"]) == sorted(customers)
    assert counts(responses) == {key: known["truth"][key] for key in counts(responses)}
    assert responses["comment"].drop_nulls().len() == known["n_reasons"]


def test_a_score_is_never_guessed_between_columns(tmp_path: Path) -> None:
    folder = company(tmp_path, ids(GOOGLE_FORMS, 0, 1))
    export = str(shared("data", "exports", GOOGLE_FORMS))
    ended = perform(Command(["loopback", "ingest", export, "--json"], 1), folder)
    assert "more than one column could be the score" in ended.stderr
    assert "opening keynote" in ended.stderr
    assert "--score 2" in ended.stderr


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company of the real product survey, after ingest and route."""
    folder = company(tmp_path_factory.mktemp("product"), ids(PRODUCT, 0, 1))
    said(folder, "ingest", shared("data", "exports", PRODUCT))
    said(folder, "route")
    return folder


def test_the_nps_is_that_of_the_file(product: Path) -> None:
    total = said(product, "score")["total"][0]
    assert round(total["nps"], 2) == truth(PRODUCT)["truth"]["nps"] == 60.32
    assert total["lower"] < total["nps"] < total["upper"]


def test_the_owners_add_up_to_the_company(product: Path) -> None:
    by_owner = said(product, "score", "--by", "owner")["scores"]
    assert len(by_owner) == OWNERS
    assert sum(row["responses"] for row in by_owner) == 441


def test_reasons_show_the_words_that_gave_them(product: Path) -> None:
    found = said(product, "reasons")
    assert sum(found["coverage"].values()) == 441
    assert all(row["words"] for row in found["tally"])


def test_nineteen_digit_ids_survive_into_every_output(product: Path) -> None:
    listed = set(ids(PRODUCT, 0, 1))
    assert set(exported(product)["customer_id"]) == listed
    assert {i for i in listed for text in texts(product) if i in text} == listed


def texts(folder: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in folder.glob("out/*/sheets/o*.txt")]


def test_every_response_is_in_one_workbook(product: Path) -> None:
    expected = [mark(response) for response in exported(product)["response_id"]]
    found: list[str] = []
    for path in product.glob("out/*/sheets/*.xlsx"):
        page = openpyxl.load_workbook(path).active
        assert page is not None
        head, *calls = page.iter_rows(min_row=4, values_only=True)
        found += [str(call[-1]) for call in calls if head[-1] == "id"]
    assert sorted(found) == sorted(expected)


def test_everyone_gets_one_mail_with_the_sheet_in_three_forms(product: Path) -> None:
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=default)
        for path in sorted((product / "outbox").glob("*.eml"))
    ]
    assert sorted(mail["To"] for mail in mails) == sorted(
        [f"Owner {n} <o{n}@x.example>" for n in range(OWNERS)]
        + [f"Manager {n} <m{n}@x.example>" for n in range(2)]
        + ["Top <top@x.example>"]
    )
    owner = next(mail for mail in mails if mail["To"].startswith("Owner"))
    kinds = [part.get_content_type() for part in owner.walk() if not part.is_multipart()]
    assert kinds[:2] == ["text/plain", "text/html"]
    assert kinds[2].endswith("spreadsheetml.sheet")


def test_the_second_ingest_of_the_same_file_adds_nothing(product: Path) -> None:
    before = sorted(product.glob("ledger/*/*"))
    report = said(product, "ingest", shared("data", "exports", PRODUCT))["reports"][0]
    assert report["already"]
    assert sorted(product.glob("ledger/*/*")) == before


def test_the_second_route_sends_nothing(product: Path) -> None:
    assert said(product, "route")["mails"] == []
