from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tests.conftest import TODAY, answer, build
from tests.shared import shared
from tests.trees import tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Said

    Run = Callable[..., Said]

FRAME = """
[[reason]]
id = "speed"
label = "Speed"
any = ["late", "on time"]
[[reason]]
id = "price"
label = "Price"
any = [
  "dear", "cheap",  # both ways
]
"""
ROWS = (
    "C-1,2026-11-20,3,late and not cheap,Price;Parking",
    "C-2,2026-11-20,10,on time,",
    "C-3,2026-11-20,9,,Speed",
    "C-4,2026-11-20,0,pasword lost,Price",
)


@pytest.fixture
def told(acme: Path, run: Run) -> Path:
    """The small workspace with a code frame of its own, and four answers, three with ticks."""
    (acme / "reasons.toml").write_text(FRAME, encoding="utf-8")
    run("sample", "--today", TODAY)
    path = answer(acme, *ROWS)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("score,comment", "score,comment,ticked"), encoding="utf-8")
    run("ingest", path, "--today", TODAY)
    return acme


def rows(table: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in table]


@pytest.mark.usefixtures("told")
def test_coded_and_ticked_reasons_stand_apart_each_with_its_own_base(run: Run) -> None:
    said = run("reasons", "--today", TODAY, "--json").json

    assert rows(said["tally"], "reason", "comments", "base", "nps", "without", "impact") == [
        ("speed", 2, 3, 0.0, -100.0, pytest.approx(200 / 3)),
        ("price", 1, 3, -100.0, 0.0, pytest.approx(-100 / 3)),
    ]
    assert rows(said["tally"], "low", "high") == [
        ("late and not cheap", "on time"),
        ("late and not cheap", None),
    ]
    assert rows(said["ticked"], "answer", "reason", "responses", "base", "coded") == [
        ("Price", "price", 2, 3, 1),
        ("Parking", None, 1, 3, 0),
        ("Speed", "speed", 1, 3, 0),
    ]
    assert said["coverage"] == {
        "silent": 1, "empty": 0, "specific": 2, "general": 0, "uncovered": 1,
    }  # fmt: skip


@pytest.mark.usefixtures("told")
def test_the_tally_is_printed_with_both_ends_of_the_scale(run: Run) -> None:
    said = run("reasons", "--today", TODAY).out

    assert "  - late and not cheap" in said
    assert "  + on time" in said
    assert "Reasons ticked in the survey, apart from those above" in said


@pytest.mark.usefixtures("told")
def test_one_comment_is_explained_with_each_match_marked(run: Run) -> None:
    by_customer = run("reasons", "show", "C-1")
    [found] = run("reasons", "show", "C-1", "--json").json

    assert "  [late] and not [cheap]" in by_customer.out
    assert "price: 'cheap' by 'cheap', letters 14 to 18, a negation before it" in by_customer.out
    assert found["reasons"] == {"speed": "Speed", "price": "Price"}
    assert found["ticked"] == "Price;Parking"
    assert run("reasons", "show", found["response_id"]).out == by_customer.out
    assert "nobody with the id 'C-9'" in run("reasons", "show", "C-9", expect=1).err


def test_a_theme_is_written_into_the_frame_and_then_found(told: Path, run: Run) -> None:
    run("reasons", "discover", "--add", "pas*", "--reason", "access", expect=2)
    run("reasons", "discover", "--add", "pas*", "--reason", "access", "--label", "Access")
    run("reasons", "discover", "--add", "teuer", "--reason", "price", "--language", "de")

    assert (told / "reasons.toml").read_text(encoding="utf-8").startswith(FRAME.rstrip())
    assert "  # both ways" in (told / "reasons.toml").read_text(encoding="utf-8")
    found = run("reasons", "--today", TODAY, "--json").json["tally"]
    assert [row["label"] for row in found if row["reason"] == "access"] == ["Access"]


@pytest.mark.usefixtures("told")
def test_discovering_in_few_comments_says_that_there_is_nothing(run: Run) -> None:
    said = run("reasons", "discover", "--today", TODAY)

    assert said.out.count("nothing that chance alone would not show") == 3


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_sheet_coded_by_two_people_comes_back_as_their_agreement(
    told: Path, run: Run, ending: str
) -> None:
    wrote = run("reasons", "code", "--sample", 3, "--coders", 2, "--to", f"h.{ending}", "--json")
    names = [told / f"h-{number}.{ending}" for number in (1, 2)]
    assert wrote.json["comments"] == 3
    read = pl.read_csv if ending == "csv" else pl.read_excel
    blank = read(names[0], infer_schema_length=0)
    assert "score" not in blank.columns
    for number, name in enumerate(names):
        late = pl.col("comment").str.contains("late|on time")
        marks = blank.cast(pl.String).with_columns(
            speed=pl.when(late).then(pl.lit("x")),
            price=pl.when(pl.col("comment").str.contains("cheap") & (number == 0)).then(
                pl.lit("x")
            ),
            **{"none of these": pl.when(~late).then(pl.lit("x"))},
        )
        marks.write_csv(name) if ending == "csv" else marks.write_excel(name)

    said = run("reasons", "test", *names, "--json").json

    assert said["comments"] == 3
    assert rows(said["reasons"], "reason", "people", "frame", "both", "f1") == [
        ("price", 1, 1, 1, 1.0),
        ("speed", 2, 2, 2, 1.0),
    ]
    assert rows(said["coders"], "reason", "comments", "alpha", "kappas") == [
        ("price", 3, 0.0, [0.0]),
        ("speed", 3, 1.0, [1.0]),
    ]


def test_a_published_frame_is_as_good_as_was_published(run: Run) -> None:
    file = shared("data", "text", "nhs.jsonl")
    frame = shared("data", "text", "frames", "nhs.toml")

    said = run("reasons", "test", file, "--frame", frame, "--json").json

    by_reason = {row["reason"]: row for row in said["reasons"]}
    assert by_reason["Timeliness of care"]["people"] == 755
    assert said["overall"]["micro_f1"] == pytest.approx(0.55, abs=0.03)
    assert said["audited"]["micro_f1"] > said["overall"]["micro_f1"]
    assert {row["precision"] < 0.4 and row["comments"] >= 3 for row in said["audit"]} == {True}


def test_a_file_whose_reasons_the_frame_lacks_is_refused(told: Path, run: Run) -> None:
    (told / "l.csv").write_text("comment,codes\nlate,Parking\n", encoding="utf-8")

    assert "none of the reasons given is known" in run("reasons", "test", "l.csv", expect=1).err


@pytest.mark.parametrize("command", ["show C-1", "code --sample 5 --to h.csv"])
def test_comments_of_employees_are_shown_to_nobody(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    folder = build(tmp_path / "staff", settings='audience = "employees"\n')
    monkeypatch.chdir(folder)

    assert "confidential" in run("reasons", *command.split(), expect=1).err


def test_scores_of_a_reason_that_few_employees_gave_are_not_shown(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = ["customer_id,name,owner"] + [f"A-{n},Ann {n},anna" for n in range(20)]
    settings = 'audience = "employees"\n[rotation]\nasks_per_year = 12\n'
    folder = build(tmp_path / "staff", customers="\n".join(lines) + "\n", settings=settings)
    (folder / "reasons.toml").write_text(FRAME, encoding="utf-8")
    monkeypatch.chdir(folder)
    run("sample", "--today", TODAY)
    said = [f"A-{n},2026-11-20,9,on time" for n in range(8)]
    said += [f"A-{n},2026-11-20,5,hm" for n in range(8, 14)] + ["A-14,2026-11-20,0,too dear"]
    run("ingest", answer(folder, *said), "--today", TODAY)

    found = run("reasons", "--today", TODAY, "--json").json["tally"]

    names = ("reason", "comments", "nps", "detractors", "words")
    assert rows(found, *names) == [
        ("speed", 8, 100.0, 0, "on time"),
        ("price", 1, None, None, None),
    ]
    assert "low" not in found[0]


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("said", "idle"),
    [
        ("--sample 2 --frame reasons.toml", "--frame does nothing with --sample"),
        ("--sample 2 --column text", "--column does nothing with --sample"),
        ("--sample 2 --language-column lang", "--language-column does nothing with --sample"),
        ("november.csv --sample 2", "a file does nothing with --sample"),
        ("a.csv --frame reasons.toml --coders 2", "--coders does nothing without --sample"),
        ("a.csv --frame reasons.toml --seed 7", "--seed does nothing without --sample"),
        ("a.csv --frame reasons.toml --workspace .", "--workspace does nothing with --frame"),
    ],
)
def test_what_would_do_nothing_is_refused(run: Run, tmp_path: Path, said: str, idle: str) -> None:
    to = tmp_path / "out.csv"

    assert idle in run("reasons", "code", *said.split(), "--to", to, expect=2).err
    assert not to.exists()


@pytest.mark.parametrize(
    ("said", "idle"),
    [
        ("--by owner discover", "--by does nothing before discover"),
        ("--month 2026-11 show C-1", "--month does nothing before show"),
        ("--json test a.csv", "--json does nothing before test"),
        ("--last 3 discover", "--last does nothing before discover"),
        ("--today 2026-11-26 discover", "--today does nothing before discover"),
        ("discover --label Access", "--label does nothing without --add"),
        ("discover --language de", "--language does nothing without --add"),
        ("discover --add x --reason price --top 3", "--top does nothing with --add"),
        ("discover --add x --reason price --month 2026-11", "--month does nothing with --add"),
        ("test a.csv --frame reasons.toml --workspace .", "--workspace does nothing with --frame"),
    ],
)
def test_an_option_where_it_would_do_nothing_is_refused(
    told: Path, run: Run, said: str, idle: str
) -> None:
    before = tree(told)

    assert idle in run("reasons", *said.split(), expect=2).err
    assert tree(told) == before


@pytest.mark.usefixtures("told")
def test_a_file_is_coded_with_the_frame_of_the_workspace_where_none_is_named(
    run: Run, tmp_path: Path
) -> None:
    file, to = tmp_path / "c.csv", tmp_path / "o.csv"
    file.write_text("comment\nso late\n", encoding="utf-8")

    run("reasons", "code", file, "--to", to, "--workspace", ".")

    assert to.read_text(encoding="utf-8").splitlines()[1] == "so late,speed,speed: late"


def test_terms_that_find_nothing_are_named_with_their_lines(told: Path, run: Run) -> None:
    path = told / "l.csv"
    path.write_text("comment,codes\n" + "on time,speed\n" * 200, encoding="utf-8")

    said = run("reasons", "test", path)

    assert "'cheap' is in none of 200 comments (reasons.toml, line 10)" in said.err
    assert "on time" not in said.err


def test_an_answer_of_which_only_the_ticks_changed_is_a_newer_event(told: Path, run: Run) -> None:
    path = answer(told, "C-1,2026-11-20,3,late and not cheap,Parking", name="b.csv")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("score,comment", "score,comment,ticked"), encoding="utf-8")
    run("ingest", path, "--today", TODAY)

    said = run("reasons", "--today", TODAY, "--json").json["ticked"]
    assert rows(said, "answer", "responses") == [("Parking", 1), ("Price", 1), ("Speed", 1)]
