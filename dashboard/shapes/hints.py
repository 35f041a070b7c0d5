"""What the schema of a check says about its fields: their bounds, and what an empty one means."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from dashboard import forms, words
from dashboard.forms import Field, Group
from monitoring import specs

_BOTH = re.compile(r"at least (\S+), at most (\S+)")
_SAID = ("at least", "more than", "at most", "less than")
_TYPES = ("a whole number", "a number", "null")


def hinted(kind: str, groups: Iterable[Group]) -> list[Group]:
    """Return the groups with the schema's bounds and usual values in their fields' hints."""
    usual = forms.flat(specs.usual(kind))
    return [
        replace(group, fields=tuple(_hinted(kind, item, usual) for item in group.fields))
        for group in groups
    ]


def _hinted(kind: str, item: Field, usual: dict[str, Any]) -> Field:
    said = [item.help] if item.help else []
    if item.kind == "number":
        said += _bounds(specs.allowed(kind, *item.name.split(".")))
    if item.name in usual and item.kind in ("select", "checkboxes"):
        item = replace(item, usual=usual[item.name])
    elif item.name in usual and item.empty == "omit":
        value = usual[item.name]
        item = replace(item, empty="usual", usual=value)
        if item.kind in ("number", "text") and value is not None:
            said.append(f"When empty: {words.number(value)}.")
        elif value and isinstance(value, list):
            said.append(f"When empty: {', '.join(map(str, value))}.")
    return replace(item, help=" ".join(said))


def _bounds(allowed: str) -> list[str]:
    """Turn "a number, at least 0, at most 1" into "0 to 1."."""
    for word in _TYPES:
        allowed = allowed.removesuffix(f" or {word}").removeprefix(word)
    found = allowed.strip(", ")
    if both := _BOTH.fullmatch(found):
        return [f"{both[1]} to {both[2]}."]
    return [f"{found[0].upper()}{found[1:]}."] if found.startswith(_SAID) else []
