"""Each invariant is broken by hand on the real database and is found; a sound world breaks none."""

from datetime import timedelta

import pytest
from django.db import connection

from monitoring import health, incidents, reconciling
from monitoring.invariants import BROKEN, RULES
from monitoring.models import (
    Alert,
    Check,
    CheckVersion,
    Delivery,
    Health,
    HealthSpan,
    Incident,
    Invariant,
    Message,
    Run,
    Source,
    Window,
)
from registry import actors, audit, checkpoints, clock
from registry.models import RegisteredModel
from tests import cast
from tests.watcher.well import DAY, well, work

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def check(smtp_catcher) -> Check:
    return well()


def found() -> dict[str, int]:
    """Look once more, whenever the last look was; return what is broken."""
    Invariant.objects.update(checked_at=clock.now() - 2 * MINUTE)
    reconciling.reconcile_due(at=clock.now(), seconds=20)
    return dict(Invariant.objects.filter(broken__gt=0).values_list("name", "broken"))


def ago(minutes):
    return clock.now() - minutes * MINUTE


def newest(check) -> Run:
    return Run.objects.filter(window__check_ref=check).latest("window__start")


def test_a_sound_world_breaks_nothing(check):
    assert Alert.objects.count() == 2
    assert set(Message.objects.values_list("state", flat=True)) == {"sent"}
    assert found() == {}
    assert set(Invariant.objects.values_list("name", flat=True)) == set(BROKEN)


def test_a_world_that_people_have_changed_breaks_nothing(check):
    """Closing a case, pausing, moving the grid: what people may do is no fault."""
    ana = cast.acting(check.model.owner)
    incidents.acknowledge(ana, Alert.objects.latest("pk").incident_id, at=clock.now())
    assert found() == {}
    incidents.close(
        ana,
        Alert.objects.latest("pk").incident_id,
        verdict="expected",
        root_cause="A planned change",
        at=clock.now(),
    )
    assert found() == {}
    work()
    CheckVersion.objects.create(
        check_ref=check,
        number=2,
        spec={**check.versions.get().spec, "start": (clock.now() + 30 * DAY).isoformat()},
        at=clock.now(),
    )
    Check.objects.update(next_window_start=clock.now() + 30 * DAY, paused=True)
    health.recompute(check.model, at=clock.now())
    assert found() == {}
    RegisteredModel.objects.update(lifecycle="decommissioned")
    Check.objects.update(paused=False, next_plan_at=ago(100))
    assert found() == {}


# -- each of them, broken by hand ----------------------------------------------------------------


def nobody_plans(check):
    Check.objects.update(next_plan_at=ago(6))


def the_planner_sleeps(check):
    start = check.windows.order_by("-start")[3].start
    Window.objects.filter(start__gte=start).delete()
    Health.objects.update(observed_at=clock.now())
    Check.objects.update(next_window_start=start, next_plan_at=clock.now() + 60 * MINUTE)


def nobody_takes_the_run_up(check):
    Run.objects.filter(pk=newest(check).pk).update(state="running", lease_until=ago(6))


def nobody_takes_the_message_up(check):
    Message.objects.filter(pk=Message.objects.first().pk).update(
        state="owed", lease_until=ago(6), due_at=ago(6)
    )


def nobody_takes_the_source_up(check):
    Source.objects.create(model=check.model, name="s", next_scan_at=ago(6), lease_until=ago(6))


def a_run_without_lease(check):
    Run.objects.filter(pk=newest(check).pk).update(state="running", lease_until=None)


def a_window_is_gone(check):
    Window.objects.filter(pk=check.windows.order_by("start")[1].pk).delete()


def the_newest_window_is_gone(check):
    Window.objects.filter(pk=check.windows.latest("start").pk).delete()


def a_window_was_never_judged(check):
    Check.objects.update(created_at=ago(600))
    Run.objects.filter(window=check.windows.order_by("start")[0]).delete()


def no_run_is_in_force(check):
    Check.objects.update(created_at=clock.now())
    Run.objects.filter(window=check.windows.order_by("start")[0]).update(current=False)


def an_alert_is_gone(check):
    gone = Alert.objects.latest("pk")
    Incident.objects.filter(pk=gone.incident_id).update(state="closed")
    Delivery.objects.filter(alert=gone).delete()
    gone.delete()


def an_alert_goes_on_for_nothing(check):
    Run.objects.filter(pk=newest(check).pk).update(state="ok")


def nobody_was_told(check):
    Alert.objects.update(opened_at=ago(3))
    Delivery.objects.filter(alert=Alert.objects.latest("pk")).delete()


def nobody_hears_of_the_end(check):
    Alert.objects.filter(state="resolved").update(resolved_at=ago(3))
    Delivery.objects.update(owed_at=ago(4))
    Delivery.objects.filter(kind="resolved").delete()


def news_lies_about(check):
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(
        state="owed", message=None, due_at=ago(6)
    )


def a_message_lies_about(check):
    one = Message.objects.first()
    Message.objects.filter(pk=one.pk).update(state="owed", due_at=ago(6))
    Delivery.objects.filter(message=one).update(state="owed")


def a_message_forgot_its_news(check):
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state="owed")


def news_was_sent_in_nothing(check):
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(message=None)


def an_open_alert_in_a_closed_case(check):
    Incident.objects.filter(state="open").update(state="closed")


def a_case_without_alerts(check):
    Incident.objects.create(cause="x", title="x", severity="watch", opened_at=ago(3))


def nobody_attends(check):
    Incident.objects.filter(state="open").update(attend_at=ago(11))


def health_stands_still(check):
    Health.objects.update(observed_at=ago(30))


def health_has_no_past(check):
    HealthSpan.objects.all().delete()


@pytest.mark.parametrize(
    ("rule", "by_hand"),
    [
        ("checks_not_planned", nobody_plans),
        ("windows_behind", the_planner_sleeps),
        ("leases_expired", nobody_takes_the_run_up),
        ("leases_expired", nobody_takes_the_message_up),
        ("leases_expired", nobody_takes_the_source_up),
        ("running_without_lease", a_run_without_lease),
        ("windows_with_gaps", a_window_is_gone),
        ("windows_with_gaps", the_newest_window_is_gone),
        ("windows_unaccounted", a_window_was_never_judged),
        ("windows_without_current", no_run_is_in_force),
        ("verdicts_without_alert", an_alert_is_gone),
        ("verdicts_without_alert", an_alert_goes_on_for_nothing),
        ("alerts_not_told", nobody_was_told),
        ("endings_not_told", nobody_hears_of_the_end),
        ("news_late", news_lies_about),
        ("messages_late", a_message_lies_about),
        ("messages_torn", a_message_forgot_its_news),
        ("messages_torn", news_was_sent_in_nothing),
        ("alerts_in_closed_incidents", an_open_alert_in_a_closed_case),
        ("incidents_without_alerts", a_case_without_alerts),
        ("incidents_unattended", nobody_attends),
        ("health_behind", health_stands_still),
        ("health_history", health_has_no_past),
    ],
)
def test_what_is_broken_by_hand_is_found(rule, by_hand, check):
    by_hand(check)

    assert found()[rule] == 1
    assert Invariant.objects.get(name=rule).examples != []


def test_a_chain_that_was_cut_after_it_was_signed_is_found(check, settings, tmp_path):
    settings.MUSTER_CHECKPOINT_KEY, _ = checkpoints.new_key()
    settings.MUSTER_CHECKPOINT_PATH = tmp_path / "checkpoints.jsonl"
    audit.record(actors.system("tests"), "check.changed", check, at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    checkpoints.checkpoint_due(at=clock.now(), seconds=1)
    assert found() == {}

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_auditlink DISABLE TRIGGER USER")
        cursor.execute(
            "DELETE FROM registry_auditlink WHERE sequence = "
            "(SELECT max(sequence) FROM registry_auditlink)"
        )

    assert found() == {"audit_not_signed": 1}
    assert "the tail is cut" in Invariant.objects.get(name="audit_not_signed").examples[0]


def test_every_invariant_has_a_test(request):
    tried = {
        mark.args[1][number][0]
        for mark in test_what_is_broken_by_hand_is_found.pytestmark
        if mark.name == "parametrize"
        for number in range(len(mark.args[1]))
    }

    assert tried | {"audit_not_signed"} == {rule.name for rule in RULES}
