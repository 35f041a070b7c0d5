"""INV and CLS: the record, who answers for it, and how its tier came about."""

from datetime import datetime, timedelta
from typing import Any

from policies.compliance.seen import ControlFacts
from policies.results import Finding, expired, failed, satisfied, unknown

_NAMED = 6  # fields named in the reason; all of them are among the facts


def record_complete(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """INV-02: every field that tier and tags ask for is filled."""
    record = facts.record
    missing = record.missing
    if missing:
        due = "" if record.next_due is None else f"; the next is due {record.next_due:%Y-%m-%d}"
        more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        return failed(
            f"{len(missing)} of {record.wanted} fields that its tier and tags ask for are empty,"
            f" {record.overdue} past their day{due}: {', '.join(missing[:_NAMED])}{more}.",
            "GET /api/v1/models/<slug>/completeness/ says who fills which; or its record's page.",
            missing=list(missing),
        )
    return satisfied(
        f"All {record.wanted} fields that its tier and tags ask for are filled.",
        fields=record.wanted,
    )


def owner_present(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """INV-03: an owner and a deputy, two different people who can act."""
    owner, deputy = facts.record.owner, facts.record.deputy
    seen: dict[str, Any] = {"owner": owner.email, "deputy": deputy.email if deputy else None}
    mend = "Name somebody whose account is active: PUT /api/v1/models/<slug>/ {owner, deputy}."
    if not owner.active:
        return failed(f"The owner {owner.email} has no active account.", mend, **seen)
    if deputy is None:
        return failed(f"{owner.email} owns the model, but it has no deputy.", mend, **seen)
    if not deputy.active:
        return failed(f"The deputy {deputy.email} has no active account.", mend, **seen)
    if deputy.email == owner.email:
        return failed(f"{owner.email} is owner and deputy at once.", mend, **seen)
    return satisfied(f"{owner.email} owns the model and {deputy.email} is the deputy.", **seen)


def tier_from_rule(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """CLS-02: the tier comes from answers by the rule in force, and is not too old."""
    tier = facts.tier
    mend = "Answer the questions: PUT /api/v1/models/<slug>/ {tier_answers}."
    seen: dict[str, Any] = {
        "tier": tier.tier,
        "rule": tier.rule_version,
        "unanswered": list(tier.unanswered),
    }
    if tier.assessed_at is None:
        return unknown("No computation of the tier is stored.", mend, **seen)
    if tier.unanswered:
        names = ", ".join(tier.unanswered)
        count = len(tier.unanswered)
        text = f"{count} unanswered questions count as the worst: {names}."
        return failed(text, mend, **seen)
    if tier.rule_version != tier.current_rule_version:
        return expired(
            f"Tier {tier.tier} was computed by rule {tier.rule_version}; rule"
            f" {tier.current_rule_version} is in force.",
            mend,
            **seen,
        )
    text = f"Tier {tier.tier} was computed on {tier.assessed_at:%Y-%m-%d} by rule"
    ends = None if days is None else tier.assessed_at + timedelta(days=days)
    if ends is not None and at >= ends:
        return expired(
            f"{text} {tier.rule_version}; that is more than {days} days ago.", mend, **seen
        )
    return satisfied(
        f"{text} {tier.rule_version} from a full set of answers.", holds_until=ends, **seen
    )
