"""Evaluate a pack's trigger over a record's facts: yes, no, or not known. Pure.

A rule is `{"fact": name, "is" | "in" | "contains": value}`, `{"all": [...]}`, `{"any": [...]}`
or `{"not": rule}`. A fact that nobody stated makes the answer unknown unless the rest decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FACTS = {
    "decision_role": "its part in the decision",
    "decides_about": "what it decides about",
    "touches_people": "whether it touches people",
    "significant_effect": "whether its effect on people is significant",
    "in_new_york_city": "whether it is used in New York City",
    "origin": "where it comes from",
    "model_kind": "its kind",
    "adaptation_mode": "how it changes",
    "personal_data": "whether it uses personal data",
    "eu_class": "its class under the EU AI Act",
    "eu_role": "our role under the EU AI Act",
    "eu_high_risk": "whether the EU AI Act calls it high-risk",
    "regulatory_figure": "whether it feeds a regulatory figure",
    "firm.us_bank_over_30bn": "whether the firm is a US bank with more than $30 billion",
    "firm.uk_internal_model_bank": "whether the firm is a UK bank with approved internal models",
    "firm.ca_federally_regulated": "whether the firm is regulated by OSFI",
    "firm.sg_financial": "whether the firm is supervised by MAS",
    "firm.follows_nist_ai_rmf": "whether the firm follows the NIST framework",
    "firm.follows_iso_42001": "whether the firm follows ISO/IEC 42001",
}
FIRM = tuple(name for name in FACTS if name.startswith("firm."))
_TESTS = ("is", "in", "contains")


@dataclass
class Answer:
    """What a rule gives (None: not known), the facts it looked at, and which are missing."""

    result: bool | None
    facts: dict[str, Any] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)


def check(rule: Any) -> None:
    """Raise ValueError for something that is no rule."""
    if not isinstance(rule, dict):
        raise ValueError("a rule is an object")
    keys = set(rule)
    if keys in ({"all"}, {"any"}):
        (parts,) = rule.values()
        if not isinstance(parts, list) or not parts:
            raise ValueError("'all' and 'any' hold a list of rules")
        for part in parts:
            check(part)
    elif keys == {"not"}:
        check(rule["not"])
    elif "fact" not in keys or len(keys) != 2 or not keys & set(_TESTS):
        raise ValueError(f"a rule is all, any, not, or a fact with one of {', '.join(_TESTS)}")
    elif rule["fact"] not in FACTS:
        raise ValueError(f"there is no fact '{rule['fact']}'")
    elif "in" in rule and not isinstance(rule["in"], list):
        raise ValueError("'in' holds a list")


def names(rule: Mapping[str, Any]) -> list[str]:
    """Return the facts that a rule looks at, wherever they stand in it."""
    if "not" in rule:
        return names(rule["not"])
    parts = rule.get("all") or rule.get("any")
    if parts is None:
        return [rule["fact"]]
    return list(dict.fromkeys(name for part in parts for name in names(part)))


def evaluate(rule: Mapping[str, Any], known: Mapping[str, Any]) -> Answer:
    """Return what the rule gives for these facts."""
    if "not" in rule:
        inner = evaluate(rule["not"], known)
        result = None if inner.result is None else not inner.result
        return Answer(result, inner.facts, inner.missing)
    for name, decides in (("all", False), ("any", True)):
        if name in rule:
            return _several([evaluate(part, known) for part in rule[name]], decides=decides)
    fact = rule["fact"]
    value = known.get(fact)
    if value is None:
        return Answer(None, {fact: None}, [fact])
    return Answer(_test(rule, value), {fact: value})


def _several(answers: list[Answer], *, decides: bool) -> Answer:
    facts = {key: value for answer in answers for key, value in answer.facts.items()}
    results = [answer.result for answer in answers]
    if decides in results:
        deciding = [answer for answer in answers if answer.result is decides]
        return Answer(decides, {k: v for a in deciding for k, v in a.facts.items()})
    if None in results:
        return Answer(None, facts, [name for answer in answers for name in answer.missing])
    return Answer(not decides, facts)


def _test(rule: Mapping[str, Any], value: Any) -> bool:
    if "is" in rule:
        return bool(value == rule["is"])
    if "in" in rule:
        return value in rule["in"]
    return rule["contains"] in value
