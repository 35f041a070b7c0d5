"""Keep a form that was opened before somebody else's change from undoing that change unseen.

A form carries a digest of each value that it was opened with. What differs from it by the time
of saving was changed meanwhile: nothing is saved, and the reader sees what it says now.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Model

from dashboard import forms, words
from dashboard.queries.meanwhile import newest_change
from registry.actors import Actor
from registry.problems import FieldError, Invalid

_SHOWN = 300


class Changed(Invalid):
    """Somebody has changed what the form was opened with; its pointers are the form's own."""


def show(
    groups: Iterable[forms.Group],
    values: Mapping[str, Any],
    error: Invalid | None,
    stored: Mapping[str, Any],
    *,
    new: bool = False,
) -> dict[str, Any]:
    """Return the form for the template, with what the next save is held against."""
    groups = list(groups)
    found = forms.show(groups, values, error, new=new)
    found["changed"] = isinstance(error, Changed)
    if not new:
        found["seen"] = json.dumps(
            {item.name: _digest(item, stored.get(item.name)) for item in _held(groups)}
        )
    return found


def hold(
    actor: Actor,
    subject: Model | None,
    groups: Iterable[forms.Group],
    stored: Mapping[str, Any],
    given: forms.Given,
    post: Any,
) -> None:
    """Raise Changed when `stored` is not what the posted form was opened with.

    What the reader typed is kept in `given`; fields that they left alone get today's value.
    """
    seen, faults, names = _seen(post), list[FieldError](), list[str]()
    for item in _held(groups):
        was, now = seen.get(item.name), _digest(item, stored.get(item.name))
        typed = _digest(item, given.values.get(item.name))
        if was is None or now in (was, typed):
            continue
        names.append(item.label)
        if typed == was:
            given.values[item.name] = stored.get(item.name)
            says = "changed meanwhile, shown as it is now"
            faults.append(FieldError(item.pointer, "changed", says, "leave it, or change it"))
        else:
            says = f"changed meanwhile, it now says: {_text(item, stored.get(item.name))}"
            faults.append(FieldError(item.pointer, "changed", says, "saving again replaces that"))
    if names:
        told = f"{newest_change(actor, subject)}: {', '.join(names)}"
        raise Changed(FieldError("/", "changed", told, "look again, then save"), *faults)


def _held(groups: Iterable[forms.Group]) -> list[forms.Field]:
    every = (item for group in groups for item in group.fields)
    return [item for item in every if item.kind != "password" and not item.once]


def _seen(post: Any) -> dict[str, Any]:
    """Read what a form was opened with; a script that posts without it is not held to anything."""
    try:
        seen = json.loads(post.get("seen", ""))
    except ValueError:
        return {}
    return seen if isinstance(seen, dict) else {}


def _digest(item: forms.Field, value: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(item, value)).encode()).hexdigest()[:16]


def _plain(item: forms.Field, value: Any) -> Any:
    """Return the same for a stored value and for what a browser sends of it untouched."""
    row = forms.row(item, value)
    if item.kind == "checkbox":
        return row["on"]
    chosen = [choice["value"] for choice in row["choices"] if choice["on"]]
    if item.kind == "checkboxes":
        return sorted(chosen)
    if row["choices"]:  # where nothing is chosen, a browser sends the first one
        return chosen[0] if chosen else row["choices"][0]["value"]
    text = str(row["value"]).replace("\r\n", "\n").strip()
    if item.kind == "lines":
        return sorted(part.strip() for part in text.replace("\n", ",").split(",") if part.strip())
    return text


def _text(item: forms.Field, value: Any) -> str:
    plain = _plain(item, value)
    if isinstance(plain, bool):
        return "yes" if plain else "no"
    names = dict(item.choices)
    parts = [str(names.get(part, part)) for part in (plain if isinstance(plain, list) else [plain])]
    return (", ".join(parts) or words.DASH)[:_SHOWN]
