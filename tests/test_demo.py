from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import polars as pl
import pytest

from loopback.cli import main
from loopback.clock import clock_of
from loopback.demo import company
from loopback.demo.voices import phrases
from loopback.demo.year import Lived, demo
from loopback.ledger import Ledger
from loopback.tables import BOUNCES, INVITATIONS, REJECTS, RESPONSES

if TYPE_CHECKING:
    from loopback.tables import Table

TODAY = clock_of(date(2026, 11, 22))
CUSTOMERS, MONTHS = 1_200, 6


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Half a year of a company of 1,200 customers."""
    return demo(tmp_path_factory.mktemp("demo") / "demo", 1, MONTHS, CUSTOMERS, TODAY)


def rows(lived: Lived, table: Table) -> pl.DataFrame:
    return Ledger(lived.folder / "ledger").rows(table)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in {"holder", "verified.json"}
    }


def test_the_same_seed_and_day_give_the_same_company_answers_and_sheets(
    lived: Lived, tmp_path: Path
) -> None:
    again = demo(tmp_path / "demo", 1, MONTHS, CUSTOMERS, TODAY)
    assert contents(again.folder) == contents(lived.folder)


def test_each_of_many_owners_has_a_name_that_nobody_else_bears(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(company, "OWNERS", 2_000)

    owners = company.founded(8_000, date(2026, 11, 22), Random(1)).owners  # noqa: S311 - made up

    assert len({owner.name for owner in owners.values()}) == len(owners) == 2_000


def test_another_seed_gives_another_company(lived: Lived, tmp_path: Path) -> None:
    other = demo(tmp_path / "demo", 2, 1, 60, TODAY)
    assert (other.folder / "people.csv").read_bytes() != (lived.folder / "people.csv").read_bytes()


def test_it_has_regions_segments_and_three_levels_of_managers(lived: Lived) -> None:
    people = pl.read_csv(lived.folder / "people.csv")
    customers = pl.read_csv(lived.folder / "customers.csv")
    assert customers["region"].n_unique() == 8
    assert customers["segment"].n_unique() == 4
    assert people["role"].value_counts().sort("role").rows() == [
        ("account manager", 150),
        ("managing director", 1),
        ("regional manager", 8),
        ("sales director", 3),
    ]


def test_books_are_skewed(lived: Lived) -> None:
    books = Counter(pl.read_csv(lived.folder / "customers.csv")["owner"])
    assert max(books.values()) > 4 * CUSTOMERS / len(books)


def test_customers_come_go_opt_out_and_change_hands(lived: Lived) -> None:
    customers = pl.read_csv(lived.folder / "customers.csv")
    invitations = rows(lived, INVITATIONS)
    held = invitations.join(customers, "customer_id", suffix="_now")
    assert (held["owner"] != held["owner_now"]).any()
    assert (customers["opted_out"] == "yes").any()
    gone = invitations.join(customers, "customer_id", how="anti")
    assert gone.height > 0
    assert (customers["joined"] >= "2026-06").any()


def test_nobody_is_asked_twice_in_half_a_year(lived: Lived) -> None:
    invitations = rows(lived, INVITATIONS)
    assert invitations["customer_id"].is_unique().all()
    assert invitations.group_by("month").len()["len"].is_between(85, 115).all()


def test_some_answers_are_late_given_twice_or_never_arrived(lived: Lived) -> None:
    responses = rows(lived, RESPONSES)
    came = responses["recorded_at"].dt.strftime("%Y-%m")
    assert (came > responses["month"]).any()
    assert responses["token"].is_duplicated().any()
    assert rows(lived, BOUNCES).height > 0
    assert rows(lived, REJECTS).height == 0
    assert responses["customer_id"].null_count() == 0


def test_comments_are_in_three_languages(lived: Lived) -> None:
    spoken = rows(lived, RESPONSES).drop_nulls("comment")["language"]
    assert set(spoken) == {"en", "de", "da"}


def test_what_customers_say_follows_their_score(lived: Lived) -> None:
    praise = {s for said in phrases().values() for list_ in said["good"].values() for s in list_}
    scores = rows(lived, RESPONSES).drop_nulls("comment")
    praising = scores.filter(pl.col("comment").is_in(list(praise)))
    assert praising.height > 10
    assert praising["score"].min() == 9


def test_everything_made_up_says_so(lived: Lived) -> None:
    assert "made up" in (lived.folder / "loopback.toml").read_text(encoding="utf-8")
    assert all(path.name.startswith("made-up") for path in (lived.folder / "exports").iterdir())
    assert all("made up" in p.read_text("utf-8") for p in lived.folder.glob("out/*/sheets/*.txt"))
    addresses = pl.read_csv(lived.folder / "customers.csv")["email"].drop_nulls()
    assert addresses.str.ends_with(".example").all()


def test_the_places_to_look_are_there(lived: Lived) -> None:
    assert lived.places
    assert [place for place in lived.places.values() if not Path(place).exists()] == []


def test_the_readme_shows_what_the_demo_really_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo(tmp_path / "demo", 1, 12, 12_000, TODAY)
    with pytest.raises(SystemExit):
        main(["score", "--by", "region", "-w", str(tmp_path / "demo"), "--today", "2026-11-22"])
    printed = "\n".join(line.rstrip() for line in capsys.readouterr().out.strip().splitlines())
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"```\n{printed}\n```" in readme
