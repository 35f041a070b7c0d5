"""Sources, checks, contracts and runs over the REST API."""
# ruff: noqa: E501 - the table of bodies reads best one a line

import pytest

from monitoring.models import CheckVersion, Source
from registry.models import AuditEvent
from tests.cast import bearer
from tests.monitoring import tables, watching
from tests.monitoring.watching import after, look, watched, week

pytestmark = pytest.mark.django_db
URL = "/api/v1/models/card-fraud/"


def put(client, path, body, who):
    return client.put(URL + path, body, content_type="application/json", headers=bearer(who))


def test_a_source_is_made_then_changed_and_both_are_audited(client, people, settings):
    settings.MUSTER_SOURCE_ROOTS = ["/data"]
    made = put(client, "sources/requests/", {"address": "/data/fraud"}, people.ana)
    again = put(client, "sources/requests/", {"format": "csv"}, people.ana)
    same = put(client, "sources/requests/", {"format": "csv"}, people.ana)

    assert (made.status_code, again.status_code, same.status_code) == (201, 200, 200)
    assert again.json()["address"] == "/data/fraud"
    actions = AuditEvent.objects.filter(action__startswith="source").order_by("pk")
    assert [event.action for event in actions] == ["source.made", "source.changed"]
    listed = client.get(URL + "sources/", headers=bearer(people.ben)).json()
    assert [one["name"] for one in listed["results"]] == ["requests"]


def test_somebody_of_the_unit_looks_after_the_pipeline_until_nobody_does(client, people, settings):
    settings.MUSTER_SOURCE_ROOTS = ["/data"]
    body = {"address": "/data/fraud", "owner": "ben@example.com"}
    assert put(client, "sources/requests/", body, people.ana).json()["owner"] == "ben@example.com"
    for other in ("nobody@example.com", "chris@example.com"):
        refused = put(client, "sources/requests/", {"owner": other}, people.ana)
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/owner")
    assert put(client, "sources/requests/", {"format": "csv"}, people.ana).json()["owner"]
    assert put(client, "sources/requests/", {"owner": None}, people.ana).json()["owner"] is None
    assert Source.objects.get().owner is None


@pytest.mark.parametrize(
    "address",
    ["", "/etc", "/database", "/data/../etc", "s3://bucket/x", "file:///data/x", "zip::/data/x",
     "/data/zip://x::/etc/passwd"],
)  # fmt: skip
def test_a_source_may_not_lie_elsewhere(client, people, settings, address):
    settings.MUSTER_SOURCE_ROOTS = ["/data"]

    answer = put(client, "sources/requests/", {"address": address}, people.ana)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/address"
    assert not Source.objects.exists()


def test_a_check_is_made_and_each_change_is_a_version(client, people):
    made = put(client, "checks/data/", {"kind": "data", "spec": tables.SPEC}, people.ana)
    put(client, "checks/data/", {"spec": {"min_rows": 99}}, people.ana)
    changed = put(client, "checks/data/", {"spec": {"min_rows": 99}}, people.ana)

    assert made.status_code == 201
    assert changed.json()["version"] == 2
    assert changed.json()["spec"]["min_rows"] == 99
    assert changed.json()["spec"]["segments"] == ["region"]
    assert CheckVersion.objects.count() == 2


def test_a_change_inside_an_object_keeps_the_rest_of_it(client, people):
    spec = {**tables.SPEC, "when": {"bad": 3, "of": 5, "good": 4},
            "features": {"age": {"limit": 0.1}, "city": {"limit": 0.3}},
            "severity": {"drift": "critical", "data_fault": "critical"}}  # fmt: skip
    put(client, "checks/data/", {"kind": "data", "spec": spec}, people.ana)
    part = {
        "when": {"bad": 2},
        "severity": {"drift": "watch"},
        "features": {"age": None},
        "segments": [],
    }

    changed = put(client, "checks/data/", {"spec": part}, people.ana).json()["spec"]

    assert changed["when"] == {"bad": 2, "of": 5, "good": 4}
    assert changed["severity"] == {"drift": "watch", "data_fault": "critical"}
    assert list(changed["features"]) == ["city"]
    assert changed["segments"] == []


def test_a_check_cannot_take_a_word_that_addresses_keep(client, people):
    answer = put(client, "checks/new/", {"kind": "data", "spec": tables.SPEC}, people.ana)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "reserved")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/kind"),
        ({"kind": "drift"}, "/kind"),
        ({"kind": "data"}, "/spec/start"),
        ({"kind": "data", "spec": {"start": "2026-08-17"}}, "/spec/start"),
        ({"kind": "data", "spec": {**tables.SPEC, "every_days": 0}}, "/spec/every_days"),
        ({"kind": "data", "spec": {**tables.SPEC, "numeric": {"method": "magic"}}}, "/spec/numeric/method"),
        ({"kind": "data", "spec": {**tables.SPEC, "when": {"bad": 4, "of": 3}}}, "/spec/when"),
        ({"kind": "data", "spec": {**tables.SPEC, "limit": 3}}, "/spec/limit"),
        ({"kind": "performance", "spec": {"start": tables.SPEC["start"], "metrics": []}}, "/spec/metrics"),
        ({"kind": "performance", "spec": {"start": tables.SPEC["start"], "metrics": [{"name": "ndcg", "limit": 1}]}}, "/spec"),
        ({"kind": "metric", "spec": {"start": tables.SPEC["start"], "metric": "m"}}, "/spec/limit"),
    ],
)  # fmt: skip
def test_a_wrong_spec_names_the_field(client, people, body, pointer):
    answer = put(client, "checks/data/", body, people.ana)

    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_the_contract_is_changed_column_by_column(client, people):
    assert client.get(URL + "contract/", headers=bearer(people.ana)).status_code == 404
    first = {"columns": {"age": {"family": "number", "low": 0}, "city": {"family": "text"}}}

    made = put(client, "contract/", first, people.ana)
    changes = {"columns": {"age": {"high": 120}, "city": None}, "min_rows": 10}
    changed = put(client, "contract/", changes, people.ana)
    wrong = put(client, "contract/", {"columns": {"age": {"family": "odd"}}}, people.ana)

    assert (made.status_code, changed.status_code) == (201, 200)
    spec = changed.json()["spec"]
    assert list(spec["columns"]) == ["age"]
    assert (spec["columns"]["age"]["low"], spec["columns"]["age"]["high"]) == (0, 120)
    assert spec["min_rows"] == 10
    assert wrong.json()["errors"][0]["pointer"] == "/columns/age/family"


def test_another_unit_sees_nothing_and_a_validator_may_not_write(client, people):
    body = {"kind": "data", "spec": tables.SPEC}

    assert put(client, "checks/data/", body, people.chris).status_code == 404
    assert put(client, "checks/data/", body, people.vera).status_code == 403
    assert client.get(URL + "checks/", headers=bearer(people.chris)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_run_shows_its_numbers(client, tmp_path, judge):
    made = watched(tmp_path)
    watching.check(made)
    made.land(week())
    look(after(1))
    owner = made.model.owner
    watching.factories.MembershipFactory.create(person=owner, unit=made.model.unit)
    headers = bearer(owner)

    listed = client.get("/api/v1/models/credit/runs/?check=data&state=ok", headers=headers).json()
    detail = client.get(f"/api/v1/runs/{listed['results'][0]['id']}/", headers=headers).json()

    assert detail["state"] == "ok"
    assert len(detail["readings"]) == 6
    assert {one["feature"] for one in detail["histograms"]} >= {"income", "prediction"}
    assert client.get("/api/v1/runs/999999/", headers=headers).status_code == 404
    assert client.get("/api/v1/runs/x/", headers=headers).status_code == 404
    wrong = client.get("/api/v1/models/credit/runs/?state=fine", headers=headers)
    assert wrong.status_code == 400
