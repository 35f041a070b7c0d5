"""What holds for every endpoint: ETags, If-Match, dry runs, repeated POSTs, shapes."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.test import Client

from registry import clock, idempotency
from registry.models import ApiToken, AuditEvent, IdempotentRequest, RegisteredModel
from tests.cast import bearer
from tests.policies.factories import SPEC, trainer
from tests.registry.api import ROOT, Caller, pointers

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(people):
    headers = bearer(people.ana)

    def call(method, address, body=None, **more):
        sent = {} if body is None else {"data": body, "content_type": "application/json"}
        given = {name.replace("_", "-"): value for name, value in more.items()}
        return getattr(Client(), method)(ROOT + address, headers={**headers, **given}, **sent)

    return call


def test_a_detail_has_a_strong_tag_that_changes_with_its_content(ana):
    first, again = ana("get", "models/card-fraud/"), ana("get", "models/card-fraud/")
    kept = ana("get", "models/card-fraud/", If_None_Match=first["ETag"])
    changed = ana("patch", "models/card-fraud/", {"name": "Cards"})

    assert first["ETag"] == again["ETag"]
    assert first["ETag"].startswith('"')
    assert (kept.status_code, kept.content, kept["ETag"]) == (304, b"", first["ETag"])
    assert changed["ETag"] == ana("get", "models/card-fraud/")["ETag"] != first["ETag"]


def test_a_write_from_an_old_state_is_refused_with_what_is_there(ana):
    old = ana("get", "models/card-fraud/")["ETag"]
    ana("patch", "models/card-fraud/", {"name": "Cards"})
    late = ana("patch", "models/card-fraud/", {"name": "Mine"}, If_Match=old)
    told = late.json()
    right = ana("patch", "models/card-fraud/", {"name": "Mine"}, If_Match=told["current_etag"])

    assert late.status_code == 412
    assert late["Content-Type"] == "application/problem+json"
    assert (told["given_etag"], told["current"]["name"]) == (old, "Cards")
    assert (right.status_code, right.json()["name"]) == (200, "Mine")


def test_the_tag_of_a_part_holds_for_the_whole(ana):
    part = ana("get", "models/card-fraud/?fields=slug,name")
    whole = ana("get", "models/card-fraud/")

    assert part["ETag"] != whole["ETag"]
    assert ana("get", "models/card-fraud/", If_None_Match=part["ETag"]).status_code == 200
    written = ana("patch", "models/card-fraud/", {"name": "X"}, If_Match=part["ETag"])
    assert written.status_code == 200


def test_a_put_may_ask_that_nothing_is_there_or_that_something_is(ana):
    body = {"name": "Churn", "business_unit": "fraud", "owner": "ana@example.com",
            "purpose": "x", "task": "ranking", "decision_role": "one_input"}  # fmt: skip

    assert ana("put", "models/churn/", body, If_Match="*").status_code == 412
    assert ana("put", "models/churn/", body, If_None_Match="*").status_code == 201
    assert ana("put", "models/churn/", body, If_None_Match="*").status_code == 412
    assert ana("put", "models/churn/", body, If_Match="*").status_code == 200
    assert pointers(ana("delete", "tokens/1/", If_Match="*")) == ["/If-Match"]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_write_from_the_same_state_one_is_told(ana):
    tag, codes = ana("get", "models/card-fraud/")["ETag"], []

    def write(name):
        answer = ana("patch", "models/card-fraud/", {"name": name}, If_Match=tag)
        codes.append(answer.status_code)
        connections.close_all()

    threads = [threading.Thread(target=write, args=(f"Name {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    # On a machine that is out of breath one may also be told that the database is busy (503).
    assert codes.count(200) == 1
    assert set(codes) <= {200, 412, 503}


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_answers_as_if_and_stores_nothing(ana):
    before = AuditEvent.objects.count()
    answer = ana("patch", "models/card-fraud/?dry_run=true", {"name": "Cards"})
    wrong = ana("patch", "models/card-fraud/?dry_run=true", {"task": "magic"})
    token = ana("post", "tokens/?dry_run=true", {"name": "ci"})

    assert (answer.status_code, answer.json()["name"], answer["Dry-Run"]) == (200, "Cards", "true")
    assert pointers(wrong) == ["/task"]
    assert (token.status_code, token.json()["token"]) == (201, "")
    assert RegisteredModel.objects.get().name == "Card Fraud"
    assert (AuditEvent.objects.count(), ApiToken.objects.count()) == (before, 1)
    assert pointers(ana("patch", "models/card-fraud/?dry_run=1", {})) == ["/dry_run"]


def test_only_the_token_that_asked_first_is_answered_again(people):
    wide, narrow = Caller(people.ana), Caller(people.ana, scopes=["see"])
    first = wide.post("tokens/", {"name": "ci"}, Idempotency_Key="k1")

    assert first.status_code == 201
    assert narrow.post("tokens/", {"name": "ci"}, Idempotency_Key="k1").status_code == 422
    ApiToken.objects.filter(name="test", scopes=[]).update(revoked_at=clock.now())
    refused = wide.post("tokens/", {"name": "ci"}, Idempotency_Key="k1")
    assert (refused.status_code, "token" in refused.json()) == (401, False)


def test_a_repeated_post_is_answered_and_not_done_again(ana):
    first = ana("post", "tokens/", {"name": "ci", "days": 7}, Idempotency_Key="k1")
    again = ana("post", "tokens/", {"days": 7, "name": "ci"}, Idempotency_Key="k1")
    other = ana("post", "tokens/", {"name": "cd"}, Idempotency_Key="k1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM registry_idempotentrequest")
        (stored,) = cursor.fetchone()

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert ApiToken.objects.filter(name="ci").count() == 1
    assert first.json()["token"] not in stored


def test_what_was_refused_is_not_kept(ana):
    refused = ana("post", "tokens/", {"name": ""}, Idempotency_Key="k1")
    mended = ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")

    assert (refused.status_code, mended.status_code) == (400, 201)
    assert pointers(ana("post", "tokens/", {"name": "x"}, Idempotency_Key="x" * 256)) == [
        "/Idempotency-Key"
    ]


def test_a_fault_is_answered_again_as_it_was(ana, monkeypatch):
    monkeypatch.setattr("registry.tokens.issue_own", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")
    monkeypatch.undo()
    again = ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")

    assert (again.status_code, again["Content-Type"]) == (500, "application/problem+json")
    assert not ApiToken.objects.filter(name="ci").exists()


def test_a_key_in_flight_is_waited_for_and_a_dead_one_taken_over(ana):
    ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")
    row = IdempotentRequest.objects.get()
    ApiToken.objects.filter(name="ci").delete()
    IdempotentRequest.objects.update(status=None, body="")
    busy = ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")
    IdempotentRequest.objects.update(lease_until=row.created_at)
    done = ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")

    assert (busy.status_code, busy["Retry-After"]) == (409, "2")
    assert done.status_code == 201
    assert "Idempotent-Replayed" not in done


def test_keys_are_ones_own_and_forgotten_after_a_day(ana, people):
    ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")
    ben = {**bearer(people.ben), "Idempotency-Key": "k1"}
    theirs = Client().post(
        f"{ROOT}tokens/", {"name": "cd"}, headers=ben, content_type="application/json"
    )
    made = IdempotentRequest.objects.order_by("created_at").first().created_at
    IdempotentRequest.objects.update(created_at=made - idempotency.KEPT - timedelta(seconds=9))
    after = ana("post", "tokens/", {"name": "new day"}, Idempotency_Key="k1")

    assert (theirs.status_code, after.status_code) == (201, 201)
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_with_one_key_one_is_done(ana):
    codes = []

    def post():
        answer = ana("post", "tokens/", {"name": "ci"}, Idempotency_Key="k1")
        codes.append(answer.status_code)
        connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert ApiToken.objects.filter(name="ci").count() == 1


def test_one_may_ask_for_a_part_of_each_object(ana):
    (row,) = ana("get", "models/?fields=slug,tier").json()["results"]
    brief = ana("get", "models/card-fraud/?brief=true").json()
    rest = ana("get", "models/card-fraud/?omit=purpose,description").json()

    assert row == {"slug": "card-fraud", "tier": 1}
    assert set(brief) == {"uuid", "slug", "name"}
    assert "purpose" not in rest
    assert "slug" in rest
    assert ana("get", "fleet/?fields=slug").json()["results"] == [{"slug": "card-fraud"}]
    assert pointers(ana("get", "models/?fields=slug,nonsense")) == ["/fields"]
    assert pointers(ana("get", "models/?brief=yes")) == ["/brief"]


def test_a_put_of_a_known_policy_says_what_it_was_made_from(ana, people):
    trainer(people.fraud)
    body = {"business_unit": "fraud", "selector": {"business_unit": "fraud"}, "spec": SPEC}
    made = ana("put", "policies/standard/", body)
    same = ana("put", "policies/standard/", body)
    blind = ana("put", "policies/standard/", {"spec": {**SPEC, "cooldown_days": 30}})
    wrong = ana("put", "policies/standard/", {"spec": {**SPEC, "cooldown_days": -1}})
    tag = blind.json()["current_etag"]
    told = ana("put", "policies/standard/", {"spec": {**SPEC, "cooldown_days": 30}}, If_Match=tag)

    assert (made.status_code, same.status_code, blind.status_code) == (201, 200, 428)
    assert blind.json()["current"]["version"] == 1
    assert wrong.status_code == 400
    assert (told.status_code, told.json()["version"]) == (200, 2)


def test_a_repeated_post_to_what_is_not_there_stays_a_404(ana):
    for path in ("models/nothing/tier-override/", "discovery/0/restore/"):
        key = f"once {path}"
        answers = [ana("post", path, {"reason": "again"}, Idempotency_Key=key) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert not IdempotentRequest.objects.exists()
