"""Answer only a part of each object: `?fields=`, `?omit=`, `?brief=true`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from registry.problems import invalid

PARAMETERS = {
    "fields": "only these fields, separated by commas",
    "omit": "all but these fields, separated by commas",
    "brief": "`true` answers only what names each object",
}
# What names an object, of whatever kind it is.
_BRIEF = ("id", "uuid", "slug", "number", "name", "email", "state")


@dataclass(frozen=True)
class Shape:
    """The names that are answered; None for all."""

    names: frozenset[str] | None

    def text(self) -> str:
        """Return a text that differs for each shape; '' for all fields."""
        return "" if self.names is None else ",".join(sorted(self.names)) or "-"

    def cut(self, row: Any) -> Any:
        """Return the part of one answered object."""
        if self.names is None or not isinstance(row, Mapping):
            return row
        return {name: value for name, value in row.items() if name in self.names}


def read(params: QueryDict, known: Collection[str]) -> Shape:
    """Return the wanted shape, or raise Invalid for a field that is not there."""
    if not any(name in params for name in PARAMETERS):
        return Shape(None)
    names = _listed(params, "fields", known) if "fields" in params else frozenset(known)
    if flag(params, "brief"):
        names &= frozenset(_BRIEF)
    return Shape(names - _listed(params, "omit", known))


def flag(params: QueryDict, name: str) -> bool:
    """Return a parameter that is true or false; false when absent."""
    text = params.get(name, "false")
    if text not in ("true", "false"):
        raise invalid(f"/{name}", "invalid", "this is true or false", f"{name}=true")
    return text == "true"


def _listed(params: QueryDict, name: str, known: Collection[str]) -> frozenset[str]:
    wanted = {part.strip() for part in params.get(name, "").split(",") if part.strip()}
    if unknown := sorted(wanted - set(known)):
        fix = f"known fields: {', '.join(sorted(known))}"
        raise invalid(f"/{name}", "unknown_field", f"there is no '{unknown[0][:60]}'", fix)
    return frozenset(wanted)
