"""The options that commands share, each declared once."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopback.nps.method import Method

if TYPE_CHECKING:
    from loopback.clock import Clock
    from loopback.workspace import Workspace


class Group(StrEnum):
    """What scores and reasons can be grouped by."""

    OWNER = "owner"
    REGION = "region"
    SEGMENT = "segment"
    LANGUAGE = "language"
    MONTH = "month"


class Frame(StrEnum):
    """The code frames to start from."""

    B2B = "b2b"
    RETAIL = "retail"
    SOFTWARE = "software"


class Book(StrEnum):
    """What a plan can be grouped by."""

    OWNER = "owner"
    REGION = "region"
    SEGMENT = "segment"


class Scale(StrEnum):
    """The scales an export can be on."""

    FROM_ZERO = "0-10"
    FROM_ONE = "1-10"


TOP = 10  # of a scale
WORKSPACE_HELP = "The folder of the workspace; else LOOPBACK_WORKSPACE, else the current folder."

Folder = Annotated[Path | None, typer.Option("--workspace", "-w", help=WORKSPACE_HELP)]
Today = Annotated[
    datetime | None,
    typer.Option("--today", formats=["%Y-%m-%d"], help="Run as of this day.", metavar="DAY"),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", "-n", help="Say what would be done; do nothing.")
]
Month = Annotated[
    str | None, typer.Option("--month", "-m", help="The month, such as 2026-11.", metavar="MONTH")
]
Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="The sheet of this person alone: a person_id.", metavar="OWNER"),
]
Everyone = Annotated[
    bool, typer.Option("--all", help="Mail everyone's sheet, also where nothing in it is new.")
]
Preview = Annotated[
    bool, typer.Option("--preview", help="Write the sheets and open one; send nothing.")
]
DeliveryStatus = Annotated[
    bool, typer.Option("--status", help="Show what became of each mail; send nothing.")
]
ResendUnsure = Annotated[
    bool, typer.Option("--resend-unsure", help="Send again what may or may not have arrived.")
]
UnsureArrived = Annotated[
    bool, typer.Option("--unsure-arrived", help="Record that what was unsure has arrived.")
]
Add = Annotated[
    bool, typer.Option("--add", help="Ask also those who became due after the month was drawn.")
]
By = Annotated[Group | None, typer.Option("--by", help="Group by this.")]
Last = Annotated[
    int | None, typer.Option("--last", min=1, max=120, help="How many months to pool.", metavar="N")
]
Monthly = Annotated[bool, typer.Option("--monthly", help="Show each month of each group.")]
Back = Annotated[
    int, typer.Option("--last", min=1, max=60, help="How many months to look back.", metavar="N")
]
ByBook = Annotated[Book | None, typer.Option("--by", help="Group by this.")]
Ahead = Annotated[
    int, typer.Option("--months", min=1, max=60, help="How many months to look ahead.")
]
MethodOption = Annotated[Method, typer.Option("--method", help="How the interval is made.")]
Confidence = Annotated[
    float | None,
    typer.Option("--confidence", help="How sure an interval shall be, such as 0.9.", metavar="C"),
]
Counted = Annotated[
    str | None,
    typer.Option(
        "--counts", help="Reckon with these detractors, passives, promoters.", metavar="D,N,P"
    ),
]
Versus = Annotated[
    str | None, typer.Option("--versus", help="The counts to compare with.", metavar="D,N,P")
]
Needed = Annotated[
    float | None,
    typer.Option("--needed", help="How many answers it takes to be this near.", metavar="POINTS"),
]
BookInterval = Annotated[
    bool, typer.Option("--book-interval", help="Show the score of just the customers listed.")
]
Bounds = Annotated[
    bool,
    typer.Option("--bounds", help="Show the scores if all who are silent were against, or for."),
]
ValueOption = Annotated[
    bool, typer.Option("--value", help="Show the score in which customers count by their value.")
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account", help="Count each account once, by this column of the list.", metavar="COLUMN"
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        "--weight", help="Weight classes as they were asked: region,segment.", metavar="COLUMNS"
    ),
]
Rake = Annotated[
    str | None,
    typer.Option("--rake", help="Weight each column as it was asked.", metavar="COLUMNS"),
]
FunnelOption = Annotated[
    bool, typer.Option("--funnel", help="Draw the funnel plot, here or in FILE.")
]
FunnelFile = Annotated[
    Path | None,
    typer.Argument(metavar="[FILE]", help="With --funnel: an .svg or .png to draw it in."),
]
ScoresFile = Annotated[
    Path | None,
    typer.Option("--to", help="Write the scores to a .csv, .json, .parquet or .xlsx."),
]
Files = Annotated[
    list[Path] | None, typer.Argument(help="Exports of your survey tool, - for stdin.")
]
Rematch = Annotated[
    bool, typer.Option("--rematch", help="Match again the answers that match no customer.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Read all exports in raw/ again, after a mapping changed.")
]
ScoreColumn = Annotated[
    str | None, typer.Option("--score", help="The column of the score: its header or number.")
]
CommentColumn = Annotated[str | None, typer.Option("--comment", help="The column of the comment.")]
CustomerColumn = Annotated[
    str | None, typer.Option("--customer", help="The column of the customer id.")
]
TokenColumn = Annotated[str | None, typer.Option("--token", help="The column of the token.")]
TimeColumn = Annotated[
    str | None, typer.Option("--responded-at", help="The column of the time of the answer.")
]
ScaleOption = Annotated[
    Scale | None, typer.Option("--scale", help="The scale of the scores in the file.")
]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="Read the file as an export of this tool.")
]
SheetOption = Annotated[
    str | None, typer.Option("--sheet", help="The sheet of a workbook: its name or number.")
]
WordOption = Annotated[
    list[str] | None,
    typer.Option("--word", metavar="WORD=N", help='What a word means: "Absolutely=10".'),
]
EncodingOption = Annotated[
    str | None, typer.Option("--encoding", help="The encoding of the file, such as cp1252.")
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Say what was recognised, and why; take nothing in.")
]
DayFirst = Annotated[
    bool | None,
    typer.Option("--day-first/--month-first", help="Read 4/3/2026 as 4 March, or as April 3."),
]
CommentsFile = Annotated[
    Path | None,
    typer.Argument(metavar="[COMMENTS]", help="A .csv, .xlsx, .jsonl or .parquet with comments."),
]
FrameFile = Annotated[
    Path | None,
    typer.Option("--frame", help="The code frame; else that of the workspace.", metavar="FILE"),
]
CodedFile = Annotated[
    Path, typer.Option("--to", help="The file to write: .parquet, .csv or .jsonl.")
]
SampleSize = Annotated[
    int | None,
    typer.Option(
        "--sample", min=1, help="Write so many comments to be coded by hand.", metavar="N"
    ),
]
Coders = Annotated[
    int, typer.Option("--coders", min=1, max=9, help="With --sample: a sheet for each coder.")
]
SeedText = Annotated[
    str, typer.Option("--seed", help="With --sample: another seed draws other comments.")
]
Labelled = Annotated[
    list[Path],
    typer.Argument(metavar="LABELLED", help="Comments with the reasons people gave; a coder each."),
]
ReasonsColumn = Annotated[
    str | None, typer.Option("--codes", help="The column of the reasons that people gave.")
]
Audit = Annotated[
    bool, typer.Option("--audit", help="Show the terms to drop, and the frame without them.")
]
Who = Annotated[
    str, typer.Argument(metavar="CUSTOMER|RESPONSE", help="A customer_id or a response_id.")
]
Top = Annotated[int, typer.Option("--top", min=1, max=100, help="How many of each list.")]
AddTerm = Annotated[
    list[str] | None,
    typer.Option("--add", metavar="TERM", help="Write a term into the code frame."),
]
ReasonId = Annotated[
    str | None, typer.Option("--reason", metavar="ID", help="With --add: the reason it gives.")
]
Label = Annotated[
    str | None, typer.Option("--label", help="With --add: the label, where the reason is new.")
]
OfLanguage = Annotated[
    str | None,
    typer.Option(
        "--language", metavar="de", help="With --add: only for comments in this language."
    ),
]
NamedColumn = Annotated[
    str | None,
    typer.Option("--column", help="The column of the comment: its header or number."),
]
LanguageColumn = Annotated[
    str | None, typer.Option("--language-column", help="The column of the language, such as de.")
]
Repair = Annotated[
    bool, typer.Option("--repair", help="Remove the files that killed runs left in the ledger.")
]
TableName = Annotated[
    str, typer.Argument(metavar="TABLE", help="Such as responses or invitations.")
]
ToFile = Annotated[Path, typer.Option("--to", help="A file that ends in .csv, .xlsx or .parquet.")]
RowsFile = Annotated[
    Path | None,
    typer.Option("--to", help="Write the rows to a file that ends in .csv, .xlsx or .parquet."),
]
BreachesFile = Annotated[
    Path | None,
    typer.Option("--to", help="Write all that breaks a guarantee to a .csv, .xlsx or .parquet."),
]
History = Annotated[bool, typer.Option("--history", help="Every event, not the current state.")]
ByName = Annotated[
    bool, typer.Option("--by-name", help="Write answers of employees too, with who gave each.")
]
ExcelSafe = Annotated[
    bool, typer.Option("--excel-safe", help="Guard text in a CSV that a spreadsheet would run.")
]
NewFolder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")]
StartingFrame = Annotated[
    Frame, typer.Option("--frame", help="The code frame to start from: who your customers are.")
]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same company.")]
Months = Annotated[int, typer.Option("--months", min=1, max=36, help="How many months to live.")]
CompanySize = Annotated[int, typer.Option("--customers", min=60, help="How many customers.")]


def words_of(pairs: list[str] | None) -> dict[str, int | str]:
    """Return what words are said to mean, each as `WORD=N`."""
    words: dict[str, int | str] = {}
    for pair in pairs or []:
        word, _, number = (part.strip() for part in pair.rpartition("="))
        whole = number.isascii() and number.isdecimal() and int(number) <= TOP
        if not word or not (whole or number == "none"):
            what = f'{pair!r} is not a word and its number: write --word "Absolutely=10"; or =none'
            raise typer.BadParameter(what)
        words[word] = int(number) if whole else number
    return words


def workspace_of(context: typer.Context, folder: Path | None) -> Workspace:
    """Return the workspace that is named after the command, before it, or nowhere: then here."""
    from loopback.workspace import Workspace

    return Workspace(folder or context.obj or Path())


def clock_at(today: datetime | None) -> Clock:
    """Return the clock of the day that is named, or of this moment."""
    from loopback.clock import clock_of

    return clock_of(today.date() if today else None)
