"""Long imports: taken up by the workers, gone on with after a kill, within the rights of now."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from registry import clock, operations
from registry.models import ApiToken, AuditEvent, Operation, RegisteredModel
from tests import factories
from tests.cast import cast
from tests.monitoring.shifted import shifted
from tests.registry.api import Caller
from tests.registry.test_imports import WANTED

ROOT = Path(__file__).resolve().parents[2]
WORK = """
import django; django.setup()
from registry import clock, operations
operations.work_due(at=clock.now(), seconds=60)
"""


def many(count=230):
    server = factories.MLflowServerFactory.create(slug="prod")
    tags = {"bu": "fraud", "owner": "ana@example.com"}
    factories.SourceModelFactory.create_batch(
        count, server=server, tags=tags, description="Scores something"
    )


def ordered(who):
    answer = Caller(who).post("imports/mlflow/", WANTED)
    assert answer.status_code == 202, answer.content
    assert answer["Location"] == f"/api/v1/operations/{answer.json()['operation']}/"
    return answer.json()["operation"]


def one_batch():
    lease = operations._claim(None)
    operations._batch(lease, Operation.objects.get().body)
    return lease


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(operations, "AT_ONCE", 3)
    monkeypatch.setattr(operations, "_BATCH", 4)


def test_many_rows_are_left_to_the_workers(people, small):
    many(10)
    place = f"operations/{ordered(people.ana)}/"
    ana = Caller(people.ana)
    before = ana.get(place).json()

    done = operations.work_due(at=clock.now(), seconds=30)
    after = ana.get(place).json()

    assert (before["state"], before["done"], before["total"]) == ("queued", 0, 10)
    assert (after["state"], after["done"], after["counts"]["created"]) == ("done", 10, 10)
    assert done == 10
    assert RegisteredModel.objects.exclude(pk=people.model.pk).count() == 10
    assert operations.work_due(at=clock.now(), seconds=5) == 0


def test_a_piece_of_time_leaves_the_rest_for_the_next(people, small):
    many(10)
    ordered(people.ana)
    lease = one_batch()

    assert operations.work_due(at=clock.now(), seconds=5) == 0  # another worker has it
    with shifted(timedelta(seconds=operations.LEASE_SECONDS + 1)):
        assert operations.work_due(at=clock.now(), seconds=30) == 6
    with pytest.raises(operations.LeaseLost):
        operations._batch(lease, Operation.objects.get().body)
    assert [row["row"] for row in Operation.objects.get().results] == list(range(1, 11))


@pytest.mark.parametrize("how", ["revoked", "expired", "deleted", "closed"])
def test_the_rights_are_those_of_now(people, small, how):
    many(10)
    ordered(people.ana)
    one_batch()
    if how == "revoked":
        ApiToken.objects.update(revoked_at=clock.now())
    elif how == "expired":
        ApiToken.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    elif how == "deleted":
        ApiToken.objects.all().delete()
    else:
        people.ana.is_active = False
        people.ana.save()

    with shifted(timedelta(seconds=operations.LEASE_SECONDS + 1)):
        operations.work_due(at=clock.now(), seconds=10)
    operation = Operation.objects.get()

    assert (operation.state, len(operation.results)) == ("failed", 4)
    assert "the rows done stay" in operation.fault
    assert RegisteredModel.objects.exclude(pk=people.model.pk).count() == 4


def test_a_lost_role_refuses_the_rows_that_are_left(people, small):
    many(10)
    ordered(people.ana)
    one_batch()
    people.ana.memberships.update(role="viewer")

    with shifted(timedelta(seconds=operations.LEASE_SECONDS + 1)):
        operations.work_due(at=clock.now(), seconds=10)

    statuses = [row["status"] for row in Operation.objects.get().results]
    assert statuses == ["created"] * 4 + ["refused"] * 6


def test_work_that_breaks_each_time_is_given_up(people, small, monkeypatch):
    many(5)
    ordered(people.ana)

    def broken(*args):
        raise ZeroDivisionError

    monkeypatch.setitem(operations.WORK, Operation.Kind.IMPORT_MLFLOW, broken)
    for attempt in range(5):
        with shifted(timedelta(minutes=attempt)):
            operations.work_due(at=clock.now(), seconds=5)

    operation = Operation.objects.get()
    assert (operation.state, operation.results) == ("failed", [])
    assert "ZeroDivisionError" in operation.fault


def test_only_who_asked_and_the_platform_admin_look_at_it(people, small):
    many(4)
    place = f"operations/{ordered(people.ana)}/"

    assert Caller(people.pat).get(place).status_code == 200
    for other in (people.ben, people.chris):
        assert Caller(other).get(place).status_code == 404
        assert Caller(other).get(f"{place}errors.csv").status_code == 404
    assert Caller(people.ana, unit=people.fraud).get(place).status_code == 404
    assert Caller(people.ana).get("operations/no-uuid/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_leaves_nothing_half_done_and_nothing_doubled(
    transactional_db, process_environment
):
    people = cast()
    many(230)
    ordered(people.ana)
    worker = subprocess.Popen([sys.executable, "-c", WORK], cwd=ROOT, env=process_environment)
    try:
        deadline = time.monotonic() + 60
        while not Operation.objects.get().results and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    begun = len(Operation.objects.get().results)

    with shifted(timedelta(seconds=operations.LEASE_SECONDS + 1)):
        operations.work_due(at=clock.now(), seconds=120)
    operation = Operation.objects.get()

    assert 0 < begun < 230
    assert operation.state == "done"
    assert [row["row"] for row in operation.results] == list(range(1, 231))
    assert {row["status"] for row in operation.results} == {"created"}
    assert RegisteredModel.objects.exclude(pk=people.model.pk).count() == 230
    assert AuditEvent.objects.filter(action="model.registered").count() == 230
