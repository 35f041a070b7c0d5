"""Read YAML that a person typed into what JSON could have said, or say why it cannot be.

YAML knows more than JSON: dates, sets, bytes, values that hold themselves. None of that can be
stored, so it is refused here; an unquoted date stays the text it was typed as.
"""

import math
import re
from collections.abc import Iterable
from typing import Any

import yaml

MAX_CHARACTERS = 100_000
MAX_DEPTH = 20
MAX_NODES = 10_000
_BAD_TEXT = re.compile("[\x00\ud800-\udfff]")
_MAX_INTEGER = 2**63
_TAG = "tag:yaml.org,2002:"
_SCALARS = {_TAG + name for name in ("str", "int", "float", "bool", "null")}
_NOT_JSON = {_TAG + name for name in ("timestamp", "merge", "value")}
_TOO_MUCH = (
    f"the text is nested deeper than {MAX_DEPTH} levels, holds itself,"
    f" or has more than {MAX_NODES} values"
)


class _Loader(yaml.SafeLoader):
    """The safe loader without dates and merges; what is nested too deep stops it early."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _NOT_JSON]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError(_TOO_MUCH)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def loads(text: str) -> Any:
    """Parse a text or raise ValueError saying what is wrong with it."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"the text is longer than {MAX_CHARACTERS} characters")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return None if node is None else _Reader(loader).value(node, 1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"the text is not YAML: {error.problem}{where}") from error
    except yaml.YAMLError as error:
        # The reader's words run over two lines: the first names the character.
        raise ValueError(f"the text is not YAML: {str(error).splitlines()[0]}") from error
    except OverflowError as error:
        raise ValueError("the text holds a character or number that is too large") from error


def line_of(text: str, path: Iterable[str]) -> int | None:
    """Return the line (from 1) on which the deepest known part of a path stands, if any does."""
    try:
        node = _Loader(text).get_single_node()
    except (yaml.YAMLError, ValueError, OverflowError):
        return None
    line = None
    for part in path:
        found = _step(node, part)
        if found is not None:  # the others are no keys: a shape's name, or what is missing
            line, node = found
    return line


def _step(node: yaml.Node | None, part: str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == part:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        value = node.value[int(part)]
        return value.start_mark.line + 1, value
    return None


class _Reader:
    """Turns nodes into values; an anchor counts each time it is used."""

    def __init__(self, loader: _Loader) -> None:
        self.loader = loader
        self.nodes = 0

    def value(self, node: yaml.Node, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise ValueError(_TOO_MUCH)
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            return self._scalar(node)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(part, depth + 1) for part in node.value]
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, depth)
        kind = node.tag.removeprefix(_TAG)[:60]
        raise ValueError(f"'{kind}'{_at(node)} is a kind of value that JSON does not know")

    def _mapping(self, node: yaml.MappingNode, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, part in node.value:
            key = self.value(key_node, depth + 1)
            if not isinstance(key, str):
                raise ValueError(f"the key{_at(key_node)} is no text; put it in quotes")
            if key in found:
                raise ValueError(f"the key '{key[:60]}'{_at(key_node)} is there twice")
            found[key] = self.value(part, depth + 1)
        return found

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        try:
            value = self.loader.construct_object(node)
        except (ValueError, LookupError) as error:
            kind = node.tag.removeprefix(_TAG)
            raise ValueError(f"'{node.value[:40]}'{_at(node)} is no {kind}") from error
        if isinstance(value, str) and _BAD_TEXT.search(value):
            raise ValueError(f"the text{_at(node)} holds a NUL character or half a surrogate pair")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"'{node.value[:40]}'{_at(node)} is no finite number")
        if isinstance(value, int) and abs(value) >= _MAX_INTEGER:
            raise ValueError(f"the number{_at(node)} is too large")
        return value


def _at(node: yaml.Node) -> str:
    mark = node.start_mark
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
