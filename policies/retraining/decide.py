"""Decide whether a model is retrained, from facts, a policy and a time. Pure: no clock, no I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.retraining import cadence
from policies.retraining.seen import Facts
from policies.retraining.signals import SignalSeen, latest_answer, look
from policies.retraining.specs import PolicySpec

RETRAIN, HOLD, WAIT, NONE = "retrain", "hold", "wait", "none"
GONE = ("decommissioning", "decommissioned")


@dataclass(frozen=True)
class Decision:
    """What is to be done, why (the deciding sentence first), and the figures it rests on."""

    action: str
    reasons: tuple[str, ...]
    inputs: dict[str, Any] = field(default_factory=dict)


def decide(facts: Facts, policy: PolicySpec, at: datetime) -> Decision:
    """Return the decision; the same facts, policy and time always give the same one."""
    signals = [look(signal, facts) for signal in policy.signals]
    old, due = cadence.sentence(facts, policy, at)
    wants = [signal.sentence for signal in signals if signal.on and not signal.answered]
    if due and old:
        wants.append(old)
    action, reasons = _weigh(facts, policy, at, signals=signals, wants=wants, old=old)
    return Decision(action, tuple(reasons), _inputs(facts, policy, at, signals))


def _weigh(
    facts: Facts,
    policy: PolicySpec,
    at: datetime,
    *,
    signals: list[SignalSeen],
    wants: list[str],
    old: str | None,
) -> tuple[str, list[str]]:
    if facts.lifecycle in GONE:
        return NONE, [f"The model is {facts.lifecycle}, so it is not retrained any more."]
    if policy.hold_on_data_fault and facts.faults:
        return HOLD, [_hold(facts), *(f"Without the hold: {want}" for want in wants)]
    if facts.champion is None:
        return WAIT, ["The model has no champion yet, so there is nothing to retrain.", *wants]
    if wants:
        block = _block(facts, policy, at)
        return (WAIT, [block, *wants]) if block else (RETRAIN, wants)
    quiet = [signal.sentence for signal in signals if not signal.answered]
    answered = [signal.sentence for signal in signals if signal.answered]
    if answered:
        return WAIT, [_answered(facts), *answered, *quiet]
    if old:
        return WAIT, [old, *quiet]
    if signals and not any(signal.looked for signal in signals):
        return WAIT, quiet
    return NONE, [*quiet, *cadence.next_due(facts, policy)] or ["Nothing asks for a retraining."]


def hindrances(facts: Facts, policy: PolicySpec, at: datetime) -> tuple[list[str], list[str]]:
    """Return what keeps a person from asking for a retraining: never, and not without an override.

    A hold and a cooldown may be overridden with a reason; what cannot be done stays impossible.
    """
    if facts.lifecycle in GONE:
        return [f"The model is {facts.lifecycle}, so it is not retrained any more."], []
    if policy.trainer is None or not facts.trainer_known:
        return [_block(facts, policy, at) or ""], []
    if running := _running(facts):
        return [running], []
    held = [_hold(facts)] if policy.hold_on_data_fault and facts.faults else []
    return [], [*held, *_limits(facts, policy, at)]


def _hold(facts: Facts) -> str:
    fault = min(facts.faults, key=lambda item: (item.since, item.check))
    kind = fault.state.replace("_", " ")
    why = f" ({fault.reason.rstrip('.')})" if fault.reason else ""
    return (
        f"Retraining is on hold: check '{fault.check}' has an open {kind} since"
        f" {fault.since:%Y-%m-%d}{why}, and a version trained on that data would learn the fault."
    )


def _block(facts: Facts, policy: PolicySpec, at: datetime) -> str | None:
    """Return the sentence that says why a wanted retraining has to wait, or None."""
    if policy.trainer is None:
        return "The policy names no trainer, so a person has to start the retraining."
    if not facts.trainer_known:
        return f"The policy names the trainer '{policy.trainer}', and there is none of that name."
    return _running(facts) or next(_limits(facts, policy, at), None)


def _running(facts: Facts) -> str | None:
    running = [item for item in facts.retrainings if item.state in ("requested", "started")]
    if not running:
        return None
    return f"A retraining asked for on {running[-1].at:%Y-%m-%d} has not come back yet."


def _limits(facts: Facts, policy: PolicySpec, at: datetime) -> Iterator[str]:
    if facts.windows_open:
        windows = "window is" if facts.windows_open == 1 else "windows are"
        yield f"{facts.windows_open} {windows} still being judged, and may change the picture."
    until = _cooldown_until(facts, policy)
    if until is not None and at < until:
        yield (
            f"The cooldown of {policy.cooldown_days} days after the latest retraining ends on"
            f" {until:%Y-%m-%d}."
        )
    used = _used(facts, at)
    if used >= policy.max_per_quarter:
        yield (
            f"The budget is used up: {used} of at most {policy.max_per_quarter} retrainings in"
            f" {_quarter_name(at)}."
        )


def _cooldown_until(facts: Facts, policy: PolicySpec) -> datetime | None:
    latest = max((item.at for item in facts.retrainings), default=None)
    return None if latest is None else latest + timedelta(days=policy.cooldown_days)


def _quarter(at: datetime) -> tuple[int, int]:
    utc = at.astimezone(UTC)
    return utc.year, (utc.month - 1) // 3 + 1


def _quarter_name(at: datetime) -> str:
    year, quarter = _quarter(at)
    return f"the {('first', 'second', 'third', 'fourth')[quarter - 1]} quarter of {year}"


def _used(facts: Facts, at: datetime) -> int:
    # Failed ones count too: they have cost a training.
    return sum(_quarter(item.at) == _quarter(at) for item in facts.retrainings)


def _answered(facts: Facts) -> str:
    answer = latest_answer(facts)
    assert answer is not None
    asked = f"the retraining asked for on {answer.at:%Y-%m-%d}"
    if answer.version is None:
        return f"This cause is answered by {asked}, which has not come back yet."
    if answer.version == facts.champion:
        return f"This cause is answered by {asked}: version {answer.version} serves now."
    return (
        f"This cause is answered by {asked}: version {answer.version} came of it and waits,"
        f" while version {facts.champion} serves."
    )


def _inputs(
    facts: Facts, policy: PolicySpec, at: datetime, signals: list[SignalSeen]
) -> dict[str, Any]:
    until = _cooldown_until(facts, policy)
    start = cadence.start(facts)
    return {
        "signals": [
            {
                "signal": rule.signal,
                "needed": rule.windows,
                "of": rule.of,
                "counted": seen.counted,
                "looked": seen.looked,
                "on": seen.on,
                "answered": seen.answered,
            }
            for rule, seen in zip(policy.signals, signals, strict=True)
        ],
        "age_days": None if start is None else (at - start).days,
        "cooldown_until": until.isoformat() if until else None,
        "used_this_quarter": _used(facts, at),
        "max_per_quarter": policy.max_per_quarter,
        "open_faults": len(facts.faults),
        "windows_open": facts.windows_open,
    }
