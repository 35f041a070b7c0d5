"""Messages on their way, for tests of one kind of channel."""

from dataclasses import replace
from datetime import UTC, datetime

from monitoring.alerts.channels import Outgoing
from monitoring.alerts.message import Letter

AT = datetime(2026, 11, 18, 14, tzinfo=UTC)
# What people call columns when they mean no good.
HOSTILE = "<!channel> @here *b* _i_ `c` [x](https://evil.example) <https://evil.example|pay> &amp;"
LETTER = Letter(
    subject="◆ CRITICAL card-fraud (Fraud, tier 1): PSI of income 0.41 > 0.2",
    state="critical",
    lead="card-fraud v14 is CRITICAL since Tue 18 Nov 14:00.",
    parts=(
        ("What", ("PSI of income 0.41 > 0.2.", "3 more are over their limits.")),
        ("Do now", ("Ask who owns the feed.", "Acknowledge.")),
    ),
    action="Open incident INC-381",
    url="https://muster.example/incidents/381/",
    footer=("Told as well: Ben.", "Rule: check data."),
)


def fact(alert=1, incident=381, **changes):
    """What machines are told about one alert."""
    return {
        "alert": str(alert),
        "incident": str(incident),
        "incident_state": "open",
        "incident_title": "card-fraud: drift",
        "incident_opened_at": "2026-11-18T08:00:00+00:00",
        "model": "card-fraud",
        "business_unit": "fraud",
        "severity": "critical",
        "condition": "drift",
        "headline": "PSI of income 0.41 > 0.2",
        "check": "data",
        "opened_at": "2026-11-18T09:00:00+00:00",
        "resolved_at": None,
        "incident_url": f"https://muster.example/incidents/{incident}/",
        "model_url": "https://muster.example/m/card-fraud/",
        **changes,
    }


def over(alert=1, incident=381, **changes):
    """... when it has resolved and its incident is closed."""
    return fact(
        alert,
        incident,
        incident_state="closed",
        resolved_at="2026-11-18T14:00:00+00:00",
        **changes,
    )


def news(event="firing", facts=None, **changes):
    """News of one incident."""
    letter = LETTER
    if event == "resolved":
        subject = "● RESOLVED card-fraud (Fraud, tier 1): drift is over after 5 h"
        letter = replace(LETTER, subject=subject, state="ok", lead="card-fraud: drift is over.")
    made = Outgoing(
        key=f"key-{event}",
        kind="news",
        event=event,
        thread="incident-381",
        address="C0SIMULATED",
        secret="",
        attempt=1,
        at=AT,
        facts=facts or ((over(),) if event == "resolved" else (fact(),)),
        letter=letter,
    )
    return replace(made, **changes)


def digest(*facts, **changes):
    """Several incidents in one message."""
    return news(facts=facts, **{"kind": "digest", "key": "key-d", "thread": "key-d", **changes})


def report(**changes):
    """A message about no alert at all."""
    return replace(news(), facts=(), kind="report", key="key-r", thread="key-r", **changes)


def hostile():
    """News whose every name was made by somebody who means no good."""
    letter = replace(LETTER, subject=HOSTILE, lead=HOSTILE, parts=(("What", (HOSTILE,)),))
    return news(facts=(fact(model=HOSTILE, headline=HOSTILE),), letter=letter)
