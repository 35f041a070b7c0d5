"""PagerDuty, against a simulated contract server."""

from dataclasses import replace

import pytest

from monitoring.alerts.channels import ChannelError, pagerduty
from monitoring.alerts.channels.cases import MOST_CALLS
from tests.monitoring.alerts import letters
from tests.monitoring.alerts.letters import digest, fact, news, over, report
from tests.monitoring.alerts.simulated import CUT, MALFORMED, PagerDuty, running


@pytest.fixture
def server(settings):
    with running(PagerDuty()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        yield found


def send(server, outgoing, secret=PagerDuty.key):
    return pagerduty.send(replace(outgoing, address=server.url, secret=secret))


def test_an_incident_is_one_incident_there_from_beginning_to_end(server):
    seen = []
    for event in ("firing", "escalated", "acknowledged", "reminder", "resolved"):
        send(server, news(event))
        seen.append(server.incidents["incident-381"])

    assert seen == ["triggered", "triggered", "acknowledged", "acknowledged", "resolved"]
    assert list(server.incidents) == ["incident-381"]


def test_the_event_says_what_where_and_how_bad(server):
    send(server, news())

    [event] = server.bodies()
    payload = event["payload"]
    assert payload["summary"] == letters.LETTER.subject
    assert (payload["source"], payload["severity"]) == ("card-fraud", "critical")
    assert payload["custom_details"]["Do now"] == "Ask who owns the feed.\nAcknowledge."
    assert event["links"][0]["href"] == "https://muster.example/incidents/381/"


def test_one_alert_that_ends_does_not_resolve_an_incident_that_goes_on(server):
    send(server, news())
    send(server, news("resolved", facts=(fact(),)))

    assert server.incidents == {"incident-381": "triggered"}


def test_a_digest_opens_and_ends_each_of_its_incidents(server):
    send(server, news())
    send(server, digest(over(1, 381), fact(2, 382, severity="watch"), over(3, 383), fact(4, 382)))

    assert server.incidents == {"incident-381": "resolved", "incident-382": "triggered"}
    told = next(b for b in server.bodies() if b["dedup_key"] == "incident-382")
    assert told["payload"]["summary"].endswith("and 1 more")
    assert told["payload"]["severity"] == "critical"


def test_a_digest_of_any_length_names_every_alert(server):
    facts = [fact(n, 1000 + n) for n in range(MOST_CALLS + 30)]
    send(server, digest(*facts))

    assert len(server.calls) == MOST_CALLS + 1
    last = server.bodies()[-1]
    assert last["dedup_key"] == "key-d"
    assert last["payload"]["custom_details"]["alerts"].split(", ") == [
        str(n) for n in range(MOST_CALLS, MOST_CALLS + 30)
    ]


def test_a_report_wakes_nobody(server):
    send(server, report())

    assert server.incidents == {}
    assert server.changes[0]["custom_details"]["key"] == "key-r"


@pytest.mark.parametrize("failure", [500, 503, MALFORMED, CUT])
def test_a_failure_is_repeated_with_the_same_key(server, failure):
    server.script = [failure]
    with pytest.raises(ChannelError) as told:
        send(server, news())
    send(server, replace(news(), attempt=2))

    assert (told.value.permanent, told.value.outage) == (False, False)
    assert {body["dedup_key"] for body in server.bodies()} == {"incident-381"}
    assert server.incidents == {"incident-381": "triggered"}


def test_a_limit_is_waited_for(server):
    server.script, server.headers = [429], {"Retry-After": "12"}
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert told.value.retry_after == 12


def test_a_wrong_key_switches_the_channel_off_and_is_not_quoted(server):
    with pytest.raises(ChannelError) as told:
        send(server, news(), secret="X" * 31)

    assert told.value.disable
    assert "X" * 31 not in str(told.value)


def test_an_event_it_cannot_take_is_given_up_alone(server):
    server.script = [(400, {"errors": ["'payload.severity' is invalid"]})]
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert (told.value.permanent, told.value.disable) == (True, False)


def test_a_hostile_and_a_long_name_fit(server):
    long = replace(letters.hostile(), letter=replace(letters.LETTER, subject="x" * 5000))
    send(server, letters.hostile())
    send(server, long)

    assert len(server.bodies()[1]["payload"]["summary"]) == 1024
