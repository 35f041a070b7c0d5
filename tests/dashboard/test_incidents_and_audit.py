"""Alerts, incidents and the audit as their readers see them."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from monitoring.models import Alert
from registry import audit, checkpoints, clock
from registry.models import Membership
from tests.cast import acting
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db


def test_open_alerts_are_listed_and_counted_in_the_frame(ana):
    page = text(ana.get("/alerts/"))

    assert "PSI income 0.41" in page
    assert "Alerts (1)" in page


@pytest.mark.parametrize("state", ["firing", "acknowledged", "resolved", "nonsense"])
def test_every_tab_opens(ana, state):
    assert ana.get(f"/alerts/?state={state}&owner=me").status_code == 200


def test_lists_need_few_queries(ana):
    # The audit also proves its newest links and looks for the last signature.
    for path, most in {
        "/alerts/": 7,
        "/incidents/": 12,
        "/audit/": 12,
        "/audit/?actor=a": 7,
    }.items():
        with CaptureQueriesContext(connection) as queries:
            ana.get(path)
        assert len(queries) <= most, path


def test_an_incident_is_told_from_monitor_to_close(ana, story):
    page = text(ana.get(f"/incidents/{story.incident.pk}/"))

    order = ["Monitor and diagnose", "Alerts of this", "Act", "Who was told", "Close"]
    places = [page.index(f">{title}") for title in order]
    assert places == sorted(places)
    assert "1 of 5 beyond their limit" in page
    assert "the alert to Ana by mail" in page


def test_an_incident_of_another_unit_does_not_exist(client, story):
    client.force_login(story.people.chris)

    assert client.get(f"/incidents/{story.incident.pk}/").status_code == 404
    assert "Nothing needs anybody" in text(client.get("/incidents/"))
    assert "Nothing needs anybody" in text(client.get("/alerts/"))


def test_the_audit_shows_before_and_after_and_finds_a_request(ana, story):
    with transaction.atomic():
        event = audit.record(
            acting(story.people.ana),
            "model.changed",
            story.people.model,
            at=clock.now(),
            unit=story.people.fraud,
            before={"purpose": "old words"},
            after={"purpose": "new words"},
        )

    page = text(ana.get("/audit/"))

    assert "Purpose: old words → new words" in page
    assert "Model changed" in page
    assert "Nothing matches" in text(ana.get("/audit/?actor=nobody"))
    assert str(event.object_label) in text(ana.get("/audit/?model=card-fraud"))


def test_what_belongs_to_no_unit_is_shown_to_those_who_see_the_whole_fleet(client, story):
    with transaction.atomic():
        audit.record(acting(story.people.pat), "person.created", story.people.chris, at=clock.now())

    client.force_login(story.people.pat)
    assert "chris@example.com" in text(client.get("/audit/"))
    client.force_login(story.people.ana)
    assert "chris@example.com" not in text(client.get("/audit/"))


def test_the_audit_of_another_unit_stays_there(client, story):
    with transaction.atomic():
        audit.record(
            acting(story.people.ana),
            "model.changed",
            story.people.model,
            at=clock.now(),
            unit=story.people.fraud,
        )
    client.force_login(story.people.chris)

    assert "Nothing has been recorded" in text(client.get("/audit/"))
    assert client.get("/audit/?model=card-fraud").status_code == 404


def test_an_incident_is_acknowledged_from_the_model_page(ana, story):
    response = ana.post(
        f"/incidents/{story.incident.pk}/acknowledge/",
        {"next": "/m/card-fraud/", "reason": "looking"},
        follow=True,
    )

    page = text(response)
    assert response.redirect_chain == [("/m/card-fraud/", 302)]
    assert "acknowledged by Ana" in page
    assert 'data-key="a"' not in page
    assert "Alerts (" not in page


def test_an_incident_says_what_to_do_once_for_a_condition_until_it_is_over(ana, story):
    page = f"/incidents/{story.incident.pk}/"
    Alert.objects.create(
        model=story.people.model,
        check_ref=story.alert.check_ref,
        condition="drift",
        segment="region=EU",
        severity="watch",
        dedup_key="drift-2",
        incident=story.incident,
        headline="PSI income 0.55 > 0.35 in region=EU",
        opened_at=clock.now(),
        since=clock.now(),
    )

    while_open = text(ana.get(page))
    Alert.objects.update(state="resolved", resolved_at=clock.now())

    assert while_open.count("<dt>Do now</dt><dd>Open the incident and look at the run.</dd>") == 1
    assert "<dt>Do now</dt>" not in text(ana.get(page))


def test_closing_wants_a_verdict_and_a_cause(ana, story):
    path = f"/incidents/{story.incident.pk}/close/"

    refused = ana.post(path, {"verdict": "real_drift", "root_cause": " "})
    closed = ana.post(
        path, {"verdict": "real_drift", "root_cause": "The feed changed"}, follow=True
    )

    assert refused.status_code == 400
    assert "Say what caused it" in refused.content.decode()
    assert "Closed: Real drift" in text(closed)


def test_who_may_only_read_sees_no_button_and_is_refused(client, story):
    Membership.objects.create(person=story.people.chris, unit=story.people.fraud, role="viewer")
    client.force_login(story.people.chris)

    page = text(client.get(f"/incidents/{story.incident.pk}/"))
    refused = client.post(f"/incidents/{story.incident.pk}/acknowledge/")

    assert "Acknowledge</button>" not in page
    assert refused.status_code == 403


def test_a_way_back_never_leads_elsewhere(ana, story):
    path = f"/incidents/{story.incident.pk}/acknowledge/"

    response = ana.post(path, {"next": "https://evil.example/"})

    assert response["Location"] == f"/incidents/{story.incident.pk}/"


def record(story, count=1):
    for _ in range(count):
        with transaction.atomic():
            audit.record(
                acting(story.people.ana),
                "model.changed",
                story.people.model,
                at=clock.now(),
                unit=story.people.fraud,
            )


@pytest.mark.django_db(transaction=True)
def test_the_audit_says_whether_it_is_signed(ana, story, settings, tmp_path):
    settings.MUSTER_CHECKPOINT_PATH = tmp_path / "checkpoints.jsonl"
    record(story)
    unsigned = text(ana.get("/audit/"))
    settings.MUSTER_CHECKPOINT_KEY, _ = checkpoints.new_key()
    waiting = text(ana.get("/audit/"))
    assert checkpoints.checkpoint_due(at=clock.now(), seconds=5) == 1
    signed = text(ana.get("/audit/"))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE registry_auditevent SET reason = 'x'")
        cursor.execute("ALTER TABLE registry_auditevent ENABLE TRIGGER USER")
    rewritten = text(ana.get("/audit/"))

    assert "MUSTER_CHECKPOINT_KEY is not set" in unsigned
    assert "no checkpoint is in" in waiting
    assert all("not proved</span>" in page for page in (unsigned, waiting))
    assert "proved</span> the newest 1 events fit the chain; signed just now." in signed
    assert "rewritten</span> link 1 does not fit its event" in rewritten


def test_the_audit_is_searched_with_the_words_it_shows(ana, story):
    record(story)

    for words in ("Model changed", "model.changed", "changed", "Model_ch"):
        assert "Model changed" in text(ana.get("/audit/", {"action": words})), words
    assert "Nothing matches" in text(ana.get("/audit/", {"action": "mode. changed)"}))
