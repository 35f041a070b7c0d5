"""Many models in one request: each for itself, or all or none."""

import pytest
from django.db import transaction

from registry import clock, operations
from registry.json_intake import MAX_NODES
from registry.models import AuditEvent, IdempotentRequest, RegisteredModel
from tests.registry.api import Caller, pointers

pytestmark = pytest.mark.django_db
BULK = "models/bulk/"
NEW = {
    "business_unit": "fraud",
    "owner": "ana@example.com",
    "purpose": "Scores something",
    "task": "ranking",
    "decision_role": "one_input",
}


def new(slug, **fields):
    return {"slug": slug, "name": slug.title(), **NEW, **fields}


def said(answer):
    assert answer.status_code == 200, answer.content
    return [(row["index"], row["slug"], row["status"]) for row in answer.json()["results"]]


def test_each_item_is_for_itself(ana, people):
    items = [
        new("churn"),
        {"slug": "card-fraud", "name": "Cards"},
        new("second", task="magic", owner="nobody@example.com"),
        {"slug": "new"},
        new("churn"),
        {"name": "No slug"},
        new("third", business_unit="retail"),
    ]
    answer = ana.post(BULK, {"items": items, "change_reason": "spring"})
    rows = answer.json()["results"]
    again = ana.post(BULK, {"items": items[:2]})

    assert said(answer) == [
        (0, "churn", "created"), (1, "card-fraud", "updated"), (2, "second", "refused"),
        (3, "new", "refused"), (4, "churn", "refused"), (5, "", "refused"), (6, "third", "refused"),
    ]  # fmt: skip
    assert answer.json()["counts"] == {"created": 1, "updated": 1, "unchanged": 0, "refused": 5}
    assert [error["pointer"] for error in rows[2]["errors"]] == ["/task"]
    assert [row["errors"][0]["code"] for row in rows[3:6]] == ["reserved", "twice", "required"]
    assert all(error["fix"] for row in rows for error in row["errors"])
    assert said(again) == [(0, "churn", "unchanged"), (1, "card-fraud", "unchanged")]
    assert set(AuditEvent.objects.filter(reason="spring").values_list("action", flat=True)) == {
        "model.registered",
        "model.changed",
    }


def test_all_or_none(ana):
    wrong = [new("zulu"), new("churn", task="magic"), {"slug": "card-fraud", "tier_answers": 3}]
    answer = ana.post(BULK, {"mode": "atomic", "items": wrong})
    none = RegisteredModel.objects.count()
    right = ana.post(BULK, {"mode": "atomic", "items": [new("zulu"), new("churn")]})

    assert pointers(answer) == ["/items/1/task", "/items/2/tier_answers"]
    assert none == 1
    assert said(right) == [(0, "zulu", "created"), (1, "churn", "created")]


@pytest.mark.parametrize("mode", ["partial", "atomic"])
def test_a_dry_run_tells_and_writes_nothing(ana, mode):
    answer = ana.post(f"{BULK}?dry_run=true", {"mode": mode, "items": [new("churn")]})

    assert said(answer) == [(0, "churn", "created")]
    assert RegisteredModel.objects.count() == 1


def test_what_one_may_not_see_or_do_is_refused_alike(people):
    chris, vera = Caller(people.chris), Caller(people.vera)
    blind = chris.post(BULK, {"items": [{"slug": "card-fraud", "name": "Mine"}]})
    seen = vera.post(BULK, {"items": [{"slug": "card-fraud", "name": "Mine"}]})
    whole = vera.post(BULK, {"mode": "atomic", "items": [{"slug": "card-fraud", "name": "Mine"}]})

    assert blind.json()["results"][0]["errors"][0]["code"] == "taken"
    assert seen.json()["results"][0]["errors"][0]["code"] == "not_allowed"
    assert pointers(whole) == ["/items/0/business_unit"]
    assert RegisteredModel.objects.get().name == "Card Fraud"


def test_a_repeated_key_is_answered_and_not_done_again(ana):
    body = {"items": [new("churn")]}
    first = ana.post(BULK, body, Idempotency_Key="k")
    again = ana.post(BULK, body, Idempotency_Key="k")

    assert said(first) == said(again) == [(0, "churn", "created")]
    assert again["Idempotent-Replayed"] == "true"
    assert IdempotentRequest.objects.count() == 1


def test_more_than_one_waits_for_are_an_operation(ana, people, monkeypatch):
    monkeypatch.setattr(operations, "AT_ONCE", 2)
    items = [new("one"), new("two", task="magic"), new("three")]
    answer = ana.post(BULK, {"items": items})
    operations.work_due(at=clock.now(), seconds=30)
    done = ana.get(answer["Location"]).json()

    assert answer.status_code == 202
    assert (done["kind"], done["state"], done["done"]) == ("bulk_models", "done", 3)
    assert [(row["row"], row["status"]) for row in done["results"]] == [
        (1, "created"), (2, "refused"), (3, "created"),
    ]  # fmt: skip
    assert Caller(people.ben).get(answer["Location"]).status_code == 404


def test_a_thousand_items_of_many_values_are_read_and_no_more(ana):
    item = {"slug": "card-fraud", "tags": [f"t{n}" for n in range(15)]}
    fits = ana.post(f"{BULK}?dry_run=true", {"items": [item] * 1_000})
    over = ana.post(BULK, {"items": [{"slug": "card-fraud"}] * 1_001})

    assert MAX_NODES < 1_000 * 15
    assert fits.json()["counts"]["refused"] == 999
    assert pointers(over) == ["/items"]
    assert pointers(ana.post(BULK, {"items": []})) == ["/items"]
    assert pointers(ana.post(BULK, {"items": [3], "mode": "some"})) == ["/items/0", "/mode"]


@pytest.mark.django_db(transaction=True)
def test_the_audit_stays_whole_when_all_are_undone(ana):
    before = AuditEvent.objects.count()
    ana.post(BULK, {"mode": "atomic", "items": [new("churn"), new("x", task="magic")]})

    with transaction.atomic():
        assert AuditEvent.objects.count() == before
