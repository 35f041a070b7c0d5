"""Alerts and incidents as the verdicts write them."""

import pytest

from monitoring.alerts import messages
from monitoring.models import Alert, Delivery, Health, Incident, Message
from monitoring.queries.runs import runs_of
from registry import clock
from registry.models import MLflowServer
from tests import factories
from tests.monitoring.history import History, of_week

pytestmark = pytest.mark.django_db


@pytest.fixture
def history(people):
    return History(people.model)


def states(model):
    alerts = Alert.objects.filter(model=model).order_by("pk")
    return [(alert.condition, alert.state) for alert in alerts]


def owed(**wanted):
    return list(
        Delivery.objects.filter(**wanted).order_by("pk").values_list("kind", "channel__address")
    )


def test_the_second_drifting_week_opens_one_alert_with_the_numbers_in_its_headline(history):
    history.week(1)
    history.week(2, "drift", income=0.41)
    outcome = history.week(3, "drift", income=0.52, age=0.3)

    [alert] = outcome.opened
    assert alert.headline == "PSI of income 0.52 > 0.2 and 1 more, 2 of 3 windows"
    assert alert.since == of_week(2)
    assert alert.detail["windows"] == [of_week(2).isoformat(), of_week(3).isoformat()]
    assert alert.incident.cause == f"model:{history.model.pk}:drift"
    assert owed() == [("firing", "ana@example.com")]


def test_a_third_drifting_week_says_nothing_new(history):
    for week in (1, 2, 3):
        history.week(week, "drift", income=0.4)

    assert Alert.objects.count() == Delivery.objects.count() == 1
    alert = Alert.objects.get()
    assert alert.latest_run.window.start == of_week(3)
    assert alert.opened_by_run.window.start == of_week(2)


def test_two_good_weeks_resolve_the_alert_close_the_incident_and_say_so(history):
    for week, state in enumerate(["drift", "drift", "ok"], start=1):
        history.week(week, state, **({"income": 0.4} if state == "drift" else {}))
    assert Alert.objects.get().state == "firing"

    outcome = history.week(4)

    assert [alert.state for alert in outcome.resolved] == ["resolved"]
    incident = Incident.objects.get()
    assert (incident.state, incident.verdict) == ("closed", "recovered")
    assert owed() == [("firing", "ana@example.com"), ("resolved", "ana@example.com")]


def test_a_verdict_applied_twice_opens_and_owes_once(history):
    history.week(1, "drift", income=0.4)
    run = history.verdict(2, "drift", income=0.4)

    first, second = history.apply(run), history.apply(run)

    assert (len(first.opened), len(second.opened)) == (1, 0)
    assert Alert.objects.count() == Incident.objects.count() == Delivery.objects.count() == 1


def test_an_older_week_that_finishes_late_opens_and_resolves_nothing(history):
    history.week(1, "drift", income=0.4)
    history.week(3, "ok")

    assert history.week(2, "drift", income=0.4).opened == []

    history.week(4, "data_fault", "column age is missing")
    assert history.week(2, "ok").resolved == []
    assert states(history.model) == [("data_fault", "firing")]


def test_labels_that_come_after_a_later_week_could_not_be_judged_still_alert(history):
    performance = History(history.model, "performance", "performance")
    performance.week(5, "not_evaluated", "labels: 12 % of rows after 28 days")

    performance.week(1, "breach", roc_auc=0.6)
    [breach] = performance.week(2, "breach", roc_auc=0.6).opened
    assert (breach.condition, breach.since) == ("breach", of_week(1))
    assert performance.week(3, "data_fault", "x").opened == []

    performance.week(3)
    performance.week(4)
    assert states(history.model) == [("not_evaluated", "firing"), ("breach", "resolved")]


def test_a_late_batch_ends_the_alert_that_it_was_missing(history):
    history.week(1)
    history.week(2, "missed", "no batch came by 1 Sep")
    history.week(2, "ok")

    assert states(history.model) == [("missed", "resolved")]
    assert Incident.objects.get().state == "closed"


def test_a_missing_batch_that_turns_out_faulty_stays_one_incident_of_the_feed(history):
    history.week(1, "missed", "no batch came")
    history.week(1, "data_fault", "0 rows")

    incident = Incident.objects.get()
    assert incident.state == "open"
    assert incident.cause == f"source:{history.model.sources.get().pk}"
    assert states(history.model) == [("missed", "resolved"), ("data_fault", "firing")]


def test_what_befalls_a_batch_never_silences_a_metric_of_mlflow(history):
    """Its numbers come another way, so a broken feed explains neither a limit nor an absence."""
    latency = History(history.model, slug="latency", kind="metric", when={"bad": 1, "of": 1})
    history.week(1, "missed", "no batch came")
    latency.week(1, "breach", "latency_p95_ms is 130", latency_p95_ms=130)
    assert latency.check.alerts.get().detail["muted_by"] is None

    history.week(2, "data_fault", "The column income is missing")
    latency.week(2, "missed", "no value of latency_p95_ms was logged in this window")
    missed = latency.check.alerts.get(condition="missed")
    assert missed.detail["muted_by"] is None
    assert Delivery.objects.filter(alert=missed, kind="firing").exists()


def test_a_data_fault_mutes_the_breach_until_it_is_over(history):
    performance = History(history.model, "performance", "performance")
    history.week(1, "data_fault", "column age is missing")
    performance.week(1, "breach", roc_auc=0.6)
    performance.week(2, "breach", roc_auc=0.6)

    breach = Alert.objects.get(condition="breach")
    fault = Alert.objects.get(condition="data_fault")
    assert breach.incident == fault.incident
    assert breach.detail["muted_by"] == fault.pk
    assert owed(alert=breach) == []

    history.week(2, "ok")

    assert owed(alert=breach) == [("firing", "ana@example.com")]
    assert Incident.objects.get().state == "open"


def test_a_breach_after_the_fault_is_told_at_once(history):
    performance = History(history.model, "performance", "performance")
    history.week(1, "data_fault", "column age is missing")
    history.week(2, "ok")
    performance.week(1, "breach", roc_auc=0.6)
    performance.week(2, "breach", roc_auc=0.6)

    assert owed(alert__condition="breach") == [("firing", "ana@example.com")]
    assert Incident.objects.count() == 2


def test_performance_that_bad_data_explain_is_no_news_but_health_says_unknown(history):
    performance = History(history.model, "performance", "performance")
    history.week(1, "data_fault", "column age is missing")
    performance.week(1, "not_evaluated", "the data check of the window is data_fault")

    assert states(history.model) == [("data_fault", "firing")]
    assert history.model.health.state == "unknown"
    assert any("performance" in reason for reason in history.model.health.reasons)


def test_labels_that_never_come_are_news(history):
    performance = History(history.model, "performance", "performance")
    history.week(1)
    performance.week(1, "not_evaluated", "labels: 12 % of rows after 28 days")

    assert states(history.model) == [("not_evaluated", "firing")]
    assert "labels: 12 %" in Alert.objects.get().headline


def test_a_data_fault_is_told_by_its_reason_though_another_column_crossed(history):
    outcome = history.week(1, "data_fault", "column age is missing", score=0.294)

    [alert] = outcome.opened
    assert alert.headline == "Data fault: column age is missing"
    assert (alert.detail["crossings"], alert.detail["crossings_total"]) == ([], 0)


def test_drift_of_one_segment_names_it(history):
    history.week(1, "drift", segment="region=EU", income=0.5)
    outcome = history.week(2, "drift", segment="region=EU", income=0.5)

    assert outcome.opened[0].segment == "region=EU"
    assert "in region=EU" in outcome.opened[0].headline


def test_segments_that_open_together_are_told_in_one_message(history):
    for week in (1, 2):
        run = history.verdict(week, "drift", segment="region=EU", income=0.5)
        run.readings.create(
            at=run.finished_at,
            feature="income",
            segment="region=US",
            method="psi",
            method_version="1",
            value=0.6,
            limit=0.2,
            direction="max",
            crossed=True,
        )
        history.apply(run)

    assert Alert.objects.count() == 2
    assert Incident.objects.count() == 1
    assert owed() == [("firing", "ana@example.com")] * 2
    messages.make_due(at=clock.now())
    assert Message.objects.get().deliveries.count() == 2


def test_one_dead_mlflow_server_is_one_incident_and_one_message_a_person(people):
    server = factories.MLflowServerFactory.create(slug="default", fault="connection refused")
    for number in (1, 2, 3):
        model = factories.RegisteredModelFactory.create(
            unit=people.fraud, owner=people.ana, mlflow_server=server, mlflow_name=f"m{number}"
        )
        History(model, "latency", "metric").week(1, "not_evaluated", "MLflow cannot be read")

    [incident] = Incident.objects.all()
    assert incident.title == "MLflow server default cannot be read"
    assert incident.alerts.count() == 3
    assert owed() == [("firing", "ana@example.com")] * 3
    messages.make_due(at=clock.now())
    assert Message.objects.get().deliveries.count() == 3
    assert MLflowServer.objects.get(slug="default").fault


def test_the_first_critical_alert_of_an_acknowledged_case_opens_it_again(people):
    history = History(people.model, severity={"data_fault": "watch"})
    other = History(people.model, "other", severity={"data_fault": "critical"})
    history.week(1, "data_fault", "x")
    Incident.objects.update(state="acknowledged", acknowledged_by=people.ana)

    other.week(1, "data_fault", "y")

    incident = Incident.objects.get()
    assert (incident.state, incident.severity, incident.acknowledged_by) == (
        "open",
        "critical",
        None,
    )


def test_a_value_that_is_not_a_number_can_be_kept(history):
    history.week(1, "drift", income=float("nan"))
    history.week(2, "drift", income=float("inf"))

    assert Alert.objects.get().detail["crossings"][0]["value"] is None


def test_a_breach_that_labels_bring_late_counts_with_the_next_newest_week(history):
    performance = History(history.model, "performance", "performance")
    for week in (1, 2, 3):
        performance.week(week)

    late = performance.week(2, "breach", roc_auc=0.6)
    found = runs_of(history.model).filter(state="breach")
    there = [(run.window.start, run.revision) for run in found]
    health = Health.objects.get(model=history.model).state
    [breach] = performance.week(4, "breach", roc_auc=0.6).opened

    # It moves nothing by itself, stands in the list of runs, and is one of the bad weeks.
    assert late.opened == []
    assert there == [(of_week(2), 2)]
    assert health != "critical"
    assert breach.since == of_week(2)
    assert breach.detail["windows"] == [of_week(2).isoformat(), of_week(4).isoformat()]


def test_a_late_breach_of_a_week_that_no_rule_looks_back_to_alerts_nobody(history):
    performance = History(history.model, "performance", "performance")
    for week in range(1, 6):
        performance.week(week)

    performance.week(1, "breach", roc_auc=0.6)

    assert performance.week(6, "breach", roc_auc=0.6).opened == []
    assert runs_of(history.model).filter(state="breach").count() == 2


def test_a_metric_that_did_not_come_says_nothing_about_the_feed(history):
    metric = History(history.model, "latency", "metric")
    metric.week(2, "missed", "no value of latency_p95_ms was logged in this window")
    history.week(1, "drift", income=0.41)

    [drift] = history.week(2, "drift", income=0.41).opened

    assert drift.detail["muted_by"] is None
    assert drift.deliveries.exists()
    assert Incident.objects.filter(cause__startswith="source:").count() == 0
