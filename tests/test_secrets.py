"""Planted secrets come out nowhere: not in the database's text, a log, an answer or an error."""

import json
import logging
import re

import pytest
from django.db import connection, transaction
from django.test import Client

from monitoring.models import Channel
from registry import actors, clock, tokens
from registry.logs import RedactSecrets
from registry.mlflow import sync
from registry.models import FleetRole, MLflowServer, Person
from tests import world
from tests.isolation_rows import ROWS
from tests.routes import all_routes

CANARY = "canary7f3a9c"
VENDORS = (
    ("slack", "C0123ABCD", f"xoxb-{CANARY}"),
    ("teams", "Risk", f"https://example.com/workflow?sig={CANARY}"),
    ("pagerduty", "https://events.pagerduty.com", CANARY.ljust(32, "a")),
    ("opsgenie", "https://api.opsgenie.com", f"{CANARY}-genie"),
)
PASSWORD = f"{CANARY}-of-a-person"


@pytest.fixture
def ours():
    return world.make("zebra")


@pytest.fixture
def admin():
    person = Person.objects.create_user("root@example.com", PASSWORD, name="Root")
    FleetRole.objects.create(person=person, role="platform_admin")
    with transaction.atomic():
        _, key = tokens.issue(actors.system("tests"), person=person, name="root", at=clock.now())
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client, key


@pytest.fixture
def written(caplog):
    """Everything that is logged while the test runs, at every level."""
    caplog.set_level(logging.DEBUG)
    return caplog


def put(client, key, path, body):
    return client.put(
        f"/api/v1/{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )


def plant(admin, ours):
    """Give every secret that Muster keeps a value that can be found again."""
    client, key = admin
    server = {
        "origin": "http://127.0.0.1:9",
        "username": "muster",
        "password": f"{CANARY}-password",
        "webhook_secret": f"{CANARY}-webhook",
    }
    bearer = {"origin": "http://127.0.0.1:19", "token": f"{CANARY}-bearer"}
    unit = ours.unit.slug
    answers = [
        put(client, key, "mlflow-servers/planted/", server),
        put(client, key, "mlflow-servers/bearer/", bearer),
        put(client, key, "channels/planted/", {
            "business_unit": unit, "kind": "webhook",
            "address": "https://example.com/hook", "secret": f"whsec_{CANARY}channel000",
        }),
        *(put(client, key, f"channels/planted-{kind}/", {
            "business_unit": unit, "kind": kind, "address": address, "secret": secret,
        }) for kind, address, secret in VENDORS),
        put(client, key, "trainers/planted/", {
            "business_unit": unit, "url": "https://example.com/train",
            "secret": f"whsec_{CANARY}trainer000",
        }),
        put(client, key, "people/new@example.com/", {
            "name": "New", "password": f"{CANARY} long enough 9",
        }),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [201] * (5 + len(VENDORS)), [
        a.content for a in answers
    ]
    return answers


def stored():
    """Yield every row of every table as text: what a dump would hold."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                yield f"{table}: {row}"


@pytest.mark.django_db
def test_planted_secrets_are_in_no_dump_answer_page_or_log(admin, ours, written):
    client, key = admin
    answers = plant(admin, ours)
    MLflowServer.objects.update(next_sweep_at=clock.now())
    assert sync.sweep_due(at=clock.now(), seconds=5) > 0
    for route in all_routes():
        if route.path.startswith("admin/") or "get" not in route.methods():
            continue
        row = ROWS.get(route.path)
        values = row.values(ours) if row else {}
        path = "/" + re.sub(
            r"<(\w+)>", lambda found, known=values: str(known.get(found[1], "planted")), route.path
        )
        headers = {"Authorization": f"Bearer {key}"} if path.startswith("/api/") else {}
        answers.append(client.get(path, headers=headers))
    for answer in answers:
        content = answer.getvalue() if answer.streaming else answer.content
        assert CANARY.encode() not in content, answer.request["PATH_INFO"]
    assert len(answers) > 100
    assert [row for row in stored() if CANARY in row or key in row] == []
    assert CANARY not in written.text
    assert key not in written.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("mlflow-servers/x/", {"origin": "nowhere", "password": CANARY, "token": CANARY}),
        ("mlflow-servers/x/", {"origin": "http://u:canary7f3a9c@h.example", "token": 3}),
        ("mlflow-servers/x/", {"origin": "http://h.example", "password": [CANARY]}),
        ("channels/x/", {"kind": "webhook", "secret": CANARY}),
        *(("channels/x/", {"kind": kind, "secret": CANARY}) for kind in Channel.Kind.values),
        ("trainers/x/", {"url": "ftp://example.com", "secret": CANARY}),
        ("people/x@example.com/", {"name": "", "password": CANARY}),
        ("people/x@example.com/", {"name": "X", "password": {"a": CANARY}}),
    ],
)
def test_an_error_does_not_repeat_a_secret(admin, written, path, body):
    client, key = admin
    answer = put(client, key, path, body)
    assert answer.status_code == 400
    assert CANARY.encode() not in answer.content
    assert CANARY not in written.text


@pytest.mark.django_db
def test_a_page_that_breaks_shows_and_logs_no_secret(admin, ours, written, monkeypatch):
    client, key = admin

    def broken(*args, **kwargs):
        secret = CANARY  # noqa: F841
        raise RuntimeError("planted")

    monkeypatch.setattr("registry.catalogue.put_server", broken)
    answer = put(client, key, "mlflow-servers/x/", {"origin": "http://h.example", "token": CANARY})
    assert answer.status_code == 500
    assert CANARY.encode() not in answer.content
    assert CANARY not in written.text


@pytest.mark.parametrize(
    "text",
    [
        f"GET /links/{CANARY}.sig/ 410",
        f"Authorization: GenieKey {CANARY}",
        f"Bearer xoxb-{CANARY}",
        f"xoxb-{CANARY} is wrong",
        f"https://example.com/workflows/1?api-version=1&sig={CANARY}",
    ],
)
def test_a_line_of_the_log_holds_no_token_or_link(text):
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (text,), None)
    RedactSecrets().filter(record)

    assert CANARY not in record.getMessage()
    assert "[redacted]" in record.getMessage()
