"""Microsoft Teams, against a simulated contract server."""

import json
from dataclasses import replace

import pytest

from monitoring.alerts.channels import ChannelError, teams
from monitoring.alerts.channels.calls import as_json
from tests.monitoring.alerts import letters
from tests.monitoring.alerts.letters import HOSTILE, digest, news, report
from tests.monitoring.alerts.simulated import CUT, MALFORMED, Teams, running


@pytest.fixture
def server(settings):
    with running(Teams()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        yield found


def send(server, outgoing):
    address = f"{server.url}/workflows/1/triggers/manual/paths/invoke?sig=simulated"
    return teams.send(replace(outgoing, address="#fraud-models", secret=address))


def texts(card):
    return [run["text"] for block in card["body"] for run in block["inlines"]]


@pytest.mark.parametrize("event", ["firing", "acknowledged", "reminder", "escalated", "resolved"])
def test_each_piece_of_news_is_a_card_that_says_it_all(server, event):
    outgoing = news(event)
    receipt = send(server, outgoing)

    [card] = server.cards
    assert receipt.text == "HTTP 202"
    assert texts(card)[0] == outgoing.letter.subject
    assert "3 more are over their limits." in texts(card)
    assert "Rule: check data." in texts(card)
    assert card["actions"][0]["url"] == "https://muster.example/incidents/381/"


def test_a_digest_and_a_report_are_cards_too(server):
    send(server, digest(letters.fact(1, 381), letters.over(2, 382)))
    send(server, report())

    assert len(server.cards) == 2


@pytest.mark.parametrize("failure", [500, 503, CUT])
def test_a_failure_is_repeated_with_the_same_key(server, failure):
    server.script = [failure]
    with pytest.raises(ChannelError) as told:
        send(server, news())
    send(server, replace(news(), attempt=2))

    assert (told.value.permanent, told.value.outage) == (False, False)
    assert {body["muster"]["key"] for body in server.bodies()} == {"key-firing"}


def test_a_limit_is_waited_for(server):
    server.script, server.headers = [429], {"Retry-After": "7"}
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert told.value.retry_after == 7


@pytest.mark.parametrize(
    "answer",
    [401, 404, (400, {"error": {"code": "WorkflowTriggerIsNotEnabled"}}), (400, {"error": "x"})],
)
def test_a_workflow_that_is_gone_switches_the_channel_off_but_a_bad_card_does_not(server, answer):
    server.script = [answer]
    with pytest.raises(ChannelError) as told:
        send(server, news())

    assert told.value.permanent
    assert told.value.disable == (answer != (400, {"error": "x"}))
    assert "sig=" not in str(told.value)


def test_an_answer_nobody_can_read_is_an_answer(server):
    server.script = [MALFORMED]

    assert send(server, news()).text == "HTTP 200"


def test_a_hostile_name_stays_a_name(server):
    send(server, letters.hostile())

    [card] = server.cards
    assert HOSTILE in texts(card)
    assert '"TextBlock"' not in json.dumps(card), "its Markdown would make links"
    assert "<at>" not in json.dumps(card)


def test_a_card_of_any_length_fits_and_keeps_its_beginning(server):
    parts = tuple((f"Part {n}", ("ß" * 5000,) * 50) for n in range(100))
    outgoing = replace(news(), letter=replace(letters.LETTER, parts=parts))
    send(server, outgoing)

    [card] = server.cards
    assert texts(card)[0] == letters.LETTER.subject
    assert texts(card)[-1].startswith("More than fits here")
    assert len(as_json(teams.envelope(outgoing))) <= teams.LARGEST
