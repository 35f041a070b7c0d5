"""PagerDuty by its Events API v2: trigger, acknowledge and resolve by the incident's key."""

from typing import Any

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import Reply, call, short
from monitoring.alerts.channels.cases import Case, cases

# What PagerDuty takes: a summary of 1,024 characters, an event of 512 KB.
LONGEST_SUMMARY = 1024
MOST_FACTS = 50
_ACTIONS = {"acknowledged": "acknowledge", "resolved": "resolve"}  # all else triggers
_SEVERITIES = {"critical": "critical", "watch": "warning"}
_GONE = {401, 403, 404, 410}
_REFUSED = {400, 405, 413, 415, 422}


def send(outgoing: Outgoing) -> Receipt:
    """Send one event for each incident of the message; a repeat is the same event."""
    if not outgoing.facts:
        return _note(outgoing)
    told, rest = cases(outgoing)
    for case in told:
        _enqueue(outgoing, _event(outgoing, case))
    if rest:
        _enqueue(outgoing, _many(outgoing, rest))
    return Receipt(f"accepted: {', '.join(case.thread for case in told)}")


def _event(outgoing: Outgoing, case: Case) -> dict[str, Any]:
    fact = case.facts[0]
    action = _ACTIONS.get(case.event, "trigger")
    event: dict[str, Any] = {"event_action": action, "dedup_key": case.thread}
    if action != "trigger":
        return event
    payload = {
        "summary": short(case.headline, LONGEST_SUMMARY),
        "source": fact.get("model") or "Muster",
        "severity": _SEVERITIES[case.severity],
        "timestamp": fact.get("opened_at") or outgoing.at.isoformat(),
        "component": fact.get("check") or "",
        "group": fact.get("business_unit") or "",
        "class": fact.get("condition") or "",
        "custom_details": _details(outgoing, case.facts),
    }
    return event | _links(outgoing, fact.get("incident_url")) | {"payload": payload}


def _many(outgoing: Outgoing, facts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    payload = {
        "summary": f"{len(facts)} more alerts: {short(outgoing.letter.subject, 900)}",
        "source": "Muster",
        "severity": "critical"
        if any(f.get("severity") == "critical" for f in facts)
        else "warning",
        "timestamp": outgoing.at.isoformat(),
        "custom_details": {"alerts": ", ".join(str(fact.get("alert")) for fact in facts)},
    }
    event = {"event_action": "trigger", "dedup_key": outgoing.key}
    return event | _links(outgoing) | {"payload": payload}


def _note(outgoing: Outgoing) -> Receipt:
    """Send what is about no incident as a change event: it is kept and wakes nobody."""
    payload = {
        "summary": short(outgoing.letter.subject, LONGEST_SUMMARY),
        "source": "Muster",
        "timestamp": outgoing.at.isoformat(),
        "custom_details": _details(outgoing, ()) | {"key": outgoing.key},
    }
    links = {"links": _links(outgoing)["links"]}
    _enqueue(outgoing, {"payload": payload, **links}, path="/v2/change/enqueue")
    return Receipt("accepted as a change event")


def _details(outgoing: Outgoing, facts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    parts = {label: short("\n".join(lines), 4000) for label, lines in outgoing.letter.parts[:30]}
    if outgoing.kind != "news":
        parts = {}  # a digest's words are about other incidents too
    shown: dict[str, Any] = {"alerts": list(facts[:MOST_FACTS])} if facts else {}
    if len(facts) > MOST_FACTS:
        shown["more"] = ", ".join(str(fact.get("alert")) for fact in facts[MOST_FACTS:])
    return parts | shown


def _links(outgoing: Outgoing, url: Any = None) -> dict[str, Any]:
    target = url or outgoing.letter.url
    link = {"href": target, "text": short(outgoing.letter.action, 200)}
    return {"client": "Muster", "client_url": target, "links": [link]}


def _enqueue(outgoing: Outgoing, event: dict[str, Any], path: str = "/v2/enqueue") -> None:
    body = {"routing_key": outgoing.secret, **event}
    reply = call("POST", f"{outgoing.address.rstrip('/')}{path}", body, at=outgoing.at)
    if not 200 <= reply.status < 300:
        raise _refusal(reply)
    if reply.body.get("status") != "success":
        raise ChannelError("PagerDuty's answer cannot be read")


def _refusal(reply: Reply) -> ChannelError:
    errors = reply.body.get("errors") or reply.body.get("message") or ""
    text = "; ".join(map(str, errors)) if isinstance(errors, list) else str(errors)
    key_is_wrong = "routing_key" in text or "routing key" in text.lower()
    return ChannelError(
        short(f"PagerDuty answers HTTP {reply.status}: {text}".rstrip(": "), 500),
        permanent=reply.status in _REFUSED,
        disable=reply.status in _GONE or (reply.status in _REFUSED and key_is_wrong),
    )
