"""DEV, VAL-02 and REL: the version that serves, and the one it could go back to."""

from datetime import datetime, timedelta
from typing import Any

from policies.compliance.seen import ControlFacts
from policies.releases.documents import mapping, moment
from policies.releases.gates import out_of_time, reproducibility, rollback_target
from policies.releases.seen import unread
from policies.results import (
    SATISFIED,
    Finding,
    expired,
    failed,
    not_applicable,
    satisfied,
    unknown,
)

# Formats that run code when they are loaded.
_RUNS_CODE = (".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".pt", ".pth")
_WAIVER_TIERS = (1, 2)


def _no_champion(facts: ControlFacts) -> Finding:
    if not facts.in_use:
        return not_applicable(f"The model is {facts.lifecycle_words}; no version serves yet.")
    return unknown(
        "No version carries the alias champion in MLflow, so nobody can say what serves.",
        'client.set_registered_model_alias(name, "champion", version)',
    )


def version_can_be_rebuilt(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """DEV-02: code, environment, data, parameters and signature of the champion are recorded."""
    return reproducibility(facts.champion) if facts.champion else _no_champion(facts)


def artifact_identity(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """DEV-04: the files are those that were approved, in a format that is safe to load."""
    if facts.champion is None:
        return _no_champion(facts)
    version = facts.champion.version
    if not version.digest:
        return unread(version) or unknown(
            f"The files of version {version.number} have no digest yet."
        )
    risky = [path for path in version.files if path.lower().endswith(_RUNS_CODE)]
    seen: dict[str, Any] = {"digest": version.digest, "runs_code": risky}
    if risky and facts.tier.tier in _WAIVER_TIERS:
        return failed(
            f"{risky[0]} runs code when it is loaded; tier {facts.tier.tier} allows that only by"
            " a waiver.",
            'Log in a safe format, such as log_model(..., serialization_format="skops").',
            **seen,
        )
    if not facts.approved_digest:
        return unknown(
            f"Version {version.number} has the digest {version.digest[:10]}, but no version was"
            " approved, so there is none to compare it with.",
            "Have the version approved before it serves.",
            **seen,
        )
    if facts.approved_digest != version.digest:
        return failed(
            f"The files of version {version.number} ({version.digest[:10]}) are not the approved"
            f" ones ({facts.approved_digest[:10]}).",
            "Find out who changed them; serve the approved files meanwhile.",
            **seen,
        )
    warning = f", although {risky[0]} runs code when it is loaded" if risky else ""
    return satisfied(f"The files are the approved ones ({version.digest[:10]}){warning}.", **seen)


def tested_out_of_time(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """VAL-02: the champion met a limit, set before, on a period after its training data."""
    return out_of_time(facts.champion) if facts.champion else _no_champion(facts)


def rollback_proven(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """REL-03: the version before is kept and was shown to work, not too long ago."""
    if facts.champion is None:
        return _no_champion(facts)
    finding = rollback_target(facts.champion)
    if finding.result != SATISFIED:
        return finding
    proof = mapping(facts.champion.version.documents.get("muster/rollback.json"))
    drilled = moment(proof.get("checked_at"))
    if drilled is None:
        return unknown(
            f"{finding.reason} When that was tried is not recorded.",
            'Log "checked_at" in muster/rollback.json.',
            **finding.seen,
        )
    ends = None if days is None else drilled + timedelta(days=days)
    if ends is not None and at >= ends:
        return expired(
            f"The way back was last tried on {drilled:%Y-%m-%d}, more than {days} days ago.",
            "Try it again and log muster/rollback.json.",
            **finding.seen,
        )
    text = f"{finding.reason} Tried on {drilled:%Y-%m-%d}."
    return satisfied(text, holds_until=ends, **finding.seen)


def live_equals_approved(facts: ControlFacts, *, days: int | None, at: datetime) -> Finding:
    """REL-04: what the serving alias points to is the version that was approved."""
    if facts.champion is None:
        return _no_champion(facts)
    number = facts.champion.version.number
    since = f" since {facts.champion_since:%Y-%m-%d}" if facts.champion_since else ""
    seen: dict[str, Any] = {"serves": number, "approved": facts.approved_version}
    if facts.approved_version is None:
        return failed(
            f"Version {number} serves{since}, and no version was ever approved.",
            "Have the version approved; until then this stays open.",
            **seen,
        )
    if facts.approved_version != number:
        return failed(
            f"Version {number} serves{since}, but version {facts.approved_version} is the"
            " approved one.",
            f'client.set_registered_model_alias(name, "champion", {facts.approved_version})',
            **seen,
        )
    return satisfied(f"The approved version {number} serves{since}.", **seen)
