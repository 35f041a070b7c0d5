"""Many workers at once: one incident a cause, one message a person."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from monitoring.alerts import delivery, episodes, messages
from monitoring.models import Alert, Delivery, Incident, Message
from registry import clock
from tests import cast, factories
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 4


def at_once(work, items):
    """Do the work on all items in as many threads, each with a connection of its own."""

    def one(item):
        try:
            return work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, items))


def test_models_that_meet_one_dead_server_at_once_share_one_incident():
    people = cast.cast()
    server = factories.MLflowServerFactory.create(fault="connection refused")
    runs = []
    for number in range(12):
        model = factories.RegisteredModelFactory.create(
            unit=people.fraud, owner=people.ana, mlflow_server=server, mlflow_name=f"m{number}"
        )
        runs.append(History(model, "latency", "metric").verdict(1, "not_evaluated", "no server"))

    at_once(lambda run: episodes.apply(run, at=run.finished_at), runs)

    assert Incident.objects.count() == 1
    assert Alert.objects.count() == 12
    at_once(lambda _: messages.make_due(at=clock.now()), range(WORKERS))
    assert Message.objects.get().deliveries.count() == 12


def test_one_verdict_told_by_many_workers_is_one_alert():
    run = History(cast.cast().model).verdict(1, "missed", "no batch came")

    at_once(lambda _: episodes.apply(run, at=run.finished_at), range(WORKERS * 2))

    assert Alert.objects.count() == Incident.objects.count() == Delivery.objects.count() == 1


def test_many_senders_send_each_message_once(smtp_catcher):
    people = cast.cast()
    for _ in range(12):
        model = factories.RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)
        History(model).week(1, "missed", "no batch came")

    sent = at_once(lambda _: delivery.deliver_due(at=clock.now(), seconds=30), range(WORKERS))

    assert sum(sent) == 12
    ids = Counter(mail["Message-ID"] for mail in smtp_catcher.messages)
    assert set(ids.values()) == {1}
    assert len(ids) == 12
