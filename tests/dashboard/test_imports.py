"""Discovery and the import as pages, without JavaScript: see, tick, map, preview, import, mend."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from registry import clock, operations
from registry.models import Operation, RegisteredModel, SourceModel
from tests import factories
from tests.dashboard.reading import text

pytestmark = pytest.mark.django_db
MAP = {
    "map.business_unit": "tag:bu",
    "map.owner": "tag:owner",
    "map.purpose": "description",
    "defaults.task": "classification",
    "defaults.decision_role": "one_input",
}


@pytest.fixture
def server():
    return factories.MLflowServerFactory.create(slug="prod")


def source(server, name, *, days=0, **tags):
    return factories.SourceModelFactory.create(
        server=server,
        name=name,
        tags={"bu": "fraud", "owner": "ana@example.com", **tags},
        description=f"What {name} does",
        first_seen_at=clock.now() - timedelta(days=days),
    )


def reading(who):
    client = Client()
    client.force_login(who)
    return client


def test_the_queue_tells_its_age_and_an_empty_one_says_what_it_means(people, server):
    ana = reading(people.ana)
    assert "Every model in MLflow that you may know of has a record" in text(ana.get("/discovery/"))
    source(server, "young")
    source(server, "old", days=12)

    page = text(ana.get("/discovery/"))

    assert "2 wait, the oldest for 12 days" in page
    assert page.index("old") < page.index("young")
    assert "2 models in MLflow without a record</a>, the oldest for 12 days" in text(
        ana.get("/fleet/")
    )
    assert "without a record" in text(reading(people.pat).get("/settings/servers/"))
    assert "without a record" not in text(reading(people.chris).get("/fleet/"))
    assert "whole number" in text(ana.get("/discovery/?older_than_days=x"))


def test_a_model_is_dismissed_with_a_reason_and_restored(people, server):
    row, ana = source(server, "toy"), reading(people.ana)
    place = f"/discovery/{row.pk}/dismiss/"

    assert "Say in at most 500" in text(ana.post(place, {"reason": " "}, follow=True))
    assert "toy is dismissed" in text(ana.post(place, {"reason": "a tutorial"}, follow=True))
    assert "a tutorial" in text(ana.get("/discovery/?dismissed=true"))
    assert "waits for a record again" in text(ana.post(place, {"restore": "yes"}, follow=True))
    assert SourceModel.objects.get(pk=row.pk).dismissed_at is None
    assert reading(people.vera).post(place, {"reason": "x"}).status_code == 403


def test_the_four_steps_lead_from_the_server_to_the_records(people, server):
    good, bad = source(server, "churn"), source(server, "lost", owner="")
    ana = reading(people.ana)

    assert 'href="/import/from/prod/"' in text(ana.get("/import/"))
    assert "Go on with all 2" in text(ana.get("/import/from/prod/"))
    place, chosen = "/import/from/prod/map/", {"id": [good.pk, bad.pk]}
    guessed = text(ana.get(place, chosen))
    assert "Preview: the first 2 of 2, 1 refused" in guessed
    assert 'value="tag:owner" selected' in guessed
    assert not RegisteredModel.objects.filter(slug="churn").exists()
    result = text(ana.post(place, {**chosen, **MAP}, follow=True))

    assert "✔ 1 created" in result and "✖ 1 refused" in result
    assert "the model has no tag" in result and "errors.csv" in result
    assert RegisteredModel.objects.get(slug="churn").owner == people.ana
    known = text(ana.get("/import/from/prod/?known=true"))
    assert "will be updated" in known and "churn" in known


def test_all_that_match_are_taken_and_a_fallback_fills_the_gap(people, server):
    for name in ("churn a", "churn b", "other"):
        source(server, name, owner="")
    fallback = {**MAP, "defaults.owner": "ben@example.com", "q": "churn"}

    result = text(reading(people.ana).post("/import/from/prod/map/", fallback, follow=True))

    assert "✔ 2 created" in result
    assert set(RegisteredModel.objects.filter(owner=people.ben).values_list("name", flat=True)) == {
        "churn a",
        "churn b",
    }


def test_ticked_models_are_carried_to_the_map_of_their_server(people, server):
    row, ana = source(server, "churn"), reading(people.ana)
    other = source(factories.MLflowServerFactory.create(slug="lab"), "elsewhere")

    answer = ana.get("/import/picked/", {"id": [row.pk, other.pk]}, follow=True)

    assert answer.redirect_chain == [(f"/import/from/prod/map/?id={row.pk}", 302)]
    assert "go on with lab after" in text(answer)
    assert "Tick the models" in text(ana.get("/import/picked/?id=x", follow=True))


def test_a_long_import_shows_how_far_it_is(people, server, monkeypatch):
    monkeypatch.setattr(operations, "AT_ONCE", 1)
    for number in range(3):
        source(server, f"m{number}")
    ana = reading(people.ana)

    answer = ana.post("/import/from/prod/map/", MAP, follow=True)
    page, place = text(answer), answer.redirect_chain[-1][0]
    operations.work_due(at=clock.now(), seconds=20)

    assert "Working: 0 of 3" in page and 'http-equiv="refresh"' in page
    assert "3 of 3 rows done" in text(ana.get(place))
    assert reading(people.ben).get(place).status_code == 404
    assert Operation.objects.get().state == "done"


def test_who_only_reads_cannot_import(people, server):
    source(server, "churn")
    vera = reading(people.vera)

    assert vera.get("/import/from/prod/map/").status_code == 403
    assert vera.get("/import/file/").status_code == 403
    assert reading(people.chris).get("/import/from/prod/").status_code == 404


def test_a_file_is_tried_then_imported(people):
    ana = reading(people.ana)
    table = (
        "model_id,model_name,business_line,model_owner,intended_purpose,model_task,decision_role\n"
        "churn,Churn,fraud,ana@example.com,Tells,classification,one_input\n"
        "bad,Bad,nowhere,ana@example.com,Tells,classification,one_input\n"
    )

    def send(button, body=table):
        upload = SimpleUploadedFile("models.csv", body.encode(), content_type="text/csv")
        return ana.post("/import/file/", {"file": upload, button: "yes"}, follow=True)

    tried = text(send("try"))
    assert "What would become of 2 rows" in tried and "business_line" in tried
    assert not RegisteredModel.objects.filter(slug="churn").exists()
    assert "✔ 1 created" in text(send("import"))
    assert "there is no column &#x27;colour&#x27;" in text(send("try", "model_id,colour\n"), 400)
    assert text(ana.post("/import/file/", {"try": "yes"}), 400)


def test_the_preview_is_an_address_without_the_csrf_token(people, server):
    row = source(server, "young")
    sent = {**MAP, "id": row.pk, "csrfmiddlewaretoken": "secret", "preview": "again"}

    place = reading(people.ana).post("/import/from/prod/map/", sent)["Location"]

    assert "secret" not in place and "preview" not in place
    assert "Preview: the first 1 of 1" in text(reading(people.ana).get(place))
    assert not Operation.objects.exists()
