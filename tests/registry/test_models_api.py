"""Models over the API: registered, described, found, and kept from other units."""

import json

import pytest

from registry.models import AuditEvent, ModelUse, RegisteredModel, TierAssessment
from tests import factories
from tests.cast import CHURN
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]


def test_a_put_registers_and_a_second_one_changes_nothing(ana):
    first, second = ana.put("models/churn/", CHURN), ana.put("models/churn/", CHURN)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert AuditEvent.objects.filter(action__startswith="model.").count() == 1
    assert TierAssessment.objects.count() == 1


def test_a_new_model_is_tier_1_until_somebody_answers(ana):
    body = ana.put("models/churn/", CHURN).json()

    assert body["tier"] == 1
    assert body["tier_reasons"] == ["materiality H (4+4+4), complexity H (15) -> T1"]
    assert ModelUse.objects.get(model__slug="churn").is_default


def test_answers_compute_the_tier_and_each_computation_is_kept(ana):
    ana.put("models/churn/", CHURN)
    keys = ("exposure", "purpose", "harm", "method", "data", "change", "build", "bias", "reliance")
    ana.put("models/churn/", {"tier_answers": dict.fromkeys(keys, 0)})
    body = ana.patch("models/churn/", {"tier_answers": {"regulatory_figure": True}}).json()

    assert body["tier"] == 2
    assert list(TierAssessment.objects.order_by("pk").values_list("tier", flat=True)) == [1, 4, 2]


def test_a_put_keeps_what_is_absent_and_a_patch_with_null_clears(ana):
    ana.put("models/churn/", {**CHURN, "deputy": "ben@example.com", "tags": ["a", "b", "a"]})
    kept = ana.put("models/churn/", {"name": "Churn 2"}).json()
    cleared = ana.patch("models/churn/", {"deputy": None, "remove_tags": ["a"]}).json()

    assert (kept["name"], kept["deputy"]["email"], kept["tags"]) == (
        "Churn 2",
        "ben@example.com",
        ["a", "b"],
    )
    assert (cleared["deputy"], cleared["tags"]) == (None, ["b"])


def test_every_missing_or_wrong_field_is_named(ana):
    assert pointers(ana.put("models/churn/", {})) == [
        "/business_unit",
        "/decision_role",
        "/name",
        "/owner",
        "/purpose",
        "/task",
    ]
    wrong = {
        **CHURN,
        "tier": 3,
        "task": "magic",
        "jurisdictions": ["Mars"],
        "tier_answers": {"harm": 5, "bias": True},
    }
    assert pointers(ana.put("models/churn/", wrong)) == [
        "/jurisdictions/0",
        "/task",
        "/tier",
        "/tier_answers/bias",
        "/tier_answers/harm",
    ]


def test_an_unknown_owner_is_refused_with_the_way_to_find_people(ana):
    response = ana.put("models/churn/", {**CHURN, "owner": "nobody@example.com"})

    assert pointers(response) == ["/owner"]
    assert "GET /api/v1/people/?q=nobody" in response.json()["errors"][0]["fix"]


def test_somebody_of_another_unit_cannot_be_told_from_nobody(ana):
    assert pointers(ana.put("models/churn/", {**CHURN, "owner": "chris@example.com"})) == ["/owner"]
    assert pointers(ana.put("models/churn/", {**CHURN, "business_unit": "retail"})) == [
        "/business_unit"
    ]


def test_whoever_answers_for_a_model_must_be_able_to_see_it(people):
    pat = Caller(people.pat)
    refused = pat.put("models/churn/", {**CHURN, "owner": "chris@example.com"})
    deputy = pat.patch("models/card-fraud/", {"deputy": "chris@example.com"})
    moved = pat.patch("models/card-fraud/", {"business_unit": "retail"})
    fix = refused.json()["errors"][0]["fix"]

    assert pointers(refused) == ["/owner"]
    assert fix.startswith("PUT /api/v1/business-units/fraud/members/chris@example.com/ with")
    assert pointers(deputy) == ["/deputy"]
    assert pointers(moved) == ["/owner"]
    assert pat.put("models/churn/", {**CHURN, "owner": "pat@example.com"}).status_code == 201
    address, _, body = fix.removeprefix("PUT ").partition(" with ")
    assert pat.put(address, json.loads(body.partition(" lets")[0])).status_code == 200
    assert pat.patch("models/card-fraud/", {"deputy": "chris@example.com"}).status_code == 200


def test_an_owner_who_is_there_already_is_not_asked_again(people):
    people.ana.memberships.all().delete()

    assert Caller(people.pat).put("models/card-fraud/", {
        "owner": "ana@example.com", "name": "Cards"
    }).status_code == 200  # fmt: skip


def test_the_deputy_is_somebody_else(ana):
    assert pointers(ana.put("models/churn/", {**CHURN, "deputy": "ana@example.com"})) == ["/deputy"]


@pytest.mark.parametrize(
    "slug",
    ["new", "Churn", "a--b", "-a", "a.b", "x" * 101, "ä", "12345678123456781234567812345678"],
)
def test_what_cannot_be_a_slug_is_refused(ana, slug):
    assert pointers(ana.put(f"models/{slug}/", CHURN)) == ["/slug"]


def test_another_units_model_does_not_exist(people):
    chris = Caller(people.chris)
    mine = {**CHURN, "business_unit": "retail", "owner": "chris@example.com"}

    assert chris.get("models/card-fraud/").status_code == 404
    assert chris.get(f"models/{people.model.uuid}/").status_code == 404
    assert chris.put("models/card-fraud/", mine).status_code == 404
    assert chris.put("models/card-fraud/", {}).status_code == 404
    assert chris.patch("models/card-fraud/", {"name": "Mine"}).status_code == 404
    for part in ("versions", "versions/1", "metrics"):
        assert chris.get(f"models/card-fraud/{part}/").status_code == 404
    assert chris.get("models/").json()["results"] == []


def test_what_one_sees_but_may_not_do_is_refused_with_who_can_grant_it(people):
    response = Caller(people.vera).patch("models/card-fraud/", {"name": "Mine"})

    assert response.status_code == 403
    assert "a unit admin of Fraud can grant it" in response.json()["detail"]


def test_a_token_reaches_only_as_far_as_its_limits(people):
    reading = Caller(people.ana, scopes=["see"])
    elsewhere = Caller(people.ana, unit=people.retail)

    assert reading.get("models/card-fraud/").status_code == 200
    assert reading.patch("models/card-fraud/", {"name": "x"}).status_code == 403
    assert elsewhere.get("models/card-fraud/").status_code == 404


def test_a_wrong_token_is_401(client, people):
    response = client.get("/api/v1/models/", headers={"Authorization": "Bearer muster_wrong"})

    assert response.status_code == 401
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/api/v1/models/").status_code == 401


def test_uuid_and_slug_and_both_slash_forms_find_the_same_model(ana, people):
    found = {
        ana.get(address).json()["slug"]
        for address in ("models/card-fraud", "models/card-fraud/", f"models/{people.model.uuid}/")
    }

    assert found == {"card-fraud"}


def test_an_old_slug_redirects_and_is_never_given_away(ana):
    ana.put("models/churn/", CHURN)
    renamed = ana.patch("models/card-fraud/", {"slug": "fraud-cards"})
    moved = ana.get("models/card-fraud/versions/?limit=1")

    assert renamed.json()["former_slugs"] == ["card-fraud"]
    assert moved.status_code == 308
    assert moved["Location"] == "/api/v1/models/fraud-cards/versions/?limit=1"
    assert ana.put("models/card-fraud/", {"name": "x"}).status_code == 308
    assert pointers(ana.patch("models/churn/", {"slug": "card-fraud"})) == ["/slug"]
    assert ana.patch("models/fraud-cards/", {"slug": "card-fraud"}).status_code == 200


def test_the_list_is_filtered_by_what_the_registry_knows(ana, people):
    ana.put("models/churn/", {**CHURN, "tags": ["eu", "daily"], "owner": "ben@example.com"})
    RegisteredModel.objects.filter(slug="churn").update(tier=3, lifecycle="suspended")

    def slugs(query):
        return [row["slug"] for row in ana.get(f"models/?{query}").json()["results"]]

    assert slugs("") == ["card-fraud", "churn"]
    assert slugs("owner=me") == ["card-fraud"]
    assert slugs("owner=ben@example.com") == ["churn"]
    assert slugs("tier=3,4") == ["churn"]
    assert slugs("tier__lte=2") == ["card-fraud"]
    assert slugs("tag=eu&tag=daily") == ["churn"]
    assert slugs("tag=eu&tag=weekly") == []
    assert slugs("lifecycle=suspended") == ["churn"]
    assert slugs("task=regression") == []
    assert slugs("bu=fraud&q=LEAVE tell") == ["churn"]
    assert slugs("business_unit=retail") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("teir=1", "/teir"),
        ("tier=0", "/tier"),
        ("tier__lte=x", "/tier__lte"),
        ("task=magic", "/task"),
        ("q=%00", "/"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(ana, query, pointer):
    assert pointers(ana.get(f"models/?{query}")) == [pointer]


def test_fifty_models_are_listed_with_a_handful_of_queries(
    ana, people, django_assert_max_num_queries
):
    for _ in range(20):
        factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)

    with django_assert_max_num_queries(6):
        ana.get("models/")


def test_two_records_cannot_claim_one_mlflow_model(ana):
    factories.MLflowServerFactory.create(slug="default")
    claim = {"mlflow": {"model": "churn"}}

    assert ana.put("models/churn/", CHURN | claim).json()["mlflow"] == {
        "server": "default",
        "model": "churn",
    }
    assert pointers(ana.put("models/other/", CHURN | claim)) == ["/mlflow/model"]
    assert pointers(ana.patch("models/churn/", {"mlflow": {"server": "x", "model": "y"}})) == [
        "/mlflow/server"
    ]


def test_a_claim_ties_what_mlflow_already_showed_and_letting_go_unties_it(ana):
    source = factories.SourceModelFactory.create(server__slug="default", name="churn")
    ana.put("models/churn/", CHURN | {"mlflow": {"model": "churn"}})
    source.refresh_from_db()
    tied = source.registered_model
    ana.patch("models/churn/", {"mlflow": None})
    source.refresh_from_db()

    assert (tied.slug, source.registered_model) == ("churn", None)


def test_a_version_is_found_by_number_or_alias(ana):
    by_alias = ana.get("models/card-fraud/versions/champion/").json()

    assert by_alias == ana.get("models/card-fraud/versions/1/").json()
    assert by_alias["aliases"] == ["champion"]
    assert ana.get("models/card-fraud/versions/").json()["results"][0]["number"] == 1
    for missing in ("2", "challenger", "99999999999999999999", "²"):
        assert ana.get(f"models/card-fraud/versions/{missing}/").status_code == 404


def test_a_metric_that_is_no_number_is_still_told(ana, people):
    version = people.model.source_models.get().versions.get()
    for step, (text, number) in enumerate([("0.5", 0.5), ("NaN", None), ("inf", None)]):
        version.source_model.server.metricpoint_set.create(
            run_id=version.run_id, key="auc", step=step, at=factories.NOW, value=text, number=number
        )
    points = ana.get("models/card-fraud/metrics/?key=auc").json()["results"]

    assert [(p["value"], p["text"]) for p in points] == [(0.5, "0.5"), (None, "NaN"), (None, "inf")]
    assert pointers(ana.get("models/card-fraud/metrics/?version=7")) == ["/version"]


def test_the_reason_of_a_change_lands_in_the_audit(ana):
    ana.patch("models/card-fraud/", {"name": "Cards", "change_reason": "clearer"})
    (event,) = ana.get("audit/?model=card-fraud").json()["results"]

    assert (event["action"], event["reason"]) == ("model.changed", "clearer")
    assert (event["before"], event["after"]) == ({"name": "Card Fraud"}, {"name": "Cards"})
    assert event["actor"] == "ana@example.com (token test)"


@pytest.mark.parametrize(("tag", "code"), [("fraud", 201), ("retail", 400), ("nowhere", 201)])
def test_a_model_that_mlflow_says_is_another_units_cannot_be_claimed(ana, tag, code):
    server = factories.MLflowServerFactory.create(slug="default")
    factories.SourceModelFactory.create(server=server, name="churn", tags={"muster.unit": tag})
    answer = ana.put("models/churn/", {**CHURN, "mlflow": {"model": "churn"}})
    assert answer.status_code == code, answer.json()
    if code == 400:
        assert pointers(answer) == ["/mlflow/model"]
        assert not RegisteredModel.objects.filter(slug="churn").exists()


def test_a_tag_of_a_unit_that_one_sees_is_told_by_name(people):
    server = factories.MLflowServerFactory.create(slug="default")
    tags = {"muster.unit": "retail", "bu": "fraud"}
    factories.SourceModelFactory.create(server=server, name="churn", tags=tags)
    pat = Caller(people.pat)

    answer = pat.put("models/churn/", {**CHURN, "mlflow": {"model": "churn"}})
    told = answer.json()["errors"]
    later = pat.put("models/card-fraud/", {"mlflow": {"model": "churn"}})

    assert [(e["pointer"], e["code"]) for e in told] == [("/mlflow/model", "of_another_unit")]
    assert "retail" in told[0]["detail"] and "retail" in told[0]["fix"]
    assert pointers(later) == ["/mlflow/model"]
