"""The queue of MLflow's models without a record: who sees what, how old it is, who waves it off."""

from datetime import timedelta

import pytest

from registry import clock
from registry.models import AuditEvent, RegisteredModel
from registry.models.people import FleetRoleName
from tests import factories
from tests.cast import person
from tests.registry.api import Caller, pointers

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.registry.urls")]


@pytest.fixture
def server():
    return factories.MLflowServerFactory.create(slug="prod")


def found(server, name, *, days=0, **fields):
    seen = clock.now() - timedelta(days=days)
    return factories.SourceModelFactory.create(
        server=server, name=name, first_seen_at=seen, **fields
    )


def names(answer):
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def test_it_lists_what_has_no_record_oldest_first(people, server):
    found(server, "young", days=1)
    old = found(server, "old", days=12, aliases={"champion": 2}, tags={"bu": "fraud"})
    factories.ModelVersionFactory.create(source_model=old, number=1, deleted_at=clock.now())
    factories.ModelVersionFactory.create(source_model=old, number=2)
    found(server, "known", registered_model=people.model)
    found(server, "gone", presence="missing")
    found(server, "waved off", dismissed_at=clock.now())

    answer = Caller(people.pat).get("discovery/")
    row = answer.json()["results"][0]

    assert names(answer) == ["old", "young"]
    assert (row["age_days"], row["versions"], row["champion"]) == (12, 1, 2)
    assert (row["business_unit_tag"], row["server"]) == ("fraud", "prod")
    assert names(Caller(people.pat).get("discovery/?ordering=-first_seen_at")) == ["young", "old"]


def test_a_unit_sees_only_what_carries_its_tag(people, server):
    found(server, "ours", tags={"bu": "fraud"}, days=2)
    found(server, "ours too", tags={"bu": "retail", "muster.unit": "fraud"}, days=1)
    found(server, "theirs", tags={"bu": "retail"})
    found(server, "nobody's")
    reader = person("rita")
    factories.FleetRoleFactory.create(person=reader, role=FleetRoleName.RISK_READER)

    assert names(Caller(people.ana).get("discovery/")) == ["ours", "ours too"]
    assert names(Caller(people.chris).get("discovery/")) == ["theirs"]
    assert len(names(Caller(reader).get("discovery/"))) == 4
    of_fraud = Caller(people.pat, unit=people.fraud)
    assert names(of_fraud.get("discovery/")) == ["ours", "ours too"]
    assert Caller(people.chris).get("discovery/?count=true&q=ours").json()["count"] == 0


def test_filters_narrow_and_wrong_ones_are_named(people, server):
    other = factories.MLflowServerFactory.create(slug="lab")
    found(server, "churn", days=9, tags={"team": "a"}, aliases={"champion": 1})
    found(other, "churn lab", days=1, description="an experiment")
    pat = Caller(people.pat)

    assert names(pat.get("discovery/?server=lab")) == ["churn lab"]
    assert names(pat.get("discovery/?older_than_days=5")) == ["churn"]
    assert names(pat.get("discovery/?q=churn experiment")) == ["churn lab"]
    assert names(pat.get("discovery/?tag=team=a&alias=champion")) == ["churn"]
    assert pointers(pat.get("discovery/?older_than_days=soon")) == ["/older_than_days"]
    assert pointers(pat.get("discovery/?ordering=size")) == ["/ordering"]
    assert pointers(pat.get("discovery/?dismissed=maybe")) == ["/dismissed"]
    assert pointers(pat.get("discovery/?serverr=lab")) == ["/serverr"]


def test_pages_follow_each_other_without_a_gap(people, server):
    for number in range(5):
        found(server, f"m{number}", days=number // 2)
    seen, address = [], "discovery/?limit=2"
    while address:
        answer = Caller(people.pat).get(address.removeprefix("http://testserver"))
        seen += names(answer)
        address = answer.json()["next"]

    assert seen == ["m4", "m2", "m3", "m0", "m1"]


def test_a_dismissal_has_a_reason_and_can_be_taken_back(people, server):
    row = found(server, "toy", tags={"bu": "fraud"})
    ana, place = Caller(people.ana), f"discovery/{row.pk}"

    assert pointers(ana.post(f"{place}/dismiss/", {})) == ["/reason"]
    answer = ana.post(f"{place}/dismiss/", {"reason": "a tutorial"})
    assert answer.json()["dismissed_by"] == "ana@example.com"
    assert names(ana.get("discovery/")) == []
    assert names(ana.get("discovery/?dismissed=true")) == ["toy"]
    assert ana.post(f"{place}/restore/").json()["dismissed_at"] is None
    assert ana.post(f"{place}/restore/").status_code == 200
    assert names(ana.get("discovery/")) == ["toy"]
    events = AuditEvent.objects.filter(action__startswith="source.").order_by("pk")
    assert list(events.values_list("action", "reason", "unit__slug")) == [
        ("source.dismissed", "a tutorial", "fraud"),
        ("source.restored", "", "fraud"),
    ]


def test_only_who_edits_the_units_models_dismisses(people, server):
    ours, loose = found(server, "ours", tags={"bu": "fraud"}), found(server, "loose")
    reader = person("rita")
    factories.FleetRoleFactory.create(person=reader, role=FleetRoleName.AUDITOR)
    because = {"reason": "because"}

    assert Caller(people.vera).post(f"discovery/{ours.pk}/dismiss/", because).status_code == 403
    assert Caller(reader).post(f"discovery/{ours.pk}/dismiss/", because).status_code == 403
    assert Caller(reader).post(f"discovery/{loose.pk}/dismiss/", because).status_code == 403
    assert Caller(people.chris).post(f"discovery/{ours.pk}/dismiss/", because).status_code == 404
    assert Caller(people.ana).post(f"discovery/{loose.pk}/dismiss/", because).status_code == 404
    assert Caller(people.pat).post(f"discovery/{loose.pk}/dismiss/", because).status_code == 200
    assert Caller(people.pat).post("discovery/0/dismiss/", because).status_code == 404
    assert Caller(people.pat).post("discovery/x/dismiss/", because).status_code == 404


def test_a_registered_model_cannot_be_dismissed(people, server):
    row = found(server, "known", registered_model=RegisteredModel.objects.get())

    answer = Caller(people.pat).post(f"discovery/{row.pk}/dismiss/", {"reason": "no"})

    assert answer.status_code == 404
