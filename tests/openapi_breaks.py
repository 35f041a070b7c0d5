"""Tell which changes of an OpenAPI document break programs that were written for the old one; pure.

What is sent may be asked for less and may hold more; what is answered may hold more and never less.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Node = Mapping[str, Any]
_METHODS = ("get", "put", "post", "patch", "delete")
_AT_MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
_AT_LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum")
_ANYTHING = frozenset({"string", "integer", "number", "boolean", "array", "object", "null"})


def breaks(old: Node, new: Node) -> list[str]:
    """Return one line for each change that breaks, in the order of the old document."""
    return list(dict.fromkeys(_Comparison(old, new).all()))


@dataclass
class _Comparison:
    old: Node
    new: Node
    seen: set[tuple[str, str, bool]] = field(default_factory=set)

    def all(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            there = self.new["paths"].get(path)
            if there is None:
                yield f"{path}: path removed"
                continue
            for method in _METHODS:
                if method in item and method not in there:
                    yield f"{method.upper()} {path}: method removed"
                elif method in item:
                    place = f"{method.upper()} {path}"
                    yield from self.operation(place, item[method], there[method])

    def operation(self, place: str, old: Node, new: Node) -> Iterator[str]:
        yield from self.parameters(place, old.get("parameters", []), new.get("parameters", []))
        was, now = old.get("requestBody"), new.get("requestBody")
        if now and now.get("required") and not (was or {}).get("required"):
            yield f"{place} body: now required"
        if was and now:
            yield from self.contents(f"{place} body", was, now, sent=True)
        for code, answer in old["responses"].items():
            if code not in new["responses"]:
                yield f"{place} {code}: answer removed"
                continue
            yield from self.contents(f"{place} {code}", answer, new["responses"][code], sent=False)

    def parameters(self, place: str, old: list[Node], new: list[Node]) -> Iterator[str]:
        was = {(one["in"], one["name"]): one for one in old}
        now = {(one["in"], one["name"]): one for one in new}
        for key, one in was.items():
            if key not in now:
                yield f"{place} {key[0]} {key[1]}: parameter removed"
            else:
                schemas = one.get("schema", {}), now[key].get("schema", {})
                yield from self.schema(f"{place} {key[0]} {key[1]}", *schemas, sent=True)
        for key, one in now.items():
            if one.get("required") and not was.get(key, {}).get("required"):
                yield f"{place} {key[0]} {key[1]}: parameter now required"

    def contents(self, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        for kind, one in old.get("content", {}).items():
            if kind not in new.get("content", {}):
                yield f"{place}: format {kind} removed"
            else:
                schemas = one.get("schema", {}), new["content"][kind].get("schema", {})
                yield from self.schema(place, *schemas, sent=sent)

    def schema(self, place: str, old: Node, new: Node, *, sent: bool) -> Iterator[str]:
        if "$ref" in old:
            # A part that many operations share is told of once, by its own name.
            pair = (old["$ref"], str(new.get("$ref", place)), sent)
            if pair in self.seen:
                return
            self.seen.add(pair)
            place = f"{old['$ref'].rsplit('/', 1)[-1]} ({'sent' if sent else 'answered'})"
        was, now = _flat(self.old, old), _flat(self.new, new)
        gone = was.types - now.types if sent else now.types - was.types
        # A whole number is a number, too.
        gone -= {"integer"} if "number" in (now.types if sent else was.types) else set()
        if gone:
            how = "narrowed" if sent else "widened"
            yield f"{place}: type {how} by {', '.join(sorted(gone))}"
        if was.enum is not None and now.enum is not None and (lost := was.enum - now.enum):
            yield f"{place}: value removed: {', '.join(sorted(lost))}"
        if sent and was.enum is None and now.enum is not None:
            yield f"{place}: held to values"
        yield from self.limits(place, was, now) if sent else ()
        yield from self.properties(place, was, now, sent=sent)
        for name in was.inner.keys() & now.inner.keys():
            yield from self.schema(f"{place}{name}", was.inner[name], now.inner[name], sent=sent)

    def properties(self, place: str, was: "_Flat", now: "_Flat", *, sent: bool) -> Iterator[str]:
        for name, old in was.properties.items():
            if name not in now.properties:
                yield f"{place}.{name}: property removed"
                continue
            if not sent and name in was.required and name not in now.required:
                yield f"{place}.{name}: no longer always there"
            yield from self.schema(f"{place}.{name}", old, now.properties[name], sent=sent)
        for name in sorted(now.required - was.required) if sent else ():
            yield f"{place}.{name}: now required"

    def limits(self, place: str, was: "_Flat", now: "_Flat") -> Iterator[str]:
        for name in _AT_MOST:
            if name in now.limits and now.limits[name] < was.limits.get(name, float("inf")):
                yield f"{place}: {name} lowered"
        for name in _AT_LEAST:
            if name in now.limits and now.limits[name] > was.limits.get(name, float("-inf")):
                yield f"{place}: {name} raised"
        if "pattern" in now.limits and now.limits["pattern"] != was.limits.get("pattern"):
            yield f"{place}: another pattern"


@dataclass
class _Flat:
    """A schema without references and alternatives."""

    types: frozenset[str] | set[str]
    enum: set[str] | None
    properties: dict[str, Node]
    required: set[str]
    inner: dict[str, Node]
    limits: dict[str, Any]


def _flat(whole: Node, node: Node) -> _Flat:
    options = list(_options(whole, node))
    types: set[str] = set()
    values: list[set[str] | None] = []
    found = _Flat(types, None, {}, set(), {}, {})
    objects = [one for one in options if one.get("properties")]
    for option in options:
        kind = option.get("type", sorted(_ANYTHING) if "enum" not in option else "string")
        kinds = {kind} if isinstance(kind, str) else set(kind)
        types |= kinds
        named = [option["const"]] if "const" in option else option.get("enum")
        if named is not None or kinds != {"null"}:
            values.append(None if named is None else {str(value) for value in named})
        found.properties.update(option.get("properties", {}))
        if isinstance(option.get("items"), dict):
            found.inner["[]"] = option["items"]
        if isinstance(option.get("additionalProperties"), dict):
            found.inner["{}"] = option["additionalProperties"]
        for name in (*_AT_MOST, *_AT_LEAST, "pattern"):
            if name in option:
                found.limits[name] = option[name]
    if values and all(value is not None for value in values):
        found.enum = set().union(*(value for value in values if value))
    if objects:
        found.required = set.intersection(*(set(one.get("required", [])) for one in objects))
    return found


def _options(whole: Node, node: Node) -> Iterator[Node]:
    if "$ref" in node:
        part: Any = whole
        for name in node["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        yield from _options(whole, part)
        return
    branches = node.get("anyOf") or node.get("oneOf") or node.get("allOf")
    if not branches:
        yield node
        return
    for branch in branches:
        yield from _options(whole, branch)
