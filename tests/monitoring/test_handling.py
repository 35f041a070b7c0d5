"""Incidents are put off, taken up again and given to people."""

from datetime import timedelta

import pytest

from monitoring import handling, incidents
from monitoring.models import Delivery, Incident
from registry import clock
from registry.models import AuditEvent
from registry.problems import Invalid
from tests.cast import acting, bearer
from tests.monitoring.history import History, of_week

pytestmark = pytest.mark.django_db
NOW = of_week(3)
HOUR = timedelta(hours=1)


@pytest.fixture
def history(people):
    made = History(people.model, severity={"drift": "critical"})
    made.week(1, "drift", income=0.41)
    made.week(2, "drift", income=0.41)
    return made


@pytest.fixture
def incident(history):
    return Incident.objects.get()


def tier(model, number):
    model.tier = number
    model.save(update_fields=["tier"])


def snooze(who, incident, **given):
    return handling.snooze(acting(who), incident.pk, at=NOW, **given)


def wrong(error):
    return [(one.pointer, one.code) for one in error.value.errors]


def test_a_snooze_has_an_end_and_somebody_who_chose_it(people, incident):
    tier(people.model, 2)
    found = snooze(people.ben, incident, until=NOW + 24 * HOUR, reason="the feed is being mended")

    assert (found.snoozed_until, found.snoozed_by) == (NOW + 24 * HOUR, people.ben)
    assert found.attend_at <= NOW + 24 * HOUR, "nothing would end it otherwise"
    event = AuditEvent.objects.get()
    assert (event.action, event.reason) == ("incident.snoozed", "the feed is being mended")


def test_one_person_puts_a_critical_tier_1_case_off_for_four_hours_at_most(people, incident):
    tier(people.model, 1)
    with pytest.raises(Invalid) as error:
        snooze(people.ana, incident, until=NOW + 5 * HOUR)

    assert wrong(error) == [("/until", "too_long")]
    assert "second person" in error.value.errors[0].fix
    assert snooze(people.ana, incident, until=NOW + 4 * HOUR).snoozed_until == NOW + 4 * HOUR


@pytest.mark.parametrize(
    ("until", "code"),
    [(NOW - HOUR, "past"), (NOW, "past"), (NOW + timedelta(days=31), "too_long")],
)
def test_a_snooze_ends_in_the_future_and_within_a_month(people, incident, until, code):
    tier(people.model, 3)
    with pytest.raises(Invalid) as error:
        snooze(people.ana, incident, until=until)
    assert wrong(error) == [("/until", code)]
    assert Incident.objects.get().snoozed_until is None


def test_without_a_time_it_lasts_until_the_next_check(people, history, incident):
    tier(people.model, 2)
    history.check.next_window_start = NOW + timedelta(days=3)
    history.check.save(update_fields=["next_window_start"])

    # The window of week 2 was due a day after its end, which is to come.
    assert snooze(people.ana, incident, until=None).snoozed_until == of_week(3) + 24 * HOUR


def test_it_can_be_taken_up_again_at_once_and_twice_is_once(people, incident):
    tier(people.model, 2)
    snooze(people.ana, incident, until=NOW + 24 * HOUR)
    for _ in range(2):
        found = handling.wake(acting(people.ben), incident.pk, at=NOW + HOUR)

    assert (found.snoozed_until, found.snoozed_by, found.attend_at) == (None, None, NOW + HOUR)
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["incident.snoozed", "incident.woken"]


def test_it_is_passed_on_by_hand_until_nobody_is_left(people, incident):
    people.model.deputy = people.ben
    people.model.save(update_fields=["deputy"])
    for told in ("Ben", "Pat"):
        found = handling.escalate(acting(people.vera), incident.pk, at=NOW, reason="Ana is away")
        assert told in AuditEvent.objects.order_by("-pk")[0].reason
    assert found.escalated == 2
    readers = Delivery.objects.filter(kind="escalated").values_list("channel__person__name")
    assert sorted(readers) == [("Ben",), ("Pat",)]
    with pytest.raises(Invalid, match="nobody is left"):
        handling.escalate(acting(people.vera), incident.pk, at=NOW)


def test_it_is_given_to_somebody_who_may_act(people, incident):
    found = handling.assign(acting(people.ana), incident.pk, person="ben@example.com", at=NOW)
    assert found.assigned_to == people.ben
    assert handling.assign(acting(people.ana), incident.pk, person=None, at=NOW).assigned_to is None


@pytest.mark.parametrize("email", ["chris@example.com", "nobody@example.com"])
def test_it_is_not_given_to_somebody_who_cannot_see_it(people, incident, email):
    with pytest.raises(Invalid) as error:
        handling.assign(acting(people.ana), incident.pk, person=email, at=NOW)
    assert error.value.errors[0].pointer == "/person"
    assert Incident.objects.get().assigned_to is None


def test_what_is_closed_is_neither_put_off_nor_given_away(people, incident):
    incidents.close(
        acting(people.ana), incident.pk, verdict="expected", root_cause="A campaign", at=NOW
    )
    for act in (
        lambda: snooze(people.ana, incident, until=NOW + HOUR),
        lambda: handling.wake(acting(people.ana), incident.pk, at=NOW),
        lambda: handling.assign(acting(people.ana), incident.pk, person=None, at=NOW),
    ):
        with pytest.raises(Invalid, match="closed already"):
            act()


def test_another_unit_has_no_such_incident(people, incident):
    with pytest.raises(Incident.DoesNotExist):
        snooze(people.chris, incident, until=NOW + HOUR)


def test_the_api_acts_on_several_and_says_what_was_wrong_with_each(client, people, incident):
    tier(people.model, 2)
    number = incident.pk
    answer = client.post(
        "/api/v1/incidents/bulk/",
        {"act": "acknowledge", "incidents": [number, number, 999_999], "reason": "on it"},
        content_type="application/json", headers=bearer(people.ana),
    )  # fmt: skip

    assert answer.status_code == 200, answer.content
    assert answer.json()["results"] == [
        {"incident": number, "done": True, "error": ""},
        {"incident": 999_999, "done": False, "error": "there is no such incident"},
    ]
    assert Incident.objects.get().acknowledged_by == people.ana


def test_the_api_snoozes_wakes_and_assigns(client, people, incident):
    tier(people.model, 2)

    def post(act, body):
        return client.post(
            f"/api/v1/incidents/{incident.pk}/{act}/", body,
            content_type="application/json", headers=bearer(people.ana),
        )  # fmt: skip

    until = (clock.now() + 2 * HOUR).isoformat()
    assert post("snooze", {"until": until}).json()["snoozed_until"] is not None
    assert post("wake", {}).json()["snoozed_until"] is None
    assert post("assign", {"person": "ben@example.com"}).json()["assigned_to"] == "ben@example.com"
    refused = post("snooze", {"until": "tomorrow"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/until")
    missing = client.post(
        "/api/v1/incidents/bulk/", {"act": "assign", "incidents": [incident.pk]},
        content_type="application/json", headers=bearer(people.ana),
    )  # fmt: skip
    assert missing.json()["errors"][0]["pointer"] == "/person"
