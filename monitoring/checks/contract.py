"""Judge a batch's profile against its contract, each column on its own, before any statistic."""

import math
from dataclasses import dataclass, field
from difflib import get_close_matches

from monitoring.checks.profiles import ColumnProfile, TableProfile
from monitoring.checks.shapes import ColumnContract, ContractSpec
from monitoring.checks.words import count, number, percent

# How near a power of ten the ratio of magnitudes must be, in tenths of a decade.
_UNIT_TOLERANCE = 0.1
_QUARTILE_TOLERANCE = 0.2
_MIN_UNSEEN = 3  # two odd rows of a small batch are a note, whatever their share
_KINDS = {
    "number": "numbers",
    "category": "categories",
    "flag": "yes/no values",
    "time": "times",
    "text": "text",
    "empty": "nothing but nulls",
    "other": "lists or structures",
}


@dataclass(frozen=True)
class Violation:
    """One broken rule: which column ("" = the whole batch), which rule, and a sentence."""

    column: str
    rule: str
    detail: str


@dataclass
class Findings:
    """What the contract says of a batch."""

    violations: list[Violation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fault(self, column: str, rule: str, detail: str) -> None:
        self.violations.append(Violation(column, rule, detail))

    @property
    def columns(self) -> set[str]:
        """The columns that broke a rule and are therefore not scored."""
        return {violation.column for violation in self.violations}


def check(
    profile: TableProfile,
    contract: ContractSpec,
    *,
    min_rows: int = 1,
    usual_rows: float | None = None,
    known: frozenset[str] = frozenset(),
) -> Findings:
    """Return every broken rule. `known` names columns that may come without being contracted."""
    found = Findings()
    _names(profile, contract, known, found)
    enough = _volume(profile, contract, max(min_rows, contract.min_rows), usual_rows, found)
    for name, rules in contract.columns.items():
        column = profile.columns.get(name)
        if column is not None and enough:
            _column(name, column, rules, contract, found)
    _repeats(profile, contract, found)
    _freshness(profile, contract, found)
    return found


def _names(
    profile: TableProfile, contract: ContractSpec, known: frozenset[str], found: Findings
) -> None:
    for name in sorted({name for name in profile.names if profile.names.count(name) > 1}):
        found.fault(name, "duplicate_column", f"The batch has the column {name} more than once")
    extra = [name for name in profile.names if name not in contract.columns and name not in known]
    for name, rules in contract.columns.items():
        if rules.required and name not in profile.names:
            close = get_close_matches(name, extra, n=1, cutoff=0.8)
            hint = f"; a column {close[0]} came instead" if close else ""
            found.fault(name, "missing_column", f"The column {name} is missing{hint}")
    for name in extra:
        if contract.extra_columns == "refuse":
            found.fault(name, "extra_column", f"The column {name} is not in the contract")
        else:
            found.notes.append(f"The column {name} is not in the contract and was not judged")


def _volume(
    profile: TableProfile,
    contract: ContractSpec,
    min_rows: int,
    usual: float | None,
    found: Findings,
) -> bool:
    if profile.rows == 0:
        found.fault("", "no_rows", "The batch is empty: it has 0 rows")
        return False
    if profile.rows < min_rows:
        detail = f"The batch has {count(profile.rows)}; at least {min_rows:,} are needed"
        found.fault("", "few_rows", detail)
    elif usual and profile.rows < usual * contract.min_share_of_usual:
        detail = f"The batch has {count(profile.rows)} where about {usual:,.0f} are usual"
        found.fault("", "few_rows", detail)
    return True


def _column(
    name: str, column: ColumnProfile, rules: ColumnContract, contract: ContractSpec, found: Findings
) -> None:
    if column.nulls == column.rows and rules.max_null_share < 1:
        found.fault(name, "nulls", f"{name} holds no value at all, only nulls")
        return
    if not _fits(rules.family, column.family):
        detail = f"{name} holds {_KINDS[column.family]} where {_KINDS[rules.family]} are expected"
        found.fault(name, "type", detail)
        return
    if column.null_share > rules.max_null_share:
        detail = (
            f"{percent(column.null_share)} of {name} are missing;"
            f" at most {percent(rules.max_null_share)} are allowed"
        )
        found.fault(name, "nulls", detail)
    if column.infinite and not rules.allow_infinite:
        found.fault(name, "infinite", f"{name} is infinite in {count(column.infinite)}")
    if rules.family == "number":
        _range(name, column, rules, contract, found)
    if rules.categories is not None:
        _categories(name, column, rules.categories, contract, found)
    if rules.max_distinct and (column.distinct or 0) > rules.max_distinct:
        detail = f"{name} has {column.distinct:,} different values, at most {rules.max_distinct:,}"
        found.fault(name, "cardinality", detail)


def _fits(expected: str, seen: str) -> bool:
    # A column of few strings and one of many differ only in how often strings repeat.
    strings = {"category", "text"}
    return expected == seen or (expected in strings and seen in strings) or expected == "empty"


def _range(
    name: str, column: ColumnProfile, rules: ColumnContract, contract: ContractSpec, found: Findings
) -> None:
    unit = unit_change(column, rules)
    if unit:
        found.fault(name, "unit", f"{name} {unit}")
        return
    values = column.rows - column.nulls
    if column.absurd:
        worst = max(abs(column.low or 0.0), abs(column.high or 0.0))
        found.fault(name, "range", f"{name} reaches {number(worst)}, which cannot be")
        return
    if not column.outside or not values:
        return
    share = column.outside / values
    bounds = f"{number(rules.low)} to {number(rules.high)}"
    detail = f"{percent(share)} of {name} lie outside {bounds}"
    if share > contract.max_out_of_range_share:
        found.fault(name, "range", detail)
    else:
        found.notes.append(detail)


def unit_change(column: ColumnProfile, rules: ColumnContract) -> str:
    """Say which power of ten a whole column seems multiplied with, or nothing."""
    if not (rules.magnitudes and rules.sign and column.magnitudes and column.sign == rules.sign):
        return ""
    if min(*rules.magnitudes, *column.magnitudes) <= 0:
        return ""
    lower, middle, upper = (
        math.log10(now / then)
        for now, then in zip(column.magnitudes, rules.magnitudes, strict=True)
    )
    power = round(middle)
    # Drift that happens to reach a factor of ten bends the distribution; a unit does not.
    straight = all(abs(part - power) <= _QUARTILE_TOLERANCE for part in (lower, upper))
    if power == 0 or abs(middle - power) > _UNIT_TOLERANCE or not straight:
        return ""
    factor = f"{10 ** abs(power):,} times {'larger' if power > 0 else 'smaller'}"
    then, now = rules.magnitudes[1] * rules.sign, column.magnitudes[1] * rules.sign
    return (
        f"looks like a unit change: it is about {factor} than at training"
        f" (median {number(now)} against {number(then)})"
    )


def _categories(
    name: str, column: ColumnProfile, listed: list[str], contract: ContractSpec, found: Findings
) -> None:
    values = column.rows - column.nulls
    if column.counts is None:
        detail = f"{name} has {column.distinct or 0:,} different values; {len(listed):,} are known"
        found.fault(name, "cardinality", detail)
        return
    known = set(listed)
    unseen = {value: n for value, n in column.counts.items() if value not in known}
    total = sum(unseen.values())
    if not total:
        return
    first = sorted(unseen, key=lambda value: -unseen[value])[:3]
    named = ", ".join(f"“{value[:60]}”" for value in first)
    share = total / values
    detail = f"{name} has values never seen at training: {named} in {percent(share)} of the rows"
    if share > contract.max_unseen_share and total >= _MIN_UNSEEN:
        found.fault(name, "unseen_category", detail)
    else:
        found.notes.append(detail)


def _repeats(profile: TableProfile, contract: ContractSpec, found: Findings) -> None:
    if not profile.read:
        return
    ids, rows = profile.duplicate_ids / profile.read, profile.duplicate_rows / profile.read
    if ids > contract.max_duplicate_ids:
        detail = f"{percent(ids)} of the rows repeat a request_id that came before"
        found.fault("", "duplicate_ids", detail)
    elif rows > contract.max_duplicate_rows:
        found.fault("", "duplicate_rows", f"{percent(rows)} of the rows repeat another row")
    elif profile.duplicate_ids:
        found.notes.append(f"{count(profile.duplicate_ids)} repeat a request_id")


def _freshness(profile: TableProfile, contract: ContractSpec, found: Findings) -> None:
    outside = profile.before_window + profile.after_window
    if not outside or not profile.read:
        return
    share = outside / profile.read
    first, last = profile.times or ("", "")
    side = "before" if profile.before_window >= profile.after_window else "after"
    detail = (
        f"{percent(share)} of the rows have a time outside the window, mostly {side} it"
        f" (times run from {first} to {last})"
    )
    if share > contract.max_outside_window:
        found.fault("", "freshness", detail)
    else:
        found.notes.append(detail)
