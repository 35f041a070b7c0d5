"""Slack, against a simulated contract server."""

import json
from dataclasses import replace

import pytest

from monitoring.alerts.channels import ChannelError, slack
from tests.monitoring.alerts import letters
from tests.monitoring.alerts.letters import HOSTILE, digest, news, report
from tests.monitoring.alerts.simulated import CUT, MALFORMED, Slack, running


@pytest.fixture
def server(settings):
    with running(Slack()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        settings.MUSTER_SLACK_URL = f"{found.url}/api"
        yield found


def send(outgoing, **changes):
    return slack.send(replace(outgoing, secret=Slack.token, **changes))


def words(message):
    elements = [e for b in message["blocks"] for s in b["elements"] for e in s["elements"]]
    return "".join(e["text"] for e in elements)


def test_the_first_message_says_everything_and_is_where_the_thread_hangs(server):
    receipt = send(news())

    [message] = server.messages
    assert receipt.ref == message["ts"]
    assert message["channel"] == "C0SIMULATED"
    assert "3 more are over their limits." in words(message)
    assert "Told as well: Ben." in words(message)
    assert "https://muster.example/incidents/381/" in json.dumps(message["blocks"])
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


@pytest.mark.parametrize("event", ["acknowledged", "reminder", "escalated", "firing"])
def test_later_news_is_a_reply_and_the_first_message_is_edited(server, event):
    first = send(news())
    later = send(news(event, key="later"), ref=first.ref)

    assert later.ref == first.ref
    [parent], [reply] = server.parents(), server.replies()
    assert reply["thread_ts"] == parent["ts"]
    assert parent["edited"]


def test_the_end_strikes_the_first_message_through_and_says_how_long_it_took(server):
    first = send(news())
    send(news("resolved"), ref=first.ref)

    [parent] = server.parents()
    *struck, told = parent["blocks"][0]["elements"][0]["elements"]
    assert [line["style"] for line in struck] == [{"strike": True}] * 2
    assert struck[0]["text"].strip() == "INC-381 card-fraud: drift"
    assert struck[1]["text"].strip() == "card-fraud: PSI of income 0.41 > 0.2"
    assert told["text"] == "ok again after 6 h"
    assert "drift is over after 5 h" in words(server.replies()[0])


def test_one_alert_that_ends_does_not_strike_an_incident_that_goes_on(server):
    first = send(news())
    send(news("resolved", facts=(letters.fact(),)), ref=first.ref)

    assert "strike" not in json.dumps(server.parents()[0]["blocks"])


def test_a_first_message_that_was_deleted_is_made_anew(server):
    first = send(news())
    server.messages.clear()
    later = send(news("reminder"), ref=first.ref)

    [parent] = server.parents()
    assert later.ref == parent["ts"]


def test_a_repeat_after_a_cut_finds_what_was_posted(server):
    server.script = [CUT]
    with pytest.raises(ChannelError) as told:
        send(news())
    assert not told.value.permanent
    [taken] = server.messages

    assert send(news(), attempt=2).ref == taken["ts"]
    assert server.messages == [taken]


def test_a_repeat_of_a_reply_is_found_in_its_thread(server):
    first = send(news())
    send(news("reminder"), ref=first.ref)
    send(news("reminder"), ref=first.ref, attempt=2)

    assert len(server.replies()) == 1


def test_without_the_right_to_read_a_repeat_carries_the_same_key(server):
    server.may_read = False
    server.script = [503]
    with pytest.raises(ChannelError):
        send(news())
    send(news(), attempt=2)

    keys = [body["metadata"]["event_payload"]["key"] for body in server.bodies("postMessage")]
    assert keys == ["key-firing", "key-firing"]


@pytest.mark.parametrize("error", ["token_revoked", "invalid_auth", "channel_not_found"])
def test_what_will_never_arrive_switches_the_channel_off(server, error):
    server.error = error
    with pytest.raises(ChannelError) as told:
        send(news())

    assert told.value.disable
    assert error in str(told.value)


@pytest.mark.parametrize("error", ["msg_too_long", "invalid_blocks"])
def test_a_message_slack_cannot_take_is_given_up_alone(server, error):
    server.error = error
    with pytest.raises(ChannelError) as told:
        send(news())

    assert (told.value.permanent, told.value.disable) == (True, False)


@pytest.mark.parametrize("failure", [500, 503, MALFORMED, CUT, (200, {"ok": False})])
def test_what_may_pass_is_tried_again(server, failure):
    server.script = [failure]
    with pytest.raises(ChannelError) as told:
        send(news())

    assert (told.value.permanent, told.value.outage) == (False, False)


def test_a_limit_is_waited_for(server):
    server.script, server.headers = [429], {"Retry-After": "30"}
    with pytest.raises(ChannelError) as told:
        send(news())
    assert told.value.retry_after == 30

    server.script = [(200, {"ok": False, "error": "ratelimited"})]
    with pytest.raises(ChannelError) as told:
        send(news())
    assert told.value.retry_after == 60


def test_slack_that_cannot_be_reached_is_an_outage_of_all_its_channels(server, settings):
    settings.MUSTER_SLACK_URL = "http://127.0.0.1:9/api"
    settings.MUSTER_ALLOWED_ORIGINS = ["http://127.0.0.1:9"]
    with pytest.raises(ChannelError) as told:
        send(news())

    assert (told.value.outage, told.value.disable) == (True, False)


def test_a_hostile_name_stays_a_name(server):
    send(letters.hostile())

    [message] = server.messages
    assert HOSTILE in words(message)
    types = {e["type"] for b in message["blocks"] for s in b["elements"] for e in s["elements"]}
    assert {block["type"] for block in message["blocks"]} == {"rich_text"}
    assert types == {"text", "link"}, "nothing that Slack would parse or ping by"
    assert "<" not in message["text"]
    assert "parse" not in message
    assert "link_names" not in message


def test_a_digest_and_a_report_are_messages_of_their_own(server):
    send(digest(letters.fact(1, 381), letters.fact(2, 382)), ref="1.1")
    send(report())

    assert len(server.parents()) == 2
    assert server.replies() == []


def test_a_message_of_any_length_fits(server):
    parts = tuple((f"Part {n}", ("x" * 5000, "y" * 100)) for n in range(100))
    send(replace(news(), letter=replace(letters.LETTER, parts=parts)))

    assert "More than fits here" in words(server.messages[0])
