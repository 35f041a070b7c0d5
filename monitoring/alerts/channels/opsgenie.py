"""Opsgenie by its Alert API: create, acknowledge and close by the incident's alias."""

from typing import Any
from urllib.parse import quote

from monitoring.alerts.channels import ChannelError, Outgoing, Receipt
from monitoring.alerts.channels.calls import call, short
from monitoring.alerts.channels.cases import Case, cases

# What Opsgenie takes, in characters.
LONGEST_MESSAGE, LONGEST_DESCRIPTION, LONGEST_NOTE = 130, 15_000, 25_000
_PRIORITIES = {"critical": "P1", "watch": "P3"}
_ACTIONS = {
    "acknowledged": "acknowledge",
    "resolved": "close",
    "reminder": "notes",
    "escalated": "notes",
}
_GONE = {401, 402, 403}
_REFUSED = {400, 404, 405, 413, 415, 422}


def send(outgoing: Outgoing) -> Receipt:
    """Send one request for each incident of the message; Opsgenie joins those of one alias."""
    if not outgoing.facts:
        _post(outgoing, "", _alert(outgoing, outgoing.key, outgoing.letter.subject, "P5"))
        return Receipt("accepted")
    told, rest = cases(outgoing)
    for case in told:
        _tell(outgoing, case)
    if rest:
        worst = "critical" if any(f.get("severity") == "critical" for f in rest) else "watch"
        headline = f"{len(rest)} more alerts: {outgoing.letter.subject}"
        body = _alert(outgoing, outgoing.key, headline, _PRIORITIES[worst])
        named = ", ".join(str(fact.get("alert")) for fact in rest)
        _post(outgoing, "", body | {"description": short(f"Alerts {named}", LONGEST_DESCRIPTION)})
    return Receipt(f"accepted: {', '.join(case.thread for case in told)}")


def _tell(outgoing: Outgoing, case: Case) -> None:
    if action := _ACTIONS.get(case.event, ""):
        path = f"/{quote(case.thread, safe='')}/{action}?identifierType=alias"
        note = short(f"{outgoing.letter.lead} ({outgoing.key})", LONGEST_NOTE)
        _post(outgoing, path, {"source": "Muster", "note": note})
        return
    fact = case.facts[0]
    body = _alert(outgoing, case.thread, case.headline, _PRIORITIES[case.severity])
    body |= {
        "entity": short(str(fact.get("model") or ""), 512),
        "tags": [tag for tag in (fact.get("business_unit"), fact.get("condition")) if tag],
        "details": {
            "alerts": short(", ".join(str(found.get("alert")) for found in case.facts), 4000),
            "incident": str(fact.get("incident_url") or outgoing.letter.url),
            "model": str(fact.get("model_url") or ""),
        },
    }
    _post(outgoing, "", body)


def _alert(outgoing: Outgoing, alias: str, headline: str, priority: str) -> dict[str, Any]:
    letter = outgoing.letter
    lines = [letter.lead]
    for label, part in letter.parts:
        lines += ["", label, *part]
    lines += ["", f"{letter.action}: {letter.url}", "", *letter.footer]
    return {
        "message": short(headline, LONGEST_MESSAGE),
        "alias": alias,
        "description": short("\n".join(lines), LONGEST_DESCRIPTION),
        "priority": priority,
        "source": "Muster",
        "note": outgoing.key,
    }


def _post(outgoing: Outgoing, path: str, body: dict[str, Any]) -> None:
    reply = call(
        "POST",
        f"{outgoing.address.rstrip('/')}/v2/alerts{path}",
        body,
        headers={"Authorization": f"GenieKey {outgoing.secret}"},
        at=outgoing.at,
    )
    if 200 <= reply.status < 300:
        if "requestId" not in reply.body:
            raise ChannelError("Opsgenie's answer cannot be read")
        return
    raise ChannelError(
        short(f"Opsgenie answers HTTP {reply.status}: {reply.body.get('message', '')}", 500),
        permanent=reply.status in _REFUSED,
        disable=reply.status in _GONE,
    )
