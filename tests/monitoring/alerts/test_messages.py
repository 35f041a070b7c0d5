"""News in messages: together, held, in digests, and after an outage."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.alerts import delivery, messages, stages
from monitoring.models import (
    Alert,
    Delivery,
    Incident,
    Message,
    NotificationSetting,
    Silence,
    UnitNotification,
)
from registry import clock
from tests import factories
from tests.monitoring.history import History
from tests.monitoring.shifted import shifted

pytestmark = pytest.mark.django_db
WEDNESDAY = datetime(2026, 12, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _limits(settings):
    """Hold what Muster holds by default."""
    settings.MUSTER_NOISE_LIMITS = True
    settings.MUSTER_GROUP_WAIT_SECONDS = 120
    settings.MUSTER_GROUP_INTERVAL_SECONDS = 1800


def at(moment):
    """Move the clock to a moment, for a block."""
    return shifted(moment - clock.now())


def drain(moment):
    with at(moment):
        return delivery.deliver_due(at=clock.now(), seconds=20)


def models(people, number, **fields):
    return [
        factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ana, **fields)
        for _ in range(number)
    ]


def text_of(mail):
    return mail.get_body(("plain",)).get_content()


def test_the_third_message_of_a_day_waits_for_the_morning_and_says_why(people, smtp_catcher):
    for model in models(people, 4):
        History(model).week(1, "missed", "no batch came")

    assert drain(WEDNESDAY) == 2
    held = Delivery.objects.filter(message=None)
    assert {row.route for row in held} == {"digest"}
    assert {row.due_at for row in held} == {datetime(2026, 12, 3, 8, 30, tzinfo=UTC)}
    assert "interrupted 2 times in 12 hours" in held[0].held
    assert drain(datetime(2026, 12, 3, 8, 31, tzinfo=UTC)) == 1

    digest = smtp_catcher.messages[-1]
    assert "Digest: 2 incidents, 2 of 2 alerts open" in digest["Subject"]
    text = text_of(digest)
    assert all(f"alert {row.alert_id})" in text for row in Delivery.objects.order_by("-pk")[:2])
    assert "Told now: you had been interrupted 2 times in 12 hours" in text
    assert Message.objects.get(kind="digest").interrupts is False


def test_what_begins_and_ends_in_quiet_hours_is_one_line_of_the_digest(people, smtp_catcher):
    history = History(people.model)
    history.week(1, "missed", "no batch came")
    night = WEDNESDAY.replace(hour=23)

    assert drain(night) == 0
    history.week(2)
    assert drain(night + HOUR) == 0
    assert drain(datetime(2026, 12, 3, 8, 31, tzinfo=UTC)) == 1

    [mail] = smtp_catcher.messages
    assert "fired and is over after" in text_of(mail)
    assert Delivery.objects.filter(state="sent").count() == 2


def test_a_critical_alert_of_a_tier_1_model_wakes_people(people, smtp_catcher):
    History(people.model, severity={"missed": "critical"}).week(1, "missed", "no batch came")

    assert drain(WEDNESDAY.replace(hour=23)) == 1


def test_a_unit_without_limits_is_told_at_night(people, smtp_catcher):
    UnitNotification.objects.create(unit=people.fraud, quiet_hours=False, budgets=False)
    for model in models(people, 4):
        History(model).week(1, "missed", "no batch came")

    assert drain(WEDNESDAY.replace(hour=23)) == 4


def test_people_have_their_own_night(people, smtp_catcher):
    people.ana.time_zone = "Asia/Tokyo"
    people.ana.save(update_fields=["time_zone"])
    NotificationSetting.objects.create(person=people.ana, digest_at="09:00")
    History(people.model).week(1, "missed", "no batch came")

    assert drain(WEDNESDAY) == 0, "it is nine in the evening there"
    assert Delivery.objects.get().due_at == datetime(2026, 12, 3, 0, 0, tzinfo=UTC)


def test_two_hundred_models_on_one_dead_server_are_one_message_that_names_them_all(
    people, smtp_catcher
):
    server = factories.MLflowServerFactory.create(slug="default", fault="connection refused")
    for number in range(200):
        [model] = models(people, 1, mlflow_server=server, mlflow_name=f"m{number}")
        History(model, "latency", "metric").week(1, "not_evaluated", "MLflow cannot be read")

    assert drain(WEDNESDAY) == 1

    [mail] = smtp_catcher.messages
    assert "MLflow server default cannot be read; 200 alerts on 200 models" in mail["Subject"]
    text = text_of(mail)
    assert all(
        f"{alert.model.slug} (alert {alert.pk})" in text
        for alert in Alert.objects.select_related("model")
    )


def test_the_first_of_a_shared_cause_waits_two_minutes_for_the_others(people, smtp_catcher):
    server = factories.MLflowServerFactory.create(slug="default", fault="connection refused")
    [model] = models(people, 1, mlflow_server=server, mlflow_name="m1")
    History(model, "latency", "metric").week(1, "not_evaluated", "MLflow cannot be read")
    Delivery.objects.update(owed_at=WEDNESDAY)

    assert drain(WEDNESDAY) == 0
    assert "told together" in Delivery.objects.get().held
    assert drain(WEDNESDAY + timedelta(seconds=121)) == 1


def test_later_news_of_a_case_waits_half_an_hour_but_its_end_does_not(people, smtp_catcher):
    history = History(people.model)
    other = History(people.model, "other")
    history.week(1, "missed", "no batch came")
    assert drain(WEDNESDAY) == 1
    other.week(1, "missed", "no batch came")

    assert drain(WEDNESDAY + timedelta(minutes=5)) == 0
    history.week(2)
    other.week(2)
    assert Incident.objects.get().state == "closed"
    assert drain(WEDNESDAY + timedelta(minutes=6)) == 1

    text = text_of(smtp_catcher.messages[-1])
    assert "fired and is over" in text
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_silence_holds_news_until_it_ends(people, smtp_catcher):
    Silence.objects.create(
        unit=people.fraud,
        model=people.model,
        starts_at=WEDNESDAY - HOUR,
        ends_at=WEDNESDAY + HOUR,
        reason="a release",
        made_by=people.ana,
        made_at=WEDNESDAY - HOUR,
    )
    History(people.model).week(1, "missed", "no batch came")
    [other] = models(people, 1)
    History(other).week(1, "missed", "no batch came")

    assert drain(WEDNESDAY) == 1
    assert "silence of Ana, a release" in Delivery.objects.get(message=None).held
    assert drain(WEDNESDAY + HOUR + timedelta(minutes=1)) == 1


def test_a_put_off_incident_is_told_when_the_time_is_over(people, smtp_catcher):
    history = History(people.model)
    history.week(1, "missed", "no batch came")
    Incident.objects.update(snoozed_until=WEDNESDAY + HOUR)

    assert drain(WEDNESDAY) == 0
    assert drain(WEDNESDAY + HOUR) == 1


def test_a_condition_that_keeps_coming_and_going_is_only_told_in_digests(people, smtp_catcher):
    found = [WEDNESDAY - HOUR * n for n in (10, 20, 30)]

    assert stages.flaps(WEDNESDAY, found)
    assert not stages.flaps(WEDNESDAY, found[1:])
    assert not stages.flaps(WEDNESDAY, [moment - timedelta(days=8) for moment in found])
    History(people.model).week(1, "missed", "no batch came")
    Alert.objects.update(flapping=True)
    assert drain(WEDNESDAY) == 0
    assert "keeps coming and going" in Delivery.objects.get().held


def test_weeks_that_change_by_turns_are_not_flapping_but_hours_are(people):
    weekly = History(people.model, when={"bad": 1, "of": 1, "good": 1})
    for week in range(1, 9):
        weekly.week(week, "missed" if week % 2 else "ok", "no batch came")

    assert not Alert.objects.filter(flapping=True).exists()


def test_after_an_outage_a_reader_gets_one_digest_in_order(people, smtp_catcher, settings):
    settings.MUSTER_NOISE_LIMITS = False
    for model in models(people, 8):
        History(model).week(1, "missed", "no batch came")
    with at(WEDNESDAY):
        messages.make_due(at=clock.now())
    assert Message.objects.count() == 8

    assert drain(WEDNESDAY + 6 * HOUR) == 1

    [mail] = smtp_catcher.messages
    text = text_of(mail)
    places = [text.index(f"alert {alert.pk})") for alert in Alert.objects.order_by("pk")]
    assert places == sorted(places)
    assert "Digest after an outage" in mail["Subject"]
    assert Message.objects.count() == 1
