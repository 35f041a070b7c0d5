"""How old the latest training of a model may get, and when that asks for a decision. Pure."""

from datetime import datetime, timedelta

from policies.retraining.seen import Facts
from policies.retraining.signals import latest_answer
from policies.retraining.specs import PolicySpec

# A decision to wait (for a budget, a cooldown, a person) is not the last word: a week later the
# cadence asks once more.
REPEAT = timedelta(days=7)


def start(facts: Facts) -> datetime | None:
    """Return the latest training, or the latest request for one that did not fail."""
    answer = latest_answer(facts)
    starts = [facts.champion_created_at, answer.at if answer else None]
    return max((start for start in starts if start is not None), default=None)


def longest(policy: PolicySpec) -> timedelta | None:
    """Return the age at which Muster asks for a training, the team's days of grace included."""
    if policy.cadence_days is None:
        return None
    return timedelta(days=policy.cadence_days + policy.cadence_grace_days)


def asked_at(begun: datetime | None, age: timedelta | None, at: datetime) -> datetime | None:
    """Return when a cadence asked for a decision last, or None while it does not."""
    if begun is None or age is None or at < begun + age:
        return None
    first = begun + age
    return first + (at - first) // REPEAT * REPEAT


def sentence(facts: Facts, policy: PolicySpec, at: datetime) -> tuple[str | None, bool]:
    """Return the sentence about an age past the cadence (None before that), and whether to act."""
    begun = start(facts)
    if policy.cadence_days is None or begun is None:
        return None, False
    age = at - begun
    if age < timedelta(days=policy.cadence_days):
        return None, False
    text = (
        f"The latest training is {age.days} days old; the policy asks for one every"
        f" {policy.cadence_days} days"
    )
    grace_ends = begun + timedelta(days=policy.cadence_days + policy.cadence_grace_days)
    if at < grace_ends:
        return f"{text}, and leaves the team until {grace_ends:%Y-%m-%d} to do it.", False
    return f"{text}.", True


def next_due(facts: Facts, policy: PolicySpec) -> list[str]:
    """Return the sentence about the next scheduled retraining, if there is a cadence."""
    begun = start(facts)
    if policy.cadence_days is None or begun is None:
        return []
    due = begun + timedelta(days=policy.cadence_days)
    return [f"The next scheduled retraining is due on {due:%Y-%m-%d}."]
