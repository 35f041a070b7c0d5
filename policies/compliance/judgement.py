"""Judge all controls of a catalogue for one model. Pure: facts and a time in, findings out."""

from datetime import datetime

from policies.compliance.catalogue import TIERS, Catalogue, Entry
from policies.compliance.controls import CONTROLS
from policies.compliance.seen import ControlFacts
from policies.results import Finding, not_applicable

_TIER_WORDS = {1: "tier 1", 2: "tier 2", 3: "tier 3", 4: "a de minimis model"}
_GONE = "decommissioned"


def judge(entry: Entry, facts: ControlFacts, *, at: datetime) -> Finding:
    """Return what one control finds; what the tier is not asked for is not applicable."""
    tier = facts.tier.tier
    if facts.record.lifecycle == _GONE:
        return not_applicable("The model is decommissioned; its record stays as it was.")
    if tier in TIERS and not entry.asked_of(tier):
        return not_applicable(f"This is not asked of {_TIER_WORDS[tier]}.")
    return CONTROLS[entry.id](facts, days=entry.days(tier), at=at)


def judge_all(catalogue: Catalogue, facts: ControlFacts, *, at: datetime) -> dict[str, Finding]:
    """Return the finding of every control."""
    return {entry.id: judge(entry, facts, at=at) for entry in catalogue.entries}
