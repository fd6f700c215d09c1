"""The declaration of a layout: how one tool builds its exports, as it stands in a TOML file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Layout(BaseModel):
    """One layout; `layouts.toml` says what each key means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    row_1: list[str] = []
    row_2: list[str] = []
    first: list[str] = []
    ends: list[str] = []
    headers: int = 1
    role_row: int = 1
    zone: str | None = None
    surveys: list[str] = []
    other_surveys: list[str] = []
    unanswered: list[str] = []
    own: list[str] = []
    roles: dict[str, list[str]] = {}
    left_out: dict[str, list[str]] = {}
    channel: dict[str, list[str]] = {}
    blank_end: bool = False
    refused: str | None = None
