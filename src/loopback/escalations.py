"""Escalations: the rules by which an open call is shown to more people than its owner.

Rules are data: `[[sheets.escalations]]` in the settings, or those of `DEFAULT`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from loopback.score import LOW

if TYPE_CHECKING:
    from datetime import date

    from loopback.calls import Call


class Escalation(BaseModel):
    """A rule: every condition that it names must hold for a call that is still open."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # What the roll-up calls it; the names of `DEFAULT` are said in the language of the reader.
    name: Annotated[str, Field(min_length=1, max_length=60)]
    # Days since the answer came in without anyone having reached the customer.
    days: Annotated[int, Field(ge=0, le=366)] | None = None
    # Classes of value, A the highest.
    value: list[Literal["A", "B", "C"]] = []
    category: list[Literal["detractor", "passive", "promoter"]] = []
    # The answer before was a detractor's as well.
    again: bool = False
    # The customer wishes to be called.
    contact: bool = False
    # Terms of the comment by language, written as in the code frame: { en = ["lawyer*"] }.
    words: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], list[str]] = {}
    # People who get the calls of this rule whoever owns them, such as the complaint process.
    to: list[str] = []

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        conditions = (self.days is not None, self.value, self.category, self.again, self.contact)
        if not any((*conditions, self.words)):
            raise ValueError("a rule without a condition would show every call")
        return self

    def holds(self, call: Call, worded: set[str], today: date) -> bool:
        """Say whether the rule holds for an open call; `worded` are responses with its words."""
        return (
            (self.days is None or call.arrived + timedelta(self.days) < today)
            and (not self.value or call.value_class in self.value)
            and (not self.category or call.category in self.category)
            and (not self.again or _low_again(call))
            and (not self.contact or call.contact)
            and (not self.words or call.response_id in worded)
        )


DEFAULT = (
    Escalation(
        name="complaint",
        words={
            "en": [
                *("lawyer*", "solicitor*", "legal action", "sue", "court", "lawsuit*", "injur*"),
                *("accident*", "unsafe", "dangerous", "fire hazard", "data protection"),
            ],
            "de": [
                *("anwalt*", "rechtsanwalt*", "klage", "verklag*", "gericht", "verletz*"),
                *("unfall", "unfälle", "gefährlich*", "brandgefahr", "datenschutz"),
            ],
            "da": [
                *("advokat*", "sagsøg*", "retssag*", "skade på person", "tilskadekom*"),
                *("ulykke*", "farlig*", "brandfare", "databeskyttelse", "gdpr"),
            ],
            "fr": [
                *("avocat*", "tribunal", "poursuite*", "plainte", "blessé*", "accident*"),
                *("dangereux", "dangereuse*", "risque d'incendie", "données personnelles"),
            ],
            "es": [
                *("abogad*", "demanda judicial", "tribunal*", "denuncia*", "lesion*"),
                *("accidente*", "peligros*", "riesgo de incendio", "protección de datos"),
            ],
        },
    ),
    Escalation(name="contact", contact=True),
    Escalation(name="overdue", days=7),
    Escalation(name="key_detractor", value=["A"], category=["detractor"]),
    Escalation(name="low_again", category=["detractor"], again=True),
)


def _low_again(call: Call) -> bool:
    return call.score <= LOW and call.previous is not None and call.previous <= LOW
