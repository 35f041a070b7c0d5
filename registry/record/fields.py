"""The list of the record's fields, read from fields.json; pure."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("fields.json")
TIERS = {1: "T1", 2: "T2", 3: "T3", 4: "DM"}
EVERY = "all"


@dataclass(frozen=True)
class RecordField:
    """One field: what it is, which tiers and tags ask for it, and who fills it.

    `held` says where its value is: in a column of the model, in the record as people typed it,
    in the answers of the tier, in MLflow, computed, or (hybrid) typed with MLflow as a default.
    """

    key: str
    group: str
    label: str
    type: str
    mandatory_for: tuple[str, ...]
    filled_by: str
    who: str
    held: str
    help: str
    covers: str
    log: str = ""
    not_before: date | None = None

    @property
    def is_typed(self) -> bool:
        """Say whether people may write it into the record."""
        return self.held in ("record", "hybrid")


@cache
def fields() -> tuple[RecordField, ...]:
    """Return every field in the order in which the page shows them."""
    found = []
    for row in json.loads(_FILE.read_text(encoding="utf-8")):
        since = row.pop("not_before", None)
        row["mandatory_for"] = tuple(row["mandatory_for"])
        found.append(RecordField(**row, not_before=since and date.fromisoformat(since)))
    return tuple(found)


@cache
def groups() -> tuple[str, ...]:
    """Return the names of the groups in their order."""
    return tuple(dict.fromkeys(field.group for field in fields()))
