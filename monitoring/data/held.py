"""A table that somebody else holds: what its columns are, and the SQL that gives their values."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from monitoring.data.text_files import NULLS

Ask = Callable[[str], list[tuple[Any, ...]]]
_GUESSES = 4


@dataclass(frozen=True)
class Source:
    """A table somebody else holds: what each column is, and the SQL that gives it."""

    ask: Ask
    view: str
    names: list[str]  # all of the file, repeats included
    families: Mapping[str, str]  # of the wanted ones; see Column.family
    expressions: Mapping[str, str]  # numbers as double, times as microseconds

    def select(self, *parts: str, rest: str = "") -> list[tuple[Any, ...]]:
        """Ask for one aggregate."""
        return self.ask(f"select {', '.join(parts)} from {self.view} {rest}")


def source(
    ask: Ask,
    view: str,
    types: Mapping[str, str],
    schema: Any,
    *,
    wanted: Collection[str],
    strings: Collection[str],
    time: str,
    guess: bool,
) -> Source:
    """Say what each wanted column is: by its type, and of texts (`guess`) by what they all hold.

    Of a name that stands twice nobody knows which column is meant, so it is left out.
    """
    names = list(schema.names)
    mine = [name for name in dict.fromkeys(names) if name in wanted and names.count(name) == 1]
    families, expressions = {}, {}
    for name in mine:
        families[name], expressions[name] = _typed(name, schema.field(name).type, types, guess)
    unsure = [
        name for name in mine
        if families[name] == "text" and name not in strings and (guess or name == time)
    ]  # fmt: skip
    if unsure:
        _guess(ask, view, unsure, families, expressions, time=time, numbers=guess)
    return Source(ask, view, names, families, expressions)


def _typed(name: str, kind: Any, types: Mapping[str, str], guess: bool) -> tuple[str, str]:
    quoted = "`" + name.replace("`", "``") + "`"
    if guess:
        nulls = ", ".join(f"'{text}'" for text in NULLS)
        return "text", f"(case when {quoted} in ({nulls}) then null else {quoted} end)"
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_null(kind):
        return "empty", "null"
    if name not in types:
        return "other", "null"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text", quoted
    if pa.types.is_boolean(kind):
        return "flag", quoted
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        whole = types[name] == "bigint"  # nanoseconds
        return "time", f"({quoted} div 1000)" if whole else _micros(quoted)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return "number", f"cast({quoted} as double)"
    return "other", "null"


def _micros(value: str) -> str:
    return f"unix_micros(cast({value} as timestamp))"


def _number(text: str) -> str:
    # Java reads 12d and 12f as numbers too.
    return f"(case when {text} rlike '[0-9.][dDfF]$' then null else try_cast({text} as double) end)"


def _guess(
    ask: Ask,
    view: str,
    names: list[str],
    families: dict[str, str],
    expressions: dict[str, str],
    *,
    time: str,
    numbers: bool,
) -> None:
    """Take texts for what every one of them can be read as."""
    parts: list[str] = []
    for name in names:
        text = expressions[name]
        moment = f"try_cast({text} as timestamp)"
        parts += [
            f"count({text})", f"count({_number(text)})",
            f"count_if(lower({text}) in ('true', 'false'))", f"count({moment})",
        ]  # fmt: skip
    (row,) = ask(f"select {', '.join(parts)} from {view}")
    for place, name in enumerate(names):
        text = expressions[name]
        present, digits, flags, moments = row[_GUESSES * place : _GUESSES * (place + 1)]
        if numbers and not present:
            families[name] = "empty"
        elif numbers and digits == present:
            families[name], expressions[name] = "number", _number(text)
        elif numbers and flags == present:
            families[name], expressions[name] = "flag", f"(lower({text}) = 'true')"
        elif (numbers or name == time) and present and moments == present:
            families[name] = "time"
            expressions[name] = f"unix_micros(try_cast({text} as timestamp))"
