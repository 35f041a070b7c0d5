"""The model page and the run page tell the whole story of one model."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring.models import Alert, Check, Health, Incident, Run, Window
from registry import clock
from registry.models import RegisteredModel, SlugHistory
from tests.cast import cast
from tests.dashboard.reading import text
from tests.factories import RegisteredModelFactory, tracked_model
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db


def test_the_model_page_says_what_is_due_and_why(ana):
    page = text(ana.get("/m/card-fraud/"))

    assert "PSI income 0.41 &gt; 0.20, 2 of 3 windows" in page
    assert "Retraining was asked for." in page
    assert "See what changed" in page


@pytest.mark.parametrize(
    "fact",
    [
        "Score requests for a test",  # purpose
        "champion v1",
        "Champion v1 against challenger v2",
        "+0.024",  # roc_auc
        "The share of drifted columns was at least 20 %",
        "brought version 2",
        "2 of 4",  # the gate
        "muster/importance.json is not among",
        "INV-02",
        "family number",  # the contract
        "Serving without approval",
        "/landing/card-fraud",
        "latency_p95_ms",
        "roc_auc by window",
    ],
)
def test_the_model_page_holds(ana, fact):
    assert fact in text(ana.get("/m/card-fraud/"))


def test_every_window_has_a_cell_that_opens_its_run(ana, story):
    page = text(ana.get("/m/card-fraud/"))

    assert page.count('<a class="cell') == 13 + 9
    assert f"/m/card-fraud/runs/{story.fault.pk}/" in page
    assert "data fault. The column hour is missing" in page
    assert "waiting for data" in page  # the window that has no run yet


def test_the_model_page_needs_a_known_number_of_queries(ana):
    with CaptureQueriesContext(connection) as queries:
        ana.get("/m/card-fraud/")

    assert len(queries) <= 42, len(queries)


def test_a_new_model_says_what_comes_next(ana, story):
    RegisteredModelFactory.create(slug="new", unit=story.people.fraud, owner=story.people.ana)

    page = text(ana.get("/m/new/"))

    assert "Nobody watches this model yet" in page
    assert "No version is known yet" in page
    assert "Add a source" in page


def test_an_old_slug_leads_to_the_new_one(ana, story):
    RegisteredModel.objects.filter(slug="card-fraud").update(slug="cards")
    SlugHistory.objects.create(slug="cards", model=story.people.model)

    response = ana.get("/m/card-fraud/")

    assert (response.status_code, response["Location"]) == (301, "/m/cards/")


def test_another_units_model_and_run_do_not_exist(client, story):
    client.force_login(story.people.chris)

    assert client.get("/m/card-fraud/").status_code == 404
    assert client.get(f"/m/card-fraud/runs/{story.run.pk}/").status_code == 404


def test_a_run_of_another_model_is_not_shown_under_this_one(ana, story):
    RegisteredModelFactory.create(slug="new", unit=story.people.fraud, owner=story.people.ana)

    assert ana.get(f"/m/new/runs/{story.run.pk}/").status_code == 404


def test_the_run_page_ranks_columns_and_draws_the_worst(ana, story):
    page = text(ana.get(f"/m/card-fraud/runs/{story.run.pk}/"))

    rows = re.findall(r'<th scope="row">(\w+)</th>', page)
    assert rows[0] == "income"
    assert "1 of 5 over" in page
    assert page.count('<polyline class="current"') == 2
    assert "Largest difference in 30,000 to 40,000" in page
    assert "region=EU" in page
    assert "decided: <b>Retrain</b>" in page


def test_a_data_fault_stops_the_ladder_at_the_contract(ana, story):
    page = text(ana.get(f"/m/card-fraud/runs/{story.fault.pk}/"))

    assert "1 thing not agreed" in page
    assert "The column hour is missing" in page
    assert "Not judged: the rung before does not hold." in page


def test_the_run_page_needs_few_queries(ana, story):
    with CaptureQueriesContext(connection) as queries:
        ana.get(f"/m/card-fraud/runs/{story.run.pk}/")

    assert len(queries) <= 21, len(queries)


@pytest.mark.parametrize("path", ["/m/card-fraud/", "/m/card-fraud/runs/{run}/"])
def test_nothing_is_styled_or_scripted_inline(ana, story, path):
    page = text(ana.get(path.format(run=story.run.pk)))

    assert not re.search(r"\sstyle=|\son\w+=|<style|<script>", page)


def test_a_performance_run_leaves_the_contract_to_the_data_check(ana):
    run = Run.objects.filter(window__check_ref__kind="performance").latest("pk")
    Run.objects.filter(pk=run.pk).update(summary={"notes": ["roc_auc is 0.87, at least 0.7"]})
    shown = text(ana.get(f"/m/card-fraud/runs/{run.pk}/"))

    assert "The data check of the same window judges that." in shown
    assert "roc_auc is 0.87, at least 0.7" in shown


def test_controls_carry_their_titles(ana):
    assert "The record is complete for its tier" in text(ana.get("/m/card-fraud/"))


def due(client, person, model):
    client.force_login(person)
    page = text(client.get(f"/m/{model.slug}/"))
    return page[page.index('id="due"') : page.index('id="history"')]


def test_a_model_that_nobody_watches_says_what_is_unknown_and_what_to_do(client, story):
    people = story.people
    model = RegisteredModelFactory.create(unit=people.fraud, owner=people.ana, tier=1)

    said = due(client, people.ana, model)

    assert "Nothing needs you here" not in said
    assert "Muster does not know how this model is." in said
    for step in ("Add a source</a>", "Add a check</a>", "MLflow"):
        assert step in said
    assert "Add a check</a>" not in due(client, people.vera, model)  # she may not


def test_what_a_check_waits_for_stands_where_the_owner_looks(client, story):
    people = story.people
    model = tracked_model(slug="fresh", unit=people.fraud, owner=people.ana)
    model.source_models.update(aliases={})
    check = Check.objects.create(
        model=model, slug="drift", next_window_start=clock.now(), next_plan_at=clock.now()
    )
    window = Window.objects.create(
        check_ref=check, start=clock.now(), end=clock.now(), due_at=clock.now()
    )
    why = "no version has the alias champion in MLflow"
    Run.objects.create(window=window, summary={"waiting_for": why}, queued_at=clock.now())

    said = due(client, people.ana, model)

    assert f"Check drift waits: {why}." in said
    assert "give the version that serves the alias champion" in said


def opened(model, condition, severity, check=None, **detail):
    incident = Incident.objects.create(
        cause=f"{condition} of {model.pk}",
        title=condition,
        severity=severity,
        opened_at=clock.now(),
    )
    return Alert.objects.create(
        model=model,
        check_ref=check,
        condition=condition,
        severity=severity,
        incident=incident,
        dedup_key=condition,
        headline=condition,
        detail=detail,
        opened_at=clock.now(),
        since=clock.now(),
    )


def test_the_worst_open_alert_leads_what_to_do_whether_a_check_or_mlflow_tells_it(client, story):
    people = story.people
    model = tracked_model(slug="fresh", unit=people.fraud, owner=people.ana)
    check = History(model, "latency", "metric").check
    opened(model, "missed", "watch", check)
    first = due(client, people.ana, model)
    opened(model, "files_changed", "critical")
    then = due(client, people.ana, model)

    assert "<li>No value came: Ask whoever logs the metric" in first
    assert "<li>Files overwritten: Stop a rollout of this version" in then
    assert "Ask whoever logs the metric" not in then


def test_an_alert_that_another_explains_does_not_lead(client, story):
    people = story.people
    model = tracked_model(slug="fresh", unit=people.fraud, owner=people.ana)
    check = History(model).check
    fault = opened(model, "data_fault", "watch", check)
    opened(model, "breach", "critical", check, muted_by=fault.pk)

    assert "<li>Data fault: Ask whoever owns the feed" in due(client, people.ana, model)


def test_a_model_that_is_well_needs_nobody(client, story):
    people = story.people
    model = RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)
    Health.objects.create(model=model, state="ok", reasons=["All well."], since=clock.now())

    assert "Nothing needs you here." in due(client, people.ana, model)


def test_a_breach_that_labels_bring_late_stands_among_the_windows_and_in_the_api(client):
    people = cast()
    performance = History(people.model, "quality", "performance")
    for week in (1, 2, 3):
        performance.week(week)
    performance.week(2, "breach", "roc_auc is 0.6", roc_auc=0.6)
    late = Run.objects.get(state="breach")
    client.force_login(people.ana)

    page = text(client.get("/m/card-fraud/"))
    answer = client.get("/api/v1/models/card-fraud/runs/?state=breach").json()["results"]

    assert f"/m/card-fraud/runs/{late.pk}/" in page
    assert [(row["id"], row["revision"], row["current"]) for row in answer] == [(late.pk, 2, True)]
    assert not people.model.alerts.exists()
