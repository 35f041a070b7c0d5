"""Parts of a check's spec that a form writes as lines, one thing each, and reads back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dashboard.forms import number
from dashboard.shapes.data_checks import CATEGORICAL, NUMERIC
from registry.problems import FieldError, Invalid

_METHODS = {name for name, _ in (*NUMERIC, *CATEGORICAL)}
_COSTS = ("tp", "fp", "fn", "tn")


def _write_features(value: dict[str, dict[str, Any]]) -> list[str]:
    return [
        " ".join(
            [
                name,
                *(str(part) for part in (own.get("method"), own.get("limit")) if part is not None),
            ]
        )
        for name, own in value.items()
    ]


def _read_feature(line: str) -> tuple[str, dict[str, Any]]:
    name, limit = _last_number(line)
    words = name.rsplit(None, 1)
    method = words[-1] if len(words) == 2 and words[-1] in _METHODS else None
    if method is None and limit is None:
        raise ValueError("needs a method, a limit or both after the column")
    return words[0] if method else name, {"method": method, "limit": limit}


def _write_limits(value: dict[str, Any]) -> list[str]:
    return [f"{segment} {limit}" for segment, limit in value.items()]


def _read_limit(line: str) -> tuple[str, Any]:
    segment, limit = _last_number(line)
    if limit is None or "=" not in segment:
        raise ValueError("needs column=value and a limit")
    return segment, limit


def _write_looks(value: list[dict[str, Any]]) -> list[str]:
    found = []
    for look in value:
        limit = look.get("limit")
        columns = ", ".join(look.get("columns") or ())
        found.append(
            look["method"]
            + (f" {limit}" if limit is not None else "")
            + (f": {columns}" if columns else "")
        )
    return found


def _read_look(line: str) -> dict[str, Any]:
    head, _, tail = line.partition(":")
    method, limit = _last_number(head)
    if len(method.split()) != 1:
        raise ValueError("needs mmd or domain_classifier, then a limit or nothing")
    columns = [part.strip() for part in tail.split(",") if part.strip()]
    return {"method": method, "columns": columns, "limit": limit}


def _write_metrics(value: list[dict[str, Any]]) -> list[str]:
    found = []
    for one in value:
        more = {**one, **(one.get("costs") or {})}
        parts = [
            f"{key}={more[key]}" for key in ("beta", *_COSTS, "segment_limit") if more.get(key)
        ]
        found.append(" ".join([one["name"], one["direction"], str(one["limit"]), *parts]))
    return found


def _read_metric(line: str) -> dict[str, Any]:
    name, direction, limit, *more = (
        [*line.split(), "", ""] if len(line.split()) < 3 else line.split()
    )
    found: dict[str, Any] = {"name": name, "direction": direction, "limit": number(limit)}
    for part in more:
        key, _, value = part.partition("=")
        if key in _COSTS:
            found.setdefault("costs", {})[key] = number(value)
        elif key in ("beta", "segment_limit"):
            found[key] = number(value)
        else:
            raise ValueError("names what no line can say; use the text at the end")
    return found


def _last_number(line: str) -> tuple[str, Any]:
    """Split a number off the end, if one stands there."""
    words = line.rsplit(None, 1)
    if len(words) == 2:
        try:
            return words[0], number(words[1])
        except ValueError:
            pass
    return line, None


@dataclass(frozen=True)
class Lines:
    """How a part of a spec becomes lines, how one line is read, and what a right one looks like."""

    write: Callable[[Any], list[str]]
    read_one: Callable[[str], Any]
    like: str
    named: bool = False  # each line is a name with a value, not an entry of a list

    def read(self, name: str, lines: list[str]) -> Any:
        """Return the part of the spec; raise Invalid for the first line that says nothing."""
        found = []
        for place, line in enumerate(lines, start=1):
            try:
                found.append(self.read_one(line))
            except ValueError as error:
                detail = f"line {place}, '{line[:60]}', {error}"
                raise Invalid(FieldError(f"/{name}", "unreadable", detail, self.like)) from error
        if self.named and len({name for name, _ in found}) < len(found):
            detail = "a name stands on two lines"
            raise Invalid(FieldError(f"/{name}", "twice", detail, "leave one of them"))
        return dict(found) if self.named else found


_OF: dict[str, dict[str, Lines]] = {
    "data": {
        "features": Lines(_write_features, _read_feature, "such as: income ks 0.01", named=True),
        "segment_limits": Lines(_write_limits, _read_limit, "such as: region=EU 0.3", named=True),
        "multivariate": Lines(_write_looks, _read_look, "such as: domain_classifier 0.65"),
    },
    "performance": {"metrics": Lines(_write_metrics, _read_metric, "such as: roc_auc min 0.7")},
}


def of(kind: str) -> dict[str, Lines]:
    """Return the keys that a check of this kind writes as lines."""
    return _OF.get(kind, {})


def written(kind: str, name: str, value: Any) -> Any:
    """Return what a field shows of a value; None when lines cannot say all of it."""
    lines = of(kind).get(name)
    if lines is None:
        return value
    try:
        shown = lines.write(value)
        same = _bare(lines.read(name, shown)) == _bare(value)
    except (Invalid, LookupError, TypeError, AttributeError):
        return None
    return shown if same else None


def _bare(value: Any) -> Any:
    """Return a value without what says nothing: null, and empty lists and objects in objects."""
    if isinstance(value, list):
        return [_bare(part) for part in value]
    if isinstance(value, dict):
        kept = {key: _bare(part) for key, part in value.items()}
        return {key: part for key, part in kept.items() if part not in (None, [], {}, 0)}
    return value
