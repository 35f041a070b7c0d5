"""What only the reader of a mail gets: links that act for one person, and the way to fewer."""

import re
from dataclasses import asdict

import pytest
from django.test import Client

from monitoring.alerts import delivery
from monitoring.models import Channel, Incident, Message
from registry import clock
from tests import cast
from tests.monitoring.alerts.letters import LETTER
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(smtp_catcher):
    return cast.cast()


def told(smtp_catcher, address):
    delivery.deliver_due(at=clock.now(), seconds=20)
    return [mail for mail in smtp_catcher.messages if mail["To"] == address][-1]


def text_of(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def links_in(mail):
    return dict(re.findall(r"^(.+): http://testserver(/links/\S+)$", text_of(mail), re.M))


def test_the_owner_acknowledges_from_the_mail(people, smtp_catcher):
    History(people.model).week(1, "missed", "no batch came")
    mail = told(smtp_catcher, "ana@example.com")

    found = links_in(mail)
    html = mail.get_body(("html",)).get_content()
    assert list(found) == ["Acknowledge", "Snooze until the next check"]
    assert all(path in html for path in found.values())
    assert Client().post(found["Acknowledge"]).status_code == 200
    assert Incident.objects.get().acknowledged_by == people.ana


def test_no_table_holds_a_link_that_acts(people, smtp_catcher):
    History(people.model).week(1, "missed", "no batch came")
    told(smtp_catcher, "ana@example.com")

    assert "/links/" not in str(Message.objects.values())


def test_a_repeat_carries_the_same_links(people, smtp_catcher):
    History(people.model).week(1, "missed", "no batch came")
    first = told(smtp_catcher, "ana@example.com")
    Message.objects.update(state="owed", sent_at=None, due_at=clock.now())
    second = told(smtp_catcher, "ana@example.com")

    assert first is not second
    assert first["Message-ID"] == second["Message-ID"]
    assert links_in(first) == links_in(second)


def test_a_team_and_who_may_not_act_get_no_links(people, smtp_catcher):
    Channel.objects.create(slug="team", kind="mail", unit=people.fraud, address="team@example.com")
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])
    History(people.model).week(1, "missed", "no batch came")

    team, pat = told(smtp_catcher, "team@example.com"), told(smtp_catcher, "pat@example.com")

    assert links_in(team) == links_in(pat) == {}
    assert team["List-Unsubscribe"] == "<http://testserver/settings/channels/team/>"


def test_an_alert_cannot_be_unsubscribed_from(people, smtp_catcher):
    History(people.model).week(1, "missed", "no batch came")
    mail = told(smtp_catcher, "ana@example.com")

    assert mail["List-Unsubscribe"] == "<http://testserver/account/notifications/>"
    assert mail["List-Unsubscribe-Post"] is None
    assert "Change how you are told: http://testserver/account/notifications/" in text_of(mail)


def test_a_report_is_stopped_by_one_click(people, smtp_catcher):
    box = Channel.objects.create(slug="ana", kind="mail", person=people.ana, address="-")
    content = {"event": "report", "facts": [], "letter": asdict(LETTER), "unsubscribe": True}
    at = clock.now()
    Message.objects.create(
        channel=box, kind="report", key="report-1", content=content, made_at=at, due_at=at
    )
    mail = told(smtp_catcher, "ana@example.com")

    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = mail["List-Unsubscribe"].strip(" <>").removeprefix("http://testserver")
    assert path.startswith("/links/")
    assert Client().post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    people.ana.refresh_from_db()
    assert people.ana.notification_setting.weekly_report is False
