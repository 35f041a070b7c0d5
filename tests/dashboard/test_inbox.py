"""The inbox and what one does on it and on an incident's page, without any JavaScript."""

import io
from datetime import timedelta

import pytest
from pypdf import PdfReader

from dashboard import pdf
from monitoring.models import Incident, Message
from policies.models import Decision
from registry import clock
from registry.models import AuditEvent, Membership
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db
INBOX = "/incidents/"


@pytest.fixture
def page(story):
    return f"/incidents/{story.incident.pk}/"


def post(client, address, **fields):
    return client.post(address, fields, follow=True)


def tab(client, name):
    return text(client.get(f"{INBOX}?tab={name}"))


def test_what_i_own_is_mine_and_the_tabs_count(ana, story):
    seen = text(ana.get(INBOX))

    assert f"INC-{story.incident.pk}" in seen
    assert "PSI income 0.41" in seen, "the line says what is wrong without a click"
    for name in ("For me 1", "All open 1", "Unassigned 1", "Snoozed 0"):
        assert name in seen
    assert "You were interrupted 1 of 2 times" in seen


def test_a_person_to_whom_nothing_belongs_sees_all_that_is_open(client, story):
    client.force_login(story.people.ben)
    assert "For me 0" in text(client.get(INBOX))
    assert f"INC-{story.incident.pk}" in text(client.get(INBOX))


def test_an_empty_inbox_says_when_somebody_looked_last(ana, story):
    Incident.objects.update(state="closed", closed_at=clock.now())
    seen = tab(ana, "mine")
    assert "Nothing needs you. Last check" in seen
    assert "1 model watched" in seen


def test_several_are_snoozed_until_a_day_and_come_back_from_the_tab(ana, story):
    day = (clock.now() + timedelta(days=3)).date().isoformat()
    story.people.model.tier = 2
    story.people.model.save(update_fields=["tier"])
    told = post(
        ana, "/incidents/bulk/", incident=story.incident.pk, act="snooze", until=day,
        next=f"{INBOX}?tab=mine",
    )  # fmt: skip

    assert "1 incident is snoozed" in text(told)
    assert told.redirect_chain == [(f"{INBOX}?tab=mine", 302)]
    assert "Nothing needs you" in tab(ana, "mine")
    assert f"INC-{story.incident.pk}" in tab(ana, "snoozed")
    assert "snoozed until" in tab(ana, "snoozed")
    assert "is back" in text(post(ana, f"/incidents/{story.incident.pk}/wake/"))
    assert f"INC-{story.incident.pk}" in tab(ana, "mine")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Choose incidents first"),
        ({"incident": "999999", "act": "acknowledge"}, "there is no such incident"),
        ({"incident": "nonsense", "act": "snooze"}, "Choose incidents first"),
        ({"incident": "1", "act": "snooze", "until": "soon"}, "This is no day"),
    ],
)
def test_what_cannot_be_done_together_is_said(ana, story, fields, said):
    assert said in text(post(ana, "/incidents/bulk/", **fields))


def test_one_takes_a_case_and_gives_it_away(ana, story, page):
    post(ana, "/incidents/bulk/", incident=story.incident.pk, act="mine")
    assert Incident.objects.get().assigned_to == story.people.ana

    seen = text(post(ana, f"{page}assign/", person="ben@example.com"))
    assert "Incident" in seen
    assert Incident.objects.get().assigned_to == story.people.ben
    assert "chris@example.com" not in seen, "who may not act is not offered"
    refused = ana.post(f"{page}assign/", {"person": "chris@example.com"})
    assert refused.status_code == 400


def test_a_wrong_snooze_is_said_on_the_page(ana, story, page):
    story.people.model.tier = 1
    story.people.model.save(update_fields=["tier"])
    Incident.objects.update(severity="critical")
    refused = ana.post(f"{page}snooze/", {"alone": "1", "length": "1d"})
    assert refused.status_code == 400
    assert "4 hours at most by one person" in text(refused, status=400)


def test_a_viewer_sees_the_inbox_without_buttons(client, story, page):
    Membership.objects.filter(person=story.people.ben).update(role="viewer")
    client.force_login(story.people.ben)
    for address in (INBOX, page):
        seen = text(client.get(address))
        assert "Acknowledge" not in seen.split("<main")[1].replace("Single keys", "")
    assert client.post(f"{page}snooze/").status_code == 403


def test_retraining_is_locked_while_the_data_are_at_fault(ana, client, story, page):
    story.run.state = "data_fault"
    story.run.save(update_fields=["state"])
    with_right = text(ana.get(page))
    assert "in spite of a hold" in with_right
    assert "Retraining is on hold" in with_right
    before = Decision.objects.count()

    refused = ana.post(f"{page}retrain/", {"model": "card-fraud", "reason": "Now"})
    assert (refused.status_code, Decision.objects.count()) == (400, before)
    client.force_login(story.people.ben)
    assert "Locked for" in text(client.get(page))
    assert (
        client.post(
            f"{page}retrain/", {"model": "card-fraud", "reason": "Now", "override": "1"}
        ).status_code
        == 403
    )

    client.force_login(story.people.ana)
    told = post(ana, f"{page}retrain/", model="card-fraud", reason="Old column", override="1")
    assert "is asked for" in text(told)
    assert Decision.objects.order_by("-pk")[0].asked_by == story.people.ana
    assert AuditEvent.objects.filter(action="retraining.overridden").exists()


def test_earlier_cases_suggest_what_it_is(ana, story, page):
    assert "What earlier cases suggest" not in text(ana.get(page))
    for number, verdict in enumerate(["pipeline_fault", "pipeline_fault", "expected"]):
        past = Incident.objects.create(
            cause=story.incident.cause, title="Past", severity="watch", state="closed",
            opened_at=clock.now(), closed_at=clock.now() - timedelta(days=number),
            closed_by=story.people.ana, verdict=verdict, root_cause=f"Feed release {number}",
        )  # fmt: skip
        alert = story.alert
        alert.pk, alert.incident, alert.state = None, past, "resolved"
        alert.dedup_key = f"past-{number}"
        alert.save(force_insert=True)

    seen = text(ana.get(page))
    assert "Pipeline fault: 2 of 3 earlier cases of this cause." in seen
    assert "Feed release 0" in seen


def test_the_sheet_is_a_pdf_of_what_the_page_says_whatever_names_hold(ana, story):
    story.alert.headline = '<img src="/etc/passwd"/> & <b>income</b> é ◆'
    story.alert.save(update_fields=["headline"])
    answer = ana.get(f"/incidents/{story.incident.pk}/sheet.pdf")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)
    said = " ".join(said.split())
    assert f"INC-{story.incident.pk} {story.incident.title}" in said
    assert '<img src="/etc/passwd"/> & <b>income</b> é ◆' in said
    assert "1 Monitor: is it sound?" in said
    assert "Muster, for Ana" in said


def test_the_same_document_is_the_same_bytes():
    def made():
        sections = [pdf.Section("What", ("A line",), tuple(f"Item {n}" for n in range(200)))]
        return pdf.document("Title", ["Lead"], sections, footer="Muster")

    assert made() == made()
    assert len(PdfReader(io.BytesIO(made())).pages) > 2


def test_what_was_given_up_is_sent_again_by_who_manages_the_unit(ana, client, story, page):
    sent = story.alert.deliveries.get()
    message = Message.objects.create(
        channel=sent.channel, key="x", content={}, state="dead", error="the server said no",
        made_at=clock.now(), due_at=clock.now(), incident=story.incident,
    )  # fmt: skip
    sent.message, sent.state = message, "dead"
    sent.save(update_fields=["message", "state"])
    again = f"{page}resend/{sent.pk}/"
    assert "Send it again" not in text(ana.get(page))
    assert ana.post(again).status_code == 403

    client.force_login(story.people.pat)
    assert "Send it again" in text(client.get(page))
    assert "It is sent once more." in text(post(client, again))
    message.refresh_from_db()
    assert (message.state, message.key) == ("owed", "x")
    assert client.post(again).status_code == 400
