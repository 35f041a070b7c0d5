"""Read the regime packs and check them; a rulebook is data, so that a new one needs no code."""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from registry.regimes import rules

_FOLDER = Path(__file__).parent
_ID = r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$"
LegalStatus = Literal["binding", "supervisory_expectation", "guidance", "proposed", "retired"]
ControlId = Annotated[str, Field(pattern=r"^[A-Z]+-(\d\d|\*)$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """Where the text can be read."""

    title: str = Field(min_length=1)
    link: str = Field(pattern=r"^https://")


class Parameter(_Strict):
    """A number of the rulebook, never one of ours."""

    name: str
    value: str
    said: str


class Stage(_Strict):
    """A part of the rulebook that begins on a day of its own."""

    begins: date = Field(alias="from")
    what: str


class Pack(_Strict):
    """One rulebook in one version."""

    id: str = Field(pattern=_ID, max_length=60)
    version: str = Field(min_length=1, max_length=20)
    title: str = Field(min_length=1)
    jurisdiction: str
    legal_status: LegalStatus
    published: date | None
    applies_from: date | None
    applies_to: date | None
    supersedes: list[str]
    where: list[str]  # places in which it can apply; none means anywhere
    trigger: dict[str, Any]
    stages: list[Stage]
    controls: list[ControlId]
    parameters: list[Parameter]
    sources: list[Source] = Field(min_length=1)
    checked_on: date | None  # when a person held it against the official text
    trust: Literal["official", "secondary", "general"]
    note: str

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        rules.check(self.trigger)
        if self.applies_from and self.applies_to and self.applies_to < self.applies_from:
            raise ValueError("it ends before it begins")
        if self.legal_status == "retired" and self.applies_to is None:
            raise ValueError("a retired pack says until when it applied")
        if [s.begins for s in self.stages] != sorted(s.begins for s in self.stages):
            raise ValueError("the stages are in the order of their days")
        return self

    def status_on(self, day: date) -> str:
        """Say in words what the rulebook is worth on a day."""
        if self.applies_to is not None and day >= self.applies_to:
            return f"retired since {_day(self.applies_to)}"
        words = {
            "binding": "binding",
            "supervisory_expectation": "expectation of the supervisor",
            "guidance": "guidance",
            "proposed": "proposed, not in force",
            "retired": "in force until its retirement",
        }[self.legal_status]
        if self.applies_from is not None and day < self.applies_from:
            return f"{words} from {_day(self.applies_from)}"
        return "binding now" if self.legal_status == "binding" else words

    def stages_on(self, day: date) -> list[str]:
        """Say in words which parts hold on a day and which are to come."""
        return [
            f"{stage.what}: {'now' if stage.begins <= day else 'from ' + _day(stage.begins)}"
            for stage in self.stages
        ]

    def is_over(self, day: date) -> bool:
        """Say whether it no longer applies."""
        return self.applies_to is not None and day >= self.applies_to


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


class WrongPack(Exception):
    """A regime pack cannot be used."""


@cache
def packs() -> dict[str, Pack]:
    """Return every pack by its id, or raise WrongPack saying which file is wrong and why."""
    return read(_FOLDER)


def read(folder: Path) -> dict[str, Pack]:
    """Read the packs of a folder."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            pack = Pack.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (ValidationError, ValueError) as error:
            raise WrongPack(f"{path.name}: {error}") from error
        if path.stem != pack.id:
            raise WrongPack(f"{path.name}: its id is '{pack.id}'")
        found[pack.id] = pack
    for pack in found.values():
        if unknown := [name for name in pack.supersedes if name not in found]:
            raise WrongPack(f"{pack.id}.json: there is no pack '{unknown[0]}'")
    return found
