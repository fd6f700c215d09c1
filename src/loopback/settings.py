"""The settings of a workspace: `loopback.toml` as pydantic models."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from loopback.errors import LoopbackError, Problem
from loopback.escalations import DEFAULT, Escalation
from loopback.exports.declarations import Layout  # noqa: TC001 - pydantic reads it
from loopback.tomlfile import toml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FILE = "loopback.toml"
TOKEN = "{token}"  # noqa: S105 - the place for a token, not one


Asks = Literal[1, 2, 3, 4, 6, 12]


def _zone(name: str | None) -> str | None:
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no time zone has this name; one is Europe/Berlin") from None
    return name


class Section(BaseModel):
    """A table of the settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(Section):
    """Who asks."""

    name: str = "Our company"


class Survey(Section):
    """How the question reaches the customer."""

    # A personal link; {token} is replaced by the token of the invitation.
    link: Annotated[str, Field(pattern=r"\{token\}")] = "https://survey.example/?token={token}"
    # Tools whose form the invitation list is also written in, such as "qualtrics".
    tools: list[str] = []
    # Days after the invitation in which an answer is in time; later ones are marked.
    window_days: Annotated[int, Field(ge=1, le=366)] = 30


class Rotation(Section):
    """How often each customer is asked, who is left out, and how many calls an owner can make."""

    asks_per_year: Asks = 1
    # How often customers of a segment are asked, where it differs; a column of the customer list
    # named asks_per_year comes before both.
    by_segment: dict[str, Asks] = {}
    # Months by which an ask may be put off so that an owner's months stay even.
    slack: Annotated[int, Field(ge=0, le=3)] = 0
    # The least time between two asks of a customer.
    rest_months: Annotated[int, Field(ge=0, le=12)] = 0
    rest_days: Annotated[int, Field(ge=0, le=366)] = 0
    # Days after `joined` before a customer is asked for the first time.
    settle_days: Annotated[int, Field(ge=0, le=366)] = 0
    # A person behind several rows (the same e-mail address) is asked for one of them alone.
    one_row_a_person: bool = True
    # Lists of customer ids or e-mail addresses that are never asked.
    do_not_contact: list[str] = []
    # The list of customers whom an owner asked to leave out, each with a reason.
    leave_out: str = "leave-out.csv"
    # Calls an owner can make a month, where people.csv has no `capacity` of the person.
    capacity: Annotated[float, Field(gt=0)] | None = None
    # Answers per invitation; where empty, the rate of the last 12 months.
    response_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    # Decides the order in which customers are planned; any text will do, but never change it.
    seed: str = "loopback"


class ListFile(Section):
    """A list the company keeps: its file, and which of its columns hold what."""

    file: str
    columns: dict[str, str] = {}


class CustomerList(ListFile):
    """The list of customers."""

    file: str = "customers.csv"


class PeopleList(ListFile):
    """The list of owners and managers."""

    file: str = "people.csv"


COLUMNS = ("score", "comment", "customer", "token", "responded_at")
ASKED_BESIDES = ("contact", "consent", "named")


class Choices(Section):
    """What an export leaves open, chosen by the user."""

    # Columns, by their header or their number.
    score: str | None = None
    comment: str | None = None
    customer: str | None = None
    token: str | None = None
    responded_at: str | None = None
    # What customers were asked besides: to be called, to be quoted, to be named to the owner.
    contact: str | None = None
    consent: str | None = None
    named: str | None = None
    scale: Literal["0-10", "1-10"] | None = None
    day_first: bool | None = None
    # The time zone of times that do not name theirs, such as "Europe/Berlin".
    zone: Annotated[str | None, AfterValidator(_zone)] = None
    # What a word in the column of the score means: 0 to 10, or "none" for no answer.
    words: dict[str, Annotated[int, Field(ge=0, le=10)] | Literal["none"]] = {}

    def updated(self, said: dict[str, Any], words: dict[str, Any]) -> Self:
        """Return these choices with others before them; words are added to those there are."""
        known = {key: value for key, value in said.items() if key in type(self).model_fields}
        return self.model_copy(update=known | {"words": self.words | words})


class Exports(Choices):
    """What loopback cannot tell of an export by itself: for all of them, and for each layout."""

    layout: str | None = None
    sheet: str | None = None
    encoding: str | None = None
    # What a ZIP, gzip, workbook or Parquet file may hold, in millions of bytes, once it is opened.
    unpacked_mb: Annotated[int, Field(ge=1)] = 1000
    by_layout: dict[str, Choices] = {}
    # Layouts of the user's own, tried before ours.
    layouts: list[Layout] = []
    # What was chosen before, by layout: what nothing here settles.
    _remembered: Mapping[str, Choices] = PrivateAttr(default_factory=dict)

    def remembering(self, remembered: Mapping[str, Choices]) -> Exports:
        """Return these settings with what was chosen before after all else."""
        other = self.model_copy()
        other._remembered = remembered  # noqa: SLF001 - of another of its kind
        return other

    def of_layout(self, name: str, columns: Collection[str] = ()) -> Choices:
        """Return what is chosen for a layout: its own choices, else those for all.

        What was chosen before counts where neither says anything, and a column of it where the
        file has it among its `columns`.
        """
        own = self.by_layout.get(name, Choices())
        chosen = {key: getattr(own, key) for key in own.model_fields_set}
        common = {key: getattr(self, key) for key in Choices.model_fields}
        said = {key: value for key, value in common.items() if key in self.model_fields_set}
        before = self.recalled(name, columns)
        settled = common | before | said | chosen
        return Choices(**settled | {"words": before.get("words", {}) | (common | chosen)["words"]})

    def recalled(self, name: str, columns: Collection[str]) -> dict[str, Any]:
        """Return what was chosen before for a layout, and can be for a file with these columns."""
        before = self._remembered.get(name, Choices())
        keys = before.model_fields_set & set(Choices.model_fields)
        known = {key: getattr(before, key) for key in keys}
        return {k: v for k, v in known.items() if k not in COLUMNS or v in columns}

    def given(self, **choices: Any) -> Exports:  # noqa: ANN401 - a value of any of the fields
        """Return these settings with what the user says now before all else."""
        said = {key: value for key, value in choices.items() if value is not None}
        words = said.pop("words", None) or {}
        own = {name: choices.updated(said, words) for name, choices in self.by_layout.items()}
        return self.updated(said, words).model_copy(update={"by_layout": own})


class Scores(Section):
    """How scores are pooled and shown."""

    months: Annotated[int, Field(ge=1, le=120)] = 12
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95


class Sheets(Section):
    """What owners and managers get."""

    # Working days within which a customer who answered is called.
    call_within: Annotated[int, Field(ge=1, le=30)] = 3
    # Days after which a key account that was invited and said nothing is told of.
    quiet_days: Annotated[int, Field(ge=1, le=60)] = 14
    # Columns of the customer list that the sheets show besides those of ours.
    show: list[str] = []
    # The root causes to choose from in the workbook, instead of ours.
    causes: list[Annotated[str, Field(min_length=1, max_length=100)]] = []
    # Whether each sheet comes as PDF, too; needs the extra pdf.
    pdf: bool = False
    # Which open calls managers, and others named there, are told of.
    escalations: list[Escalation] = list(DEFAULT)


class Smtp(Section):
    """The mail server of the company or of its provider, and how to sign in to it."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9:][A-Za-z0-9.:-]*$")] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    # A file of certificates in PEM form to trust, where the server's is the company's own.
    ca_file: str | None = None
    user: str = ""
    auth: Literal["password", "xoauth2"] = "password"
    # Where the password or token comes from: one of these, else LOOPBACK_SMTP_PASSWORD.
    password_env: str | None = None
    password_file: str | None = None
    password_command: list[str] = []
    # Seconds to wait for an answer; after a whole message servers may take ten minutes.
    timeout: Annotated[float, Field(gt=0, le=600)] = 60
    reply_timeout: Annotated[float, Field(gt=0, le=3600)] = 600

    @property
    def at_port(self) -> int:
        """The port, or the usual one."""
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


class Mail(Section):
    """Who the mails are from, and how they leave."""

    sender: str = "Customer feedback <feedback@company.example>"
    # People of people.csv who get the roll-up of the whole company.
    copies_to: list[str] = []
    transport: Literal["outbox", "smtp", "sendmail", "maildir"] = "outbox"
    smtp: Smtp = Smtp()
    sendmail: str = "/usr/sbin/sendmail"
    maildir: str = "maildir"
    # The most mails a minute; a provider says how many it takes.
    a_minute: Annotated[float, Field(gt=0)] | None = None
    # How often a mail that is refused for now is tried in a run, and the seconds before the second
    # time; the wait doubles.
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    retry_after: Annotated[float, Field(gt=0, le=3600)] = 30


class Settings(Section):
    """All settings, each with its default."""

    # Of employees, only groups are ever shown, and nobody gets answers by name.
    audience: Literal["customers", "employees"] = "customers"
    company: Company = Company()
    survey: Survey = Survey()
    rotation: Rotation = Rotation()
    customers: CustomerList = CustomerList()
    people: PeopleList = PeopleList()
    exports: Exports = Exports()
    scores: Scores = Scores()
    sheets: Sheets = Sheets()
    mail: Mail = Mail()


def read_settings(path: Path) -> Settings:
    """Read the settings file; every problem in it is raised at once, each with its key."""
    try:
        return Settings.model_validate(toml(path, TOML_HINT))
    except ValidationError as error:
        raise LoopbackError(*(_problem(detail) for detail in error.errors())) from None


TOML_HINT = 'Text stands in quotes: name = "Acme". A section starts with [name].'


# What people call a secret; in the settings it would be in every backup and every mail for help.
SECRET = re.compile("passw|secret|token$|api_?key")
ITS_PLACE = (
    "Take it out. Put it into the environment variable LOOPBACK_SMTP_PASSWORD, or name"
    " password_file or password_command in [mail.smtp]."
)


def _problem(detail: Any) -> Problem:  # noqa: ANN401 - pydantic's ErrorDetails, made of Any
    key = ".".join(str(part) for part in detail["loc"])
    last = str(detail["loc"][-1])
    if detail["type"] == "extra_forbidden" and detail["loc"][0] == "mail" and SECRET.search(last):
        return Problem(f"{key}: a password does not belong into the settings", ITS_PLACE, FILE)
    if detail["type"] == "extra_forbidden":
        return Problem(f"unknown setting {key}", _suggestion(detail["loc"]), FILE)
    if key == "mail.smtp.host":
        return Problem(f"{key} is not the name of a server", 'Such as "smtp.company.com".', FILE)
    if detail["type"] == "string_pattern_mismatch":
        return Problem(f"{key} has no place for the token", f"Write {TOKEN} into it.", FILE)
    return Problem(f"{key}: {detail['msg']}", f"Mend the value of {key}.", FILE)


def _suggestion(loc: tuple[int | str, ...]) -> str:
    """Name the setting that was probably meant, or all there are."""
    *sections, wrong = [str(part) for part in loc]
    names = sorted(_names(sections))
    near = difflib.get_close_matches(wrong, names, n=1)
    return f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(names)}."


def _names(sections: list[str]) -> list[str]:
    """Return the settings of a section; one that is a table or a list holds sections by name."""
    model: Any = Settings
    for section in sections:
        fields = getattr(model, "model_fields", None)
        model = fields[section].annotation if fields else get_args(model)[-1]
    return list(getattr(model, "model_fields", ()))
