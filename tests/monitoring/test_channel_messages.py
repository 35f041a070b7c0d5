"""Messages of a unit's channel from the outbox to the (simulated) vendor, tests among them."""

import json
from datetime import timedelta

import pytest

from monitoring import incidents
from monitoring.alerts import delivery
from monitoring.models import Channel, Message
from registry import clock
from registry.models import AuditEvent
from tests import cast
from tests.factories import MembershipFactory
from tests.monitoring.alerts.simulated import Opsgenie, PagerDuty, Slack, Teams, running
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted
from tests.monitoring.test_api import Caller

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def people(smtp_catcher):
    return cast.cast()


@pytest.fixture(params=[Slack, Teams, PagerDuty, Opsgenie], ids=lambda vendor: vendor.__name__)
def server(request, people, settings):
    with running(request.param()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        settings.MUSTER_SLACK_URL = f"{found.url}/api"
        put(people, **body_for(found))
        yield found


@pytest.fixture
def slack(people, settings):
    with running(Slack()) as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        settings.MUSTER_SLACK_URL = f"{found.url}/api"
        put(people, **body_for(found))
        yield found


def body_for(vendor):
    if isinstance(vendor, Slack):
        return {"kind": "slack", "address": "C0SIMULATED", "secret": Slack.token}
    if isinstance(vendor, Teams):
        return {"kind": "teams", "address": "Fraud models", "secret": f"{vendor.url}/w?sig=s"}
    kind = type(vendor).__name__.lower()
    return {"kind": kind, "address": vendor.url, "secret": vendor.key}


def put(people, **body):
    answer = Caller(people.pat).put("channels/there/", {"business_unit": "fraud", **body})
    assert answer.status_code == 201, answer.content


def drain(after=timedelta(0)):
    with shifted(after):
        return delivery.deliver_due(at=clock.now(), seconds=20)


def sent():
    return Message.objects.filter(channel__slug="there", state="sent")


def test_an_incident_goes_there_from_its_beginning_to_its_end(server, people):
    history = History(people.model)
    history.week(1, "missed", "no batch came")
    drain()
    history.week(2)
    drain(2 * HOUR)

    assert sent().count() == 2
    text = json.dumps([body for _, body in server.calls])
    assert "card-fraud" in text
    number = Message.objects.filter(channel__slug="there").first().incident_id
    thread = f"incident-{number}"
    if isinstance(server, Slack):
        [parent], [reply] = server.parents(), server.replies()
        assert reply["thread_ts"] == parent["ts"]
        assert "strike" in json.dumps(parent["blocks"])
    if isinstance(server, Teams):
        assert [body["muster"]["thread"] for body in server.bodies()] == [thread, thread]
    if isinstance(server, PagerDuty):
        assert server.incidents == {thread: "resolved"}
    if isinstance(server, Opsgenie):
        assert server.alerts[thread]["state"] == "closed"


def test_that_somebody_is_on_it_is_shown_where_there_is_a_state(server, people):
    History(people.model).week(1, "missed", "no batch came")
    drain()
    number = Message.objects.filter(channel__slug="there").get().incident_id
    incidents.acknowledge(cast.acting(people.ana), number, at=clock.now())
    drain(2 * HOUR)

    thread = f"incident-{number}"
    if isinstance(server, Slack):
        assert len(server.replies()) == 1
        assert server.parents()[0]["edited"]
    if isinstance(server, Teams):
        assert len(server.cards) == 1, "a card shows no state"
    if isinstance(server, PagerDuty):
        assert server.incidents == {thread: "acknowledged"}
    if isinstance(server, Opsgenie):
        assert server.alerts[thread]["state"] == "acknowledged"


def test_a_test_message_goes_the_way_of_every_message(server, people):
    pat = Caller(people.pat)
    asked = pat.post("channels/there/test/", {})
    drain()

    [found] = pat.get("channels/there/messages/").json()["results"]
    assert asked.status_code == 200
    assert (asked.json()["state"], asked.json()["kind"]) == ("owed", "report")
    assert (found["state"], found["attempts"]) == ("sent", 1)
    assert found["receipt"]
    assert "TEST of channel there (Fraud)" in json.dumps([body for _, body in server.calls])
    assert AuditEvent.objects.get(action="channel.tested").actor == people.pat


def test_while_a_test_is_on_its_way_there_is_no_second_one(slack, people):
    pat = Caller(people.pat)
    keys = {pat.post("channels/there/test/", {}).json()["key"] for _ in range(3)}
    drain()
    keys.add(pat.post("channels/there/test/", {}).json()["key"])

    assert len(keys) == 2
    assert AuditEvent.objects.filter(action="channel.tested").count() == 2


def test_only_who_keeps_the_unit_tests_its_channels(slack, people):
    assert Caller(people.ana).post("channels/there/test/", {}).status_code == 403
    assert Caller(people.chris).post("channels/there/test/", {}).status_code == 404
    assert Caller(people.chris).get("channels/there/messages/").status_code == 404
    Caller(people.pat).put("channels/there/", {"enabled": False})
    refused = Caller(people.pat).post("channels/there/test/", {})
    assert refused.status_code == 400
    assert "switch it on first" in refused.content.decode()
    assert not Message.objects.exists()


def test_a_test_takes_no_body(slack, people):
    answer = Caller(people.pat).post("channels/there/test/", {"text": "hello"})

    assert answer.status_code == 400
    assert not Message.objects.exists()


def test_a_revoked_token_switches_the_channel_off_and_its_keeper_is_told_once(
    slack, people, smtp_catcher
):
    MembershipFactory.create(person=people.vera, unit=people.fraud, role="unit_admin")
    slack.error = "token_revoked"
    History(people.model).week(1, "missed", "no batch came")
    drain()
    drain(HOUR)

    channel = Channel.objects.get(slug="there")
    assert channel.disabled_reason == "Slack answers token_revoked"
    assert AuditEvent.objects.filter(action="channel.disabled").count() == 1
    told = [mail for mail in smtp_catcher.messages if "CHANNEL OFF" in mail["Subject"]]
    assert [mail["To"] for mail in told] == ["vera@example.com"]
    text = told[0].get_body(("plain",)).get_content()
    assert "Slack answers token_revoked" in text
    assert "http://testserver/settings/channels/there/" in text
    assert Slack.token not in text


def test_without_an_admin_of_the_unit_the_platforms_admins_are_told(slack, people, smtp_catcher):
    slack.error = "channel_not_found"
    History(people.model).week(1, "missed", "no batch came")
    drain()

    told = [mail["To"] for mail in smtp_catcher.messages if "CHANNEL OFF" in mail["Subject"]]
    assert told == ["pat@example.com"]


def test_the_page_sends_a_test_and_shows_what_became_of_it(slack, people, client):
    client.force_login(people.pat)
    path = "/settings/channels/there/"
    assert "Nothing was sent here yet." in client.get(path).content.decode()

    asked = client.post(f"{path}test/", follow=True).content.decode()
    drain()
    shown = client.get(path).content.decode()

    assert "A test is on its way" in asked
    assert "Owed, next try" in asked
    assert "<td>Sent</td>" in shown
    assert Slack.token not in shown


def test_the_page_says_what_is_wrong_and_lets_no_viewer_test(slack, people, client):
    client.force_login(people.ana)
    assert "Send a test message" not in client.get("/settings/channels/there/").content.decode()
    assert client.post("/settings/channels/there/test/").status_code == 403
    Channel.objects.update(disabled_at=clock.now(), disabled_reason="Slack answers token_revoked")
    client.force_login(people.pat)

    page = client.get("/settings/channels/there/").content.decode()
    answer = client.post("/settings/channels/there/test/", follow=True).content.decode()

    assert "Slack answers token_revoked" in page
    assert "Send a test message" not in page
    assert "witch it on first" in answer


def test_the_form_of_a_channel_says_what_its_kind_needs(slack, people, client):
    client.force_login(people.pat)
    new = client.get("/settings/channels/new/").content.decode()
    known = client.get("/settings/channels/there/").content.decode()

    for page in (new, known):
        assert "Slack: the channel&#x27;s id, such as C0123ABCD" in page
    assert "PagerDuty: the integration key" in new
    assert "PagerDuty" not in known
