"""Exports of survey tools, drawn: a few lines each, as the tools write them."""

from __future__ import annotations

from typing import NamedTuple

from loopback.exports.answers import Answers, answers
from loopback.exports.layouts import layout
from loopback.exports.roles import Roles, roles
from loopback.grid import Grid, grid

QUALTRICS = """\
StartDate,EndDate,Status,Finished,RecordedDate,ResponseId,RecipientEmail,ExternalReference,UserLanguage,QID1,QID2_TEXT
Start Date,End Date,Response Type,Finished,Recorded Date,Response ID,Recipient Email,External Data Reference,User Language,How likely are you to recommend us?,What are the reasons?
"{""ImportId"":""startDate"",""timeZone"":""UTC""}","{""ImportId"":""endDate"",""timeZone"":""UTC""}","{""ImportId"":""status""}","{""ImportId"":""finished""}","{""ImportId"":""recordedDate"",""timeZone"":""UTC""}","{""ImportId"":""_recordId""}","{""ImportId"":""recipientEmail""}","{""ImportId"":""externalDataReference""}","{""ImportId"":""userLanguage""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2_TEXT""}"
2026-11-20 09:00:00,2026-11-20 09:01:00,IP Address,True,2026-11-20 09:01:02,R_1,mill@ahorn.example,C-1,DE,3,zu spät
2026-11-20 10:00:00,2026-11-20 10:01:00,IP Address,True,2026-11-20 10:01:02,R_2,tools@birch.example,C-2,EN,10,
2026-11-20 11:00:00,2026-11-20 11:00:30,IP Address,False,2026-11-21 11:00:30,R_3,foods@cedar.example,C-3,EN,7,
2026-11-20 12:00:00,2026-11-20 12:00:30,Survey Preview,True,2026-11-20 12:00:30,R_4,,,EN,0,just a test
"""  # noqa: E501 - the lines are those of the tool
QUALTRICS_OF_PYTHON = QUALTRICS.replace('{""ImportId"":""', "{'ImportId': '").replace('""}', "'}")
SURVEYMONKEY = """\
Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,How likely are you to recommend us?,Why?
,,,,,,,,,Response,Open-Ended Response
11800000000000000001,400000001,11/20/2026 09:00:00 AM,11/20/2026 09:01:00 AM,,mill@ahorn.example,,,T-1,3,late
11800000000000000002,400000001,11/20/2026 01:00:00 PM,11/20/2026 01:01:00 PM,,tools@birch.example,,,T-2,10,
"""  # noqa: E501 - the lines are those of the tool
TYPEFORM = """\
#,How likely are you to recommend us?,What are the reasons?,token,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags
a1,3,late,T-1,completed,2026-11-20 09:00:00,,2026-11-20 09:01:00,n1,
a2,10,,T-2,completed,2026-11-20 10:00:00,,2026-11-20 10:01:00,n1,
a3,7,,T-3,partial,2026-11-20 11:00:00,,,n2,
"""  # noqa: E501 - the lines are those of the tool
GOOGLE_FORMS = """\
Timestamp,Email Address,How likely are you to recommend us?,Why?
11/20/2026 9:01:00,mill@ahorn.example,3,late
11/20/2026 10:01:00,tools@birch.example,10,
"""
PLAIN = """\
token,submitted,score,comment,status
T-1,2026-11-20,3,late,complete
T-2,2026-11-20,10,,complete
T-3,2026-11-20,7,,partial
"""
DRAWN = {
    "Qualtrics": QUALTRICS,
    "SurveyMonkey": SURVEYMONKEY,
    "Typeform": TYPEFORM,
    "Google Forms": GOOGLE_FORMS,
    "plain": PLAIN,
}


class Read(NamedTuple):
    """An export as far as `ingest` reads it without knowing any customer."""

    layout: str
    roles: Roles
    answers: Answers


def cells(content: str) -> Grid:
    return grid(content.encode(), "export.csv")


def read(
    content: str,
    chosen: Roles | None = None,
    *,
    scale: str | None = None,
    day_first: bool | None = None,
) -> Read:
    """Read an export; `chosen` names the columns of roles, as the user would."""
    drawn = cells(content)
    built = layout(drawn)
    rows = built.rows(drawn)
    found = roles(rows, built, chosen or {}, "export.csv")
    uneven = drawn.uneven(built.headers)
    held = answers(rows, uneven, built, found, "export.csv", scale=scale, day_first=day_first)
    return Read(built.name, found, held)
