"""What people do with incidents."""

import pytest

from monitoring import incidents
from monitoring.models import Alert, Delivery, Health, Incident
from monitoring.queries import incidents as queries
from registry import clock
from registry.access import NotAllowed
from registry.models import AuditEvent
from registry.problems import Invalid
from tests.cast import acting
from tests.monitoring.history import History, of_week

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(people):
    made = History(people.model)
    made.week(1, "drift", income=0.41)
    made.week(2, "drift", income=0.41)
    return made


@pytest.fixture
def incident(history):
    return Incident.objects.get()


def acknowledge(who, incident):
    return incidents.acknowledge(acting(who), incident.pk, at=clock.now(), reason="on it")


def close(who, incident, verdict="pipeline_fault", root_cause="Feed release 7.3"):
    return incidents.close(
        acting(who), incident.pk, verdict=verdict, root_cause=root_cause, at=clock.now()
    )


def actions():
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


def test_acknowledging_an_incident_acknowledges_its_alerts_and_says_who_in_health(people, incident):
    incidents.acknowledge(acting(people.ben), incident.pk, at=of_week(3), reason="on it")

    alert = Alert.objects.get()
    assert (alert.state, alert.acknowledged_by) == ("acknowledged", people.ben)
    assert Incident.objects.get().acknowledged_by == people.ben
    assert "Ben has acknowledged it" in Health.objects.get().reasons[0]
    event = AuditEvent.objects.get()
    assert (event.action, event.actor, event.unit) == (
        "incident.acknowledged",
        people.ben,
        people.fraud,
    )
    assert event.reason == "on it"


def test_acknowledging_twice_is_once(people, incident):
    acknowledge(people.ben, incident)
    acknowledge(people.ana, incident)

    assert Incident.objects.get().acknowledged_by == people.ben
    assert len(actions()) == 1


def test_an_acknowledged_alert_still_counts_as_open_and_is_not_opened_again(people, history):
    acknowledge(people.ben, Incident.objects.get())
    history.week(3, "drift", income=0.5)

    assert Alert.objects.get().state == "acknowledged"
    assert Health.objects.get().state == "watch"


def test_closing_ends_the_alerts_and_tells_whoever_was_told(people, incident):
    close(people.ana, incident)

    found = Incident.objects.get()
    assert (found.state, found.verdict, found.closed_by) == (
        "closed",
        "pipeline_fault",
        people.ana,
    )
    assert Alert.objects.get().state == "resolved"
    assert list(Delivery.objects.order_by("pk").values_list("kind", flat=True)) == [
        "firing",
        "resolved",
    ]
    assert actions() == ["incident.closed"]


def test_closing_with_the_same_words_twice_is_once(people, incident):
    close(people.ana, incident)
    close(people.ben, incident)

    assert actions() == ["incident.closed"]


def test_what_was_concluded_is_not_changed_afterwards(people, incident):
    close(people.ana, incident)

    with pytest.raises(Invalid, match="closed already"):
        close(people.ana, incident, verdict="false_alarm")
    with pytest.raises(Invalid, match="closed already"):
        acknowledge(people.ana, incident)


def test_a_case_that_ended_by_itself_can_be_given_its_verdict_once(people, history, incident):
    history.week(3)
    history.week(4)
    assert Incident.objects.get().verdict == "recovered"

    close(people.vera, incident, verdict="expected", root_cause="Black Friday")

    found = Incident.objects.get()
    assert (found.state, found.verdict, found.root_cause) == ("closed", "expected", "Black Friday")
    with pytest.raises(Invalid):
        close(people.vera, incident)


@pytest.mark.parametrize(
    ("verdict", "root_cause", "pointers"),
    [
        ("nonsense", "x", ["/verdict"]),
        ("recovered", "x", ["/verdict"]),
        ("expected", "  ", ["/root_cause"]),
        ("", "x" * 5001, ["/verdict", "/root_cause"]),
    ],
)
def test_closing_needs_a_verdict_and_a_cause(people, incident, verdict, root_cause, pointers):
    with pytest.raises(Invalid) as refused:
        close(people.ana, incident, verdict, root_cause)

    assert [error.pointer for error in refused.value.errors] == pointers


def test_drift_that_goes_on_after_closing_is_a_new_incident_that_names_the_old_one(
    people, history, incident
):
    close(people.ana, incident)
    history.week(3, "drift", income=0.5)
    assert Alert.objects.filter(state="firing").count() == 0, "one bad window since"

    history.week(4, "drift", income=0.5)

    assert Incident.objects.count() == 2
    newest = queries.open_incidents(acting(people.ana)).get()
    assert [i.pk for i in queries.incident_detail(acting(people.ana), newest.pk).earlier] == [
        incident.pk
    ]


def test_somebody_from_another_unit_finds_no_incident(people, incident):
    for act in (acknowledge, close):
        with pytest.raises(Incident.DoesNotExist):
            act(people.chris, incident)
    assert not queries.visible_incidents(acting(people.chris)).exists()
    assert queries.counts(acting(people.chris)) == queries.Counts(0, 0, 0)


def test_the_platforms_admin_sees_but_does_not_answer_for_it(people, incident):
    with pytest.raises(NotAllowed):
        acknowledge(people.pat, incident)
    detail = queries.incident_detail(acting(people.pat), f"INC-{incident.pk}")

    assert detail.can_act is False
    assert queries.incident_detail(acting(people.ben), incident.pk).can_act is True


def test_counts_say_what_is_open_what_is_critical_and_what_nobody_took(people, incident):
    assert queries.counts(acting(people.ana)) == queries.Counts(1, 0, 1)
    acknowledge(people.ana, incident)
    assert queries.counts(acting(people.ana)) == queries.Counts(1, 0, 0)
