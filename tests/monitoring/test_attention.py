"""Open incidents that nobody acts on."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring import attention, handling, incidents
from monitoring.alerts import delivery
from monitoring.models import Alert, Delivery, Incident, Source
from registry import clock
from registry.models import AuditEvent
from tests.cast import acting
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def history(people):
    """A critical alert of Ana's tier 1 model that has just opened; Ben is her deputy."""
    people.model.deputy = people.ben
    people.model.save(update_fields=["deputy"])
    made = History(people.model, severity={"missed": "critical"})
    made.week(1, "missed", "no batch came")
    Alert.objects.update(opened_at=WEDNESDAY)
    Incident.objects.update(opened_at=WEDNESDAY, attend_at=WEDNESDAY)
    return made


def attend(moment):
    with shifted(moment - clock.now()):
        done = attention.attend_due(at=clock.now(), seconds=20)
        delivery.deliver_due(at=clock.now(), seconds=20)
    return done


def kinds():
    return list(Delivery.objects.order_by("pk").values_list("kind", "channel__person__name"))


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def test_nobody_acknowledges_and_the_deputy_then_the_admins_hear_of_it(history, smtp_catcher):
    attend(WEDNESDAY)
    assert "Escalates to Ben at Wed 2 Dec 2026 16:00 UTC." in text_of(smtp_catcher.messages[0])

    attend(WEDNESDAY + 5 * HOUR)
    attend(WEDNESDAY + 5 * HOUR)
    assert kinds() == [("firing", "Ana"), ("escalated", "Ben")]
    passed_on = smtp_catcher.messages[-1]
    assert passed_on["Subject"].strip().startswith("◆ CRITICAL, escalated: card-fraud")
    assert "You get this as deputy, because nobody has acknowledged it." in text_of(passed_on)

    attend(WEDNESDAY + DAY)
    assert kinds()[2:] == [("escalated", "Pat")]
    told = AuditEvent.objects.filter(action="incident.escalated").order_by("pk")
    assert [event.reason for event in told] == ["passed on to Ben", "passed on to Pat"]


def test_who_was_only_told_by_escalation_hears_that_it_is_over(history, smtp_catcher):
    attend(WEDNESDAY + 5 * HOUR)
    history.week(2)

    assert ("resolved", "Ben") in kinds()


def test_a_critical_case_is_in_the_digest_each_day_until_somebody_acknowledges(
    history, smtp_catcher, people
):
    attend(WEDNESDAY + DAY)
    attend(WEDNESDAY + 2 * DAY + HOUR)
    reminders = Delivery.objects.filter(kind="reminder", channel__person=people.ana)
    assert reminders.count() == 1
    assert reminders[0].route == "digest"
    attend(WEDNESDAY + 3 * DAY + 2 * HOUR)
    assert reminders.count() == 2
    attend(WEDNESDAY + 5 * DAY)
    assert any("still open, nobody" in text_of(mail) for mail in smtp_catcher.messages)

    incidents.acknowledge(acting(people.ana), Incident.objects.get().pk, at=WEDNESDAY + 5 * DAY)
    seen = reminders.count()
    attend(WEDNESDAY + 7 * DAY)
    assert reminders.count() == seen


def test_an_acknowledgment_runs_out_after_three_days(history, smtp_catcher, people):
    incidents.acknowledge(acting(people.ana), Incident.objects.get().pk, at=WEDNESDAY)

    attend(WEDNESDAY + 2 * DAY)
    assert Incident.objects.get().state == "acknowledged"
    attend(WEDNESDAY + 3 * DAY)

    incident = Incident.objects.get()
    assert (incident.state, incident.acknowledged_by) == ("open", None)
    assert Alert.objects.get().state == "firing"
    assert ("reminder", "Ana") in kinds()
    assert ("escalated", "Ben") not in kinds(), "the steps begin anew"
    assert AuditEvent.objects.filter(action="incident.acknowledgment_ended").exists()
    attend(WEDNESDAY + 3 * DAY + 5 * HOUR)
    assert ("escalated", "Ben") in kinds()


def test_a_snooze_ends_and_what_was_held_is_told(history, smtp_catcher, people):
    number = Incident.objects.get().pk
    attend(WEDNESDAY)
    ends = WEDNESDAY + 3 * HOUR
    handling.snooze(acting(people.ana), number, until=ends, at=WEDNESDAY)
    other = History(people.model, "other")
    other.week(1, "missed", "no batch came")

    attend(WEDNESDAY + HOUR)
    assert Delivery.objects.filter(message=None).get().held.startswith("the incident was put off")
    handling.wake(acting(people.ana), number, at=WEDNESDAY + HOUR)
    attend(WEDNESDAY + 2 * HOUR)

    assert not Delivery.objects.filter(message=None).exists()
    assert len(smtp_catcher.messages) == 2


def test_what_becomes_critical_ends_acknowledgment_and_snooze_at_once(people):
    history = History(people.model)
    grave = History(people.model, "grave", severity={"missed": "critical"})
    history.week(1, "missed", "no batch came")
    Incident.objects.update(
        state="acknowledged", acknowledged_by=people.ana, snoozed_until=WEDNESDAY
    )

    grave.week(1, "missed", "no batch came")

    incident = Incident.objects.get()
    assert (incident.state, incident.severity) == ("open", "critical")
    assert (incident.snoozed_until, incident.acknowledged_until) == (None, None)


def test_the_models_owner_hears_of_a_pipelines_fault_a_day_later(people, smtp_catcher):
    history = History(people.model)
    Source.objects.update(owner=people.ben)
    history.week(1, "missed", "no batch came")
    Alert.objects.update(opened_at=WEDNESDAY)

    attend(WEDNESDAY)
    assert kinds() == [("firing", "Ben")]
    attend(WEDNESDAY + DAY)
    assert kinds() == [("firing", "Ben"), ("escalated", "Ana")]


def test_whoever_is_given_a_case_is_told(history, smtp_catcher, people):
    number = Incident.objects.get().pk
    handling.assign(acting(people.ana), number, person="vera@example.com", at=WEDNESDAY)
    attend(WEDNESDAY)

    assert ("firing", "Vera") in kinds()
    to_vera = [m for m in smtp_catcher.messages if m["To"] == "vera@example.com"]
    assert "You get this as the one the incident was given to." in text_of(to_vera[0])
