from __future__ import annotations

from typing import TYPE_CHECKING

from loopback.steps.oversights import oversights
from loopback.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

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
