"""CHG: whether automatic changes stayed inside what was allowed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from policies.compliance.seen import ControlFacts
from policies.results import Finding, failed, not_applicable, satisfied


def retraining_inside_envelope(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """CHG-02: automatic retraining kept its cooldown and budget, each time for a named cause."""
    jobs = sorted(facts.retrainings, key=lambda job: job.at)
    if not facts.policy and not jobs:
        return not_applicable("No policy retrains this model by itself.")
    problems = [f"the one of {job.at:%Y-%m-%d} names no cause" for job in jobs if not job.cause]
    for index, job in enumerate(jobs):
        earlier = jobs[index - 1] if index else None
        if earlier and job.at - earlier.at < timedelta(days=job.cooldown_days):
            problems.append(f"the one of {job.at:%Y-%m-%d} broke the cooldown")
        same = [one for one in jobs[: index + 1] if _quarter(one.at) == _quarter(job.at)]
        if len(same) > job.max_per_quarter:
            problems.append(f"the one of {job.at:%Y-%m-%d} is number {len(same)} of its quarter")
    seen: dict[str, Any] = {"policy": facts.policy, "retrainings": len(jobs)}
    if problems:
        return failed(
            f"Retrainings left their envelope: {'; '.join(problems)}.",
            "Find out who changed the policy or the jobs; see the audit.",
            **seen,
        )
    count = {0: "no retraining yet", 1: "one retraining"}.get(len(jobs), f"{len(jobs)} retrainings")
    name = facts.policy or "none in force any more"
    return satisfied(f"Policy {name}: {count}, inside cooldown and budget.", **seen)


def _quarter(at: datetime) -> tuple[int, int]:
    utc = at.astimezone(UTC)
    return utc.year, (utc.month - 1) // 3
