"""Between a check's form and its spec: each key stands in a field or in the text, never in both."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from dashboard import forms
from dashboard.forms import Field, Given, Group
from dashboard.pages import check_lines
from dashboard.pages.meanwhile import Changed
from dashboard.shapes.checks import REST, left
from monitoring import specs
from registry.problems import FieldError, Invalid, invalid

_NAME, _TIMES = "key", "times"
_QUOTED = re.compile(r"`([\w.]+)")


def values(kind: str, groups: Iterable[Group], spec: dict[str, Any]) -> dict[str, Any]:
    """Return what the form shows of a spec; what a field cannot show stands in the text."""
    fields, found = _by_name(groups), forms.flat({**specs.usual(kind), **spec})
    if _TIMES in fields:
        found[_TIMES] = [name for name in found["segments"] if name.startswith("@")]
        found["segments"] = [name for name in found["segments"] if not name.startswith("@")]
    held = {}
    for name, item in fields.items():
        shown = check_lines.written(kind, name, found[name]) if name in found else None
        if shown is not None and forms.holds(item, shown):
            held[name] = shown
    if "segments" not in held:
        held.pop(_TIMES, None)
    unsaid = {name for name in fields if name in found and found[name] is None}
    return {**held, REST: left({**specs.usual(kind), **spec}, {*held, *unsaid})}


def spec(
    kind: str,
    groups: Iterable[Group],
    given: Given,
    stored: dict[str, Any],
    post: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the spec for the operation; raise Invalid with the pointers that it gives, too."""
    fields = _by_name(groups)
    found = {key: part for key, part in given.body.items() if key not in (_NAME, REST, _TIMES)}
    text = given.body.get(REST) or {}
    if not isinstance(text, dict):
        fix = "one `key: value` a line"
        raise invalid(f"/{REST}", "type", "the text is no list of keys with values", fix)
    faults = [*given.errors, *_said_twice(fields, given, text), *_missing(fields, post, text)]
    for name, lines in check_lines.of(kind).items():
        if name not in found:
            continue
        try:
            found[name] = lines.read(name, found[name])
        except Invalid as error:
            faults += error.errors
            found.pop(name)
    if faults:
        raise Invalid(*faults, *_also(kind, found, stored, {fault.pointer for fault in faults}))
    if given.body.get(_TIMES):
        columns = found.get("segments", [])
        found["segments"] = list(dict.fromkeys([*columns, *given.body[_TIMES]]))
    for key, part in text.items():
        both = isinstance(part, dict) and isinstance(found.get(key), dict)
        found[key] = {**found[key], **part} if both else part
    if REST in post:  # what was taken out of the text is again as usual
        tops = {name.partition(".")[0] for name in fields}
        usual = specs.usual(kind)
        found = {key: part for key, part in usual.items() if key not in tops} | found
    return {key: _whole(key, part, stored.get(key), fields) for key, part in found.items()}


def _also(
    kind: str, found: dict[str, Any], stored: dict[str, Any], told: Collection[str]
) -> list[FieldError]:
    """Return what else is wrong with the parts that could be read, so that all is told at once."""
    try:
        specs.parse_check(kind, specs.merged_spec(stored, found))
    except Invalid as error:
        return [one for one in error.errors if _one_key(one) and _one_key(one) not in told]
    return []


def _one_key(fault: FieldError) -> str:
    """Return the field that a fault of one key is about; of several keys, some may be unread."""
    return fault.pointer.removeprefix("/spec") if fault.code != "value_error" else ""


def _whole(key: str, part: Any, before: Any, fields: Mapping[str, Field]) -> Any:
    """Send null for what an object held and holds no more, and leave out nulls of new ones."""
    if not isinstance(part, dict):
        return part
    known = before if isinstance(before, dict) else {}
    kept = {name: value for name, value in part.items() if value is not None or name in known}
    gone = [name for name in known if name not in part and f"{key}.{name}" not in fields]
    return {**dict.fromkeys(gone), **kept}


def placed(error: Invalid | None, groups: Iterable[Group], given: Given | None) -> Invalid | None:
    """Return the error with each fault at its field, or in the text when it was said there."""
    if error is None or given is None or isinstance(error, Changed):
        return error
    fields = _by_name(groups)
    text = given.body.get(REST)
    return Invalid(*(_placed(fault, fields, given, text) for fault in error.errors))


def _placed(fault: FieldError, fields: Mapping[str, Field], given: Given, text: Any) -> FieldError:
    if fault.pointer in ("/slug", "/check"):
        return FieldError(f"/{_NAME}", fault.code, fault.detail, fault.fix)
    if not fault.pointer.startswith("/spec"):
        return fault
    parts = [part for part in fault.pointer.removeprefix("/spec").split("/") if part]
    if _in_text(parts, fields, text):
        moved = forms.beside_text(Invalid(fault), REST, given.values.get(REST), whole="/spec")
        return moved.errors[0] if moved else fault
    place, detail = "/" + "/".join(parts), fault.detail
    item = fields.get(parts[0]) if parts else None
    if item is None and f"{'.'.join(parts[:2])}" not in fields:
        place = _meant(parts, detail, fields) or place
    elif item is not None and item.kind == "rows" and len(parts) > 1:
        line = f"line {int(parts[1]) + 1}" if parts[1].isdigit() else f"“{parts[1]}”"
        detail = f"{', '.join([line, *parts[2:]])}: {detail}"
    return FieldError(place, fault.code, detail, fault.fix)


def _meant(parts: list[str], detail: str, fields: Mapping[str, Field]) -> str:
    """Return the field of the first key that a fault of several keys names; '' if it names none."""
    for name in _QUOTED.findall(detail):
        for full in (".".join([*parts, name]), name):
            fitting = next((one for one in fields if one == full or one.startswith(f"{full}.")), "")
            if fitting:
                return "/" + fitting.replace(".", "/")
    return ""


def _in_text(parts: list[str], fields: Mapping[str, Field], text: Any) -> bool:
    """Say whether the key that a fault is about was said in the text."""
    if not parts or not isinstance(text, dict) or parts[0] not in text:
        return False
    inner = text[parts[0]]
    return (
        len(parts) < 2
        or not isinstance(inner, dict)
        or parts[1] in inner
        or not any(name == parts[0] or name.startswith(f"{parts[0]}.") for name in fields)
    )


def _said_twice(
    fields: Mapping[str, Field], given: Given, text: dict[str, Any]
) -> list[FieldError]:
    said = forms.flat(text)
    if "segments" in said and given.values.get(_TIMES):
        said[_TIMES] = said["segments"]
    twice = [
        name
        for name in fields
        if name in said and given.values.get(name) not in (None, "", [], False)
    ]
    return [
        FieldError(
            "/spec/" + name.replace(".", "/"),
            "twice",
            f"this is said by the field “{fields[name].label}” above",
            "change it there and take it out of the text",
        )
        for name in twice
    ]


def _missing(
    fields: Mapping[str, Field], post: Mapping[str, Any], text: dict[str, Any]
) -> list[FieldError]:
    """A stored value would stay where a required field was emptied: say so instead."""
    said = forms.flat(text)
    return [
        FieldError(item.pointer, "required", "this cannot be empty", item.help)
        for item in fields.values()
        if item.required and _is_empty(post, item.name) and item.name not in said
    ]


def _is_empty(post: Mapping[str, Any], name: str) -> bool:
    """Say whether a field was sent, and sent empty."""
    return name in post and not str(post[name]).strip()


def _by_name(groups: Iterable[Group]) -> dict[str, Field]:
    return {
        item.name: item
        for group in groups
        for item in group.fields
        if item.name not in (_NAME, REST)
    }
