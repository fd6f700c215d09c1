"""Exports of survey tools, drawn: a few lines each, as the tools write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from loopback.exports.reading import Reading, reading, recognised
from loopback.grid import Grid, grid
from loopback.settings import Exports

if TYPE_CHECKING:
    from loopback.exports.answers import Answers
    from loopback.exports.roles import Known, Roles

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
QUALTRICS_LEGACY = """\
V1,V2,V4,V5,V7,V8,V9,V10,Q1,Q2,
ResponseID,ResponseSet,ExternalDataReference,EmailAddress,Status,StartDate,EndDate,Finished,How likely are you to recommend us?,What are the reasons?,
R_1,Default,C-1,mill@ahorn.example,0,2026-11-20 09:00:00,2026-11-20 09:01:00,1,3,late,
R_2,Default,C-2,tools@birch.example,0,2026-11-20 10:00:00,2026-11-20 10:01:00,1,10,,
R_3,Default,C-3,foods@cedar.example,0,2026-11-20 11:00:00,2026-11-20 11:01:00,0,7,,
R_4,Default,,,1,2026-11-20 12:00:00,2026-11-20 12:01:00,1,0,just a test,
"""  # noqa: E501 - the lines are those of the tool
SURVEYMONKEY_EXPANDED = """\
Respondent ID,Collector ID,End Date,Email Address,How likely are you to recommend us?,,,,,,,,,,,
,,,,0 - Not at all likely,1,2,3,4,5,6,7,8,9,10 - Extremely likely,Why?
118000000001,4001,11/20/2026 09:01:00 AM,mill@ahorn.example,,,,3,,,,,,,,late
118000000002,4001,11/20/2026 10:01:00 AM,tools@birch.example,,,,,,,,,,,10 - Extremely likely,
"""
TYPEFORM_OLD = """\
#,How likely are you to recommend us?,What are the reasons?,token,Start Date (UTC),Submit Date (UTC),Network ID
a1,3,late,T-1,2026-11-20 09:00:00,2026-11-20 09:01:00,n1
a2,10,,T-2,2026-11-20 10:00:00,2026-11-20 10:01:00,n1
"""  # noqa: E501 - the lines are those of the tool
GOOGLE_FORMS_GERMAN = """\
Zeitstempel,E-Mail-Adresse,Wie wahrscheinlich ist es?,Warum?
2026/11/20 10:01:00 AM MEZ,mill@ahorn.example,3,zu spät
2026/11/20 11:01:00 AM MEZ,tools@birch.example,10,
"""
MICROSOFT_FORMS = """\
ID,Start time,Completion time,Email,Name,How likely are you to recommend us?,Why?,token
1,11/20/2026 9:00:00,11/20/2026 9:01:00,anonymous,,3,late,T-1
2,11/20/2026 10:00:00,11/20/2026 10:01:00,anonymous,,10,,T-2
"""
LIMESURVEY_CODES = """\
"id","submitdate","lastpage","startlanguage","seed","token","NPS","WHY"
"1","2026-11-20 09:01:00","2","de","11","T-1","3","zu spät"
"2","2026-11-20 10:01:00","2","en","12","T-2","10",""
"3","","1","en","13","T-3","7",""
"""
LIMESURVEY_FULL = """\
"Response ID";"Date submitted";"Last page";"Start language";"Access code";"How likely are you to recommend us?";"Why?"
"1";"2026-11-20 09:01:00";"2";"de";"T-1";"3";"zu spät"
"2";"2026-11-20 10:01:00";"2";"en";"T-2";"10";""
"3";"";"1";"en";"T-3";"7";""
"""  # noqa: E501 - the lines are those of the tool
LIMESURVEY_BOTH = """\
"id. Response ID","submitdate. Date submitted","lastpage. Last page","startlanguage. Start language","token. Access code","NPS. How likely are you to recommend us?","WHY. Why?"
"1","2026-11-20 09:01:00","2","de","T-1","3","zu spät"
"2","2026-11-20 10:01:00","2","en","T-2","10 - Extremely likely",""
"3","","1","en","T-3","7",""
"""  # noqa: E501 - the lines are those of the tool
ALCHEMER = """\
"Response ID","Time Started","Date Submitted","Status","How likely are you to recommend us?","Why?","token"
"1","2026-11-20 04:00:00","2026-11-20 04:01:00","Complete","3","late","T-1"
"2","2026-11-20 05:00:00","2026-11-20 05:01:00","Complete","10","","T-2"
"3","2026-11-20 06:00:00","","Partial","7","","T-3"
"4","2026-11-20 06:00:00","2026-11-20 06:01:00","Disqualified","","","T-4"
"""  # noqa: E501 - the lines are those of the tool
KOBOTOOLBOX = """\
start;end;How likely are you to recommend us?;Why?;token;_id;_uuid;_submission_time;_validation_status;_index
2026-11-20;2026-11-20;3;late;T-1;101;u-1;2026-11-20T09:01:00;;1
2026-11-20;2026-11-20;10;;T-2;102;u-2;2026-11-20T10:01:00;;2
2026-11-20;2026-11-20;7;;T-3;103;u-3;2026-11-20T11:01:00;Not approved;3
"""  # noqa: E501 - the lines are those of the tool
REDCAP = """\
record_id,redcap_survey_identifier,intake_complete,nps_timestamp,recommend,why,nps_complete
1,T-1,2,2026-11-20 09:01:00,3,late,2
2,T-2,2,2026-11-20 10:01:00,10,,2
3,T-3,2,,7,,0
"""
TALLY = """\
Submission ID,Respondent ID,Submitted at,How likely are you to recommend us?,Why?,token
s1,r1,2026-11-20 09:01:00,3,late,T-1
s2,r1,2026-11-20 10:01:00,10,,T-2
"""
FORMBRICKS = """\
No.,Response ID,Timestamp,Finished,Survey ID,Formbricks ID (internal),User ID,Tags,1. How likely are you to recommend us?,2. Why?,token
1,f1,2026-11-20 10:01:00 (Europe/Berlin),Yes,s,x,,,3,late,T-1
2,f2,2026-11-20 11:01:00 (Europe/Berlin),Yes,s,x,,,10,,T-2
3,f3,2026-11-20 12:01:00 (Europe/Berlin),No,s,x,,,7,,T-3
"""  # noqa: E501 - the lines are those of the tool
DELIGHTED = """\
id,person,survey_type,score,comment,permalink,created_at,token
1,10,nps,3,late,,1795165260,T-1
2,11,nps,10,,,1795168860,T-2
3,12,csat,2,,,1795168860,T-3
"""
ASKNICELY = """\
response_id,name,email,answer,comment,question_type,responded
1,Ida,mill@ahorn.example,3,late,NPS,1795165260
2,Bob,tools@birch.example,10,,nps,1795168860
3,Cy,foods@cedar.example,2,,CSAT,1795168860
"""
DRAWN = {
    "Qualtrics legacy": QUALTRICS_LEGACY,
    "Qualtrics": QUALTRICS,
    "SurveyMonkey": SURVEYMONKEY,
    "SurveyMonkey, expanded": SURVEYMONKEY_EXPANDED,
    "Typeform": TYPEFORM,
    "Typeform, old": TYPEFORM_OLD,
    "Google Forms": GOOGLE_FORMS,
    "Google Forms, German": GOOGLE_FORMS_GERMAN,
    "Microsoft Forms": MICROSOFT_FORMS,
    "LimeSurvey, codes": LIMESURVEY_CODES,
    "LimeSurvey, questions": LIMESURVEY_FULL,
    "LimeSurvey, codes and questions": LIMESURVEY_BOTH,
    "Alchemer": ALCHEMER,
    "KoboToolbox": KOBOTOOLBOX,
    "REDCap": REDCAP,
    "Tally": TALLY,
    "Formbricks": FORMBRICKS,
    "Delighted": DELIGHTED,
    "AskNicely": ASKNICELY,
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
    known: Known | None = None,
    **choices: Any,  # noqa: ANN401 - a value of any of the settings
) -> Read:
    """Read an export; `chosen` names the columns of roles, as the user would."""
    exports = Exports.model_validate((chosen or {}) | choices)
    found = reading(content.encode(), "export.csv", exports, known)
    return Read(found.layout, found.roles, found.answers)


def looked_at(content: str, **choices: Any) -> Reading:  # noqa: ANN401 - as above
    """Return the reading of an export, refused or not."""
    return recognised(content.encode(), "export.csv", Exports.model_validate(choices))
