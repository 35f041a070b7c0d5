"""MLflow's webhooks make Muster look sooner, when they are signed, and never do more."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from registry import clock
from registry.mlflow import doorbell
from registry.models import MLflowDelivery, MLflowServer, SourceModel
from tests import factories

pytestmark = pytest.mark.django_db
SECRET = "canary-webhook-secret"
BODY = json.dumps({"entity": "registered_model", "data": {"name": "planted"}}).encode()


@pytest.fixture
def server():
    later = clock.now() + timedelta(hours=1)
    return factories.MLflowServerFactory.create(webhook_secret=SECRET, next_sweep_at=later)


def ring(server, *, slug="", delivery="d-1", age=0, body=BODY, secret=SECRET, **headers):
    moment = str(int(clock.now().timestamp()) - age)
    given = {
        "X-MLflow-Delivery-Id": delivery,
        "X-MLflow-Timestamp": moment,
        "X-MLflow-Signature": doorbell.sign(secret, delivery, moment, body),
    } | headers
    return Client().post(
        f"/api/v1/mlflow-servers/{slug or server.slug}/webhook/",
        data=body,
        content_type="application/json",
        headers={name: value for name, value in given.items() if value is not None},
    )


def due_in(server):
    server.refresh_from_db()
    return (server.next_sweep_at - clock.now()).total_seconds()


def test_a_signed_webhook_makes_the_next_look_come_at_once(server):
    answer = ring(server)

    assert (answer.status_code, answer.json()) == (200, {"is_repeat": False})
    assert due_in(server) <= 0


def test_what_it_says_is_not_believed(server):
    ring(server)
    ring(server, delivery="d-2", body=b"\x00 no JSON at all")

    assert not SourceModel.objects.exists()
    assert MLflowDelivery.objects.count() == 2


def test_a_repeated_delivery_changes_nothing(server):
    ring(server)
    later = clock.now() + timedelta(hours=1)
    MLflowServer.objects.update(next_sweep_at=later)
    answer = ring(server, age=60)

    assert (answer.status_code, answer.json()) == (200, {"is_repeat": True})
    assert due_in(server) > 3000


@pytest.mark.parametrize(
    "more",
    [
        {"secret": "another secret"},
        {"secret": ""},
        {"slug": "nobody"},
        {"age": 3600},
        {"age": -3600},
        {"X-MLflow-Signature": None},
        {"X-MLflow-Signature": "v1,"},
        {"X-MLflow-Signature": "v1,ä"},
        {"X-MLflow-Timestamp": "soon"},
        {"X-MLflow-Timestamp": "9" * 40},
        {"X-MLflow-Delivery-Id": "another"},
        {"body": b"x" * 2_000_000},
    ],
    ids=str,
)
def test_what_is_not_authentic_is_refused_and_not_told_why(server, more):
    answer = ring(server, **more)
    expected = ring(server, slug="nobody").json()
    body = answer.json()

    assert answer.status_code == 401
    assert (body["title"], body["detail"]) == (expected["title"], expected["detail"])
    assert due_in(server) > 3000
    assert not MLflowDelivery.objects.exists()


def test_a_server_without_a_secret_takes_none():
    server = factories.MLflowServerFactory.create()

    assert ring(server, secret="").status_code == 401


def test_it_cannot_make_muster_look_more_often_than_every_ten_seconds(server):
    MLflowServer.objects.update(swept_at=clock.now())
    ring(server)

    assert 5 < due_in(server) <= 10


def test_a_server_in_trouble_keeps_its_pace(server):
    MLflowServer.objects.update(breaker_until=clock.now() + timedelta(minutes=1))
    ring(server)

    assert due_in(server) > 3000


def test_old_deliveries_go(server):
    MLflowDelivery.objects.create(
        server=server, delivery_id="old", received_at=clock.now() - timedelta(days=2)
    )
    ring(server)

    assert list(MLflowDelivery.objects.values_list("delivery_id", flat=True)) == ["d-1"]
