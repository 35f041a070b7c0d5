"""Signed webhooks to a real receiver that fails, waits and cuts."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from monitoring.alerts import claims, delivery, messages
from monitoring.alerts.channels.calls import retry_after
from monitoring.alerts.channels.webhook import payload
from monitoring.models import Alert, Channel, Delivery, Message
from registry import clock
from registry.models import AuditEvent
from tests import cast, factories
from tests.monitoring.alerts import letters
from tests.monitoring.alerts.sink import CUT, sink
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
LATER = timedelta(minutes=20)


@pytest.fixture
def people(smtp_catcher):
    return cast.cast()


@pytest.fixture
def receiver(people, settings):
    with sink() as found:
        settings.MUSTER_ALLOWED_ORIGINS = [found.url]
        Channel.objects.create(
            slug="fraud-hook",
            kind="webhook",
            unit=people.fraud,
            address=f"{found.url}/hook",
            secret=SECRET,
        )
        yield found


@pytest.fixture
def history(people, receiver):
    made = History(people.model)
    made.week(1, "missed", "no batch came")
    return made


def drain(after=timedelta(0)):
    with shifted(after):
        return delivery.deliver_due(at=clock.now(), seconds=20)


def row(**wanted):
    return Delivery.objects.get(channel__slug="fraud-hook", **wanted)


def test_the_receiver_can_verify_who_sent_it_and_reads_what_it_is_about(history, receiver, people):
    drain()

    [(headers, body)] = receiver.received
    told = Webhook(SECRET).verify(body, headers)
    assert told["type"] == "alert.firing"
    assert told["data"]["model"] == "card-fraud"
    assert told["data"]["business_unit"] == "fraud"
    assert told["data"]["condition"] == "missed"
    assert told["data"]["state"] == "unknown"
    assert told["data"]["headline"] == "No batch came: no batch came"
    assert (row().state, row().message.receipt) == ("sent", "HTTP 204")


def test_a_failure_is_repeated_with_the_same_key(history, receiver):
    receiver.script = [500, 503]
    drain()
    drain(LATER)
    drain(2 * LATER)

    assert len(receiver.received) == 3
    assert set(receiver.keys()) == {row().message.key}
    assert (row().state, row().message.attempts) == ("sent", 3)


def test_a_receiver_that_takes_it_and_cuts_the_line_gets_it_again_with_the_same_key(
    history, receiver
):
    receiver.script = [CUT]
    drain()
    assert row().state == "owed"
    drain(LATER)

    assert receiver.keys() == [row().message.key] * 2
    assert row().state == "sent"


def test_retry_after_is_honored(history, receiver):
    receiver.script, receiver.headers = [429], {"Retry-After": "3600"}
    drain()

    wait = row().message.due_at - clock.now()
    assert timedelta(minutes=59) < wait <= timedelta(hours=1)


def test_retry_after_is_seconds_or_a_date():
    at = datetime(2026, 8, 17, 12, tzinfo=UTC)

    assert retry_after({"Retry-After": "120"}, at=at) == 120
    assert retry_after({"retry-after": "Mon, 17 Aug 2026 12:05:00 GMT"}, at=at) == 300
    assert retry_after({"retry-after": "Mon, 17 Aug 2026 11:00:00 GMT"}, at=at) == 0
    assert retry_after({"retry-after": "soon"}, at=at) is None
    assert retry_after({}, at=at) is None


@pytest.mark.parametrize("status", [404, 410])
def test_a_receiver_that_is_gone_is_disabled_and_the_audit_says_so(status, history, receiver):
    receiver.script = [status]
    drain()

    channel = Channel.objects.get(slug="fraud-hook")
    assert channel.disabled_reason == f"the receiver answers HTTP {status}"
    assert row().state == "dead"
    assert AuditEvent.objects.get(action="channel.disabled").object_label == "fraud-hook"
    history.week(2)
    assert not Delivery.objects.filter(channel=channel, kind="resolved").exists()


def test_a_message_the_receiver_cannot_take_is_given_up_and_the_channel_stays(history, receiver):
    receiver.script = [422]
    drain()

    assert row().state == "dead"
    assert Channel.objects.get(slug="fraud-hook").disabled_at is None


def test_a_private_address_that_nobody_allowed_is_never_reached(history, receiver, settings):
    settings.MUSTER_ALLOWED_ORIGINS = []
    drain()

    assert receiver.received == []
    assert Channel.objects.get(slug="fraud-hook").disabled_at is not None


def test_a_dead_receiver_does_not_hold_up_the_mail(history, receiver, smtp_catcher):
    receiver.script = [500] * 5
    drain()

    assert smtp_catcher.recipients == ["ana@example.com"]
    assert len(receiver.received) == 1


def test_after_hours_of_outage_everything_arrives_in_order(history, receiver):
    receiver.script = [503] * 30
    drain()
    history.week(2)
    for hour in range(6):
        drain(timedelta(hours=hour))
    receiver.script = []
    drain(timedelta(hours=7))

    assert {d.state for d in Delivery.objects.filter(channel__slug="fraud-hook")} == {"sent"}
    kinds = [json.loads(body)["type"] for _, body in receiver.received]
    assert kinds == sorted(kinds), "the alarm comes before the all-clear"
    assert kinds[-1] == "alert.resolved"
    assert len(set(receiver.keys())) == 2


def test_what_begins_and_ends_before_anybody_could_be_told_is_one_message(history, receiver):
    history.week(2)
    drain()

    [(_, body)] = receiver.received
    told = json.loads(body)
    assert told["type"] == "alert.resolved"
    assert told["data"]["news"] == ["firing", "resolved"]
    assert "It began" in told["data"]["parts"]["Told now"][0]
    assert {row.state for row in Delivery.objects.all()} == {"sent"}


def test_after_three_days_it_is_given_up_and_kept(history, receiver):
    receiver.script = [503] * 50
    for attempt in range(claims.FEWEST_ATTEMPTS - 1):
        drain(attempt * LATER)
    drain(timedelta(hours=71))
    assert row().state == "owed"
    drain(timedelta(hours=73))

    assert (row().state, row().message.error) == ("dead", "the receiver answers HTTP 503")


def test_after_days_of_standstill_a_message_still_gets_its_attempts(history, receiver):
    messages.make_due(at=clock.now())
    receiver.script = [503]
    drain(timedelta(days=5))
    assert row().state == "owed"
    drain(timedelta(days=5, hours=1))

    assert row().state == "sent"


@pytest.mark.parametrize(
    ("outgoing", "kind", "alerts"),
    [
        (letters.news("escalated"), "alert.escalated", 1),
        (letters.digest(letters.fact(1), letters.over(2, 382)), "alert.digest", 2),
        (letters.report(), "report", 0),
    ],
)
def test_a_receiver_tells_news_digests_and_reports_apart(outgoing, kind, alerts):
    told = payload(outgoing)

    assert (told["type"], len(told["data"]["alerts"])) == (kind, alerts)


def test_a_receiver_that_fails_for_hours_sees_few_messages_and_then_one_digest(
    people, receiver, smtp_catcher
):
    receiver.script = [503] * 200
    for hour in range(6):
        for number in range(4):
            model = factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)
            History(model).week(1, "missed", "no batch came")
            drain(timedelta(hours=hour, minutes=10 * number))

    tried = Message.objects.filter(channel__slug="fraud-hook", content__isnull=False)
    assert 1 <= tried.count() <= claims.IN_DOUBT + 6
    receiver.script, before = [], len(receiver.received)
    for minute in (0, 5, 10):
        drain(timedelta(hours=6, minutes=minute))

    told = [json.loads(body) for _, body in receiver.received[before:]]
    named = {fact["alert"] for one in told for fact in one["data"]["alerts"]}
    assert named == {str(pk) for pk in Alert.objects.values_list("pk", flat=True)}
    assert Message.objects.filter(channel__slug="fraud-hook", kind="digest").count() == 1
    assert len(told) <= claims.IN_DOUBT + 8
    channel = Channel.objects.get(slug="fraud-hook")
    assert (channel.failing_since, channel.failure) == (None, "")
