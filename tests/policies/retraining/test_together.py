"""Several workers at once, and one that dies half-way: nothing lost, nothing doubled."""

import threading

import pytest
from django.db import connection

from policies.compliance.controls import CONTROLS
from policies.compliance.evaluation import evaluate_due
from policies.models import ControlResult, Decision, Job
from policies.retraining import decisions, jobs, webhook
from policies.retraining.decisions import decide_pending
from registry import clock
from registry.models import AuditEvent
from registry.outbound import Answer
from tests.factories import UnitFactory, tracked_model
from tests.policies.factories import drifting, policy, trainer, week

pytestmark = pytest.mark.django_db(transaction=True)
AT = week(3)


def together(work, workers=4):
    """Run `work` in several threads at once, each with its own connection; return what failed."""
    ready, failed = threading.Barrier(workers), []

    def one():
        try:
            ready.wait(timeout=20)
            work()
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return failed


@pytest.fixture
def models():
    unit = UnitFactory.create()
    trainer(unit)
    policy(unit=unit)
    made = [tracked_model(unit=unit) for _ in range(3)]
    for model in made:
        drifting(model)
    return made


def test_four_workers_make_each_decision_once(models):
    assert together(lambda: decide_pending(at=AT, seconds=30)) == []

    decide_pending(at=AT, seconds=30)
    assert Decision.objects.count() == Job.objects.count() == 3
    assert AuditEvent.objects.filter(action="retraining.requested").count() == 3


def test_four_workers_hand_each_job_over_once(models, monkeypatch):
    at = clock.now()
    decide_pending(at=at, seconds=30)
    sent = []

    def answer(method, url, **request):
        sent.append(request["headers"]["webhook-id"])
        return Answer(202, {}, b"")

    monkeypatch.setattr(webhook.outbound, "request", answer)

    assert together(lambda: jobs.hand_over_due(at=clock.now(), seconds=10)) == []

    assert len(sent) == len(set(sent)) == 3
    assert set(Job.objects.values_list("state", flat=True)) == {"started"}


def test_four_workers_write_each_control_once(models):
    assert together(lambda: evaluate_due(at=AT, seconds=30)) == []

    evaluate_due(at=AT, seconds=30)
    assert ControlResult.objects.count() == 3 * len(CONTROLS)


def test_a_worker_that_dies_after_deciding_leaves_nothing_half_done(models, monkeypatch):
    def die(*args, **kwargs):
        raise RuntimeError("killed")

    with monkeypatch.context() as dying:
        dying.setattr(decisions.audit, "record", die)
        assert decide_pending(at=AT, seconds=30) == 0

    assert not Decision.objects.exists()
    assert not Job.objects.exists()
    assert decide_pending(at=AT, seconds=30) == 3


def test_a_worker_that_dies_while_sending_leaves_the_job_to_the_next(models, monkeypatch):
    at = clock.now()
    decide_pending(at=at, seconds=30)

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(webhook.outbound, "request", die)
        with pytest.raises(KeyboardInterrupt):
            jobs.hand_over_due(at=clock.now(), seconds=10)

    monkeypatch.setattr(webhook.outbound, "request", lambda *a, **k: Answer(202, {}, b""))
    jobs.hand_over_due(at=clock.now(), seconds=10)
    assert Job.objects.filter(state="started").count() == 2
    Job.objects.update(lease_until=clock.now())  # the dead worker's lease runs out
    jobs.hand_over_due(at=clock.now(), seconds=10)
    assert set(Job.objects.values_list("state", "attempts")) == {("started", 1), ("started", 2)}
