"""The form of a contract: a row of inputs for each column, and the rules of the whole batch."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, get_args

from dashboard import words
from dashboard.forms import Field, Group, number
from monitoring.checks.shapes import Family
from registry.problems import FieldError, Invalid

PAGE = 100  # columns on one page; the others are found by name
BLANK = 3
FAMILIES = get_args(Family)
# The inputs of a row by the rule they hold.
_NUMBERS = {"low": "low", "high": "high", "nulls": "max_null_share"}
_INPUTS = {**{rule: name for name, rule in _NUMBERS.items()}, "categories": "categories"}


@dataclass
class Row:
    """One column as it is shown, with what is wrong with it."""

    index: int
    name: str
    family: str
    new: bool = False
    must: bool = True
    drop: bool = False
    typed: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        return self.new and not self.name and not any(self.typed.values())


def batch() -> list[Group]:
    """Return the form of what holds for the whole batch."""
    return [
        Group(
            "The whole batch",
            (
                Field("min_rows", "Rows it must have", "number"),
                Field(
                    "min_share_of_usual", "Share of the usual rows it must have", "number",
                    "0.2 is 20 %.",
                ),
                Field("max_out_of_range_share", "Share of values outside the range", "number"),
                Field("max_unseen_share", "Share of categories not listed", "number"),
                Field("max_duplicate_rows", "Share of rows that are there twice", "number"),
            ),
        )
    ]  # fmt: skip


def stored(columns: dict[str, Any], search: str) -> list[Row]:
    """Return the rows of the columns whose name holds the search, and blank ones for new ones."""
    names = [name for name in sorted(columns) if search.lower() in name.lower()][:PAGE]
    rows = [_row(index, name, columns[name]) for index, name in enumerate(names)]
    return rows + [Row(len(rows) + more, "", "number", new=True) for more in range(BLANK)]


def typed(columns: dict[str, Any], post: Any) -> list[Row]:
    """Return the rows as somebody filled them in."""
    rows = []
    for index in range(PAGE + BLANK):
        name = post.get(f"name-{index}")
        if name is None:
            break
        known = name in columns and f"family-{index}" not in post
        rows.append(
            Row(
                index,
                name.strip() if not known else name,
                columns[name].get("family", "") if known else post.get(f"family-{index}", ""),
                new=not known,
                must=f"must-{index}" in post,
                drop=f"drop-{index}" in post,
                typed={
                    key: post.get(f"{key}-{index}", "").replace("\r\n", "\n").strip()
                    for key in _INPUTS.values()
                },
            )
        )
    return rows


def changes(columns: dict[str, Any], rows: Iterable[Row]) -> dict[str, Any]:
    """Return what the rows change, column by column, or raise Invalid."""
    found: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for row in rows:
        if row.blank:
            continue
        if row.new and (not row.name or row.name in columns or row.name in found):
            what = "a new column needs its name"
            if row.name:
                what = f"the column '{row.name[:60]}' is in the contract already"
            wrong.append(FieldError(_pointer(row.name), "name", what, "as the batch spells it"))
        elif row.drop and not row.new:
            found[row.name] = None
        elif changed := _changed(row, columns.get(row.name, {}), wrong):
            found[row.name] = changed
    if wrong:
        raise Invalid(*wrong)
    return found


def place(rows: list[Row], error: Invalid) -> list[str]:
    """Put each fault beside its input; return the others."""
    others = []
    for fault in error.errors:
        said = words.fault(fault.detail, fault.fix)
        found = [row for row in rows if not row.blank and _holds(row, fault.pointer)]
        if not found:
            others.append(said if fault.pointer == "/" else f"{fault.pointer[1:]}: {said}")
            continue
        row = found[-1 if fault.code == "name" else 0]  # of two of one name the new one is wrong
        rule = fault.pointer.removeprefix(_pointer(row.name)).strip("/").split("/")[0]
        row.wrong.setdefault(_INPUTS.get(rule, "name"), []).append(said)
    return others


def _row(index: int, name: str, rules: dict[str, Any]) -> Row:
    shown = {
        key: "" if rules.get(rule) is None else f"{rules[rule]}" for key, rule in _NUMBERS.items()
    }
    shown["categories"] = _lines(rules)
    return Row(index, name, rules.get("family", ""), must=rules.get("required", True), typed=shown)


def _changed(row: Row, rules: dict[str, Any], wrong: list[FieldError]) -> dict[str, Any]:
    given: dict[str, Any] = {"family": row.family} if row.new else {}
    for key, rule in _NUMBERS.items():
        try:
            value = number(row.typed[key]) if row.typed[key] else None
        except ValueError as error:
            wrong.append(
                FieldError(f"{_pointer(row.name)}/{rule}", "unreadable", str(error), "such as 0.5")
            )
            continue
        # What is left empty has no limit; the share of missing values then keeps what it has.
        if value != rules.get(rule) and (value is not None or rule != "max_null_share"):
            given[rule] = value
    # Compared as text: a stored category may hold what a line cannot.
    if row.typed["categories"] != _lines(rules):
        listed = [line.strip() for line in row.typed["categories"].split("\n")]
        given["categories"] = [line for line in listed if line] or None
    if row.must != rules.get("required", True):
        given["required"] = row.must
    return given


def _lines(rules: dict[str, Any]) -> str:
    return "\n".join(rules.get("categories") or []).replace("\r\n", "\n").strip()


def _pointer(name: str) -> str:
    return "/columns/" + name.replace("~", "~0").replace("/", "~1")


def _holds(row: Row, pointer: str) -> bool:
    return pointer == _pointer(row.name) or pointer.startswith(_pointer(row.name) + "/")
