"""The settings of a workspace: `loopback.toml` as pydantic models."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loopback.errors import LoopbackError, Problem
from loopback.tomlfile import toml

if TYPE_CHECKING:
    from pathlib import Path

FILE = "loopback.toml"
TOKEN = "{token}"  # noqa: S105 - the place for a token, not one
MONTHS_A_YEAR = 12


Asks = Literal[1, 2, 3, 4, 6, 12]


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


class Exports(Section):
    """Which column of an export holds what, where loopback cannot tell by itself."""

    score: str | None = None
    comment: str | None = None
    customer: str | None = None
    token: str | None = None
    responded_at: str | None = None
    scale: Literal["0-10", "1-10"] | None = None
    day_first: bool | None = None


class Scores(Section):
    """How scores are pooled and shown."""

    months: Annotated[int, Field(ge=1, le=120)] = 12
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95


class Mail(Section):
    """Who the mails are from; they wait in `outbox/` for a transport."""

    sender: str = "Customer feedback <feedback@company.example>"
    # People of people.csv who get the roll-up of the whole company.
    copies_to: list[str] = []


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
    mail: Mail = Mail()


def read_settings(path: Path) -> Settings:
    """Read the settings file; every problem in it is raised at once, each with its key."""
    try:
        return Settings.model_validate(toml(path, TOML_HINT))
    except ValidationError as error:
        raise LoopbackError(*(_problem(detail) for detail in error.errors())) from None


TOML_HINT = 'Text stands in quotes: name = "Acme". A section starts with [name].'


def _problem(detail: Any) -> Problem:  # noqa: ANN401 - pydantic's ErrorDetails, made of Any
    key = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Problem(f"unknown setting {key}", _suggestion(detail["loc"]), FILE)
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
    model: Any = Settings
    for section in sections:
        model = model.model_fields[section].annotation
    return list(model.model_fields)
