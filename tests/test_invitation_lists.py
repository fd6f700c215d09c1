from __future__ import annotations

import codecs
import csv
import io
import re
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopback.errors import LoopbackError
from loopback.exports.layouts import layout
from loopback.grid import grid
from loopback.invitation_lists import GENERIC, files, presets, problems
from tests.exports.drawn import QUALTRICS, SURVEYMONKEY, TYPEFORM, read
from tests.frames import frame
from tests.hostile import hostile

if TYPE_CHECKING:
    from loopback.invitation_lists import Tool

ASKED = ("surveymonkey", "qualtrics", "typeform", "google-forms", "limesurvey", "mailchimp")
SCHEMA = pl.Schema(
    {
        "customer_id": pl.String,
        "email": pl.String,
        "name": pl.String,
        "person": pl.String,
        "language": pl.String,
        "owner": pl.String,
        "owner_name": pl.String,
        "region": pl.String,
        "segment": pl.String,
        "value": pl.Float64,
        "token": pl.String,
        "link": pl.String,
        "month": pl.String,
    }
)
TWO = """
customer_id | email        | name       | person    | language
------------+--------------+------------+-----------+---------
C-2         | b@y.example  | Birch Ltd  | Bob Birch | en
C-1         | a@x.example  | Ahorn Mill | Ida Ahorn | de
"""


def invited(drawing: str) -> pl.DataFrame:
    """Return the invited of a drawing; what it does not say is the same for all."""
    return completed(frame(drawing))


def completed(drawn: pl.DataFrame) -> pl.DataFrame:
    said = {"owner": "anna", "owner_name": "Anna Berg", "month": "2026-11"}
    tokens = [f"{number:032x}" for number in range(drawn.height)]
    links = [f"https://survey.example/?token={token}" for token in tokens]
    made = {"token": pl.Series(tokens, dtype=pl.String), "link": pl.Series(links, dtype=pl.String)}
    return drawn.with_columns(
        **{name: pl.lit(text) for name, text in said.items() if name not in drawn.columns},
        **made,
    ).select(
        pl.col(name) if name in {*drawn.columns, *said, *made} else pl.lit(None, dtype).alias(name)
        for name, dtype in SCHEMA.items()
    )


def parsed(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a list, as any other program reads them."""
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def only(drawing: str, tool: str) -> list[dict[str, str]]:
    """Return the rows of the only list that a tool gets."""
    return parsed(files(invited(drawing), [tool])[f"invitations-{tool}.csv"])


def header(tool: str, held: str) -> str:
    return next(header for header, column in presets()[tool].columns.items() if column == held)


def test_the_generic_list_is_always_there() -> None:
    made = files(invited(TWO), [])

    assert list(made) == ["invitations.csv"]
    assert made["invitations.csv"].decode() == (
        "customer_id,email,name,person,language,owner_name,token,link,first_name,last_name,month\n"
        "C-1,a@x.example,Ahorn Mill,Ida Ahorn,de,Anna Berg,00000000000000000000000000000001,"
        "https://survey.example/?token=00000000000000000000000000000001,Ida,Ahorn,2026-11\n"
        "C-2,b@y.example,Birch Ltd,Bob Birch,en,Anna Berg,00000000000000000000000000000000,"
        "https://survey.example/?token=00000000000000000000000000000000,Bob,Birch,2026-11\n"
    )


def test_every_tool_that_was_promised_is_declared() -> None:
    assert set(ASKED) <= set(presets())


@pytest.mark.parametrize("tool", presets())
def test_a_list_has_the_headers_of_its_tool_even_for_nobody(tool: str) -> None:
    [(_, nobody)] = list(files(invited(TWO).clear(), [tool]).items())[1:]

    assert nobody.decode("utf-8-sig").count("\n") == 1
    [names] = csv.reader(io.StringIO(nobody.decode("utf-8-sig")))
    assert names == list(presets()[tool].columns)


EVERYTHING = {
    "surveymonkey": "a@x.example Ida Ahorn <token> C-1 Ahorn_Mill Anna_Berg de 2026-11",
    "qualtrics": "Ida Ahorn a@x.example C-1 DE <token> Ahorn_Mill Anna_Berg 2026-11",
    "typeform": "a@x.example Ida Ahorn Ahorn_Mill de Anna_Berg <link> <token> C-1 2026-11",
    "google-forms": "a@x.example Ida Ahorn Ahorn_Mill de Anna_Berg <link> <token> C-1 2026-11",
    "formbricks": "a@x.example Ida Ahorn Ahorn_Mill de Anna_Berg <link> <token> C-1 2026-11",
    "limesurvey": "Ida Ahorn a@x.example de <token> Ahorn_Mill Anna_Berg C-1",
    "mailchimp": "a@x.example Ida Ahorn de Ahorn_Mill Anna_Berg C-1 2026-11 <token> <link>",
}


@pytest.mark.parametrize("tool", presets())
def test_a_list_holds_what_its_headers_say(tool: str) -> None:
    one = invited(TWO).filter(pl.col("customer_id") == "C-1")

    [row] = parsed(files(one, [tool])[f"invitations-{tool}.csv"])

    given = {"<token>": one["token"].item(), "<link>": one["link"].item()}
    wanted = [given.get(cell, cell.replace("_", " ")) for cell in EVERYTHING[tool].split()]
    assert list(row.values()) == wanted


# What must hold of the header of each tool, whatever else is in its list.


def test_qualtrics_knows_its_fields_by_these_names() -> None:
    names = list(presets()["qualtrics"].columns)

    assert names[:5] == ["FirstName", "LastName", "Email", "ExternalDataReference", "Language"]


def test_surveymonkey_has_an_address_two_names_and_at_most_six_of_our_own() -> None:
    names = list(presets()["surveymonkey"].columns)

    assert names[:3] == ["Email", "First Name", "Last Name"]
    assert names[3:] == [f"Custom Data {number}" for number in range(1, 7)]


def test_limesurvey_needs_three_columns_and_reads_tokens_of_32_letters() -> None:
    names = {name.partition(" <")[0] for name in presets()["limesurvey"].columns}

    assert names >= {"firstname", "lastname", "email", "token", "language"}
    assert all(re.fullmatch(r"[a-z]+|attribute_\d", name) for name in names)
    [row, _] = only(TWO, "limesurvey")
    assert re.fullmatch(r"[0-9a-zA-Z_~]{1,36}", row["token"])


def test_a_header_for_mailchimp_is_its_own_or_can_be_the_tag_of_a_field() -> None:
    names = list(presets()["mailchimp"].columns)

    assert names[:4] == ["Email Address", "First Name", "Last Name", "Language"]
    assert all(re.fullmatch(r"[A-Z0-9_]{1,10}", name) for name in names[4:])


@pytest.mark.parametrize("tool", presets())
def test_every_list_has_the_token_and_a_name_to_greet(tool: str) -> None:
    assert {"token", "email", "first_name", "last_name"} <= set(presets()[tool].columns.values())


@pytest.mark.parametrize("tool", ["typeform", "google-forms", "formbricks", "mailchimp"])
def test_whoever_sends_for_another_gets_the_link(tool: str) -> None:
    assert "link" in presets()[tool].columns.values()


@pytest.mark.parametrize("tool", presets())
def test_a_list_says_where_a_spreadsheet_would_misread_it(tool: str) -> None:
    [(_, content)] = list(files(invited(TWO).head(1), [tool]).items())[1:]

    assert content.startswith(codecs.BOM_UTF8) == presets()[tool].marked
    assert not files(invited(TWO), [])["invitations.csv"].startswith(codecs.BOM_UTF8)


# Languages

LANGUAGES = """
language   | qualtrics | limesurvey | mailchimp | typeform
-----------+-----------+------------+-----------+-----------
de         | DE        | de         | de        | de
DE         | DE        | de         | de        | DE
de-AT      | DE        | de         | de        | de-AT
de_CH      | DE        | de         | de        | de_CH
da         | DA        | da         | da        | da
en         | EN        | en         | en        | en
en-GB      | EN-GB     | en         | en        | en-GB
fr         | FR        | fr         | fr        | fr
fr-CA      | FR-CA     | fr         | fr_CA     | fr-CA
es         | ES-ES     | es         | es_ES     | es
es-MX      | ES        | es-MX      | es        | es-MX
pt         | PT        | pt         | pt_PT     | pt
pt-BR      | PT-BR     | pt-BR      | pt        | pt-BR
nb         | NO        | nb         | no        | nb
no         | NO        | nb         | no        | no
zh         | ZH-S      | zh-Hans    | zh        | zh
zh-Hans-CN | ZH-S      | zh-Hans    | zh        | zh-Hans-CN
zh-Hant-TW | ZH-T      | zh-Hant-TW | zh        | zh-Hant-TW
tlh        |           |            |           | tlh
German     |           |            |           | German
           |           |            |           |
"""


@pytest.mark.parametrize("tool", ["qualtrics", "limesurvey", "mailchimp", "typeform"])
def test_a_language_is_written_as_the_tool_writes_it(tool: str) -> None:
    drawn = frame(LANGUAGES)
    ids = [f"C-{number:02}" for number in range(drawn.height)]
    people = completed(drawn.select("language", customer_id=pl.Series(ids)))

    rows = parsed(files(people, [tool])[f"invitations-{tool}.csv"])

    found = [row[header(tool, "language")] for row in rows]
    assert found == drawn[tool].fill_null("").to_list()


@pytest.mark.parametrize("tool", [tool for tool in presets().values() if tool.languages])
def test_a_declared_language_is_a_code_that_is_looked_for(tool: Tool) -> None:
    assert all(re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]+)*", code) for code in tool.languages)
    assert {"de", "en", "da", "fr", "es", "it", "nl", "sv", "pl", "pt"} <= set(tool.languages)


# Several files

MIXED = """
customer_id | language
------------+---------
C-1         | de
C-2         | en
C-3         | de-AT
C-4         |
C-5         | whatever
"""


def test_surveymonkey_gets_a_file_a_language() -> None:
    made = files(invited(MIXED), ["surveymonkey"])

    ids = {
        name: [row["Custom Data 2"] for row in parsed(content)]
        for name, content in made.items()
        if name != "invitations.csv"
    }
    assert ids == {
        "invitations-surveymonkey-de.csv": ["C-1", "C-3"],
        "invitations-surveymonkey-en.csv": ["C-2"],
        "invitations-surveymonkey-other.csv": ["C-4", "C-5"],
    }


@pytest.mark.parametrize("language", ["de", None])
def test_one_language_is_one_file(language: str | None) -> None:
    people = invited(MIXED).with_columns(language=pl.lit(language, pl.String))

    assert list(files(people, ["surveymonkey"]))[1:] == ["invitations-surveymonkey.csv"]


def test_a_language_never_leads_the_name_of_a_file_astray() -> None:
    people = invited(MIXED).with_columns(language=pl.Series(["../x", "a/b", "de\n", "", "é"]))

    made = files(people, ["surveymonkey"])

    assert set(made) == {
        "invitations.csv",
        "invitations-surveymonkey-de.csv",
        "invitations-surveymonkey-other.csv",
    }


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [
        (10_000, {"": 10_000}),
        (10_001, {"": 10_000, "-2": 1}),
        (25_000, {"": 10_000, "-2": 10_000, "-3": 5_000}),
    ],
)
def test_a_group_of_surveymonkey_has_at_most_10000(rows: int, sizes: dict[str, int]) -> None:
    ids = [f"C-{number:05}" for number in range(rows)]
    people = completed(pl.DataFrame({"customer_id": ids}))

    made = files(people, ["surveymonkey"])
    del made["invitations.csv"]

    assert {name: len(parsed(content)) for name, content in made.items()} == {
        f"invitations-surveymonkey{ending}.csv": size for ending, size in sizes.items()
    }
    assert [row["Custom Data 2"] for c in made.values() for row in parsed(c)] == ids


def test_qualtrics_refuses_a_column_that_is_empty_for_all() -> None:
    rows = only("customer_id | email\nC-1 | a@x.example\nC-2 |", "qualtrics")

    names = ["Email", "ExternalDataReference", "token", "owner_name", "month"]
    assert [list(row) for row in rows] == [names, names]
    assert [row["Email"] for row in rows] == ["a@x.example", ""]


# Texts that break lists

STRANGE = {
    "comma": "Ahorn, Mill",
    "quote": 'Ahorn "Mill"',
    "line break": "Ahorn\nMill",
    "emoji": "Ahorn 🌳👩‍🌾",
    "right to left": "\u200fדנה כהן\u200e",
    "semicolon": "Ahorn; Mill",
    "tab": "Ahorn\tMill",
    "apostrophe": "'Ahorn'",
    "hyphen inside": "Ahorn-Mill + Birch = @home",
    "dash": "-",
    "letters": "Ærø Søn ß",
}


@pytest.mark.parametrize("name", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("tool", presets())
def test_a_strange_name_arrives_as_it_is(tool: str, name: str) -> None:
    people = invited(TWO).with_columns(name=pl.lit(name), owner_name=pl.lit(name))

    lists = {name: parsed(content) for name, content in files(people.head(1), [tool]).items()}

    [[generic], [row]] = lists.values()
    assert (generic["name"], generic["owner_name"]) == (name, name)
    kept = name.replace("\n", " ") if tool == "limesurvey" else name
    assert {row[header(tool, "name")], row[header(tool, "owner_name")]} == {kept}


FORMULAS = {
    "=1+1": "'=1+1",
    "+Plus AG": "'+Plus AG",
    "-Birch-": "'-Birch-",
    "@home": "'@home",
    '=HYPERLINK("https://x.example")': '\'=HYPERLINK("https://x.example")',
    " \t=1+1": " \t'=1+1",
    "\n=1+1": "\n'=1+1",
    "\r=1+1": "\n'=1+1",
    "Ahorn;=1+1": "Ahorn;'=1+1",
    "Ahorn\t@x": "Ahorn\t'@x",
    "\N{FULLWIDTH EQUALS SIGN}1": "'\N{FULLWIDTH EQUALS SIGN}1",
}


@pytest.mark.parametrize(("name", "written"), FORMULAS.items())
@pytest.mark.parametrize("column", ["name", "person", "language", "owner_name"])
def test_a_spreadsheet_that_opens_a_list_runs_nothing(column: str, name: str, written: str) -> None:
    people = invited(TWO).head(1).with_columns(pl.lit(name).alias(column))

    [row] = parsed(files(people, [])["invitations.csv"])

    assert row[column] == written


@pytest.mark.parametrize("tool", presets())
def test_no_cell_of_any_list_begins_a_formula(tool: str) -> None:
    strings = [string for string in hostile() if string]
    ids = [f"C-{number}" for number in range(len(strings))]
    texts = ("email", "name", "person", "language", "owner_name")
    people = completed(pl.DataFrame({"customer_id": ids, **dict.fromkeys(texts, strings)}))

    made = files(people, [tool])

    cells = [c for content in made.values() for row in parsed(content) for c in row.values()]
    assert len(cells) > 10 * len(strings)
    runs = re.compile(r"\s*[=+\-@].*[(|!]", re.DOTALL)
    assert [cell for cell in cells if runs.match(cell)] == []


def test_what_is_matched_by_stays_as_it_is() -> None:
    drawing = """
    customer_id | email
    ------------+---------------
    -5          | +x@x.example
    007         | =y@y.example
    """

    for tool in presets():
        rows = only(drawing, tool)
        assert [row[header(tool, "customer_id")] for row in rows] == ["-5", "007"]
        assert [row[header(tool, "email")] for row in rows] == ["+x@x.example", "=y@y.example"]


def test_a_key_that_could_call_something_is_no_key() -> None:
    drawing = "customer_id | email\n=A(1) | =cmd!A0"

    [row] = parsed(files(invited(drawing), [])["invitations.csv"])

    assert (row["customer_id"], row["email"]) == ("'=A(1)", "'=cmd!A0")


def test_limesurvey_reads_a_row_a_line_and_takes_a_backslash_for_an_escape() -> None:
    people = invited(TWO).head(1).with_columns(name=pl.lit('A\\"\r\nB\\'))

    content = files(people, ["limesurvey"])["invitations-limesurvey.csv"]

    assert content.count(b"\n") == 2
    assert [row["attribute_1 <company>"] for row in parsed(content)] == ['A/" B/']


def test_the_company_is_never_greeted_by_first_name() -> None:
    drawing = """
    customer_id | name       | person
    ------------+------------+-----------
    C-1         | Ahorn Mill |
    C-2         | Birch Ltd  | Birch Ltd
    C-3         | Cedar      | Frau Elm
    """

    names = {
        tool: [row[header(tool, "first_name")] for row in only(drawing, tool)]
        for tool in presets()
        if not presets()[tool].filled_only
    }

    assert names == {tool: ["", "", ""] for tool in names}


# The way there and back


@pytest.mark.parametrize("tool", presets())
def test_every_list_gives_the_tokens_back_in_order_of_the_customers(tool: str) -> None:
    strings = [string for string in hostile() if string]
    ids = [f"C-{number}" for number in range(len(strings))]
    people = completed(pl.DataFrame({"customer_id": ids[::-1], "name": strings, "person": strings}))

    [generic, own] = [parsed(content) for content in files(people, [tool]).values()]

    ordered = people.sort("customer_id")
    assert [row["token"] for row in generic] == ordered["token"].to_list()
    assert [row[header(tool, "token")] for row in own] == ordered["token"].to_list()
    assert [row[header(tool, "customer_id")] for row in own] == ordered["customer_id"].to_list()


TEXT = st.none() | st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, TEXT), max_size=5))
def test_no_text_breaks_a_list(texts: list[tuple[str | None, ...]]) -> None:
    columns = ["email", "name", "person", "language"]
    drawn = pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String), orient="row")
    ids = [f"C-{number}" for number in range(drawn.height)]
    people = completed(drawn.with_columns(customer_id=pl.Series(ids, dtype=pl.String)))

    made = files(people, presets())

    assert list(parsed(made.pop("invitations.csv"))[0] if ids else GENERIC) == list(GENERIC)
    for tool in presets():
        own = [parsed(content) for name, content in made.items() if f"-{tool}" in name]
        tokens = [row[header(tool, "token")] for rows in own for row in rows]
        assert sorted(tokens) == people["token"].to_list()


def test_a_tool_named_twice_is_one_list_and_the_rows_may_come_in_any_order() -> None:
    people = invited(TWO)

    assert files(people, ["qualtrics", "qualtrics"]) == files(people.reverse(), ["qualtrics"])


# Exports that hold the token of our list, as each tool would write them.

LIMESURVEY_EXPORT = """\
"id","submitdate","lastpage","startlanguage","seed","token","score","comment"
"1","2026-11-20 09:01:00","1","de","1693921","T-1","3","late"
"2","2026-11-20 10:01:00","1","en","830217","T-2","10",""
"""
FORMBRICKS_EXPORT = """\
No.,Response ID,Timestamp,Finished,Tags,1. How likely are you to recommend us?,2. Why?,token
1,r1,2026-11-20 09:01:00,Yes,,3,late,T-1
2,r2,2026-11-20 10:01:00,Yes,,10,,T-2
"""
GOOGLE_FORMS_EXPORT = """\
Timestamp,How likely are you to recommend us?,Why?,token
11/20/2026 9:01:00,3,late,T-1
11/20/2026 10:01:00,10,,T-2
"""


def qualtrics_export() -> str:
    """Return the export of drawn.py with the embedded data of the list as last columns."""
    added = ["token,month", "token,month", '"{""ImportId"":""token""}","{""ImportId"":""month""}"']
    added += ["T-1,2026-11", "T-2,2026-11", "T-3,2026-11", ","]
    return "".join(f"{a},{b}\n" for a, b in zip(QUALTRICS.splitlines(), added, strict=True))


# The layout that ingest takes, the column of the token in it, and the export.
RETURNED = {
    "surveymonkey": ("SurveyMonkey", "Custom Data 1", SURVEYMONKEY),
    "qualtrics": ("Qualtrics", "token", qualtrics_export()),
    "typeform": ("Typeform", "token", TYPEFORM),
    "google-forms": ("Google Forms", "token", GOOGLE_FORMS_EXPORT),
    "formbricks": ("plain", "token", FORMBRICKS_EXPORT),
    "limesurvey": ("LimeSurvey", "token", LIMESURVEY_EXPORT),
}
# Formbricks numbers the rows: of a few answers that may be the score, too.
CHOSEN = {"formbricks": {"score": "1. How likely are you to recommend us?"}}


def test_every_tool_that_asks_gives_the_token_back() -> None:
    assert set(presets()) == {*RETURNED, "mailchimp"}  # which only sends


@pytest.mark.parametrize("tool", RETURNED)
def test_the_token_of_the_list_is_found_in_the_export_of_the_tool(tool: str) -> None:
    taken, column, export = RETURNED[tool]
    first, second = (row[header(tool, "token")] for row in only(TWO.replace("en", "de"), tool))
    answered = export.replace("T-1", first).replace("T-2", second)

    found = read(answered, CHOSEN.get(tool))

    assert layout(grid(answered.encode(), "export.csv")).name == taken
    assert found.roles["token"].partition(" - ")[0] == column
    assert found.answers.answers.select("token", "score").rows() == [(first, 3), (second, 10)]


@pytest.mark.parametrize("tool", ["surveymonkey", "qualtrics"])
def test_a_tool_that_takes_the_token_of_the_list_calls_it_alike_in_the_export(tool: str) -> None:
    assert header(tool, "token") == RETURNED[tool][1]


def test_the_id_of_a_contact_of_qualtrics_comes_back_too() -> None:
    assert header("qualtrics", "customer_id") == "ExternalDataReference"
    assert read(qualtrics_export()).roles["customer"].startswith("ExternalReference")


def test_the_times_of_limesurvey_are_found_when_they_are_named() -> None:
    found = read(LIMESURVEY_EXPORT, {"responded_at": "submitdate"})

    assert found.answers.answers["responded_at"].null_count() == 0


# Settings


@pytest.mark.parametrize(
    ("tool", "mend"),
    [
        ("QUALTRICS", "Did you mean qualtrics?"),
        ("survey monkey", "Did you mean surveymonkey?"),
        ("Google Forms", "Did you mean google-forms?"),
        ("limesurvy", "Did you mean limesurvey?"),
        ("xyzzy", "formbricks, google-forms, limesurvey, mailchimp, qualtrics, surveymonkey"),
        ("", "Known here:"),
    ],
)
def test_a_tool_that_is_not_known_gets_a_suggestion(tool: str, mend: str) -> None:
    [problem] = problems(["typeform", tool])

    assert problem.file == "loopback.toml"
    assert repr(tool) in problem.what
    assert "survey.tools" in problem.what
    assert mend in problem.mend


def test_every_tool_that_is_known_is_no_problem() -> None:
    assert problems(list(presets())) == []
    assert problems([]) == []


def test_no_list_is_made_for_a_tool_that_is_not_known() -> None:
    with pytest.raises(LoopbackError, match="there is no list for 'qualtrix'"):
        files(invited(TWO), ["qualtrics", "qualtrix"])
