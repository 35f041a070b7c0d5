"""Signed links in mails: looking changes nothing, the button acts once as whom it was sent to."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client

from monitoring import incidents, links
from monitoring.links import Purpose
from monitoring.models import Incident, NotificationSetting
from registry import clock
from registry.models import AuditEvent, Membership
from tests import cast
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    made = cast.cast()
    History(made.model).week(1, "missed", "no batch came")
    return made


@pytest.fixture
def incident(people):
    return Incident.objects.get()


def made(purpose, person, incident=None):
    number = incident.pk if incident else None
    url = links.sign(Purpose(purpose), person, incident=number, at=clock.now())
    return url.removeprefix("http://testserver")


def stranger():
    """Somebody without a session or a cookie, as a mail program is; forgeries are not let off."""
    return Client(enforce_csrf_checks=True)


def everything(incident):
    return Incident.objects.filter(pk=incident.pk).values().get(), AuditEvent.objects.count()


@pytest.mark.parametrize("purpose", ["acknowledge", "snooze"])
def test_looking_changes_nothing(purpose, people, incident):
    before = everything(incident)
    path = made(purpose, people.ana, incident)

    for method in ("get", "head", "get"):
        assert getattr(stranger(), method)(path).status_code == 200
    for method in ("put", "patch", "delete", "options"):
        assert getattr(stranger(), method)(path).status_code == 405

    assert everything(incident) == before


def test_the_page_says_what_and_as_whom_and_has_one_button(people, incident):
    answer = stranger().get(made("acknowledge", people.ana, incident))
    page = answer.content.decode()

    assert page.count("<button") == 1
    assert "<button autofocus>Acknowledge</button>" in page
    assert "Ana (ana@example.com)" in page
    assert str(incident) in page
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_the_button_acknowledges_as_that_person_and_the_audit_names_the_link(people, incident):
    path = made("acknowledge", people.ana, incident)
    answer = stranger().post(path)

    incident.refresh_from_db()
    event = AuditEvent.objects.get(action="incident.acknowledged")
    name = links.read(path.split("/")[2]).name
    assert answer.status_code == 200
    assert "It is acknowledged" in answer.content.decode()
    assert (incident.state, incident.acknowledged_by) == ("acknowledged", people.ana)
    assert event.actor_label == "ana@example.com (link in a mail)"
    assert f"by the link {name} in a mail" in event.reason


def test_the_button_snoozes_until_the_next_check(people, incident):
    answer = stranger().post(made("snooze", people.ana, incident))

    incident.refresh_from_db()
    assert incident.snoozed_by == people.ana
    assert incident.snoozed_until > clock.now()
    assert "It is put off until" in answer.content.decode()


@pytest.mark.parametrize("purpose", ["acknowledge", "snooze"])
def test_used_twice_is_used_once(purpose, people, incident):
    path = made(purpose, people.ana, incident)
    stranger().post(path)
    before = everything(incident)

    again = [stranger().post(path), stranger().get(path)]

    assert [answer.status_code for answer in again] == [200, 200]
    assert all("<button" not in answer.content.decode() for answer in again)
    assert everything(incident) == before


def test_a_snooze_that_is_over_is_not_begun_again_by_the_same_link(people, incident):
    path = made("snooze", people.ana, incident)
    stranger().post(path)
    Incident.objects.update(snoozed_until=None, snoozed_by=None)

    answer = stranger().post(path)

    assert "has been used already" in answer.content.decode()
    assert Incident.objects.get().snoozed_until is None


def refused(path, status=410):
    """What somebody reads whose link does nothing, by looking and by pressing."""
    answers = [stranger().get(path), stranger().post(path)]
    assert [answer.status_code for answer in answers] == [status, status]
    pages = [answer.content.decode() for answer in answers]
    assert all("This link does nothing" in page and "<button" not in page for page in pages)
    return pages[1]


def test_after_seven_days_it_does_nothing(people, incident):
    path = made("acknowledge", people.ana, incident)

    with shifted(timedelta(days=6, hours=23)):
        assert stranger().get(path).status_code == 200
    with shifted(timedelta(days=7)):
        assert "seven days" in refused(path)


def test_a_forged_link_does_nothing(people, incident):
    token = made("acknowledge", people.ana, incident).split("/")[2]
    before = everything(incident)

    for place in range(0, len(token), 3):
        other = "A" if token[place] != "A" else "B"
        forged = token[:place] + other + token[place + 1 :]
        assert stranger().post(f"/links/{forged}/").status_code == 404
    for nonsense in ("x", "x.y", token[:-1], token + "A", token.partition(".")[0]):
        refused(f"/links/{nonsense}/", status=404)
    assert everything(incident) == before


def test_a_signature_of_something_else_is_no_link(people, incident):
    person = people.ana
    told = ["acknowledge", person.pk, links.mailbox_of(person), incident.pk, 9_999_999_999]
    token = signing.Signer(sep=".", salt="something.else").sign_object(told)

    refused(f"/links/{token}/", status=404)


def test_a_closed_incident_an_account_and_a_right_end_it(people, incident):
    path = made("acknowledge", people.ana, incident)
    of_ben = made("acknowledge", people.ben, incident)
    of_pat = made("acknowledge", people.pat, incident)
    of_chris = made("acknowledge", people.chris, incident)
    Membership.objects.filter(person=people.ben).update(role="viewer")

    assert "may not act" in refused(of_ben)
    assert "may not act" in refused(of_pat), "a platform admin sees it and does not act on it"
    assert "may not act" in refused(of_chris)
    assert str(incident) not in refused(of_chris)
    actor = cast.acting(people.ana)
    incidents.close(actor, incident.pk, verdict="expected", root_cause="Planned", at=clock.now())
    assert "closed already" in refused(path)
    people.ana.is_active = False
    people.ana.save(update_fields=["is_active"])
    assert "account" in refused(path)


def test_a_new_address_ends_the_links_in_the_old_mailbox(people, incident):
    path = made("acknowledge", people.ana, incident)
    people.ana.email = "ana.roy@example.com"
    people.ana.save(update_fields=["email"])

    assert "no longer" in refused(path)


def test_whoever_is_signed_in_it_acts_as_whom_it_was_sent_to(people, incident):
    client = Client()
    client.force_login(people.chris)
    client.post(made("acknowledge", people.ana, incident))

    assert Incident.objects.get().acknowledged_by == people.ana


def test_reports_are_stopped_by_one_click_of_the_mail_program(people):
    path = made("unsubscribe", people.ana)
    assert stranger().get(path).status_code == 200
    assert not NotificationSetting.objects.exists()

    answer = stranger().post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert NotificationSetting.objects.get(person=people.ana).weekly_report is False
    event = AuditEvent.objects.get(action="person.notifications_changed")
    assert event.actor == people.ana
    assert stranger().post(path).status_code == 200
    assert AuditEvent.objects.filter(action="person.notifications_changed").count() == 1


def test_a_mail_offers_links_to_those_who_may_act_only(people, incident):
    at = clock.now()
    offered = links.for_incident(people.ana, incident.pk, [people.fraud], at=at)

    assert [label for label, _ in offered] == ["Acknowledge", "Snooze until the next check"]
    assert offered == links.for_incident(people.ana, incident.pk, [people.fraud], at=at), "repeats"
    assert links.for_incident(people.pat, incident.pk, [people.fraud], at=at) == ()
    assert links.for_incident(people.ana, incident.pk, [people.fraud, people.retail], at=at) == ()
