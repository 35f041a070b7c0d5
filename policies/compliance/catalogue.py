"""The catalogue of controls as data: what each asks, where from, and how long evidence holds."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

PATH = Path(__file__).with_name("catalogue.yaml")
TIERS = {1: "T1", 2: "T2", 3: "T3", 4: "DM"}


@dataclass(frozen=True)
class Entry:
    """One control of the catalogue."""

    id: str
    title: str
    statement: str
    sources: tuple[str, ...]
    rule: str
    validity: dict[str, str | int | None]

    @property
    def family(self) -> str:
        return self.id.partition("-")[0]

    def asked_of(self, tier: int) -> bool:
        """Say whether models of this tier are held to the control."""
        return self.validity[TIERS[tier]] is not None

    def days(self, tier: int) -> int | None:
        """Return for how many days evidence holds; None where it is looked at anew."""
        value = self.validity[TIERS[tier]]
        return value if isinstance(value, int) else None


@dataclass(frozen=True)
class Catalogue:
    """All controls of one version."""

    version: str
    entries: tuple[Entry, ...]

    def entry(self, control: str) -> Entry | None:
        """Return the entry of a control, or None where this version has none of that name."""
        return next((entry for entry in self.entries if entry.id == control), None)


def parse(text: str) -> Catalogue:
    """Read a catalogue; anything missing in it is an error at once."""
    document: dict[str, Any] = yaml.safe_load(text)
    entries = tuple(
        Entry(**{**row, "sources": tuple(row["sources"])}) for row in document["controls"]
    )
    for entry in entries:
        if set(entry.validity) != set(TIERS.values()):
            raise ValueError(f"{entry.id}: validity must name {', '.join(TIERS.values())}")
    return Catalogue(str(document["version"]), entries)


@cache
def current() -> Catalogue:
    """Return the catalogue that ships with this Muster."""
    return parse(PATH.read_text(encoding="utf-8"))
