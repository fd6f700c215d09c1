from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback.settings import ListFile
from loopback.steps.oversights import oversights, thousands, unknown
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Said

SETTINGS = """\
[survey]
link = "https://forms.acme.test/?token={token}"
[mail]
sender = "Acme <feedback@acme.test>"
"""


def found(folder: Path, *, settings: str = SETTINGS, **headers: str) -> list[tuple[str, str]]:
    """Return what is said of a workspace whose lists have these headers, and what to do."""
    (folder / "loopback.toml").write_text(settings, encoding="utf-8")
    for name, least in (("customers", "customer_id,name,owner"), ("people", "person_id,name")):
        header = ",".join([least, *([headers[name]] if name in headers else [])])
        row = ",".join("1" for _ in header.split(","))
        (folder / f"{name}.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    return [(problem.what, problem.mend) for problem in oversights(Workspace(folder))]


def test_a_workspace_of_ones_own_has_none(tmp_path: Path) -> None:
    own = "email,region,our_rating,Tier"

    assert found(tmp_path, customers=own, people="email,reports_to,desk") == []


def test_the_examples_of_the_settings_are_named(tmp_path: Path) -> None:
    assert [what for what, _ in found(tmp_path, settings="")] == [
        "the link to the survey is still the example",
        "the sender of the mails is still the example",
    ]


def test_a_column_like_one_of_ours_is_named_with_what_to_write(tmp_path: Path) -> None:
    assert found(tmp_path, people="reportsto", customers="E-Mail,Regions") == [
        (
            "'E-Mail' is not read: did you mean email?",
            'Name it email, or set columns.email = "E-Mail" under [customers].',
        ),
        (
            "'Regions' is not read: did you mean region?",
            'Name it region, or set columns.region = "Regions" under [customers].',
        ),
        (
            "'reportsto' is not read: did you mean reports_to?",
            'Name it reports_to, or set columns.reports_to = "reportsto" under [people].',
        ),
    ]


def test_a_column_beside_the_one_it_is_like_passes_through(tmp_path: Path) -> None:
    assert found(tmp_path, customers="email,emails") == []


def test_a_mapped_column_is_read(tmp_path: Path) -> None:
    mapped = f'{SETTINGS}[people]\ncolumns.reports_to = "reportsto"\n'

    assert found(tmp_path, settings=mapped, people="reportsto") == []


def test_of_a_list_that_cannot_be_read_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "loopback.toml").write_text(SETTINGS, encoding="utf-8")

    assert oversights(Workspace(tmp_path)) == []


def test_entries_of_the_lists_of_those_not_asked_that_are_no_customers_are_said(
    acme: Path, run: Callable[..., Said]
) -> None:
    rotation = '[rotation]\ndo_not_contact = ["never.csv", "gone.csv"]\n'
    (acme / "loopback.toml").write_text(SETTINGS + rotation, encoding="utf-8")
    (acme / "never.csv").write_text("customer_id\nC-1\n004\n", encoding="utf-8")
    leave_out = "customer_id,asked_by,reason\nC-7,anna,ill\nC-2,anna,ill\n"
    (acme / "leave-out.csv").write_text(leave_out, encoding="utf-8")

    checked = run("check", "--json", expect=1).json

    assert [(warning["file"], warning["what"]) for warning in checked["warnings"]] == [
        ("never.csv", "1 of 2 entries match no customer: '004'"),
        ("leave-out.csv", "1 of 2 entries match no customer: 'C-7'"),
    ]
    assert [problem["what"] for problem in checked["problems"]] == ["there is no file gone.csv"]
    assert unknown({"never.csv": pl.Series(["7"])}, pl.DataFrame()) == []


def said(*values: str | None) -> list[tuple[str, int | None, str]]:
    """Return what is said of a list of customers with these values: what, its row, what to do."""
    rows = pl.DataFrame({"row": range(2, len(values) + 2), "value": values})
    return [(p.what, p.row, p.mend) for p in thousands(rows, ListFile(file="customers.csv"))]


def test_a_point_that_may_stand_before_thousands_is_said() -> None:
    [(what, row, mend)] = said("700", "31.706", None, "12.500")

    assert what == "31.706 may mean 31706: it is read with a decimal point, in rows 3, 5"
    assert row == 3
    assert mend.startswith("If the point stands before thousands, write 31706;")


@pytest.mark.parametrize("other", ["12500.50", "0.125", "3.5", "1234.567", "7.1234"])
def test_beside_a_value_with_decimals_a_point_stands_before_decimals(other: str) -> None:
    assert said("31.706", other) == []


def test_a_list_without_values_or_with_whole_ones_is_sound() -> None:
    assert said("700", "31706", None) == []
    assert thousands(pl.DataFrame({"row": [2]}), ListFile(file="customers.csv")) == []


def test_check_warns_of_values_that_may_be_thousands(acme: Path, run: Callable[..., Said]) -> None:
    listed = pl.read_csv(acme / "customers.csv", infer_schema=False)
    listed.with_columns(value=pl.lit("31.706")).write_csv(acme / "customers.csv")

    assert "31.706 may mean 31706" in run("check").err
