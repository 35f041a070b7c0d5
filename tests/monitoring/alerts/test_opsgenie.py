"""Opsgenie, against a simulated contract server."""

from dataclasses import replace

import pytest

from monitoring.alerts.channels import ChannelError, opsgenie
from monitoring.alerts.channels.cases import MOST_CALLS
from tests.monitoring.alerts import letters
from tests.monitoring.alerts.letters import digest, fact, news, over, report
from tests.monitoring.alerts.simulated import CUT, MALFORMED, Opsgenie, running


@pytest.fixture
def server(settings):
    with running(Opsgenie()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        yield found


def send(server, outgoing, secret=Opsgenie.key):
    return opsgenie.send(replace(outgoing, address=server.url, secret=secret))


def test_an_incident_is_one_alert_there_from_beginning_to_end(server):
    seen = []
    for event in ("firing", "escalated", "acknowledged", "reminder", "resolved"):
        send(server, news(event))
        seen.append(server.alerts["incident-381"]["state"])

    assert seen == ["open", "open", "acknowledged", "acknowledged", "closed"]
    [found] = server.alerts.values()
    assert (found["count"], found["priority"]) == (1, "P1")
    assert len(found["notes"]) == 4


def test_one_alert_that_ends_does_not_close_an_incident_that_goes_on(server):
    send(server, news())
    send(server, news("resolved", facts=(fact(),)))

    assert server.alerts["incident-381"]["state"] == "open"


def test_a_digest_opens_and_ends_each_of_its_incidents(server):
    send(server, news())
    send(server, digest(over(1, 381), fact(2, 382, severity="watch"), over(3, 383)))

    states = {alias: alert["state"] for alias, alert in server.alerts.items()}
    assert states == {"incident-381": "closed", "incident-382": "open"}
    assert server.alerts["incident-382"]["priority"] == "P3"


def test_a_digest_of_any_length_names_every_alert(server):
    send(server, digest(*(fact(n, 1000 + n) for n in range(MOST_CALLS + 30))))

    named = server.bodies()[-1]["description"].removeprefix("Alerts ").split(", ")
    assert named == [str(n) for n in range(MOST_CALLS, MOST_CALLS + 30)]


def test_a_report_is_of_the_lowest_priority(server):
    send(server, report())

    assert server.alerts["key-r"]["priority"] == "P5"


@pytest.mark.parametrize("failure", [500, 503, MALFORMED, CUT])
def test_a_failure_is_repeated_with_the_same_alias(server, failure):
    server.script = [failure]
    with pytest.raises(ChannelError) as told:
        send(server, news())
    send(server, replace(news(), attempt=2))

    assert (told.value.permanent, told.value.outage) == (False, False)
    assert list(server.alerts) == ["incident-381"]
    assert {body["alias"] for body in server.bodies()} == {"incident-381"}


def test_a_limit_is_waited_for(server):
    server.script, server.headers = [429], {"Retry-After": "12"}
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert told.value.retry_after == 12


def test_a_wrong_key_switches_the_channel_off_and_is_not_quoted(server):
    with pytest.raises(ChannelError) as told:
        send(server, news(), secret="wrong-key")

    assert told.value.disable
    assert "wrong-key" not in str(told.value)


def test_an_alert_it_cannot_take_is_given_up_alone(server):
    server.script = [422]
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert (told.value.permanent, told.value.disable) == (True, False)


def test_a_hostile_and_a_long_name_fit(server):
    send(server, letters.hostile())
    send(server, replace(news(), letter=replace(letters.LETTER, subject="x" * 5000)))

    assert all(len(body["message"]) <= 130 for body in server.bodies())
