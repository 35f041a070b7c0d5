"""The long tail by Apprise, which really runs, in its own process."""

import json
from dataclasses import replace

import pytest

from monitoring.alerts.channels import ChannelError, apprise
from tests.monitoring.alerts.letters import HOSTILE, hostile, news
from tests.monitoring.alerts.sink import sink


@pytest.fixture
def receiver(settings):
    with sink() as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        settings.MUSTER_APPRISE_SCHEMES = ["json"]
        yield found


def send(receiver, outgoing):
    address = f"json://{receiver.url.removeprefix('http://')}/hook"
    return apprise.send(replace(outgoing, address="a team", secret=address))


def test_a_service_that_is_allowed_gets_the_message_with_its_key(receiver):
    receipt = send(receiver, hostile())

    [(_, body)] = receiver.received
    told = json.loads(body)
    assert receipt.text == "accepted by json"
    assert told["title"] == HOSTILE
    assert "https://muster.example/incidents/381/" in told["message"]
    assert told["message"].endswith("Message key-firing")


def test_it_is_off_until_the_platform_names_the_service(receiver, settings):
    settings.MUSTER_APPRISE_SCHEMES = []
    with pytest.raises(ChannelError) as told:
        send(receiver, news())

    assert told.value.disable
    assert "MUSTER_APPRISE_SCHEMES" in str(told.value)
    assert receiver.received == []


def test_it_reaches_nothing_inside_that_nobody_allowed(receiver, settings):
    settings.MUSTER_ALLOWED_ORIGINS = []
    with pytest.raises(ChannelError) as told:
        send(receiver, news())

    assert not told.value.permanent
    assert receiver.received == []


@pytest.mark.parametrize(("status", "disable"), [(500, False), (401, True)])
def test_a_refusal_is_told_apart_from_a_failure(receiver, status, disable):
    receiver.script = [status]
    with pytest.raises(ChannelError) as told:
        send(receiver, news())

    assert told.value.disable == disable


def test_a_service_that_hangs_is_given_up(receiver, settings, monkeypatch):
    monkeypatch.setattr(apprise, "SECONDS", 0.01)
    with pytest.raises(ChannelError, match="no answer"):
        send(receiver, news())
