"""Mail over a real SMTP connection."""

from datetime import timedelta

import pytest

from monitoring.alerts import delivery
from monitoring.models import AlertNote, Channel, Delivery, Message
from registry import clock
from tests import factories
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(people):
    history = History(people.model)
    history.week(1, "drift", income=0.41)
    [opened] = history.week(2, "drift", income=0.41).opened
    opened.history = history
    return opened


def drain():
    return delivery.deliver_due(at=clock.now(), seconds=20)


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def test_the_owner_gets_one_mail_that_says_it_all(alert, smtp_catcher, settings):
    settings.MUSTER_PUBLIC_URL = "https://muster.example"
    AlertNote.objects.create(
        alert=alert, kind="hold", text="Retraining is on hold.", at=clock.now()
    )

    assert drain() == 1
    assert drain() == 0

    [mail] = smtp_catcher.messages
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"].strip() == (
        "▲ WATCH card-fraud (Fraud, tier 1): PSI of income 0.41 > 0.2, 2 of 3 windows"
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    text = text_of(mail)
    assert f"https://muster.example/incidents/{alert.incident_id}/" in text
    assert "Retraining is on hold." in text
    assert "v1" in text
    row = Delivery.objects.get()
    assert (row.state, row.message.attempts) == ("sent", 1)
    assert row.message.receipt == mail["Message-ID"]
    assert row.message.sent_at is not None


def test_html_and_text_say_the_same_and_html_escapes(people, smtp_catcher):
    people.model.purpose = "<script>alert(1)</script> & more"
    people.model.save(update_fields=["purpose"])
    history = History(people.model)
    history.week(1, "missed", "no batch came")

    drain()

    [mail] = smtp_catcher.messages
    html = mail.get_body(("html",)).get_content()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<script>alert(1)</script> & more" in text_of(mail)


def test_the_end_of_it_is_a_reply_in_the_same_thread(alert, smtp_catcher):
    drain()
    alert.history.week(3)
    alert.history.week(4)
    drain()

    opened, resolved = smtp_catcher.messages
    assert opened["References"] == resolved["References"]
    assert opened["Message-ID"] != resolved["Message-ID"]
    assert resolved["Subject"].strip().startswith("● RESOLVED card-fraud")


def test_a_refused_attempt_is_put_off_and_repeated_with_the_same_message_id(alert, smtp_catcher):
    smtp_catcher.refusal = "451 try later"
    assert drain() == 0
    row = Message.objects.get()
    assert (row.state, row.attempts, row.lease_until) == ("owed", 1, None)
    assert "451" in row.error
    smtp_catcher.refusal = ""
    assert drain() == 0, "not before the pause is over"

    with shifted(timedelta(minutes=1)):
        assert drain() == 1

    assert smtp_catcher.messages[0]["Message-ID"] == f"<{row.key}@testserver>"
    assert smtp_catcher.messages[0]["X-Muster-Attempt"] == "2"


def test_a_mail_server_that_is_away_costs_one_attempt_a_drain_not_one_a_message(people, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    theirs = factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ben)
    for model in (people.model, theirs):
        History(model).week(1, "missed", "no batch came")

    assert drain() == 0

    attempts = sorted(Message.objects.values_list("attempts", flat=True))
    assert attempts == [0, 1]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"owed"}


def test_a_mailbox_that_refuses_for_good_is_given_up_and_the_next_in_line_is_told(
    alert, smtp_catcher, monkeypatch
):
    async def handle_rcpt(server, session, envelope, address, options):
        if address == "ana@example.com":
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    monkeypatch.setattr(smtp_catcher, "handle_RCPT", handle_rcpt, raising=False)
    drain()

    rows = Delivery.objects.order_by("pk").values_list("channel__address", "state")
    assert list(rows) == [("ana@example.com", "dead"), ("pat@example.com", "sent")]
    assert "mailbox does not answer" in text_of(smtp_catcher.messages[0])
    assert not Channel.objects.exclude(disabled_at=None).exists()


def test_who_left_after_the_alert_gets_no_mail_and_the_next_in_line_does(
    alert, people, smtp_catcher
):
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])

    drain()

    assert smtp_catcher.recipients == ["pat@example.com"]
    assert Message.objects.get(state="dead").error == "the account is closed"


def test_a_message_that_cannot_be_composed_does_not_hold_up_the_others(
    people, smtp_catcher, monkeypatch
):
    from monitoring.alerts import stories

    people.model.deputy = people.ben
    people.model.save(update_fields=["deputy"])
    History(people.model).week(1, "missed", "no batch came")
    real = stories.tell

    def tell(row):
        if row.channel.person == people.ana:
            raise KeyError("poisoned")
        return real(row)

    monkeypatch.setattr(stories, "tell", tell)
    drain()

    assert "ben@example.com" in smtp_catcher.recipients
    assert "KeyError" in Message.objects.get(channel__person=people.ana).error
