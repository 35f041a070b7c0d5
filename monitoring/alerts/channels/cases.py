"""The incidents that one message is about, for channels that keep a case for each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.alerts.channels import Outgoing

# A digest after an outage may hold hundreds; each costs a call, and the lease ends.
MOST_CALLS = 60


@dataclass(frozen=True)
class Case:
    """One incident in a message: what the channel knows it by, and whether it is over."""

    thread: str
    facts: tuple[dict[str, Any], ...]
    headline: str
    event: str

    @property
    def severity(self) -> str:
        """Return the worst severity of its alerts."""
        found = {fact.get("severity") for fact in self.facts}
        return "critical" if "critical" in found else "watch"


def cases(outgoing: Outgoing) -> tuple[list[Case], tuple[dict[str, Any], ...]]:
    """Return one case for each incident of the message, and the facts that are too many for that.

    News is one case. A digest holds several; each is told as what it is now, open or over.
    """
    if outgoing.kind == "news":
        event = outgoing.event
        if event == "resolved" and not over(outgoing.facts):
            event = "firing"  # one alert of it ended; the case goes on
        return [Case(outgoing.thread, outgoing.facts, outgoing.letter.subject, event)], ()
    grouped: dict[str, list[dict[str, Any]]] = {}
    for fact in outgoing.facts:
        grouped.setdefault(str(fact.get("incident", "")), []).append(fact)
    found = [_case(number, tuple(facts)) for number, facts in grouped.items()]
    rest = tuple(fact for case in found[MOST_CALLS:] for fact in case.facts)
    return found[:MOST_CALLS], rest


def over(facts: Sequence[dict[str, Any]]) -> bool:
    """Say whether every incident of these alerts is closed."""
    return all(fact.get("incident_state") == "closed" for fact in facts)


def _case(number: str, facts: tuple[dict[str, Any], ...]) -> Case:
    more = f" and {len(facts) - 1} more" if len(facts) > 1 else ""
    headline = f"{facts[0].get('model', '')}: {facts[0].get('headline', '')}{more}"
    event = "resolved" if over(facts) else "firing"
    return Case(f"incident-{number}", facts, headline, event)
